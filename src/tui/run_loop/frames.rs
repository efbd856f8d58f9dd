//! When a frame is due.

use std::time::Duration;
use tokio::time::Instant;

/// Between two frames at least while nobody presses a key: at most fifteen a second.
const FRAME: Duration = Duration::from_millis(67);

/// What waits for a frame, and when the last one was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    drawn: Option<Instant>,
    waits: Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waits {
    Nothing,
    /// What a step at work has changed.
    Change,
    /// What came of a key, or another size.
    Answer,
}

impl Frames {
    /// Before the first frame, which is due.
    pub(super) fn none() -> Self {
        Self {
            drawn: None,
            waits: Waits::Change,
        }
    }

    /// Something is to be seen that nobody waits for.
    pub(super) fn changed(&mut self) {
        self.waits = self.waits.max(Waits::Change);
    }

    /// The person waits for what is to be seen.
    pub(super) fn pressed(&mut self) {
        self.waits = Waits::Answer;
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        (self.drawn, self.waits) = (Some(now), Waits::Nothing);
    }

    /// When the next frame may be drawn; `None` when it would show nothing new. A key is answered at
    /// once: the runtime's clock is kept by the threads that copy rows, and may be late for any moment
    /// that is to come.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        match self.waits {
            Waits::Nothing => None,
            Waits::Answer => Some(now),
            Waits::Change => Some(self.drawn.map_or(now, |drawn| drawn + FRAME)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_waits_for_its_frame_and_a_key_for_none() {
        let now = Instant::now();
        let mut frames = Frames::none();
        assert_eq!(frames.due(now), Some(now));
        frames.drawn(now);
        assert_eq!(frames.due(now), None);
        frames.changed();
        assert_eq!(frames.due(now), Some(now + FRAME));
        frames.pressed();
        assert_eq!(frames.due(now), Some(now));
        // What changes behind a key does not hold its answer up.
        frames.changed();
        assert_eq!(frames.due(now), Some(now));
        frames.drawn(now);
        assert_eq!(frames.due(now), None);
    }
}
