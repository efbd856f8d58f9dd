//! Schemas of the ledger's name that somebody else has made.

use crate::fixture::World;
use crate::policies::database;
use crate::selection::report;

const THEIRS: &str = "CREATE SCHEMA neonlift; CREATE TABLE neonlift.runs AS SELECT 7 AS theirs";
const KEPT: &str = "SELECT theirs FROM neonlift.runs";

/// Neither a consent to overwrite, nor a table of a name that the ledger has, makes it ours.
#[test]
fn on_the_target_it_is_refused_and_stays() {
    let world = World::new(10);
    let name = database(&world);
    world
        .json(&["check", "--overwrite-target", &name])
        .expect(0, "done");
    world.target().run(THEIRS);
    let taken = "a schema neonlift that somebody else has made";
    for arguments in [&["run"][..], &["check"]] {
        let refused = world.json(arguments).expect(1, "failed");
        let told = refused.to_string();
        assert!(told.contains(taken), "{refused}");
        assert!(told.contains("ALTER SCHEMA neonlift RENAME"), "{refused}");
        assert_eq!(world.target().value(KEPT), "7", "{refused}");
    }
    world.target().run("DROP SCHEMA neonlift CASCADE");
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

/// It would lie where the ledger does.
#[test]
fn on_the_source_it_is_not_moved_and_that_is_told() {
    let world = World::new(10);
    world.source().run(THEIRS);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    for (step, list) in [("inventory", "left_behind"), ("schema", "left_out")] {
        let told = report(&world, step)[list].to_string();
        assert!(told.contains("schema neonlift with all"), "{step}: {told}");
    }
    let ledger = "SELECT count(*) FROM neonlift.runs WHERE run IS NOT NULL";
    assert_eq!(world.target().value(ledger), "1");
    assert_eq!(world.source().value(KEPT), "7");
}
