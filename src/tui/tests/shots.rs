//! The screens to be drawn: every pane, in each of its states.

use super::fixtures::{self, at};
use crate::failure::{Explain, Failure};
use crate::invocation::Invocation;
use crate::progress::{Note, Sample, Tone};
use crate::session::{CutPhase, Reached, Session, Step};
use crate::tui::form::{Form, Held};
use crate::tui::screen;
use crate::tui::ui::{Intent, Ui};
use crate::wizard::{Event, Excerpt, News, Phase, Steering, Wizard};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;

/// One state of the whole screen.
pub(super) struct Shot {
    pub(super) name: String,
    pub(super) wizard: Wizard,
    pub(super) ui: Ui,
    pub(super) sample: Sample,
}

impl Shot {
    fn of(name: impl Into<String>, wizard: Wizard) -> Self {
        let ui = fixtures::ui(&wizard, false);
        Self {
            name: name.into(),
            wizard,
            ui,
            sample: Sample::default(),
        }
    }

    fn press(mut self, keys: &[KeyCode]) -> Self {
        for code in keys {
            self.ui
                .key(&self.wizard, KeyEvent::new(*code, KeyModifiers::NONE));
        }
        self
    }

    /// Presses keys, and lets the wizard have what comes of them.
    fn act(mut self, keys: &[KeyCode]) -> Self {
        for code in keys {
            let key = KeyEvent::new(*code, KeyModifiers::NONE);
            for intent in self.ui.key(&self.wizard, key) {
                if let Intent::Send(event) = intent {
                    self.wizard.handle(event, at(1000));
                }
            }
        }
        self
    }

    pub(super) fn drawn(&mut self, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let now = at(1000);
        let paint = |frame: &mut ratatui::Frame<'_>| {
            screen::draw(frame, &self.wizard, &mut self.ui, &self.sample, now);
        };
        terminal.draw(paint).unwrap();
        terminal
    }
}

fn transferring(name: &'static str, stopping: bool) -> Shot {
    let mut shot = Shot::of(name, fixtures::running(Step::Transfer));
    shot.sample = fixtures::transferring(&mut shot.ui).sample();
    if stopping {
        shot.wizard.handle(Event::Stop, at(1000));
    }
    shot
}

/// Paused: `still` when what was under way has ended.
fn paused(name: &'static str, still: bool) -> Shot {
    let mut shot = Shot::of(name, fixtures::running(Step::Transfer));
    let progress = fixtures::transferring(&mut shot.ui);
    progress.pool(|pool| {
        pool.paused = true;
        pool.carrying = if still { 0 } else { 2 };
    });
    shot.sample = progress.sample();
    shot.ui.gauges_mut().feed(&shot.sample, 12.5);
    shot.told(Event::Steer(Steering::Pause))
}

fn building() -> Shot {
    let mut shot = Shot::of("building", fixtures::running(Step::Transfer));
    shot.sample = fixtures::building(&mut shot.ui).sample();
    shot
}

/// The session was given by name: what is advised has to lead to it.
fn named(mut shot: Shot) -> Shot {
    shot.ui.invocation = Invocation::new(None, Some(Path::new("my move.toml")), false);
    shot
}

/// Killed: the session knows no more than that it ran.
fn killed() -> Wizard {
    let session: Session = fixtures::running(Step::Transfer).session().clone();
    let mut wizard = Wizard::new(session);
    wizard.handle(Event::Opened, at(1000));
    wizard
}

/// Stopped: it is known how far it was.
fn interrupted() -> Wizard {
    let mut wizard = fixtures::running(Step::Transfer);
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("the transfer does not run")
    };
    let reached = Reached {
        rows: 12_480,
        rows_total: 30_924,
        builds_left: 5,
    };
    wizard.handle(Event::Reached { run, reached }, at(1000));
    let result = Err(Failure::interrupted("The step transfer was stopped"));
    wizard.handle(Event::Finished { run, result }, at(1000));
    wizard
}

fn opened(name: &'static str, equal: bool, excerpt: Option<Excerpt>) -> Shot {
    let table = match name {
        "opened-keyless" => "events_2025",
        "opened-missing" => "Produkt-Größe",
        _ => "orders",
    };
    Shot::of(name, fixtures::opened(equal, table, excerpt.map(Ok)))
}

fn asked() -> Shot {
    let mut shot = transferring("question", false);
    shot.wizard.handle(Event::Leave, at(1000));
    shot
}

fn with_messages() -> Shot {
    let mut shot = Shot::of(
        "messages",
        fixtures::failed(Step::Transfer, fixtures::too_many_connections()),
    );
    let note = |tone, text: &str| Note {
        tone,
        text: text.to_owned(),
    };
    shot.ui
        .tell(&News::Started(Step::Transfer), &shot.wizard, at(500));
    let notes = vec![
        note(Tone::Info, "rows of vector_documents are cut into 5 chunks"),
        note(
            Tone::Warning,
            "chunk 3 of vector_documents is tried again in 2 s: the server closed the connection (57P01)",
        ),
    ];
    shot.ui.note(notes, at(512));
    let news = News::Failed(Step::Transfer, fixtures::too_many_connections());
    shot.ui.tell(&news, &shot.wizard, at(520));
    for second in [531, 532] {
        shot = shot.press(&[KeyCode::Char('c')]);
        shot.ui.keep_refusal(at(second));
    }
    shot.press(&[KeyCode::Char('m')])
}

fn form_typed() -> Shot {
    let mut shot = Shot::of("form-typed", fixtures::empty());
    shot.wizard.handle(Event::Show(Step::Connections), at(1));
    shot.ui.follow(&shot.wizard);
    shot.ui.paste(
        &shot.wizard,
        "postgresql://postgres:hunter2@localhost:5432/chat_pgvector\n",
    );
    let mut shot = shot.press(&[KeyCode::Tab, KeyCode::Tab]);
    shot.ui.paste(
        &shot.wizard,
        "postgresql://neondb_owner:npg_x@ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech",
    );
    shot
}

/// The form on the step connections, with its source's string pasted.
fn form_with(name: &'static str, source: &str) -> Shot {
    let mut shot = form_empty().named(name);
    shot.ui.paste(&shot.wizard, source);
    shot
}

/// The form of a session that has both strings, and one password.
fn form_found() -> Shot {
    let mut wizard = fixtures::connected();
    wizard.handle(Event::Show(Step::Connections), at(1));
    let mut shot = Shot::of("form-found", wizard);
    shot.ui.passwords.held[0] = Some(Held {
        endpoint: "localhost:5432/chat_pgvector".to_owned(),
        user: "postgres".to_owned(),
        origin: Some("~/.pgpass, line 3".to_owned()),
    });
    shot.ui.form = Form::of(shot.wizard.session(), &shot.ui.passwords);
    shot.press(&[KeyCode::Char('e')])
}

fn form_filled() -> Shot {
    let mut shot = form_empty().named("form-filled");
    let down = KeyCode::Down;
    for text in ["192.168.1.20", "5433", "chat", "ada"] {
        shot = shot.press(&[down]);
        shot.ui.paste(&shot.wizard, text);
    }
    let shot = shot.press(&[down, down, down]).pasted("ep-x.neon.tech");
    shot.press(&[down, down, down]).pasted("neondb_owner")
}

/// Every state of the connection form, and of what comes of it.
fn connections() -> Vec<Shot> {
    let wrong = "postgresql://postgres:hunt#er2@localhost:5432/chat_pgvector";
    let right = "postgresql://postgres:hunter2@localhost:5432/chat_pgvector";
    let refused = || Some(fixtures::refused_password());
    let tested = |source, target| fixtures::tested(fixtures::unreached(source, target));
    vec![
        form_with("form-half", "postgresql://postgres:hunter2"),
        form_with("form-wrong", wrong),
        form_with("form-understood", right),
        form_with("form-revealed", right).control('r'),
        form_filled(),
        form_found(),
        Shot::of("connections-one", tested(None, refused())),
        Shot::of(
            "connections-none",
            tested(Some(fixtures::nothing_listens()), refused()),
        ),
        Shot::of("connections-pooled", fixtures::pooled()),
    ]
}

fn form_empty() -> Shot {
    let mut wizard = fixtures::empty();
    wizard.handle(Event::Show(Step::Connections), at(1));
    Shot::of("form-empty", wizard)
}

/// Every state of the cutting over, and of the way back.
fn cutting() -> Vec<Shot> {
    let named = |name: &str, wizard| Shot::of(name, wizard);
    let mut at_work = named("cutting-quiet", fixtures::cutting(CutPhase::Quiet));
    at_work.sample.activity =
        "Nothing written for 4 s of 10 s; connected: shop (user app, 10.0.0.7)".to_owned();
    let failed = |phase, failure| fixtures::cutting_failed(phase, failure);
    let back = |lost, alive| named("way-back", fixtures::way_back(lost, alive));
    vec![
        named("cutover-consent", fixtures::signed())
            .press(&[KeyCode::Char('c'), KeyCode::Char('n')]),
        at_work,
        named(
            "cutting-failed",
            failed(CutPhase::Quiet, fixtures::still_written()),
        ),
        named(
            "cutting-check-failed",
            failed(CutPhase::Check, fixtures::not_ready()),
        ),
        named(
            "cutting-undo",
            failed(CutPhase::Check, fixtures::not_ready()),
        )
        .act(&[KeyCode::Char('u')]),
        named("cutting-differs", fixtures::cutting_differs()),
        named("cutting-waits", fixtures::cutting_waits()),
        named("cut-over", fixtures::cut_over()),
        back(true, true),
        back(true, true)
            .named("way-back-consent")
            .press(&[KeyCode::Char('b'), KeyCode::Char('c')]),
        back(false, true).named("way-back-nothing"),
        back(false, false).named("way-back-dead"),
        named("rolled-back", fixtures::rolled_back()),
    ]
}

/// Every state that the screen has a picture for.
pub(super) fn shots() -> Vec<Shot> {
    let enter = KeyCode::Enter;
    let mut shots = vec![
        Shot::of("start", fixtures::empty()),
        Shot::of("waiting", fixtures::before(Step::Transfer)),
        Shot::of("prerequisites", fixtures::after(Step::Prerequisites)),
        Shot::of("prerequisites-marked", fixtures::after(Step::Prerequisites))
            .press(&[KeyCode::Down]),
        Shot::of("connections", fixtures::after(Step::Connections)),
        Shot::of("occupied", fixtures::occupied()),
        Shot::of("consent", fixtures::occupied()).press(&[KeyCode::Char('o'), KeyCode::Char('n')]),
        form_empty(),
        form_typed(),
        form_empty()
            .press(&[KeyCode::Esc])
            .named("connections-missing"),
        Shot::of("inventory", fixtures::after(Step::Inventory)),
        Shot::of("inventory-folded", fixtures::after(Step::Inventory)).press(&[
            KeyCode::Tab,
            KeyCode::Down,
            KeyCode::Down,
            KeyCode::Down,
            KeyCode::Down,
            KeyCode::Tab,
        ]),
        Shot::of("inventory-left-out", fixtures::after(Step::Inventory)).act(&[
            KeyCode::End,
            KeyCode::Char(' '),
            KeyCode::Char('/'),
            KeyCode::Char('c'),
            KeyCode::Char('u'),
            KeyCode::Char('s'),
            KeyCode::Enter,
            KeyCode::Char(' '),
            KeyCode::Esc,
        ]),
        Shot::of("inventory-search", fixtures::after(Step::Inventory)).press(&[
            KeyCode::Char('/'),
            KeyCode::Char('2'),
            KeyCode::Char('5'),
        ]),
        Shot::of("inventory-notes", fixtures::after(Step::Inventory)).press(&[KeyCode::Char('w')]),
        Shot::of("inventory-empty", fixtures::without_tables()),
        Shot::of("backup", fixtures::after(Step::Backup)),
        Shot::of("schema", fixtures::after(Step::Schema)),
        Shot::of("preview", fixtures::previewed(Ok(fixtures::preview()))),
        Shot::of(
            "preview-failed",
            fixtures::previewed(Err(fixtures::refused_password())),
        ),
        transferring("transferring", false),
        transferring("stopping", true),
        paused("pausing", false),
        paused("paused", true),
        building(),
        Shot::of("interrupted", interrupted()),
        Shot::of("killed", killed()),
        Shot::of("transfer", fixtures::after(Step::Transfer)),
        Shot::of("equal", fixtures::after(Step::Compare)),
        Shot::of("application", fixtures::after(Step::Application)),
        Shot::of("application-alone", fixtures::tried_alone()),
        Shot::of("application-failed", fixtures::own_test_failed()),
        Shot::of("application-switched", fixtures::application_switched()),
        Shot::of("application-question", fixtures::after(Step::Application))
            .act(&[KeyCode::Char('s')]),
        named(Shot::of("different", fixtures::compared(false))),
        Shot::of("definitions-differ", fixtures::defined_otherwise()),
        Shot::of("marked", fixtures::compared(false)).press(&[KeyCode::Down, KeyCode::Down]),
        Shot::of("behind-the-tables", fixtures::compared(false)).press(&[KeyCode::End]),
        opened("opened-equal", true, Some(fixtures::equal_excerpt())),
        opened(
            "opened-different",
            false,
            Some(fixtures::different_excerpt()),
        ),
        opened("opened-keyless", true, Some(fixtures::keyless_excerpt())),
        opened("opened-missing", false, Some(fixtures::missing_excerpt())),
        opened("opening", false, None),
        Shot::of(
            "opening-failed",
            fixtures::opened(false, "orders", Some(Err(fixtures::refused_password()))),
        ),
        Shot::of("checklist", fixtures::checklist()),
        Shot::of("signing", fixtures::checklist()).press(&[enter]),
        with_report(Shot::of("signed", fixtures::signed())),
        Shot::of(
            "failure",
            fixtures::failed(Step::Connections, fixtures::refused_password()),
        ),
        asked(),
        Shot::of("run-again", fixtures::after(Step::Compare))
            .look_back()
            .told(Event::Again(Step::Schema)),
        Shot::of("leave", fixtures::before(Step::Transfer)).told(Event::Stop),
        with_messages(),
        Shot::of("help", fixtures::before(Step::Transfer)).press(&[KeyCode::Char('?')]),
        Shot::of("refused", fixtures::empty()).press(&[KeyCode::Left]),
    ];
    shots.extend(connections());
    shots.extend(cleanups());
    shots.extend(cutting());
    shots.extend(Step::COURSE.into_iter().flat_map(states));
    shots.extend(watched());
    shots
}

/// Cleaning up, in each of its states.
fn cleanups() -> [Shot; 7] {
    let mut working = Shot::of("cleanup-working", fixtures::cleaning_up());
    working.sample.activity =
        "Compressing local_db_20260921_142640.dump with zstd, and reading it back".to_owned();
    let mut failed = fixtures::cleaning_up();
    if let Phase::Working { run, .. } = failed.phase() {
        let altered = crate::archive::Error::Altered(Path::new("backups/local_db.dump").to_owned());
        let result = Err(altered.failure());
        failed.handle(Event::Finished { run, result }, at(1012));
    }
    [
        Shot::of("cleanup-waiting", fixtures::uncleaned()),
        Shot::of("cleanup-question", fixtures::uncleaned()).act(&[KeyCode::Enter]),
        Shot::of("cleanup-consent", fixtures::uncleaned())
            .act(&[KeyCode::Enter, KeyCode::Char('y')]),
        working,
        Shot::of("cleanup-done", fixtures::cleaned_up(false)),
        Shot::of("cleanup-ledger-stays", fixtures::cleaned_up(true)),
        Shot::of("cleanup-failed", failed),
    ]
}

/// The target in use: not yet watched, watched at ease and with alarms, stopped, and at its end.
fn watched() -> [Shot; 7] {
    let mut waiting = fixtures::signed();
    waiting.handle(Event::Show(Step::Watch), at(1000));
    [
        Shot::of("waiting-watch", waiting),
        Shot::of("watching", fixtures::watching(false)),
        Shot::of("watching-alarm", fixtures::watching(true)),
        Shot::of("watch-stopped", fixtures::watch_stopped()),
        Shot::of("watch-refused", fixtures::watch_refused()),
        Shot::of("watch-done", fixtures::watch_ended(false)),
        Shot::of("watch-failed", fixtures::watch_ended(true)),
    ]
}

/// A step in each state that it has without a report: not run, at work, failed.
fn states(step: Step) -> Vec<Shot> {
    let mut shots = vec![Shot::of(format!("waiting-{step}"), fixtures::before(step))];
    if step == Step::Cutover {
        // The machine alone opens the checklist.
        return shots;
    }
    let mut working = Shot::of(format!("working-{step}"), fixtures::running(step));
    working.sample.activity = step.purpose().to_owned();
    shots.push(working);
    let failure = fixtures::too_many_connections();
    shots.push(Shot::of(
        format!("failed-{step}"),
        fixtures::failed(step, failure),
    ));
    shots
}

fn with_report(mut shot: Shot) -> Shot {
    shot.ui.report =
        "/home/ada/.local/state/neonlift/sessions/20261122-080000-0007.report.html".to_owned();
    shot
}

impl Shot {
    fn pasted(mut self, text: &str) -> Self {
        self.ui.paste(&self.wizard, text);
        self
    }

    fn control(mut self, letter: char) -> Self {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.ui.key(&self.wizard, key);
        self
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn told(mut self, event: Event) -> Self {
        self.wizard.handle(event, at(1000));
        self
    }

    fn look_back(mut self) -> Self {
        self.wizard.handle(Event::Show(Step::Schema), at(1000));
        self.ui.follow(&self.wizard);
        self
    }
}
