//! What to measure: the arguments.

use crate::Result;
use crate::contender::{Contender, Pgcopydb};
use crate::data::{Scale, Set};
use crate::road::Road;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Runs of what a required figure comes from.
    pub(crate) runs: usize,
    pub(crate) sets: Vec<Set>,
    pub(crate) roads: Vec<Road>,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) scale: Scale,
    /// Whether it is a benchmark; else only a look whether it works.
    pub(crate) measuring: bool,
}

impl Wanted {
    /// Of the arguments; options that cargo hands to every benchmark and test mean nothing here.
    pub(crate) fn of(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let arguments: Vec<String> = arguments.collect();
        let measuring = arguments.iter().any(|argument| argument == "--bench");
        let mut wanted = Self {
            runs: if measuring { 3 } else { 1 },
            sets: Set::ALL.to_vec(),
            roads: Road::ALL.to_vec(),
            contenders: Contender::ALL.to_vec(),
            scale: if measuring { Scale::WHOLE } else { Scale::TINY },
            measuring,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--runs" => wanted.runs = value()?.parse::<usize>()?.max(1),
                "--only" => wanted.keep(&value()?)?,
                _ => {}
            }
        }
        Ok(wanted)
    }

    /// Keeps what the words name, of each kind that they name at all: `small,far,neonlift`.
    fn keep(&mut self, words: &str) -> Result<()> {
        let words: Vec<&str> = words.split(',').collect();
        keep(&mut self.sets, Set::word, &words);
        keep(&mut self.roads, Road::word, &words);
        keep(&mut self.contenders, Contender::word, &words);
        let known: Vec<&str> = (Set::ALL.map(Set::word).into_iter())
            .chain(Road::ALL.map(Road::word))
            .chain(Contender::ALL.map(Contender::word))
            .collect();
        match words.iter().find(|word| !known.contains(word)) {
            Some(unknown) => Err(format!("{unknown} is none of {}", known.join(", ")).into()),
            None => Ok(()),
        }
    }

    /// Whether nothing was left out.
    pub(crate) fn everything(&self) -> bool {
        self.sets.len() == Set::ALL.len()
            && self.roads.len() == Road::ALL.len()
            && self.contenders.len() == Contender::ALL.len()
    }

    /// How often a contender runs: once where no required figure comes from it.
    pub(crate) fn runs_of(&self, set: Set, road: Road, contender: Contender) -> usize {
        let is_required = match (set, road) {
            (Set::Both, Road::Near) => contender != Contender::Directory,
            (Set::Small, Road::Far) => contender != Contender::Guide,
            (_, Road::Near) => contender == Contender::Neonlift,
            (_, Road::Far) => false,
        };
        if is_required { self.runs } else { 1 }
    }

    /// Who runs on this data over this road.
    pub(crate) fn contenders(
        &self,
        set: Set,
        road: Road,
        pgcopydb: Option<&Pgcopydb>,
    ) -> Vec<Contender> {
        let enough = matches!(
            (set, road),
            (Set::Both, Road::Near) | (Set::Small, Road::Far)
        );
        if !self.measuring && !enough {
            return Vec::new();
        }
        let fits = |contender: &Contender| match (contender, set) {
            (Contender::Neonlift, Set::FewVectors | Set::FewEvents) => road == Road::Near,
            (_, Set::FewVectors | Set::FewEvents) => false,
            (Contender::Pgcopydb, _) => pgcopydb.is_some(),
            (Contender::PgcopydbBinary, _) => pgcopydb.is_some_and(|found| found.has_binary),
            // Two processes and two connections a table say nothing about rows when these are few.
            (Contender::Rows | Contender::Pipe, Set::Small) => false,
            _ => true,
        };
        self.contenders.iter().copied().filter(fits).collect()
    }
}

fn keep<T: Copy>(all: &mut Vec<T>, word: fn(T) -> &'static str, words: &[&str]) {
    if all.iter().any(|one| words.contains(&word(*one))) {
        all.retain(|one| words.contains(&word(*one)));
    }
}
