//! Who is at work on a transfer.

/// Who works on a transfer. All zero for other steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pool {
    /// Workers that are wanted for rows.
    pub wanted: usize,
    /// Workers that carry rows at this moment.
    pub carrying: usize,
    /// Builds at this moment.
    pub building: usize,
    /// Whether nothing new may begin.
    pub paused: bool,
    /// Sessions of the source that wait for the transfer's locks.
    pub waited_for: usize,
}

impl Pool {
    /// Whether it is paused, and what was under way has ended: nothing moves.
    pub fn is_still(&self) -> bool {
        self.paused && self.carrying + self.building == 0
    }
}
