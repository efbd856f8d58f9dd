//! The changes one after the other, each compared, undone and now and then compared again; several
//! copies of the target at the same time.

use crate::change::{Change, EXPECTED, told};
use crate::contrib::CONTRIB;
use crate::definitions::{ATTACHED, TABLES};
use crate::harmless::{DONE, SETTINGS};
use crate::pair::{Pair, Place, servers};
use crate::standing_alone::ALONE;
use crate::values::{ROWS, VALUES};
use tokio::task::{JoinSet, block_in_place};

const BASE: &str = include_str!("base.sql");
const VECTORS: &str = include_str!("vectors.sql");
const OF_CONTRIB: &str = include_str!("contrib.sql");

/// Copies that are worked on at the same time.
const LANES: usize = 3;

/// After so many changes it is looked at whether all of them are undone.
const UNDONE: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_single_change_is_named_and_no_other() {
    let pair = Pair::migrated(&servers().sixteen, "changes", &[BASE, VECTORS]).await;
    let changes = [VALUES, ROWS, TABLES, ATTACHED, ALONE].concat();
    assert!(changes.len() >= 40);
    each_is_named(&pair, &changes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_only_contrib_has_is_named_too() {
    let pair = Pair::migrated(&servers().contrib, "contrib", &[BASE, OF_CONTRIB]).await;
    each_is_named(&pair, CONTRIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_no_difference_is_not_called_one() {
    let pair = Pair::migrated(&servers().sixteen, "harmless", &[BASE, VECTORS]).await;
    assert!(SETTINGS.len() + DONE.len() >= 40);
    let mut running = JoinSet::new();
    let cases = lanes(SETTINGS).into_iter().zip(lanes(DONE));
    for (lane, (settings, done)) in cases.enumerate() {
        let copy = pair.with_copy(&format!("harmless_{lane}")).await;
        running.spawn(harmless(copy, pair.target.clone(), settings, done));
    }
    no_faults(running).await;
}

/// The same database on servers of other versions, each made by its own server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_version_is_no_difference() {
    let servers = servers();
    let all = [&servers.contrib, &servers.sixteen, &servers.eighteen];
    let mut places = Vec::new();
    for server in all {
        places.push(Place::made(server, "versions", &[BASE]).await);
    }
    let mut faults = Vec::new();
    for (source, target) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)] {
        let pair = Pair::new(places[source].clone(), places[target].clone());
        let name = format!("from server {source} to server {target}");
        faults.extend(wrong(&name, &pair, &[]));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

async fn each_is_named(pair: &Pair, changes: &[Change]) {
    let mut running = JoinSet::new();
    for (lane, changes) in lanes(changes).into_iter().enumerate() {
        let database = format!("{}_{lane}", pair.target.database);
        let copy = pair.with_copy(&database).await;
        running.spawn(changed(copy, pair.target.clone(), changes));
    }
    no_faults(running).await;
}

async fn no_faults(mut running: JoinSet<Vec<String>>) {
    let mut faults = Vec::new();
    while let Some(ended) = running.join_next().await {
        faults.extend(ended.unwrap());
    }
    faults.sort();
    let (count, told) = (faults.len(), faults.join("\n"));
    assert!(faults.is_empty(), "{count} faults\n{told}");
}

/// The cases of each lane, in turn.
fn lanes<T: Copy>(cases: &[T]) -> Vec<Vec<T>> {
    let of_lane = |lane| cases.iter().skip(lane).step_by(LANES).copied().collect();
    (0..LANES).map(of_lane).collect()
}

/// Makes each change on the copy; what was not found as it should.
async fn changed(mut pair: Pair, template: Place, changes: Vec<Change>) -> Vec<String> {
    let mut faults = Vec::new();
    for some in changes.chunks(UNDONE) {
        for change in some {
            match pair.target.run(&change.sql()).await {
                Ok(()) => faults.extend(wrong(&change.name(), &pair, &change.finds())),
                Err(fault) => faults.push(fault),
            }
            faults.extend(pair.target.run(&change.undo()).await.err());
        }
        let names: Vec<String> = some.iter().map(Change::name).collect();
        let left = wrong(&format!("undone: {}", names.join("; ")), &pair, &[]);
        if left.is_some() {
            let database = pair.target.database.clone();
            pair.target = template.copy(&database).await;
        }
        faults.extend(left);
    }
    faults
}

/// Makes each harmless difference; what was called a difference.
async fn harmless(
    mut pair: Pair,
    template: Place,
    settings: Vec<&str>,
    done: Vec<&str>,
) -> Vec<String> {
    let mut faults = Vec::new();
    for setting in settings {
        pair.target.set(Some(setting)).await;
        faults.extend(wrong(setting, &pair, &[]));
        pair.target.set(None).await;
    }
    for sql in done {
        let ran = pair.target.run(sql).await.err();
        if let Some(fault) = ran.or_else(|| wrong(sql, &pair, &[])) {
            faults.push(fault);
            let database = pair.target.database.clone();
            pair.target = template.copy(&database).await;
        }
    }
    faults
}

/// What a comparison says, unless it says just this.
fn wrong(name: &str, pair: &Pair, finds: &[String]) -> Option<String> {
    let ended = block_in_place(|| pair.neonlift(&["compare"]));
    let comparison = ended.of_kind("comparison").pop();
    let found = comparison.as_ref().map(told).unwrap_or_default();
    let (code, verdict) = match finds.iter().all(|line| line.starts_with(EXPECTED)) {
        true => (0, true),
        false => (1, false),
    };
    let is_right = ended.code == Some(code)
        && found == finds
        && comparison
            .as_ref()
            .is_some_and(|said| said["equal"] == verdict);
    let why = || match &comparison {
        Some(_) => String::new(),
        None => format!("\n{ended}"),
    };
    (!is_right).then(|| {
        let code = ended.code;
        format!(
            "== {name}\n  wanted {finds:?}\n  found  {found:?}, exit code {code:?}{}",
            why()
        )
    })
}
