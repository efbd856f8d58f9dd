//! Points that look random and are the same in every run with the same seed.

use std::ops::Range;

/// The environment's variable that chooses other points.
const VARIABLE: &str = "NEONLIFT_FAULT_SEED";

/// A stream of numbers (SplitMix64), one for each name, so that cases do not shift each other's.
pub(crate) struct Seed {
    number: u64,
    state: u64,
}

impl Seed {
    /// The stream of this name.
    pub(crate) fn of(name: &str) -> Self {
        let number = std::env::var(VARIABLE).map_or(1, |text| text.parse().expect(VARIABLE));
        let state = name.bytes().fold(number, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self { number, state }
    }

    /// What to set to meet the same points again.
    pub(crate) fn to_repeat(&self) -> String {
        format!("{VARIABLE}={}", self.number)
    }

    /// The next number of a range that is not empty; of another range, a number as far into it.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let share = u128::from(mixed ^ (mixed >> 31));
        range.start + ((share * u128::from(range.end - range.start)) >> 64) as u64
    }
}
