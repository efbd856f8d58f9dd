//! Connection strings, asked for one by one: what was understood, or what is wrong and where.

use super::Break;
use super::wizard::Lines;
use crate::postgres::{ConnectionString, password};
use crate::runner::Runner;
use crate::secret::Secret;
use crate::session::standing::name;
use crate::wizard::Side;

/// Asks for the connection string of a side, until it can be read; `false` when the person goes
/// back without one.
pub(super) async fn ask(lines: &mut Lines<'_>, side: Side) -> Result<bool, Break> {
    let what = match side {
        Side::Source => "the database to move; it is only read",
        Side::Target => "the database at Neon to move it to",
    };
    lines.person.say("");
    lines.person.say(format!(
        "{}: {what}. Paste or type its connection string, like postgresql://user@host:5432/database.",
        side.title()
    ));
    lines
        .person
        .say("What you type is not shown, because it may hold a password. Enter alone goes back.");
    let Some(string) = read(lines, side).await? else {
        return Ok(false);
    };
    let string = direct(lines, side, string).await?;
    let (string, origin) = with_password(lines, side, string).await?;
    let effects = lines.runner.describe_found(side, string, origin)?;
    lines.told(effects);
    Ok(true)
}

async fn read(lines: &mut Lines<'_>, side: Side) -> Result<Option<ConnectionString>, Break> {
    let prompt = format!("Connection string of the {} (not shown): ", side.name());
    loop {
        let text = lines.person.ask_secretly(&prompt).await?;
        if text.expose().trim().is_empty() {
            return Ok(None);
        }
        match ConnectionString::parse(text.expose()) {
            Ok(string) => {
                lines.person.say("✓ Understood:");
                for (label, value) in string.understood() {
                    lines.person.say(format!("    {label}: {value}"));
                }
                return Ok(Some(string));
            }
            Err(error) => lines.person.say(format!("✗ {error}. {}", error.advice())),
        }
    }
}

/// Neon's pooled host does not do for a migration; the direct one beside it does.
async fn direct(
    lines: &mut Lines<'_>,
    side: Side,
    string: ConnectionString,
) -> Result<ConnectionString, Break> {
    if side != Side::Target || !string.is_pooled() {
        return Ok(string);
    }
    let direct = string.direct();
    lines.person.say(format!(
        "This is the pooled host. A migration needs the direct one: {}.",
        direct.host()
    ));
    let answers = ["use the direct host", "keep the pooled host"].map(str::to_owned);
    match lines.person.choose(&answers, 0).await? {
        0 => Ok(direct),
        _ => Ok(string),
    }
}

/// The string with its password, and where that was found; otherwise it is the person's.
async fn with_password(
    lines: &mut Lines<'_>,
    side: Side,
    string: ConnectionString,
) -> Result<(ConnectionString, Option<String>), Break> {
    if string.password().is_some() {
        return Ok((string, None));
    }
    let search = password::find_or_ask_keyring(&string, &|name| std::env::var(name).ok());
    if let Some(refused) = &search.refused {
        lines.person.say(format!("! {refused}"));
    }
    if let Some((password, origin)) = search.found {
        let told = format!("The password is taken from {origin}.");
        lines.person.say(told);
        return Ok((string.with_password(password), Some(origin.to_string())));
    }
    let password = password_of(lines, side, &string).await?;
    Ok(match password.expose() {
        "" => (string, None),
        _ => (string.with_password(password), None),
    })
}

/// What is known of a side: where it is, and where its password comes from.
pub(super) fn known(runner: &Runner, side: Side) -> String {
    let session = runner.wizard().session();
    let place = match side {
        Side::Source => session.source.as_ref(),
        Side::Target => session.target.as_ref(),
    };
    let Some(place) = place else {
        return format!("{}: not given yet", side.name());
    };
    let connection = runner.context().connection(side);
    let is_there = connection.is_some_and(|string| string.password().is_some());
    let password = match (is_there, runner.context().password_origin(side)) {
        (false, _) => "no password".to_owned(),
        (true, None) => "the password was given".to_owned(),
        (true, Some(origin)) => format!("the password is from {origin}"),
    };
    format!("{}: {}; {password}", side.name(), name(&place.url))
}

async fn password_of(
    lines: &mut Lines<'_>,
    side: Side,
    string: &ConnectionString,
) -> Result<Secret, Break> {
    let prompt = format!(
        "Password of {} at the {} (not shown; Enter alone: none): ",
        string.user(),
        side.name()
    );
    lines.person.ask_secretly(&prompt).await
}

/// Asks for a password alone, of a side that is known.
pub(super) async fn ask_password(lines: &mut Lines<'_>, side: Side) -> Result<(), Break> {
    let Some(string) = lines.runner.context().connection(side) else {
        return Ok(());
    };
    lines.person.say(format!(
        "The password of the {} is not kept, and was found nowhere.",
        side.name()
    ));
    let password = password_of(lines, side, &string).await?;
    if !password.expose().is_empty() {
        let effects = lines
            .runner
            .describe(side, string.with_password(password))?;
        lines.told(effects);
    }
    Ok(())
}
