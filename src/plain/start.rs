//! The start menu as numbered choices.

use super::{Break, Error, Person};
use crate::session::Session;
use crate::session::found::{Content, Found};
use crate::session::standing::name;
use crate::start::{Choice, Entry, Menu};
use jiff::Zoned;
use jiff::tz::TimeZone;

/// Lets the person choose what to begin with; `None` when they leave. What is refused is looked up
/// again in the menu as `read` finds it then.
///
/// # Errors
/// The terminal failed.
pub async fn choose(
    person: &mut Person,
    menu: &mut Menu,
    read: impl Fn() -> Menu,
    zone: &TimeZone,
) -> Result<Option<Choice>, Error> {
    person.say("What do you want to begin with?");
    loop {
        let mut lines: Vec<String> = menu.entries().map(|entry| told(entry, zone)).collect();
        lines.push("Leave".to_owned());
        let place = match person.choose(&lines, menu.likely()).await {
            Ok(place) => place,
            Err(Break::Left) => return Ok(None),
            Err(Break::Failed(error)) => return Err(error),
        };
        if place + 1 == lines.len() {
            return Ok(None);
        }
        match menu
            .choose(place)
            .or_else(|_| menu.choose_again(place, read()).1)
        {
            Ok(choice) => return Ok(Some(choice)),
            Err(why) => person.say(format!("✗ {why}.")),
        }
    }
}

fn told(entry: Entry<'_>, zone: &TimeZone) -> String {
    match entry {
        Entry::Session(found) => format!("{} {}", entry.title(), session(found, zone)),
        _ => format!("{}. {}", entry.title(), entry.purpose()),
    }
}

fn session(found: &Found, zone: &TimeZone) -> String {
    let changed = found.changed.to_zoned(zone.clone());
    let changed = changed.strftime("last changed %F %H:%M");
    match &found.content {
        Content::Damaged(why) => {
            let file = found.file.file_name().unwrap_or_default();
            format!("with {}: cannot be read: {why}", file.to_string_lossy())
        }
        Content::InUse(session) => {
            format!("{}; open in another neonlift; {changed}", course(session))
        }
        Content::Free(session) => {
            let (done, all) = session.steps_done();
            let next = session.whats_next();
            let course = course(session);
            let may_go = session.backup_may_go(Zoned::now().date());
            let may_go = may_go.map_or_else(String::new, |text| format!("; {text}"));
            format!("{course}; {next}; {done} of {all} steps done{may_go}; {changed}")
        }
    }
}

fn course(session: &Session) -> String {
    let place = |place: &Option<crate::session::Place>| match place {
        Some(place) => name(&place.url).to_owned(),
        None => "(not given yet)".to_owned(),
    };
    let kind = if session.practice {
        "with the practice run"
    } else {
        "with the migration"
    };
    format!(
        "{kind} from {} to {}",
        place(&session.source),
        place(&session.target)
    )
}
