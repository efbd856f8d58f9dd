//! The judge of definitions: both sides as the same `pg_dump` writes them, entry by entry.

use crate::migration::{Migration, servers};
use neonlift::postgres::ConnectionString;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// An entry of a dump.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Its schema; `-` for what has none.
    pub(crate) schema: String,
    /// Its type and name.
    pub(crate) what: String,
    /// Its SQL.
    pub(crate) sql: String,
}

/// What two dumps do not have in common, as a text for each entry, by schema.
///
/// A newer server writes some definitions in other words, and gives names of its own to what had
/// none. There the source's definitions are first told to the target's server by psql.
pub(crate) async fn differences(
    migration: &Migration,
    known: &[Known],
) -> BTreeMap<String, Vec<String>> {
    let mut source = entries(&dump(&migration.source_place()));
    if let Some(retold) = migration.reference().await {
        tell(&retold, &dump(&migration.source_place()));
        source = entries(&dump(&retold));
    }
    let target = entries(&dump(&migration.target_place()));
    assert!(source.len() > 20, "a dump of {} entries", source.len());
    let only = |here: &[Entry], there: &[Entry]| -> Vec<Entry> {
        let is_new = |entry: &&Entry| !there.contains(entry);
        here.iter().filter(is_new).cloned().collect()
    };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut unused: Vec<&Known> = known.iter().collect();
    for (side, entries) in [
        ("lost", only(&source, &target)),
        ("new", only(&target, &source)),
    ] {
        for entry in entries {
            let text = format!("{side}: {}\n{}", entry.what, entry.sql);
            let is_known = |known: &Known| known.side == side && text.contains(known.text);
            match known.iter().any(is_known) {
                true => unused.retain(|known| !is_known(known)),
                false => found.entry(entry.schema).or_default().push(text),
            }
        }
    }
    let never = |known: &&Known| format!("known and never seen: {known:?}");
    let never: Vec<String> = unused.iter().map(never).collect();
    if !never.is_empty() {
        found.insert("exceptions".to_owned(), never);
    }
    found
}

/// A difference that has to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// `lost` or `new`.
    pub(crate) side: &'static str,
    /// What the entry has.
    pub(crate) text: &'static str,
}

/// A database's definitions.
fn dump(place: &ConnectionString) -> String {
    let output = Command::new(servers().eighteen.bin().join("pg_dump"))
        .args(["--schema-only", "--no-owner", "--no-privileges"])
        .args(["--no-publications", "--no-subscriptions"])
        .arg("--exclude-schema=neonlift")
        .env_clear()
        .envs(place.tool_environment())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a dump in a database. What an older server does not know of its settings is told by psql,
/// and of no account.
fn tell(place: &ConnectionString, dump: &str) {
    let mut psql = Command::new(servers().eighteen.bin().join("psql"))
        .args(["--quiet", "--no-psqlrc"])
        .env_clear()
        .envs(place.tool_environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = psql.stdin.take().unwrap();
    stdin.write_all(dump.as_bytes()).unwrap();
    drop(stdin);
    assert!(psql.wait().unwrap().success());
}

/// The entries of a dump, in an order of their own.
/// Each stands under `-- Name: …; Type: …; Schema: …; Owner: -`.
fn entries(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for piece in text.split("\n\n--\n-- Name: ").skip(1) {
        let (head, sql) = piece.split_once("\n--\n").unwrap();
        let parts: Vec<&str> = head.rsplitn(4, "; ").collect();
        let [_owner, schema, kind, name] = parts[..] else {
            panic!("no header: {head}")
        };
        // Settings for the entries behind stand at the end of the one before.
        let is_own = |line: &&str| {
            let other = ["SET default_", "--", "\\unrestrict"];
            !line.is_empty() && !other.iter().any(|other| line.starts_with(other))
        };
        let lines: Vec<&str> = sql.lines().filter(is_own).collect();
        entries.push(Entry {
            schema: schema.trim_start_matches("Schema: ").to_owned(),
            what: format!("{} {name}", kind.trim_start_matches("Type: ")),
            sql: lines.join("\n"),
        });
    }
    entries.sort();
    entries
}
