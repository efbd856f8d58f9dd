//! The table, moved between each two servers that can hold it.

use crate::cases::{self, Case, Needs};
use crate::definitions::Known;
use crate::migration::{Migration, OWNER, servers};
use crate::{contents, definitions};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Moves cases, and tells which did not arrive as they were.
async fn arrive(migration: &Migration, cases: &[&Case], known: &[Known]) {
    migration.make(cases).await;
    let before = contents::of(&migration.source().await).await;
    migration
        .neonlift(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let after = contents::of(&migration.source().await).await;
    assert_eq!(before, after, "the source has changed");
    let mut found = definitions::differences(migration, known).await;
    let there = contents::of(&migration.target().await).await;
    for (schema, texts) in contents::differences(&before, &there) {
        found.entry(schema).or_default().extend(texts);
    }
    assert!(found.is_empty(), "{}", told(&found));
}

/// What could not be made as it was is in the report, as often as the transfer is run.
fn the_violated_keys_are_told(migration: &Migration) {
    let left_out = migration.report("transfer")["left_out"].clone();
    let left_out = left_out.as_array().unwrap().iter();
    let what: Vec<_> = left_out
        .map(|left| left["what"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        what,
        [
            "fk constraint parted_of_persons",
            "check of fk constraint visits_of_persons",
            "comment CONSTRAINT parted_of_persons ON parted",
        ]
    );
}

fn told(found: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = String::from("these did not arrive as they were:\n");
    for (case, differences) in found {
        let _ = writeln!(text, "== {case}\n{}", differences.join("\n"));
    }
    text
}

const fn lost(text: &'static str) -> Known {
    Known { side: "lost", text }
}

const fn new(text: &'static str) -> Known {
    Known { side: "new", text }
}

/// Where the source's own rows violate a key: one is added unchecked; one cannot be, because before
/// PostgreSQL 18 a partitioned table takes none so.
const VIOLATED: [Known; 4] = [
    lost("ADD CONSTRAINT visits_of_persons FOREIGN KEY (person) REFERENCES violated.persons(id);"),
    new(
        "ADD CONSTRAINT visits_of_persons FOREIGN KEY (person) REFERENCES violated.persons(id) NOT VALID;",
    ),
    lost("ADD CONSTRAINT parted_of_persons FOREIGN KEY"),
    lost("COMMENT ON CONSTRAINT parted_of_persons ON violated.parted"),
];

/// From 18 on it does.
const VIOLATED_18: [Known; 4] = [
    VIOLATED[0],
    VIOLATED[1],
    VIOLATED[2],
    new(
        "ADD CONSTRAINT parted_of_persons FOREIGN KEY (person) REFERENCES violated.persons(id) NOT VALID;",
    ),
];

#[tokio::test]
async fn from_16_to_16() {
    let sixteen = &servers().sixteen;
    let migration = Migration::new("same", sixteen, sixteen, OWNER).await;
    let source = migration.source().await;
    let extension = "CREATE SCHEMA \"Extensions\"; CREATE EXTENSION vector SCHEMA \"Extensions\";
        ALTER DATABASE same_source SET search_path = public, \"Extensions\"";
    source.batch("extension", extension).await.unwrap();
    let cases = cases::with(&[Needs::Vector, Needs::Patience]);
    arrive(&migration, &cases, &VIOLATED).await;
    the_violated_keys_are_told(&migration);
    let again = migration.neonlift(&["transfer"]);
    assert_eq!(again.code, Some(0), "{again}");
    the_violated_keys_are_told(&migration);
}

#[tokio::test]
async fn from_an_installed_server_to_a_newer_one() {
    let (from, to) = (&servers().contrib, servers().not_older());
    let migration = Migration::new("newer", from, to, OWNER).await;
    arrive(&migration, &cases::with(&[]), &VIOLATED).await;
}

#[tokio::test]
async fn from_16_to_18() {
    let (from, to) = (&servers().sixteen, &servers().eighteen);
    let migration = Migration::new("newest", from, to, OWNER).await;
    let source = migration.source().await;
    source
        .batch("extension", "CREATE EXTENSION vector")
        .await
        .unwrap();
    arrive(&migration, &cases::with(&[Needs::Vector]), &VIOLATED_18).await;
}

#[tokio::test]
async fn extensions_of_contrib_to_a_superuser() {
    let contrib = &servers().contrib;
    let migration = Migration::new("contrib", contrib, contrib, "SUPERUSER").await;
    let cases: Vec<_> = cases::with(&[Needs::Contrib, Needs::Superuser]);
    let cases: Vec<_> = cases
        .into_iter()
        .filter(|case| case.needs != Needs::Any)
        .collect();
    arrive(&migration, &cases, &[]).await;
}
