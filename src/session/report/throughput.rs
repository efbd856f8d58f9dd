//! How fast rows moved, over the time that it took.

use serde::{Deserialize, Serialize};

/// What one run carried, in stretches of time one after another, all as long as the first but the
/// last, which may be shorter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    /// The stretches, from the beginning on.
    pub stretches: Vec<Stretch>,
}

/// What was carried in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// How long it is.
    pub seconds: f64,
    /// Rows.
    pub rows: u64,
    /// Bytes of COPY data.
    pub bytes: u64,
}

impl Stretch {
    /// Rows in a second.
    pub fn rows_per_second(&self) -> f64 {
        per_second(self.rows, self.seconds)
    }

    /// Bytes in a second.
    pub fn bytes_per_second(&self) -> f64 {
        per_second(self.bytes, self.seconds)
    }
}

impl Throughput {
    /// All stretches as one.
    pub fn in_all(&self) -> Stretch {
        let add = |sum: Stretch, one: &Stretch| Stretch {
            seconds: sum.seconds + one.seconds,
            rows: sum.rows + one.rows,
            bytes: sum.bytes + one.bytes,
        };
        self.stretches.iter().fold(Stretch::default(), add)
    }
}

fn per_second(number: u64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => number as f64 / seconds,
        false => 0.0,
    }
}
