//! `neonlift compare --samples`: rows of both sides beside each other, for who asks for them; their
//! values are printed and nowhere else.

use crate::fixture::{Ended, Running, World};
use serde_json::{Value, json};
use std::fs;

const CANARY: &str = "canary-value-of-a-row-4714";

/// Long and wide values; no key.
const TABLES: &str = "
CREATE TABLE shop.readings (id int PRIMARY KEY, what text, body text);
INSERT INTO shop.readings SELECT n, 'row ' || n, repeat('宽', 300) FROM generate_series(1, 40) n;
CREATE TABLE shop.keyless (t text);
INSERT INTO shop.keyless VALUES ('one'), (NULL);
";

fn samples(ended: &Ended) -> Vec<Value> {
    ended.of_kind("sample")
}

fn plain(world: &World, arguments: &[&str]) -> String {
    let mut command = world.neonlift(arguments);
    let done = command.arg("--plain").output().expect("neonlift runs");
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn rows_of_both_sides_stand_beside_each_other_and_nothing_of_them_is_kept() {
    let world = World::new(50);
    world.source().run(TABLES);
    let ended = world.json(&["run"]).expect(0, "awaiting_sign_off");
    assert!(samples(&ended).is_empty(), "nobody asked for values");
    world.target().run(&format!(
        "UPDATE shop.readings SET what = '{CANARY}' WHERE id = 33;
         DELETE FROM shop.readings WHERE id = 2"
    ));

    let arguments = ["compare", "--samples", "3", "-vv"];
    let all = world.json(&arguments).expect(1, "failed");
    let tables = all.only("comparison")["tables"].clone();
    let objects = |table: &&Value| table["large_objects"] == true;
    let tables = tables.as_array().expect("tables");
    let shown = tables.len() - tables.iter().filter(objects).count();
    assert_eq!(samples(&all).len(), shown, "{all}");
    let again = world.json(&arguments).expect(1, "failed");
    assert_eq!(samples(&again), samples(&all), "always the same rows");

    let one = [&arguments[..], &["--samples-of", "shop.readings"]].concat();
    let ended = world.json(&one).expect(1, "failed");
    let found = ended.only("sample");
    let key = (&found["key"], &found["same_rows"]);
    assert_eq!(key, (&json!(["id"]), &json!(true)));
    let rows = found["rows"].as_array().expect("rows");
    let ids: Vec<&Value> = rows.iter().map(|row| &row["source"]["id"]).collect();
    assert_eq!(ids, ["2", "33", "1"]);
    assert_eq!(rows[0]["target"], Value::Null);
    assert_eq!(rows[1]["differs"], json!(["what"]));
    assert_eq!(rows[1]["source"]["what"], "row 33");
    assert_eq!(rows[1]["target"]["what"], CANARY);
    assert_eq!(
        (&rows[2]["equal"], &rows[2]["cut"]),
        (&json!(true), &json!(["body"]))
    );

    let more = ["--samples-of", "shop.keyless", "--samples-of", "none"];
    let told = plain(&world, &[&one[..], &more].concat());
    fits_a_terminal(&told);
    for words in [
        CANARY,
        "missing on the target",
        "Without a key",
        "called none",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    kept_nowhere(&world);
}

fn fits_a_terminal(told: &str) {
    let at = told.find("Samples of shop.").expect("samples");
    let lines = told[at..].lines().take_while(|line| !line.starts_with('✗'));
    let cells = |c: char| if c == '宽' { 2 } else { 1 };
    for line in lines.filter(|line| !line.starts_with('·')) {
        assert!(line.chars().map(cells).sum::<usize>() <= 80, "{line}");
    }
}

/// Neither in the session, nor in the log, which holds everything.
fn kept_nowhere(world: &World) {
    let mut logs = 0;
    for file in crate::secrets::files(world.folder()) {
        let bytes = fs::read(&file).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        logs += usize::from(file.extension().is_some_and(|is| is == "log") && text.len() > 1_000);
        assert!(!text.contains(CANARY), "a value in {}", file.display());
    }
    assert_eq!(logs, 1, "the file that matters most is there");
}

#[test]
fn any_two_databases_show_samples_also_through_a_pooler() {
    let world = World::new(10);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    let none = world.folder().join("none.toml");
    let mut command = world.bare(&["compare", "--json", "--samples", "2"]);
    command
        .args(["--samples-of", "shop.orders", "--session"])
        .arg(&none);
    command
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", pooled);
    let ended = Running::start(&mut command).end();
    let found = ended.only("sample");
    let rows = found["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{ended}");
    assert!(rows.iter().all(|row| row["equal"] == true), "{ended}");
    assert!(!none.exists(), "nothing is kept");
}
