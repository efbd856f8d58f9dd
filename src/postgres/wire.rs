//! PostgreSQL's messages behind the first packet: a type byte, a length, a body.
//!
//! Facts: "Message Formats" and "Error and Notice Message Fields" in PostgreSQL's manual.

use bytes::{BufMut, Bytes, BytesMut};
use std::io;

/// No message that is looked at whole is longer than this, in bytes: errors, and what a server says
/// before its first `ReadyForQuery`.
const LONGEST: usize = 1 << 20;
/// Type byte and length.
pub(crate) const HEADER: usize = 5;

/// An ErrorResponse.
pub(crate) fn error_response(severity: &str, code: &str, text: &str) -> Bytes {
    let mut body = BytesMut::new();
    for (field, value) in [(b'S', severity), (b'C', code), (b'M', text)] {
        body.put_u8(field);
        body.put_slice(value.as_bytes());
        body.put_u8(0);
    }
    body.put_u8(0);
    message(b'E', &body)
}

/// A message of our own: those are short.
pub(crate) fn message(kind: u8, body: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(HEADER + body.len());
    message.put_u8(kind);
    message.put_u32(body.len() as u32 + 4);
    message.put_slice(body);
    message.freeze()
}

/// Takes the first message out of `unfinished`, once all of it is there.
pub(crate) fn next_message(unfinished: &mut BytesMut) -> io::Result<Option<BytesMut>> {
    let Some(header) = unfinished.first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let length = body_length(header)? + HEADER;
    if length > LONGEST {
        return Err(malformed("a message's length"));
    }
    Ok((unfinished.len() >= length).then(|| unfinished.split_to(length)))
}

/// One field of an ErrorResponse's body.
pub(crate) fn error_field(mut body: &[u8], wanted: u8) -> Option<String> {
    while let Some((&field, rest)) = body.split_first() {
        let end = rest.iter().position(|&byte| byte == 0)?;
        if field == wanted {
            return Some(String::from_utf8_lossy(&rest[..end]).into_owned());
        }
        body = &rest[end + 1..];
    }
    None
}

/// A message's length counts itself, but not the type byte before it.
pub(crate) fn body_length(header: &[u8; HEADER]) -> io::Result<usize> {
    let [_, length @ ..] = *header;
    (u32::from_be_bytes(length) as usize)
        .checked_sub(4)
        .ok_or_else(|| malformed("a message's length"))
}

/// The error for bytes that are not PostgreSQL's protocol.
pub(crate) fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} is malformed"))
}
