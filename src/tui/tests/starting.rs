//! The start screen: its pictures, and what its keys do.

use super::fixtures::{self, at};
use super::pictures::styled;
use crate::failure::Failure;
use crate::practice::Happening;
use crate::session::found::{Content, Found};
use crate::session::{Session, Step};
use crate::start::{Choice, Menu};
use crate::tui::keys::Context;
use crate::tui::start::{Start, Wish};
use crate::tui::start_screen;
use crate::tui::theme::Theme;
use crate::wizard::Wizard;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn start(sessions: Vec<Found>) -> Start {
    let theme = Theme { ascii: false };
    Start::new(theme, TimeZone::UTC, Menu::of(sessions))
}

fn found(name: &str, second: i64, content: Content) -> Found {
    Found {
        file: format!("/home/ada/sessions/{name}.toml").into(),
        changed: at(second),
        content,
    }
}

fn session(wizard: &Wizard, practice: bool) -> Box<Session> {
    let mut session = wizard.session().clone();
    session.stop_running();
    session.practice = practice;
    Box::new(session)
}

fn sessions() -> Vec<Found> {
    let transferring = session(&fixtures::running(Step::Transfer), false);
    let signing = session(&fixtures::checklist(), false);
    let failed = fixtures::failed(Step::Connections, fixtures::refused_password());
    let done = session(&fixtures::signed(), true);
    let wrong = "unknown field `colour`, expected one of `version`, `id`";
    vec![
        found("a", 9000, Content::InUse(signing)),
        found("b", 8000, Content::Free(transferring)),
        found("c", 7000, Content::Free(session(&failed, true))),
        found("d", 6000, Content::Damaged(wrong.to_owned())),
        found("e", 5000, Content::Free(done)),
        found("f", 4000, Content::Free(session(&fixtures::empty(), false))),
    ]
}

fn preparing(stopping: bool) -> Start {
    let mut start = start(sessions());
    start.prepare(at(988));
    let happening = |doing: &str, progress| Happening {
        doing: doing.to_owned(),
        progress,
    };
    start.happens(happening("Looking for PostgreSQL with pgvector", None));
    let fetching = "Fetching PostgreSQL 16 with pgvector";
    start.happens(happening(fetching, Some((9_400_000, 26_000_000))));
    if stopping {
        start.stops();
    }
    start
}

fn failed() -> Start {
    let mut start = preparing(true);
    let failure = Failure::new(
        "The practice servers cannot be started",
        "no PostgreSQL server with pgvector is installed, and none could be fetched: no route to host",
    );
    start.fail(
        failure
            .advise("Install PostgreSQL and pgvector from your system's packages:")
            .advise("$ apt-get install postgresql postgresql-16-pgvector"),
    );
    start.log = "/home/ada/.local/state/neonlift/neonlift.log".to_owned();
    start
}

/// Every state of the start screen.
fn shots() -> Vec<(&'static str, Start)> {
    let press = |mut start: Start, code| {
        start.key(KeyEvent::new(code, KeyModifiers::NONE));
        start
    };
    vec![
        ("menu-empty", start(Vec::new())),
        ("menu", start(sessions())),
        ("menu-locked", {
            let first = press(start(sessions()), KeyCode::Home);
            let mut refused = press(first, KeyCode::Enter);
            refused.choose_again(Menu::of(sessions()));
            refused
        }),
        ("menu-end", press(start(sessions()), KeyCode::End)),
        ("menu-help", press(start(sessions()), KeyCode::Char('?'))),
        ("preparing", preparing(false)),
        ("preparing-stopped", preparing(true)),
        ("not-begun", failed()),
        ("not-begun-help", press(failed(), KeyCode::Char('?'))),
    ]
}

fn drawn(start: &mut Start, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let paint = |frame: &mut ratatui::Frame<'_>| start_screen::draw(frame, start, at(1000));
    terminal.draw(paint).unwrap();
    terminal
}

#[test]
fn pictures_of_the_start() {
    for (name, mut start) in shots() {
        for (width, height) in [(80, 24), (140, 40)] {
            let terminal = drawn(&mut start, width, height);
            insta::assert_snapshot!(format!("{width}x{height}-{name}"), styled(&terminal));
        }
    }
}

#[test]
fn the_start_at_every_size() {
    for (_, mut start) in shots() {
        for width in 1..=120 {
            for height in 1..=40 {
                drawn(&mut start, width, height);
            }
        }
    }
}

#[test]
fn the_start_in_ascii_is_ascii() {
    for (name, mut start) in shots() {
        start.theme.ascii = true;
        let terminal = drawn(&mut start, 100, 30);
        let cells = &terminal.backend().buffer().content;
        let text: String = cells.iter().map(|cell| cell.symbol()).collect();
        assert!(text.is_ascii(), "{name}: {text}");
    }
}

fn key(start: &mut Start, code: KeyCode) -> Option<Wish> {
    start.key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn go_on(name: &str, practice: bool) -> Option<Wish> {
    let file = format!("/home/ada/sessions/{name}.toml").into();
    Some(Wish::Choose(Choice::GoOn { file, practice }))
}

#[test]
fn keys_choose_a_session_or_begin_anew() {
    let mut start = start(sessions());
    assert_eq!(key(&mut start, KeyCode::Enter), go_on("b", false));
    key(&mut start, KeyCode::Down);
    assert_eq!(key(&mut start, KeyCode::Enter), go_on("c", true));
    let choose = |choice| Some(Wish::Choose(choice));
    assert_eq!(
        key(&mut start, KeyCode::Char('n')),
        choose(Choice::Migration)
    );
    assert_eq!(
        key(&mut start, KeyCode::Char('p')),
        choose(Choice::Practice)
    );
    key(&mut start, KeyCode::End);
    assert_eq!(key(&mut start, KeyCode::Enter), choose(Choice::Practice));
    assert_eq!(key(&mut start, KeyCode::Esc), None);
    assert_eq!(key(&mut start, KeyCode::Char('q')), Some(Wish::Leave));
    let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
    assert_eq!(start.key(control('c')), Some(Wish::Leave));
    assert_eq!(start.key(control('z')), Some(Wish::Suspend));
}

#[test]
fn what_is_open_elsewhere_or_damaged_says_so_and_stays() {
    let mut start = start(sessions());
    key(&mut start, KeyCode::Home);
    assert_eq!(key(&mut start, KeyCode::Enter), Some(Wish::ChooseAgain));
    assert_eq!(start.choose_again(Menu::of(sessions())), None);
    assert!(start.said.as_deref().unwrap().contains("another neonlift"));
    for _ in 0..3 {
        key(&mut start, KeyCode::Down);
    }
    assert_eq!(key(&mut start, KeyCode::Enter), Some(Wish::ChooseAgain));
    assert_eq!(start.choose_again(Menu::of(sessions())), None);
    assert!(start.said.as_deref().unwrap().contains("d.toml"));
    assert_eq!(start.context(), Context::Start);
}

#[test]
fn practice_servers_are_stopped_by_esc_and_a_failure_leads_back() {
    let mut start = preparing(false);
    assert_eq!(key(&mut start, KeyCode::Esc), Some(Wish::Stop));
    start.stops();
    assert_eq!(key(&mut start, KeyCode::Esc), Some(Wish::Leave));
    start.fail(Failure::new("no", "because"));
    start.list(Menu::of(sessions()));
    assert_eq!(start.context(), Context::Reading, "the failure stays");
    assert_eq!(key(&mut start, KeyCode::Esc), None);
    assert_eq!(start.context(), Context::Start);
}

#[test]
fn the_advised_command_and_the_log_are_copied() {
    let mut start = failed();
    let copied = |text: &str| Some(Wish::Copy(text.to_owned()));
    let command = "apt-get install postgresql postgresql-16-pgvector";
    assert_eq!(key(&mut start, KeyCode::Char('y')), copied(command));
    assert!(start.said.as_deref().unwrap().contains(command));
    let log = start.log.clone();
    assert_eq!(key(&mut start, KeyCode::Char('l')), copied(&log));
    let mut unadvised = start;
    unadvised.fail(Failure::new("no", "because"));
    assert_eq!(key(&mut unadvised, KeyCode::Char('y')), None);
}
