//! Figures, search and speed of a column with vectors in words.

use super::{ComparedVectors, SPEED_LIMIT, Searches, Share, VectorFigures, ratio};
use crate::figures::{counted, grouped, percent};

/// How a figure is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Good,
    /// Neither good nor bad.
    Plain,
    /// A warning.
    Caution,
    /// A difference.
    Bad,
}

/// A figure in words: its label, what was found, and how it is to be taken.
pub type Told = (&'static str, String, Standing);

impl ComparedVectors {
    /// Everything found, in words.
    pub fn in_words(&self) -> Vec<Told> {
        let mut told = Vec::new();
        if let (Some(source), Some(target)) = (&self.source, &self.target) {
            told.extend(figures(source, target));
            told.push(index(source, target));
        }
        if let Some(search) = &self.search {
            told.extend(search.in_words());
        }
        if let Some(why) = &self.unmeasured {
            told.push(("not measured", why.clone(), Standing::Caution));
        }
        told
    }
}

fn both(source: &str, target: &str) -> String {
    match source == target {
        true => format!("{source} on both sides"),
        false => format!("source {source}, target {target}"),
    }
}

fn sides(label: &'static str, source: &str, target: &str, otherwise: Standing) -> Told {
    let standing = match source == target {
        true => Standing::Good,
        false => otherwise,
    };
    (label, both(source, target), standing)
}

fn figures(source: &VectorFigures, target: &VectorFigures) -> Vec<Told> {
    let embedded = |side: &VectorFigures| {
        let all = counted(side.rows, "row");
        format!("{} of {all}", grouped(side.embedded))
    };
    let dimensions = |side: &VectorFigures| match &side.dimensions[..] {
        [] => "none".to_owned(),
        some => some
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let label = "with a vector";
    let mut told = vec![sides(
        label,
        &embedded(source),
        &embedded(target),
        Standing::Bad,
    )];
    let (here, there) = (dimensions(source), dimensions(target));
    told.push(sides("dimensions", &here, &there, Standing::Bad));
    if source.zero > 0 || target.zero > 0 {
        let (here, there) = (grouped(source.zero), grouped(target.zero));
        told.push(sides("zero vectors", &here, &there, Standing::Bad));
    }
    told
}

fn index(source: &VectorFigures, target: &VectorFigures) -> Told {
    let words = |side: &VectorFigures| match &side.index {
        None => "none".to_owned(),
        Some(index) => {
            let state = match (index.valid, index.partial) {
                (false, _) => ", invalid",
                (true, true) => ", of some rows",
                (true, false) => "",
            };
            format!("{} {}{state}", index.method, index.operator_class)
        }
    };
    let lost = |side: &VectorFigures| side.index.as_ref().is_none_or(|index| !index.valid);
    let (label, text, standing) = sides("index", &words(source), &words(target), Standing::Caution);
    match (lost(source), lost(target)) {
        (true, true) => (label, text, Standing::Plain),
        (false, true) => {
            let text = format!("{text}: build it on the target");
            (label, text, Standing::Caution)
        }
        _ => (label, text, standing),
    }
}

impl Searches {
    fn in_words(&self) -> Vec<Told> {
        let exact = match self.exact.found == self.exact.of {
            true => Standing::Good,
            false => Standing::Bad,
        };
        let text = format!(
            "{} for {}: {} of the exact results the same",
            counted(self.searches, "search"),
            counted(self.neighbours, "neighbour"),
            self.exact.words(),
        );
        let mut told = vec![("search", text, exact)];
        told.extend(self.recall());
        told.extend(self.speed());
        told
    }

    fn recall(&self) -> Option<Told> {
        let (here, there) = (self.source.recall, self.target.recall);
        here.or(there)?;
        let words = |recall: Option<Share>| recall.map_or("not measured".to_owned(), Share::words);
        let standing = match self.recall_is_lower() {
            true => Standing::Caution,
            false => Standing::Plain,
        };
        Some(("index recall", both(&words(here), &words(there)), standing))
    }

    /// The guide's performance check: the whole search, the network's part of it, and what the limit
    /// says.
    pub fn speed(&self) -> Vec<Told> {
        let (whole, own) = self.ratios();
        let (here, there) = (&self.source, &self.target);
        let line = |label, source, target, ratio: Option<f64>| {
            let ratio = ratio.map_or(String::new(), |ratio| format!(" ({ratio:.1} x)"));
            let text = format!("source {}, target {}{ratio}", time(source), time(target));
            (label, text, Standing::Plain)
        };
        let verdict = match (self.within_limit(), own < SPEED_LIMIT) {
            (true, _) => (
                "within the guide's limit of 2 x the source".to_owned(),
                Standing::Good,
            ),
            (false, true) => (
                "over the guide's limit of 2 x the source by the network alone: an application \
                 near the target does not have it"
                    .to_owned(),
                Standing::Caution,
            ),
            (false, false) => (
                "over the guide's limit of 2 x the source: see whether the indexes are there and the \
                 compute is large enough"
                    .to_owned(),
                Standing::Caution,
            ),
        };
        let p95 = ratio(there.p95, here.p95);
        vec![
            line("search p50", here.p50, there.p50, Some(whole)),
            line("search p95", here.p95, there.p95, Some(p95)),
            line("network", here.round_trip, there.round_trip, None),
            line("p50 without it", here.own(), there.own(), Some(own)),
            ("speed", verdict.0, verdict.1),
        ]
    }
}

impl Share {
    fn words(self) -> String {
        percent(self.ratio())
    }
}

fn time(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::SearchSide;

    fn searches(source: [u64; 2], target: [u64; 2]) -> Searches {
        let side = |[p50, round_trip]: [u64; 2]| SearchSide {
            recall: Some(Share { found: 98, of: 100 }),
            p50,
            p95: p50 * 2,
            round_trip,
        };
        Searches {
            searches: 10,
            neighbours: 10,
            exact: Share {
                found: 100,
                of: 100,
            },
            source: side(source),
            target: side(target),
        }
    }

    fn speed(search: &Searches) -> (String, Standing) {
        let (_, text, standing) = search.in_words().pop().expect("a verdict");
        (text, standing)
    }

    #[test]
    fn the_limit_tells_the_network_apart() {
        let (text, standing) = speed(&searches([2_000, 100], [3_900, 1_500]));
        assert_eq!((&text[..6], standing), ("within", Standing::Good));
        let (text, standing) = speed(&searches([2_000, 100], [42_000, 40_000]));
        assert_eq!(standing, Standing::Caution);
        assert!(text.contains("network alone"), "{text}");
        let (text, standing) = speed(&searches([2_000, 100], [42_000, 1_000]));
        assert_eq!(standing, Standing::Caution);
        assert!(text.contains("compute"), "{text}");
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        let nearly = Share {
            found: 9_999,
            of: 10_000,
        };
        assert!(!nearly.words().contains("100"), "{}", nearly.words());
    }

    #[test]
    fn a_recall_far_below_the_sources_is_a_warning_and_no_difference() {
        let mut search = searches([2_000, 100], [2_000, 100]);
        assert!(!search.recall_is_lower());
        search.target.recall = Some(Share { found: 92, of: 100 });
        assert!(search.recall_is_lower());
        let recall = search.recall().expect("told");
        assert_eq!(recall.2, Standing::Caution);
    }
}
