//! Between proof and signature: the source is looked at again before the cutover is done.

use crate::fixture::{Running, World, eventually};
use serde_json::Value;
use std::fs;

fn item(world: &World, key: &str) -> Value {
    let status = world.json(&["status"]).only("status");
    let items = status["session"]["checklist"].as_array().cloned();
    let mut items = items.expect("a checklist").into_iter();
    items.find(|item| item["key"] == key).expect("the item")
}

/// The items that wait for people's signatures.
pub(crate) fn open_to_people(world: &World) -> Vec<String> {
    let status = world.json(&["status"]).only("status");
    let items = status["session"]["checklist"].as_array().cloned();
    let items = items.expect("a checklist").into_iter();
    let open = items.filter(|item| item["kind"] == "person" && item["signature"].is_null());
    open.map(|item| item["key"].as_str().expect("a key").to_owned())
        .collect()
}

/// Signs what people have to, and gives how the last command ended.
pub(crate) fn sign_all(world: &World) -> String {
    let mut outcome = String::new();
    for key in open_to_people(world) {
        let signed = world.json(&["sign", &key, "--by", "Ada"]);
        let end = signed.only("finished")["outcome"].clone();
        outcome = end.as_str().expect("an outcome").to_owned();
    }
    outcome
}

#[test]
fn a_source_that_was_written_to_after_the_proof_is_not_signed_off() {
    let world = World::new(50);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    assert_eq!(item(&world, "source-quiet")["ticked"], true);
    let update = "UPDATE shop.products SET name = name WHERE id = 1";
    world.source().run(update);
    // The server's counters come late.
    eventually("the cutover sees what was written", || {
        world.json(&["cutover"]);
        (item(&world, "source-quiet")["ticked"] == false).then_some(())
    });
    let evidence = item(&world, "source-quiet")["evidence"].to_string();
    assert!(evidence.contains("shop.products"), "{evidence}");
    let report = fs::read_to_string(world.folder().join("session.report.html"));
    let report = report.expect("a report");
    assert!(report.contains("! The source was written to after it was proved"));
    assert!(!report.contains("Proved equal"));
    assert_eq!(sign_all(&world), "awaiting_sign_off");

    // The rows are the same, as the comparison proves: then a person may vouch for the writes.
    world.json(&["compare"]).expect_equal();
    world.json(&["cutover"]).expect(0, "awaiting_sign_off");
    assert_eq!(item(&world, "source-quiet")["kind"], "person");
    assert_eq!(sign_all(&world), "done");

    world.source().run(update);
    eventually("a signed cutover takes its end back", || {
        let ended = world.json(&["cutover"]);
        (ended.only("finished")["outcome"] == "awaiting_sign_off").then_some(())
    });
    let unticked = item(&world, "source-quiet");
    assert_eq!(unticked["kind"], "machine", "{unticked}");
}

#[test]
fn without_the_sources_password_a_person_vouches_for_it() {
    let world = World::new(50);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    let session = world.session();
    let session = session.to_str().expect("a path");
    let sign = |key: &str| {
        let arguments = ["sign", key, "--by", "Ada", "--session", session, "--json"];
        let signed = Running::start(&mut world.bare(&arguments)).end();
        assert_eq!(signed.code, Some(0), "{signed}");
        signed.only("finished")["outcome"].clone()
    };
    let ends: Vec<Value> = open_to_people(&world).iter().map(|key| sign(key)).collect();
    assert_eq!(ends.last().expect("a signature"), "awaiting_sign_off");
    let asked = item(&world, "source-quiet");
    assert_eq!(asked["kind"], "person", "{asked}");
    let evidence = asked["evidence"].to_string();
    assert!(evidence.contains("password is not at hand"), "{evidence}");
    assert_eq!(sign("source-quiet"), "done");
}
