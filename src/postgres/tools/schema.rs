//! A database's schema as SQL, with what needs what.

use super::child::Call;
use super::{ClientTools, ToolError};
use crate::postgres::catalogue::LEDGER_SCHEMA;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A half of a schema, as pg_dump divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What has to be there before the rows: types, functions, tables.
    PreData,
    /// What is made after the rows: indexes, constraints, triggers, policies.
    PostData,
}

impl Section {
    fn option(self) -> &'static str {
        match self {
            Self::PreData => "--section=pre-data",
            Self::PostData => "--section=post-data",
        }
    }
}

/// What never goes along: owners, rights, tablespaces and the like belong to the old server.
/// pg_dump and pg_restore both know these.
const LEFT: [&str; 7] = [
    "--schema-only",
    "--no-owner",
    "--no-acl",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
];

/// pg_dump's own: the text is UTF-8 whatever the database's encoding, and nobody is asked.
const DUMPED: [&str; 2] = ["--encoding=UTF8", "--no-password"];

async fn text(call: &Call<'_>, cancel: &CancellationToken) -> Result<String, ToolError> {
    let output = call.output(cancel).await?;
    String::from_utf8(output).map_err(|source| ToolError::NotUtf8 {
        tool: call.name(),
        source,
    })
}

/// Both halves of a schema, before and after the rows, in which each entry has its number and says
/// which others it needs ([`crate::postgres::script::Entry::needs`]). pg_dump tells that in an archive
/// alone; `pg_restore --verbose` reads it out. The archive is a file of ours, without rows, that is gone
/// afterwards. Each half is for [`crate::postgres::script::Script::parse`].
///
/// A schema of the ledger's name is left out: on the target that is the ledger.
///
/// `environment` holds libpq's variables, `snapshot` the name that `pg_export_snapshot()` gave: then
/// the schema is that of the rows that are read in the same snapshot.
///
/// # Errors
/// [`ToolError::Failed`], [`ToolError::NotUtf8`], [`ToolError::Cancelled`], [`ToolError::File`].
pub async fn dump_definitions(
    tools: &ClientTools,
    environment: &[(&'static str, OsString)],
    snapshot: Option<&str>,
    cancel: &CancellationToken,
) -> Result<(String, String), ToolError> {
    let mut arguments: Vec<OsString> = LEFT.iter().chain(&DUMPED).map(OsString::from).collect();
    arguments.push("--format=custom".into());
    arguments.push(format!("--exclude-schema={LEDGER_SCHEMA}").into());
    arguments.extend(snapshot.map(|name| format!("--snapshot={name}").into()));
    let pg_dump = tools.pg_dump();
    let call = Call {
        tool: &pg_dump,
        environment,
        arguments,
    };
    let archive = call.output(cancel).await?;
    let failed = |source| ToolError::file("write", &std::env::temp_dir(), source);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(&archive).map_err(failed)?;
    let pre_data = read_out(tools, file.path(), Section::PreData, cancel).await?;
    let post_data = read_out(tools, file.path(), Section::PostData, cancel).await?;
    Ok((pre_data, post_data))
}

async fn read_out(
    tools: &ClientTools,
    archive: &Path,
    section: Section,
    cancel: &CancellationToken,
) -> Result<String, ToolError> {
    let mut arguments: Vec<OsString> = LEFT.iter().map(OsString::from).collect();
    arguments.extend([
        section.option().into(),
        "--verbose".into(),
        "--file=-".into(),
    ]);
    arguments.push(archive.into());
    let pg_restore = tools.pg_restore();
    let call = Call {
        tool: &pg_restore,
        environment: &[],
        arguments,
    };
    text(&call, cancel).await
}
