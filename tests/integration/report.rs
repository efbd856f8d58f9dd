//! The report as a person gets it: left by a run, asked for later, looked at in a browser.

use crate::browser::Browser;
use crate::fixture::{Ended, Running, World};
use crate::signed::open_to_people;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A table whose name would be markup, and turns text around.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'\u{202e}&lt;";

#[test]
fn a_browser_shows_the_report_that_a_run_leaves() {
    let world = World::new(300);
    let quoted = HOSTILE.replace('"', "\"\"");
    world.source().run(&format!(
        "CREATE TABLE shop.\"{quoted}\" (id int PRIMARY KEY); INSERT INTO shop.\"{quoted}\" VALUES (1)"
    ));
    let ran = world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let file = world.folder().join("session.report.html");
    assert!(ran.notes().contains(&file.display().to_string()), "{ran}");
    let mode = fs::metadata(&file)
        .expect("the report")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let profile = tempfile::tempdir().expect("a folder");
    let mut browser = Browser::start(profile.path());

    open(&mut browser, &file);
    let first = browser.ask("document.querySelector('.verdict').innerText");
    assert!(said(&first).starts_with("✓ Proved equal"), "{first}");
    assert!(
        said(&first).contains("not finished: waits for signatures"),
        "{first}"
    );
    assert_eq!(
        browser.ask("document.title"),
        "Migration report: chat_pgvector → neondb"
    );
    tables_can_be_read(&mut browser);
    charts_are_drawn(&mut browser);
    names_are_only_names(&mut browser);
    every_size_and_colour(&mut browser);

    let items = open_to_people(&world);
    for item in &items {
        world.json(&["sign", item, "--by", "Ada Okafor"]);
    }
    open(&mut browser, &file);
    let text = browser.ask("document.body.innerText");
    assert!(
        said(&text).contains("✓ The migration is done and signed."),
        "signing keeps it up to date"
    );
    assert_eq!(said(&text).matches("Ada Okafor").count(), items.len());

    let change = "UPDATE shop.customers SET name = 'Other' WHERE id = 7";
    world.target().run(change);
    world.json(&["compare"]).expect(1, "failed");
    let again = world.folder().join("again.html");
    reported(&world, &["--format", "html", "-o"], &again);
    open(&mut browser, &again);
    differences_come_first(&mut browser);
}

fn open(browser: &mut Browser, file: &Path) {
    browser.open(file);
    assert_eq!(browser.complaints(), [""; 0]);
    let own = format!("file://{}", file.display());
    let asked = browser.requests();
    assert!(asked.contains(&own), "the page itself is seen: {asked:?}");
    let others = asked
        .iter()
        .filter(|url| **url != own && !url.starts_with("data:"));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0], "nothing is asked for");
}

fn said(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Every table has a caption, heads of columns and of rows.
fn tables_can_be_read(browser: &mut Browser) {
    let unread = browser.ask(
        "[...document.querySelectorAll('table')].filter(table => !table.caption.innerText.trim()
            || [...table.tHead.rows[0].cells].some(cell => cell.scope !== 'col')
            || [...table.tBodies[0].rows].some(row => row.cells[0].scope !== 'row')).length",
    );
    assert_eq!(unread, 0);
    let captions = browser.ask(
        "[...document.querySelectorAll('caption')].map(caption => caption.textContent).join('\\n')",
    );
    for caption in [
        "Both databases",
        "Tables that are equal in every row",
        "Rows for each value of the grouping column",
        "public.vector_documents.embedding",
        "Rows loaded",
        "The dump of the source",
        "Steps",
        "The migration guide's phases",
        "Before the application is switched",
    ] {
        assert!(
            said(&captions).contains(caption),
            "no {caption}: {captions}"
        );
    }
    let rows = "document.querySelectorAll('td.good').length";
    assert!(
        browser.ask(rows).as_u64() >= Some(13),
        "a verdict for each table"
    );
}

/// Every chart has a title and a description, and bars that are seen.
fn charts_are_drawn(browser: &mut Browser) {
    let charts = browser.ask(
        "[...document.querySelectorAll('svg')].map(svg => ({
            title: svg.querySelector('title').textContent,
            named: svg.getAttribute('role') === 'img' && svg.getAttribute('aria-labelledby').split(' ')
                .every(id => document.getElementById(id).textContent.trim() !== ''),
            seen: [...svg.querySelectorAll('.bar')].filter(bar => {
                const box = bar.getBoundingClientRect();
                return box.width > 0.5 && box.height > 0.5 && getComputedStyle(bar).fill !== 'none';
            }).length }))",
    );
    let charts = charts.as_array().expect("charts");
    for (begins, bars) in [
        ("Network round trip", 2),
        ("Time of a search over public.vector_documents.embedding", 4),
        ("Throughput: ", 1),
        ("Time per step", 7),
    ] {
        let is_it = |chart: &&Value| said(&chart["title"]).starts_with(begins);
        let chart = charts
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("no {begins}: {charts:?}"));
        assert_eq!(chart["named"], true, "{chart}");
        assert!(chart["seen"].as_u64() >= Some(bars), "{chart}");
    }
}

fn names_are_only_names(browser: &mut Browser) {
    let told = HOSTILE.replace('\u{202e}', "‹U+202E›");
    let names = browser.ask(
        "[...document.querySelectorAll('tbody th')].map(cell => cell.textContent).join('\\n')",
    );
    assert!(said(&names).contains(&told), "{names}");
    assert_eq!(
        browser.ask("document.querySelectorAll('img,script').length"),
        0
    );
}

/// Narrow, dark and on paper: nothing is cut off, and everything can be read.
fn every_size_and_colour(browser: &mut Browser) {
    for scheme in ["light", "dark"] {
        for width in [390, 1100] {
            browser.show(width, scheme, "screen");
            let wide = browser.ask("document.documentElement.scrollWidth").as_u64();
            assert!(
                wide <= Some(width.into()),
                "{wide:?} in a window of {width}"
            );
            let contrast = browser.ask(CONTRAST);
            assert!(contrast.as_f64() >= Some(4.5), "{contrast} in {scheme}");
        }
    }
    let background = "getComputedStyle(document.body).backgroundColor";
    let dark = browser.ask(background);
    browser.show(1100, "light", "screen");
    assert_ne!(dark, browser.ask(background));
    browser.show(1100, "dark", "print");
    assert_eq!(
        browser.ask(background),
        "rgb(255, 255, 255)",
        "paper is white"
    );
    let paper = browser.call("Page.printToPDF", serde_json::json!({}));
    assert!(
        paper["data"]
            .as_str()
            .is_some_and(|pdf| pdf.starts_with("JVBERi")),
        "a PDF"
    );
    browser.show(1100, "light", "screen");
}

/// The lowest contrast of a text with what it stands on, as WCAG counts it.
const CONTRAST: &str = "(() => {
    const parts = colour => colour.match(/[0-9.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = parts(colour).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const colour = getComputedStyle(element).backgroundColor;
        return parts(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour;
    };
    const texts = [...document.querySelectorAll('h1,h2,p,strong,th,td,caption,figcaption,footer,text')];
    return Math.min(...texts.map(element => {
        const style = getComputedStyle(element);
        const colour = element.tagName === 'text' ? style.fill : style.color;
        const [low, high] = [light(colour), light(behind(element))].sort((one, other) => one - other);
        return (high + 0.05) / (low + 0.05);
    }));
})()";

fn differences_come_first(browser: &mut Browser) {
    let first = browser.ask("document.querySelector('.verdict').innerText");
    assert!(
        said(&first).starts_with("✗ Source and target differ"),
        "{first}"
    );
    let open = browser.ask(
        "(() => { const table = [...document.querySelectorAll('table')]
            .find(table => table.caption.innerText.startsWith('Tables that differ'));
            return table.checkVisibility() && table.tBodies[0].innerText; })()",
    );
    let row: Vec<&str> = said(&open).split_whitespace().take(5).collect();
    assert_eq!(row, ["shop.customers", "✗", "differs", "300", "300"]);
    let text = browser.ask("document.body.innerText");
    assert!(
        said(&text).contains("id 7 changed (name"),
        "which row it is"
    );
    assert!(!said(&text).contains("Proved equal"));
}

fn reported(world: &World, arguments: &[&str], file: &PathBuf) -> Ended {
    let mut command = world.bare(&["report"]);
    command.args(arguments).arg(file);
    command.arg("--session").arg(world.session());
    let ended = Running::start(&mut command).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    ended
}

#[test]
fn a_report_is_asked_for_without_servers() {
    let world = World::sharing();
    fs::copy(
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/sessions/finished.toml"
        ),
        world.session(),
    )
    .expect("a session");
    let stdout = PathBuf::from("-");
    let text = reported(&world, &["--format", "md", "-o"], &stdout).stdout;
    assert!(text.starts_with("# Migration report: "), "{text}");
    let told = reported(&world, &["--format", "json", "-o"], &stdout).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        (&told["format"], &told["verdict"]["standing"]),
        (&1.into(), &"equal".into())
    );

    let mut own = world.bare(&["report", "--json", "-o"]);
    own.arg(world.session())
        .arg("--session")
        .arg(world.session());
    let before = fs::read(world.session()).expect("the session");
    let refused = Running::start(&mut own).end();
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stdout.contains("session's own file"), "{refused}");
    assert_eq!(fs::read(world.session()).expect("the session"), before);

    let mut plain = world.bare(&["report"]);
    plain.arg("--session").arg(world.session());
    let ended = Running::start(&mut plain).end();
    let file = world.folder().join("session.report.html");
    assert!(
        ended.stdout.contains(&file.display().to_string()),
        "{ended}"
    );
    assert!(file.exists());
}

#[test]
fn a_run_that_fails_leaves_a_report_that_proves_nothing() {
    let world = World::new(10);
    world
        .target()
        .run("CREATE TABLE public.in_the_way (id int)");
    let ran = world.json(&["run"]).expect(1, "failed");
    let page = fs::read_to_string(world.folder().join("session.report.html")).expect("a report");
    assert!(
        page.contains("<strong>! Not compared yet</strong>"),
        "{ran}"
    );
    assert!(page.contains("✗ Target: empty"), "what failed");
    assert!(!page.contains("Proved equal"));
}

#[test]
fn a_report_that_cannot_be_written_takes_nothing_from_the_run() {
    let world = World::new(10);
    let file = world.folder().join("session.report.html");
    fs::create_dir(&file).expect("something in its place");
    let ran = world.json(&["run"]).expect(0, "awaiting_sign_off");
    assert!(ran.notes().contains("There is no new report"), "{ran}");
    fs::remove_dir(&file).expect("still there");
}
