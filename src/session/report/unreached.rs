//! The test of the connections when a side could not be tested: both sides' failures, and what is
//! known of a side that could.

use super::Check;
use crate::failure::{Failure, Retry, Severity};
use serde::{Deserialize, Serialize};

/// What the test told, with at least one side that could not be tested.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreached {
    /// What was looked at; a side that could not be tested has one bad check.
    pub checks: Vec<Check>,
    /// Why the source could not be tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Failure>,
    /// Why the target could not be tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Failure>,
}

impl Unreached {
    /// Why the test failed: of one side as it is, of both with their names before what is said.
    pub fn failure(&self) -> Option<Failure> {
        match (&self.source, &self.target) {
            (Some(source), Some(target)) => Some(both(source, target)),
            (source, target) => source.clone().or_else(|| target.clone()),
        }
    }
}

fn both(source: &Failure, target: &Failure) -> Failure {
    let named = [("Source", source), ("Target", target)];
    let why = named.map(|(side, failure)| format!("{side}: {}", failure.why));
    let mut failure = Failure::new(format!("{}; {}", source.what, target.what), why.join("\n"));
    failure.advice = named
        .iter()
        .flat_map(|(side, failure)| advice(side, failure))
        .collect();
    failure.retry = retry(source.retry, target.retry);
    if source.severity == target.severity {
        failure.severity = source.severity;
    } else {
        failure.severity = Severity::Failed;
    }
    failure
}

/// A command stands as it is, behind the words that lead to it.
fn advice(side: &str, failure: &Failure) -> Vec<String> {
    let told = failure.advice.iter();
    told.map(|step| match step.starts_with("$ ") {
        true => step.clone(),
        false => format!("{side}: {step}"),
    })
    .collect()
}

/// What the two together leave: the way of the one that needs more.
fn retry(source: Retry, target: Retry) -> Retry {
    match (source, target) {
        (Retry::Never, _) | (_, Retry::Never) => Retry::Never,
        (Retry::AfterChange, _) | (_, Retry::AfterChange) => Retry::AfterChange,
        (Retry::Now, Retry::Now) => Retry::Now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_failures_are_told_each_with_its_side() {
        let source = Failure::new("Cannot connect to a", "refused")
            .advise("Start it:")
            .advise("$ start");
        let target = Failure::new("Cannot connect to b", "wrong password").retry(Retry::Now);
        let unreached = |source: Option<&Failure>, target: Option<&Failure>| Unreached {
            checks: Vec::new(),
            source: source.cloned(),
            target: target.cloned(),
        };
        let failure = unreached(Some(&source), Some(&target)).failure().unwrap();
        assert_eq!(failure.what, "Cannot connect to a; Cannot connect to b");
        assert_eq!(failure.why, "Source: refused\nTarget: wrong password");
        assert_eq!(failure.advice, ["Source: Start it:", "$ start"]);
        assert_eq!(failure.retry, Retry::AfterChange);
        assert_eq!(unreached(None, Some(&target)).failure(), Some(target));
    }
}
