//! What the target will not have as the source has it: told before anything is moved.

use super::schema::{self, from_source};
use super::{Error, Work, definitions as dumped};
use crate::config::SchemaFrom;
use crate::postgres::catalogue::{
    self, LEDGER_SCHEMA, PolicyRoles, Scope, TableName, Undumped, UndumpedKind,
};
use crate::postgres::script::{Class, Entry, PUBLICATION, SECURITY_LABEL, SUBSCRIPTION};
use crate::postgres::tools::Section;
use crate::postgres::{Connection, ConnectionString};
use crate::session::report::{LeftBehind, LeftOut};
use crate::source::Selected;
use crate::target::Place;
use crate::transfer::finish::describe;

const EVENT_TRIGGER: &str = "it is tried last of all, and left out when the target allows event triggers to superusers only";

/// All of it that belongs to what is selected: definitions that are left out, and what stands in
/// no definition.
pub(super) async fn list(
    work: Work<'_>,
    (source, string): (&Connection, &ConnectionString),
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<LeftBehind>, Error> {
    let mut found = Vec::new();
    let makes = selected.select().takes_definitions();
    if makes && work.context.config.schema.from == SchemaFrom::Source {
        work.progress
            .activity("Asking the target what it can take".to_owned());
        found.extend(definitions(work, (source, string), target, selected).await?);
    }
    let undumped = undumped(source, selected).await?;
    found.extend(undumped.into_iter().map(left_behind));
    Ok(found)
}

/// What stands in no definition, of what is selected, with what happens to it.
pub(super) async fn undumped(
    source: &Connection,
    selected: &Selected,
) -> Result<Vec<LeftOut>, Error> {
    let told = |found: Undumped| LeftOut {
        what: found.what,
        why: happens(found.kind).to_owned(),
    };
    let found = match selected.select().takes_definitions() {
        true => catalogue::undumped(source, &scope(source, selected).await?).await?,
        // The target's definitions are its own.
        false => Vec::new(),
    };
    let mut all: Vec<LeftOut> = found.into_iter().map(told).collect();
    let rows = catalogue::extension_rows(source).await?;
    all.extend(rows.iter().map(extension_rows));
    if Place::of(source).await? == Place::Foreign && selected.patterns().take_schema(LEDGER_SCHEMA)
    {
        all.push(LeftOut {
            what: format!("schema {LEDGER_SCHEMA} with all that is in it, rows too"),
            why: format!("on the target neonlift keeps its ledger under that name; to move it, rename it on the source: ALTER SCHEMA {LEDGER_SCHEMA} RENAME TO another_name"),
        });
    }
    Ok(all)
}

/// What of the source is asked about.
async fn scope(source: &Connection, selected: &Selected) -> Result<Scope, Error> {
    let patterns = selected.patterns();
    let mut relations = catalogue::everything(source).await?;
    relations.retain(|name| !selected.has(name) && !selected.select().takes_all_tables());
    let mut schemas = catalogue::schemas(source).await?;
    schemas.retain(|schema| !patterns.take_schema(schema));
    Ok(Scope {
        without_relations: relations,
        without_schemas: schemas,
        database: patterns.take_schemaless(),
    })
}

fn happens(kind: UndumpedKind) -> &'static str {
    match kind {
        UndumpedKind::Ownership => "all of it belongs to the role that neonlift writes as",
        UndumpedKind::Rights => {
            "rights are not carried over: make the roles on the target and grant again there"
        }
        UndumpedKind::Tablespace => "it is put where the target puts everything",
        UndumpedKind::Settings => "they are not carried over: set them again on the target",
        UndumpedKind::Publication => PUBLICATION,
        UndumpedKind::Subscription => SUBSCRIPTION,
        UndumpedKind::Labels => SECURITY_LABEL,
        UndumpedKind::Comment => "the target database keeps its own",
    }
}

/// pg_dump takes these rows along, so the backup has them; the extension's table is created by
/// `CREATE EXTENSION`, and whether another version of it takes them, nobody knows here.
fn extension_rows(found: &catalogue::ExtensionRows) -> LeftOut {
    let catalogue::ExtensionRows {
        extension,
        table,
        rows,
    } = found;
    LeftOut {
        what: format!(
            "{rows} rows of your own in {table}, which belongs to the extension {extension}"
        ),
        why: "they are neither transferred nor compared; the backup has them".to_owned(),
    }
}

async fn definitions(
    work: Work<'_>,
    (source, string): (&Connection, &ConnectionString),
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<LeftBehind>, Error> {
    let version = source.server_version().await?;
    let half = (Section::PreData, None);
    let before = dumped::read(work, string, version, selected, half).await?;
    let plan = schema::plan(work, &before, source, target).await?;
    let mut found: Vec<LeftBehind> = plan.left_out.into_iter().map(left_behind).collect();
    for missing in plan.missing {
        let happens = format!(
            "it needs the extension {}, which the target does not offer: the schema cannot be made with it",
            missing.extension
        );
        found.extend(missing.dependents.into_iter().map(|what| LeftBehind {
            what,
            happens: happens.clone(),
        }));
    }
    let half = (Section::PostData, None);
    let after = dumped::read(work, string, version, selected, half).await?;
    found.extend(after.left_out.into_iter().map(left_behind));
    let is_superuser = from_source::is_superuser(target).await?;
    let strangers = policies_of_strangers(source, target).await?;
    for entry in after.script.entries {
        let happens = match entry.left_out() {
            None if entry.class() == Class::EventTrigger && !is_superuser => {
                EVENT_TRIGGER.to_owned()
            }
            None => match strangers.iter().find(|policy| is_of_policy(&entry, policy)) {
                None => continue,
                Some(policy) => without_roles(&policy.roles),
            },
            Some(why) => why.to_owned(),
        };
        let what = describe(&entry);
        found.push(LeftBehind { what, happens });
    }
    Ok(found)
}

/// The policies for roles that the target lacks, each with those alone.
async fn policies_of_strangers(
    source: &Connection,
    target: &Connection,
) -> Result<Vec<PolicyRoles>, Error> {
    let mut policies = catalogue::policy_roles(source).await?;
    if !policies.is_empty() {
        let known = catalogue::role_names(target).await?;
        for policy in &mut policies {
            policy.roles.retain(|role| !known.contains(role));
        }
        policies.retain(|policy| !policy.roles.is_empty());
    }
    Ok(policies)
}

/// Whether an entry is a policy, or the comment on it.
fn is_of_policy(entry: &Entry, policy: &PolicyRoles) -> bool {
    let TableName { schema, name } = &policy.table;
    entry.schema.as_ref() == Some(schema)
        && match entry.class() {
            Class::Policy => entry.table.as_ref() == Some(name) && entry.name == policy.name,
            Class::Comment => entry.name == policy.comment,
            _ => false,
        }
}

fn without_roles(roles: &[String]) -> String {
    format!(
        "it is left out, and fewer rows are seen: the target has no role {}. Make it there before the transfer",
        roles.join(", ")
    )
}

fn left_behind(left_out: LeftOut) -> LeftBehind {
    LeftBehind {
        what: left_out.what,
        happens: left_out.why,
    }
}
