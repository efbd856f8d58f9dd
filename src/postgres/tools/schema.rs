//! A database's schema as SQL.

use super::child::Call;
use super::{ClientTools, ToolError};
use std::ffi::OsString;
use tokio_util::sync::CancellationToken;

/// A half of a schema, as pg_dump divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What has to be there before the rows: types, functions, tables.
    PreData,
    /// What is made after the rows: indexes, constraints, triggers, policies.
    PostData,
}

/// What never goes along: owners, rights, tablespaces and the like belong to the old server. The text
/// is UTF-8 whatever the database's encoding.
const ALWAYS: [&str; 9] = [
    "--schema-only",
    "--no-owner",
    "--no-acl",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--encoding=UTF8",
    "--no-password",
];

/// One half of a schema as pg_dump writes it, for [`crate::postgres::script::Script::parse`].
///
/// `environment` holds libpq's variables, `arguments` further options without secrets
/// (`--schema=…`, `--table=…`), `snapshot` the name that `pg_export_snapshot()` gave: then the schema
/// is that of the rows that are read in the same snapshot.
///
/// # Errors
/// [`ToolError::Failed`], [`ToolError::NotUtf8`], [`ToolError::Cancelled`].
pub async fn dump_schema(
    tools: &ClientTools,
    environment: &[(&'static str, OsString)],
    arguments: &[String],
    section: Section,
    snapshot: Option<&str>,
    cancel: &CancellationToken,
) -> Result<String, ToolError> {
    let section = match section {
        Section::PreData => "--section=pre-data",
        Section::PostData => "--section=post-data",
    };
    let mut all: Vec<OsString> = ALWAYS.iter().map(OsString::from).collect();
    all.push(section.into());
    all.extend(snapshot.map(|name| format!("--snapshot={name}").into()));
    all.extend(arguments.iter().map(OsString::from));
    let pg_dump = tools.pg_dump();
    let call = Call {
        tool: &pg_dump,
        environment,
        arguments: all,
    };
    let output = call.output(cancel).await?;
    String::from_utf8(output).map_err(|source| ToolError::NotUtf8 {
        tool: call.name(),
        source,
    })
}
