//! What is moved, and onto what: options of the command line over the configuration. A session that
//! was begun goes on with its own choice when nothing is said, and with what a person picked in it
//! whatever the configuration says.

use super::Error;
use super::args::{Choice as Options, Common};
use crate::config::{BadPattern, Config, Onto, Rows, Select, TablePattern, What};
use crate::postgres::script::refuse_condition;
use crate::runner::Runner;
use crate::wizard::{Effect, Event, News};

/// Tells the machine what was chosen, and hands it the consent that was typed.
pub(super) fn tell(runner: &mut Runner, common: &Common, config: &Config) -> Result<(), Error> {
    let session = runner.wizard().session();
    let configured = match session.picked {
        true => &session.select,
        false => &config.select,
    };
    let select = selection(&common.choice, configured)?;
    let onto = common.choice.onto.unwrap_or(config.schema.onto);
    let says_where = common.choice.onto.is_some() || onto != Onto::default();
    // One that an older version began may say the same in other words, and so does its ledger.
    let own = session.select.clone();
    let event = Event::Chosen {
        select: Box::new(match select {
            Some(given) if given != own.clone().simplified() => given,
            _ => own,
        }),
        onto: if says_where { onto } else { session.onto },
    };
    accepted(runner, event)?;
    if let Some(database) = &common.choice.overwrite_target {
        let by = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
        let by = by.unwrap_or_else(|_| "the command line".to_owned());
        let database = database.clone();
        accepted(runner, Event::Overwrite { database, by })?;
    }
    let session = runner.wizard().session();
    if session.select.what == What::Data && common.choice.onto == Some(Onto::Empty) {
        return Err(Error::Refused(
            "rows alone need tables that are there: --data-only does not go with --onto empty"
                .to_owned(),
        ));
    }
    Ok(())
}

fn accepted(runner: &mut Runner, event: Event) -> Result<(), Error> {
    for effect in runner.dispatch(event)? {
        if let Effect::Tell(News::Refused(why)) = effect {
            return Err(Error::Refused(why));
        }
    }
    Ok(())
}

/// The selection of the options, each in place of the configuration's; `None` when neither says
/// anything.
fn selection(options: &Options, config: &Select) -> Result<Option<Select>, Error> {
    let list = |given: &Vec<String>, otherwise: &Vec<String>| match given.is_empty() {
        true => otherwise.clone(),
        false => given.clone(),
    };
    let what = match (options.schema_only, options.data_only) {
        (true, _) => What::Schema,
        (_, true) => What::Data,
        _ => config.what,
    };
    let rows: Vec<Rows> = options
        .rows
        .iter()
        .map(|text| condition(text))
        .collect::<Result<_, _>>()?;
    let select = Select {
        what,
        schemas: list(&options.include_schema, &config.schemas),
        tables: list(&options.table, &config.tables),
        exclude_schemas: list(&options.exclude_schema, &config.exclude_schemas),
        exclude_tables: list(&options.exclude_table, &config.exclude_tables),
        rows: if rows.is_empty() {
            config.rows.clone()
        } else {
            rows
        },
    };
    let refused = |error: BadPattern| Error::Refused(error.to_string());
    select.patterns().map_err(refused)?;
    Ok((!select.is_everything()).then(|| select.simplified()))
}

/// `public.events=created_at > '2026-01-01'`: the table ends at the first `=` outside of quotes.
fn condition(text: &str) -> Result<Rows, Error> {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, character)| {
        quoted ^= *character == '"';
        *character == '=' && !quoted
    });
    let refused = |why: String| Error::Refused(format!("--where {text:?} cannot be used: {why}"));
    let Some((end, _)) = end else {
        return Err(refused("write TABLE=CONDITION".to_owned()));
    };
    let (table, condition) = (text[..end].trim(), text[end + 1..].trim());
    if TablePattern::parse(table).is_none() {
        return Err(refused(BadPattern(table.to_owned()).to_string()));
    }
    if let Some(why) = refuse_condition(condition) {
        return Err(refused(why.to_owned()));
    }
    Ok(Rows {
        table: table.to_owned(),
        condition: condition.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_its_condition_are_told_apart() {
        let rows = condition(" \"a=b\".c = d = 'x' ").unwrap();
        assert_eq!(
            (rows.table.as_str(), rows.condition.as_str()),
            ("\"a=b\".c", "d = 'x'")
        );
        for wrong in ["events", "=a", "events=", "a.b.c=true", "events=a; b"] {
            assert!(condition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_option_stands_in_for_its_list_alone() {
        let config = Select {
            tables: vec!["a".to_owned()],
            exclude_tables: vec!["b".to_owned()],
            ..Select::default()
        };
        let options = Options {
            table: vec!["c".to_owned()],
            ..Options::default()
        };
        let select = selection(&options, &config).unwrap().unwrap();
        assert_eq!(
            (select.tables, select.exclude_tables),
            (vec!["c".to_owned()], vec!["b".to_owned()])
        );
        let nothing = selection(&Options::default(), &Select::default()).unwrap();
        assert_eq!(nothing, None);
        let options = Options {
            table: vec!["*".to_owned()],
            ..Options::default()
        };
        let everything = selection(&options, &Select::default()).unwrap();
        assert_eq!(everything, Some(Select::default()), "which is said, too");
    }
}
