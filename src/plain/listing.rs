//! Long lists, told in pages: lines to be read, and numbered entries with a search.

use super::{Break, Person};
use crate::figures::counted;

/// Lines of a page.
pub(super) const PAGE: usize = 20;

/// Tells lines to be read, a page at a time, until they end or the person has enough.
pub(super) async fn read(person: &mut Person, lines: &[String]) -> Result<(), Break> {
    for (at, page) in lines.chunks(PAGE).enumerate() {
        page.iter().for_each(|line| person.say(line));
        let left = lines.len() - at * PAGE - page.len();
        let prompt = format!(
            "Enter for more ({} left), any number to stop: ",
            counted(left as u64, "line")
        );
        if left > 0 && !person.ask(&prompt).await?.trim().is_empty() {
            break;
        }
    }
    Ok(())
}

/// What a person answers to a page of numbered entries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// These entries, by their places.
    Entries(Vec<usize>),
    /// Everything.
    All,
    /// Those with this text in them; all of them with none.
    Find(String),
    /// The next page.
    More,
    /// The page again.
    Again,
    /// Nothing more.
    Back,
}

/// Where a person is in numbered entries.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The text that is searched for.
    pub(super) search: String,
    /// The first entry of the page.
    from: usize,
    /// Whether the page has been told.
    told: bool,
}

impl Place {
    /// Tells the page, unless it has been told, and asks what to do; what leads to other pages is
    /// done already. `None` when the next page is to be told.
    pub(super) async fn ask(
        &mut self,
        person: &mut Person,
        entries: &[String],
    ) -> Result<Option<Answer>, Break> {
        let end = entries.len().min(self.from + PAGE);
        if !std::mem::replace(&mut self.told, true) {
            let page = entries.iter().enumerate().take(end).skip(self.from);
            page.for_each(|(at, entry)| person.say(format!("  {}. {entry}", at + 1)));
            if entries.is_empty() {
                person.say("  Nothing fits.");
            }
        }
        let left = entries.len() - end;
        let enter = match left {
            0 => "back".to_owned(),
            left => format!("the next of {left} more"),
        };
        let line = person
            .ask(&format!("Number or word (Enter alone: {enter}): "))
            .await?;
        match answer(line.trim(), entries.len(), left > 0) {
            Ok(Answer::More) if left > 0 => (self.from, self.told) = (end, false),
            Ok(Answer::More) => person.say("That was all."),
            Ok(Answer::Again) => self.told = false,
            Ok(Answer::Find(search)) => {
                *self = Self {
                    search,
                    ..Self::default()
                }
            }
            Ok(answer) => return Ok(Some(answer)),
            Err(wrong) => person.say(format!("✗ {wrong}")),
        }
        Ok(None)
    }
}

/// What a typed line means where there are so many entries.
fn answer(line: &str, count: usize, more: bool) -> Result<Answer, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word.to_lowercase().as_str() {
        "" if more => return Ok(Answer::More),
        "" | "back" | "b" => return Ok(Answer::Back),
        "more" | "m" => return Ok(Answer::More),
        "all" | "a" => return Ok(Answer::All),
        "list" | "l" => return Ok(Answer::Again),
        "find" | "f" => return Ok(Answer::Find(rest.trim().to_owned())),
        _ => {}
    }
    let mut places = Vec::new();
    for number in line.split([' ', ',']).filter(|part| !part.is_empty()) {
        let number = number.parse().ok();
        match number.filter(|number| (1..=count).contains(number)) {
            Some(number) if !places.contains(&(number - 1)) => places.push(number - 1),
            Some(_) => {}
            None => {
                return Err(format!(
                    "Type numbers from 1 to {count}, or one of the words find, list, more and back."
                ));
            }
        }
    }
    Ok(Answer::Entries(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_numbers_or_a_word() {
        let places = |places: &[usize]| Ok(Answer::Entries(places.to_vec()));
        assert_eq!(answer("3 1,2", 3, false), places(&[2, 0, 1]));
        assert_eq!(answer("2 2", 3, false), places(&[1]));
        assert_eq!(answer("", 3, false), Ok(Answer::Back));
        assert_eq!(answer("", 3, true), Ok(Answer::More));
        assert_eq!(answer("All", 3, false), Ok(Answer::All));
        assert_eq!(answer("back", 3, true), Ok(Answer::Back));
        let find = Ok(Answer::Find("My Table".to_owned()));
        assert_eq!(answer("find My Table", 3, false), find);
        for wrong in ["0", "4", "1 4", "one", "-1", "99999999999999999999"] {
            assert!(answer(wrong, 3, true).is_err(), "{wrong}");
        }
        assert!(answer("1", 0, false).is_err());
    }
}
