//! What the server says to the client, as far as the relay must understand it.
//!
//! Facts: "Message Formats" and "Error and Notice Message Fields" in PostgreSQL's manual.

use super::refusal::Refusal;
use crate::postgres::wire::{HEADER, body_length, error_field, message};
pub(super) use crate::postgres::wire::{error_response, next_message};
use bytes::{Bytes, BytesMut};
use std::io;

/// A CopyFail, which a client sends to break its COPY off.
pub(super) fn copy_fail(reason: &str) -> Bytes {
    message(b'f', &[reason.as_bytes(), &[0]].concat())
}

/// Follows the server's words up to its first `ReadyForQuery`, and says its errors as Neon's
/// proxy says them: all with SQLSTATE XX000, a wrong password in words of its own.
pub(super) struct Greeting {
    user: String,
    unfinished: BytesMut,
    over: bool,
}

impl Greeting {
    /// For a session of this user.
    pub(super) fn new(user: &str) -> Self {
        Self {
            user: user.to_owned(),
            unfinished: BytesMut::new(),
            over: false,
        }
    }

    /// The next bytes of the server, as the client shall see them: whole messages until the
    /// greeting is over, afterwards everything as it comes.
    pub(super) fn pass(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        if self.over {
            return Ok(bytes);
        }
        self.unfinished.extend_from_slice(&bytes);
        let mut seen = BytesMut::new();
        while let Some(message) = next_message(&mut self.unfinished)? {
            match message[0] {
                b'E' => seen.extend_from_slice(&self.reworded(&message[HEADER..])),
                _ => seen.extend_from_slice(&message),
            }
            if message[0] == b'Z' {
                self.over = true;
                seen.extend_from_slice(&self.unfinished.split());
            }
        }
        Ok(seen.freeze())
    }

    fn reworded(&self, error: &[u8]) -> Bytes {
        let text = error_field(error, b'M').unwrap_or_default();
        match error_field(error, b'C').as_deref() {
            Some("28P01") => Refusal::WrongPassword {
                user: self.user.clone(),
            }
            .response(),
            _ => Refusal::Compute(text).response(),
        }
    }
}

/// Knows whether a stream of messages stands between two of them.
#[derive(Default)]
pub(super) struct Boundaries {
    header: [u8; HEADER],
    /// Bytes of the header seen so far; never all of them between two calls.
    seen: usize,
    /// Bytes of the body still to come.
    body: usize,
}

impl Boundaries {
    /// Whether all messages seen so far are complete.
    pub(super) fn between_messages(&self) -> bool {
        self.seen == 0 && self.body == 0
    }

    /// Follows `bytes` to the end of the present message or of `bytes`, whichever comes first,
    /// and says how many that were.
    pub(super) fn finish_message(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        if self.body == 0 {
            taken = bytes.len().min(HEADER - self.seen);
            self.header[self.seen..self.seen + taken].copy_from_slice(&bytes[..taken]);
            self.seen += taken;
            if self.seen < HEADER {
                return Ok(taken);
            }
            self.seen = 0;
            self.body = body_length(&self.header)?;
        }
        let of_body = self.body.min(bytes.len() - taken);
        self.body -= of_body;
        Ok(taken + of_body)
    }

    /// Follows all of `bytes`.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.finish_message(bytes)?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        super::message(kind, body).to_vec()
    }

    #[test]
    fn boundaries_are_found_however_the_stream_is_cut() {
        let stream = [
            message(b'D', b"row"),
            message(b'Z', b""),
            message(b'd', &[9; 300]),
        ]
        .concat();
        let ends = [8, 13, 318];
        for cut in 0..=stream.len() {
            let mut boundaries = Boundaries::default();
            boundaries.follow(&stream[..cut]).unwrap();
            assert_eq!(
                boundaries.between_messages(),
                cut == 0 || ends.contains(&cut),
                "{cut}"
            );
            if !boundaries.between_messages() {
                let mut end = cut;
                while !boundaries.between_messages() {
                    end += boundaries.finish_message(&stream[end..]).unwrap();
                }
                assert_eq!(Some(&end), ends.iter().find(|end| **end > cut));
            }
        }
    }

    #[test]
    fn a_greeting_is_reworded_however_it_is_cut() {
        let wrong = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"u\"\0\0";
        let stream = [message(b'R', &[0, 0, 0, 10]), message(b'E', wrong)].concat();
        let said = Refusal::WrongPassword {
            user: "u".to_owned(),
        }
        .response();
        let expected = [message(b'R', &[0, 0, 0, 10]), said.to_vec()].concat();
        for cut in 0..=stream.len() {
            let mut greeting = Greeting::new("u");
            let mut seen = greeting
                .pass(Bytes::copy_from_slice(&stream[..cut]))
                .unwrap()
                .to_vec();
            seen.extend(
                greeting
                    .pass(Bytes::copy_from_slice(&stream[cut..]))
                    .unwrap(),
            );
            assert_eq!(seen, expected, "cut at {cut}");
        }
    }

    #[test]
    fn after_the_greeting_nothing_is_touched() {
        let error = message(b'E', b"SERROR\0C42P01\0Mno such table\0\0");
        let stream = Bytes::from([message(b'Z', b"I"), error.clone()].concat());
        let mut greeting = Greeting::new("u");
        assert_eq!(greeting.pass(stream.clone()).unwrap(), stream);
        let half = Bytes::copy_from_slice(&error[..7]);
        assert_eq!(greeting.pass(half.clone()).unwrap(), half);
    }

    #[test]
    fn a_length_that_cannot_be_is_an_error() {
        assert!(
            Greeting::new("u")
                .pass(Bytes::from_static(b"E\xff\xff\xff\xff"))
                .is_err()
        );
        assert!(Boundaries::default().follow(b"E\0\0\0\x03").is_err());
    }
}
