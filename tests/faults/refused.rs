//! Rows that the target does not take: a chunk that failed never ends in success.

use crate::case::{Case, Suite};
use crate::fixture::Ended;

/// Refuses one row in the middle of the notes with an error of this SQLSTATE.
fn refuse(case: &Case<'_>, sqlstate: &str) {
    case.target().run(&format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF NEW.id = 9999 THEN RAISE 'a value' USING ERRCODE = '{sqlstate}'; END IF;
           RETURN NEW;
         END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION refuse()"
    ));
}

/// The transfer fails, goes on when the rows are taken, and keeps what was in before.
fn failed_and_went_on(suite: &Suite, name: &str, sqlstate: &str) -> Ended {
    let case = suite.case(name);
    case.until("schema");
    refuse(&case, sqlstate);
    let failed = case.failed(case.start().end());
    assert!(!failed.to_string().contains("a value"), "{failed}");
    let files = case.files_with_rows();
    case.target().run("DROP FUNCTION refuse CASCADE");
    case.goes_on();
    case.assert_kept(&files);
    failed
}

#[test]
fn until_the_target_takes_them() {
    let suite = Suite::new();
    // Class 23: the rows break a rule; the same attempt would fail again.
    let failed = failed_and_went_on(&suite, "a rule is broken", "23514");
    assert!(failed.notes().is_empty(), "{failed}");

    // Serialization failure: passes by itself, as a rule. Six attempts, each wait twice as long.
    let failed = failed_and_went_on(&suite, "a conflict that does not pass", "40001");
    let notes = failed.notes();
    let notes: Vec<&str> = notes.lines().collect();
    let waits = ["250ms", "500ms", "1s", "2s", "4s"];
    assert_eq!(notes.len(), waits.len(), "{failed}");
    for (note, wait) in notes.iter().zip(waits) {
        assert!(
            note.contains(&format!("trying again in {wait} ")),
            "{failed}"
        );
    }
    let failure = failed.only("failure");
    assert!(
        failure["what"].to_string().contains("failed in 6 attempts"),
        "{failed}"
    );
}
