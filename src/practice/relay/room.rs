//! A target without room: a COPY that brings rows fails in Neon's words, and on the server behind
//! its transaction fails with it.

use super::faults::Faults;
use super::wire::{Boundaries, copy_fail, error_response, next_message};
use bytes::{Bytes, BytesMut};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Neon's words, for a project of the free plan.
const NO_ROOM: &str = "could not extend file because project size limit (512 MB) has been exceeded";

/// What both directions of a session know: whether the server's next error is ours.
#[derive(Default)]
pub(super) struct Lack(AtomicBool);

/// Follows what the client sends and breaks off a COPY that finds no room.
pub(super) struct Rows<'a> {
    faults: &'a Faults,
    lack: &'a Lack,
    boundaries: Boundaries,
    broken_off: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(faults: &'a Faults, lack: &'a Lack) -> Self {
        let boundaries = Boundaries::default();
        Self {
            faults,
            lack,
            boundaries,
            broken_off: false,
        }
    }

    /// The client's next bytes, as the server shall see them. What the client still sends of a
    /// COPY that was broken off the server drops by itself.
    pub(super) fn pass(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        let mut changed = BytesMut::new();
        let (mut passed, mut at) = (0, 0);
        while at < bytes.len() {
            if self.boundaries.between_messages() {
                let is_row = bytes[at] == b'd';
                if is_row && !self.broken_off && self.faults.finds_no_room() {
                    self.lack.0.store(true, Relaxed);
                    changed.extend_from_slice(&bytes[passed..at]);
                    changed.extend_from_slice(&copy_fail("no room"));
                    passed = at;
                    self.broken_off = true;
                }
                self.broken_off &= is_row;
            }
            at += self.boundaries.finish_message(&bytes[at..])?;
        }
        if changed.is_empty() {
            return Ok(bytes);
        }
        changed.extend_from_slice(&bytes[passed..]);
        Ok(changed.freeze())
    }
}

/// Follows what the server says and rewords its answer to a COPY that was broken off.
pub(super) struct Answers<'a> {
    lack: &'a Lack,
    boundaries: Boundaries,
    unfinished: BytesMut,
}

impl<'a> Answers<'a> {
    pub(super) fn new(lack: &'a Lack) -> Self {
        let (boundaries, unfinished) = (Boundaries::default(), BytesMut::new());
        Self {
            lack,
            boundaries,
            unfinished,
        }
    }

    /// The server's next bytes, as the client shall see them.
    pub(super) fn pass(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        if !self.lack.0.load(Relaxed) || !self.boundaries.between_messages() {
            self.boundaries.follow(&bytes)?;
            return Ok(bytes);
        }
        self.unfinished.extend_from_slice(&bytes);
        let mut seen = BytesMut::new();
        while self.lack.0.load(Relaxed) {
            let Some(message) = next_message(&mut self.unfinished)? else {
                return Ok(seen.freeze());
            };
            match message[0] {
                b'E' => seen.extend_from_slice(&error_response("ERROR", "53100", NO_ROOM)),
                _ => seen.extend_from_slice(&message),
            }
            // After an error the server is silent until it is ready again.
            let over = matches!(message[0], b'E' | b'Z');
            self.lack.0.store(!over, Relaxed);
        }
        let rest = self.unfinished.split();
        self.boundaries.follow(&rest)?;
        seen.extend_from_slice(&rest);
        Ok(seen.freeze())
    }
}
