//! Where two sequences stand. Pure.

use crate::figures::grouped;
use crate::postgres::catalogue::Sequence;

/// How the target's sequence stands to the source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It gives the same next value.
    Level,
    /// Its next values were given out by the source already: inserts would collide.
    Behind,
    /// It has gone further: numbers are skipped, none is given twice.
    Ahead,
}

/// Compares the next values of both sides; `increment` is the source's.
pub(super) fn standing(source: &Sequence, target: &Sequence, increment: i64) -> Standing {
    let next = |sequence: &Sequence| match sequence.is_called {
        true => i128::from(sequence.last_value) + i128::from(increment),
        false => i128::from(sequence.last_value),
    };
    let way = (next(target) - next(source)) * i128::from(increment.signum());
    match way {
        0 => Standing::Level,
        1.. => Standing::Ahead,
        _ => Standing::Behind,
    }
}

/// A value for people: `1,205`, `7 (not used yet)`.
pub(super) fn value(sequence: &Sequence) -> String {
    let sign = if sequence.last_value < 0 { "-" } else { "" };
    let value = grouped(sequence.last_value.unsigned_abs());
    let unused = if sequence.is_called {
        ""
    } else {
        " (not used yet)"
    };
    format!("{sign}{value}{unused}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::TableName;
    use rstest::rstest;

    fn at(last_value: i64, is_called: bool) -> Sequence {
        let name = TableName {
            schema: "s".to_owned(),
            name: "q".to_owned(),
        };
        Sequence {
            name,
            last_value,
            is_called,
        }
    }

    #[rstest]
    #[case((7, true), (7, true), 1, Standing::Level)]
    // The same next value, said in two ways.
    #[case((7, true), (8, false), 1, Standing::Level)]
    #[case((7, true), (7, false), 1, Standing::Behind)]
    #[case((1205, true), (7, true), 1, Standing::Behind)]
    #[case((7, true), (1205, true), 1, Standing::Ahead)]
    #[case((-7, true), (-1, true), -2, Standing::Behind)]
    #[case((i64::MAX, true), (1, true), 1, Standing::Behind)]
    fn the_next_value_decides(
        #[case] source: (i64, bool),
        #[case] target: (i64, bool),
        #[case] increment: i64,
        #[case] expected: Standing,
    ) {
        let (source, target) = (at(source.0, source.1), at(target.0, target.1));
        assert_eq!(standing(&source, &target, increment), expected);
    }

    #[test]
    fn a_value_tells_whether_it_was_used() {
        assert_eq!(value(&at(-1205, true)), "-1,205");
        assert_eq!(value(&at(1, false)), "1 (not used yet)");
    }
}
