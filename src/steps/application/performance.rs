//! The guide's performance check, from the comparison: the same searches on both sides.

use crate::session::report::{Check, ComparedVectors, Report, SEARCH_IN, Searches, Standing};
use crate::session::{Session, Step};

/// One check for each column with vectors.
pub(super) fn checks(session: &Session) -> Vec<Check> {
    match session.report(Step::Compare) {
        Some(Report::Compare(compared)) => compared.vectors.iter().map(of).collect(),
        _ => Vec::new(),
    }
}

fn of(column: &ComparedVectors) -> Check {
    let name = format!("{SEARCH_IN}{}.{}", column.table, column.column);
    match &column.search {
        Some(search) => told(name, search),
        None => {
            let why = column.unmeasured.as_deref();
            let why = why.unwrap_or("compare.searches is 0 in config.toml");
            Check::warning(name, format!("its speed was not measured: {why}"))
                .advise("The same searches are made on both sides by:")
                .advise("$ neonlift compare")
        }
    }
}

fn told(name: String, search: &Searches) -> Check {
    let mut told = search.speed();
    let verdict = told.pop();
    let figures = told
        .iter()
        .map(|(label, text, _)| format!("{label}: {text}"));
    let figures = figures.collect::<Vec<_>>().join("; ");
    match verdict {
        Some((_, text, Standing::Good)) => Check::good(name, format!("{text}; {figures}")),
        Some((_, text, _)) => Check::warning(name, format!("{text}; {figures}"))
            .advise("Measure again from where the application runs, once the indexes are built:")
            .advise("$ neonlift compare"),
        None => Check::good(name, figures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::{SearchSide, Verdict};

    fn column(target: Option<u64>, unmeasured: Option<&str>) -> ComparedVectors {
        let side = |p50| SearchSide {
            p50,
            p95: p50,
            round_trip: 100,
            ..SearchSide::default()
        };
        let search = target.map(|p50| Searches {
            searches: 20,
            neighbours: 10,
            exact: Default::default(),
            source: side(1_000),
            target: side(p50),
        });
        ComparedVectors {
            schema: "public".to_owned(),
            table: "songs".to_owned(),
            column: "embedding".to_owned(),
            sql_type: "vector(3)".to_owned(),
            metric: "cosine".to_owned(),
            source: None,
            target: None,
            search,
            unmeasured: unmeasured.map(str::to_owned),
        }
    }

    #[test]
    fn the_limit_is_told_with_the_networks_part() {
        let check = of(&column(Some(1_900), None));
        assert_eq!(
            (check.verdict, check.name.as_str()),
            (Verdict::Good, "Search in songs.embedding")
        );
        assert!(
            check.found.contains("source 1.0 ms, target 1.9 ms (1.9 x)"),
            "{check:?}"
        );
        assert!(check.found.contains("network: source 0.1 ms"), "{check:?}");
        let slow = of(&column(Some(2_100), None));
        assert_eq!(slow.verdict, Verdict::Warning);
        assert!(slow.found.starts_with("over the guide's limit"), "{slow:?}");
    }

    #[test]
    fn what_was_not_measured_says_what_to_run() {
        let check = of(&column(None, Some("no vector to search for")));
        assert!(check.found.contains("no vector to search for"), "{check:?}");
        assert_eq!(
            check.advice.last().map(String::as_str),
            Some("$ neonlift compare")
        );
    }
}
