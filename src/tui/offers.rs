//! What the commands mean at this moment: which of them work, why not, and what they are called.

use super::commands;
use super::consent::{CutKey, cut_key};
use super::keys::{Binding, Command, Context};
use super::ui::{Layer, Ui, compared};
use crate::session::report::WayBack;
use crate::session::{Item, ItemKind, State, Step};
use crate::source::tree::Taken;
use crate::wizard::{Look, Next, Phase, Seen, Steering, Switching, Wizard};

/// Commands of one step alone, and what they do there.
const AT_HOME: &[(Command, Step, &str)] = &[
    (Command::View, Step::Schema, "what will run is shown"),
    (
        Command::Edit,
        Step::Connections,
        "source and target are changed",
    ),
    (
        Command::Application,
        Step::Application,
        "the application's folder is named",
    ),
    (
        Command::Switch,
        Step::Application,
        "the application's files are switched",
    ),
    (Command::Undo, Step::Cutover, "a cutting over is undone"),
];

/// Where a command works that does nothing on this step.
fn elsewhere(command: Command, step: Step) -> Option<String> {
    let (_, home, does) = AT_HOME.iter().find(|(known, ..)| *known == command)?;
    (*home != step).then(|| format!("{does} on the step {home}"))
}

/// Why a command cannot be carried out now; `None` when it can.
pub(super) fn why_not(
    command: Command,
    context: Context,
    wizard: &Wizard,
    ui: &Ui,
) -> Option<String> {
    let step = wizard.session().current;
    if let Some(elsewhere) = elsewhere(command, step) {
        return Some(elsewhere);
    }
    let unless = |works: bool, why: &str| (!works).then(|| why.to_owned());
    match command {
        Command::Proceed => cannot_proceed(context, wizard, ui),
        Command::Again if context == Context::WayBack => wizard.obstacle_to_look(&Look::WayBack),
        Command::Again => cannot_run_again(wizard),
        Command::View => wizard.obstacle_to_look(&Look::Schema),
        Command::Copy => {
            let shown = commands::shown(context, wizard, ui);
            unless(!shown.is_empty(), "no command is advised here")
        }
        Command::Recheck => wizard.obstacle(Step::Prerequisites),
        Command::Open => match opened(wizard, ui) {
            Some(table) => wizard.obstacle_to_look(&table),
            None => Some("no table is marked".to_owned()),
        },
        Command::Edit => wizard.obstacle_to_describe(),
        Command::Overwrite => unless(
            wizard.offers_overwriting(),
            "there is nothing to consent to: connections says when the target holds something",
        ),
        Command::Application => wizard.obstacle_to_name_application(),
        Command::Switch => wizard.obstacle_to_switch(switch_or_back(wizard)),
        Command::CutOver => cut_key(wizard).err(),
        Command::Undo => wizard.obstacle_to_abandon(),
        Command::WayBack if context == Context::WayBack => cannot_go_back(wizard),
        Command::WayBack => wizard.obstacle_to_look(&Look::WayBack),
        Command::Rehearse | Command::SaveRows | Command::SaveDatabase | Command::ApplyRows => {
            wizard.obstacle_to_roll_back()
        }
        Command::Pause | Command::More | Command::Fewer => wizard.refuse_steering(),
        Command::Direct => unless(
            wizard.direct_host().is_some(),
            "there is no pooled host to change: connections says when there is",
        ),
        Command::Toggle | Command::All => wizard.refuse_picking(),
        Command::Close if context == Context::Tree && ui.tree.search.is_empty() => {
            why_not(Command::Earlier, context, wizard, ui)
        }
        Command::Earlier => unless(
            step.previous().is_some(),
            "this is the first step; q leaves",
        ),
        Command::Later => unless(step.next().is_some(), "this is the last step"),
        _ => None,
    }
}

/// There is no way back to a database that does not answer.
fn cannot_go_back(wizard: &Wizard) -> Option<String> {
    match way_back(wizard).and_then(WayBack::obstacle) {
        Some(why) => Some(why.to_owned()),
        None => wizard.obstacle_to_roll_back(),
    }
}

/// The way back that is looked at.
fn way_back(wizard: &Wizard) -> Option<&WayBack> {
    match wizard.looking()?.seen.as_ref()?.as_deref() {
        Ok(Seen::WayBack(found)) => Some(found),
        _ => None,
    }
}

/// What the key of the pause does now.
pub(super) fn pause_or_go_on(wizard: &Wizard) -> Steering {
    match wizard.phase() {
        Phase::Working { paused: true, .. } => Steering::GoOn,
        _ => Steering::Pause,
    }
}

/// What the key of the files does now.
pub(super) fn switch_or_back(wizard: &Wizard) -> Switching {
    match wizard.session().switched {
        Some(_) => Switching::Undo,
        None => Switching::Write,
    }
}

fn cannot_proceed(context: Context, wizard: &Wizard, ui: &Ui) -> Option<String> {
    let session = wizard.session();
    if context == Context::Checklist {
        return cannot_sign(wizard, ui);
    }
    if context == Context::Tables && session.state(session.current) != State::Done {
        let why = "the way on is open once both sides are equal; r compares again";
        return Some(why.to_owned());
    }
    match wizard.next() {
        Next::Nothing => Some("everything is done; q leaves".to_owned()),
        Next::Run(step) => wizard.obstacle(step),
        Next::CutOver | Next::GoOnCutting => wizard.obstacle_to_cut_over(),
        Next::WayBack => wizard.obstacle_to_look(&Look::WayBack),
        // The form comes first.
        Next::Connect if wizard.is_busy() => wizard.obstacle(Step::Connections),
        Next::Connect | Next::Sign | Next::ConnectionSet | Next::Show(_) => None,
    }
}

fn cannot_run_again(wizard: &Wizard) -> Option<String> {
    let step = wizard.session().current;
    if wizard.session().state(step) == State::Waiting {
        return Some(format!("{step} has not been run yet; Enter runs it"));
    }
    wizard.obstacle(step)
}

fn cannot_sign(wizard: &Wizard, ui: &Ui) -> Option<String> {
    let Some(item) = marked(wizard, ui) else {
        return Some("the checklist is empty".to_owned());
    };
    match (item.kind, &item.signature) {
        (ItemKind::Machine, _) => Some(format!(
            "the machine ticks this one: {}{}",
            item.evidence,
            if item.ticked { "" } else { "; r looks again" }
        )),
        (ItemKind::Person, Some(signature)) => Some(format!("{} has signed this", signature.by)),
        (ItemKind::Person, None) => None,
    }
}

/// The item of the checklist that is marked.
pub(super) fn marked<'a>(wizard: &'a Wizard, ui: &Ui) -> Option<&'a Item> {
    wizard.session().checklist.get(ui.marked())
}

/// The look at the table that is marked.
pub(super) fn opened(wizard: &Wizard, ui: &Ui) -> Option<Look> {
    let tables = compared(wizard)?.differing_first();
    tables.get(ui.marked()).copied().map(Look::at)
}

/// What the footer calls a command now; empty for one that it does not offer.
pub(super) fn label(binding: &Binding, context: Context, wizard: &Wizard, ui: &Ui) -> String {
    if !is_offered(binding.command, context, wizard, ui) {
        return String::new();
    }
    let renamed = renamed(binding, context, wizard, ui);
    renamed.unwrap_or_else(|| binding.label.to_owned())
}

/// Whether the footer offers a command that works. Another key may be named for the same, or the help
/// alone tells of it.
fn is_offered(command: Command, context: Context, wizard: &Wizard, ui: &Ui) -> bool {
    let step = wizard.session().current;
    let state = wizard.session().state(step);
    match command {
        // The failure's pane and the footer call it r.
        Command::Proceed => context == Context::Checklist || state != State::Failed,
        // An open way back has more to offer.
        Command::Again if context == Context::WayBack => {
            way_back(wizard).is_none_or(|found| !found.is_open())
        }
        // Enter does the same.
        Command::Again => context == Context::Checks || state != State::Interrupted,
        Command::View => state != State::Done,
        Command::Overwrite => wizard.offers_overwriting(),
        Command::Direct => wizard.direct_host().is_some(),
        Command::Switch => {
            let obstacle = wizard.obstacle_to_switch(switch_or_back(wizard));
            step == Step::Application && obstacle.is_none()
        }
        Command::CutOver => cut_key(wizard).is_ok(),
        Command::Undo => step == Step::Cutover && wizard.obstacle_to_abandon().is_none(),
        Command::WayBack => context == Context::WayBack || shows_way_back(wizard),
        Command::Up => context == Context::Form || chooses(context) || ui.scrolls(),
        Command::Close => context != Context::Tree || !ui.tree.search.is_empty(),
        _ => true,
    }
}

/// Whether a row of a list is marked by the keys that scroll elsewhere.
fn chooses(context: Context) -> bool {
    matches!(
        context,
        Context::Checklist | Context::Tree | Context::Tables | Context::Checks
    )
}

/// What a command is called now, where that is not the table's label.
fn renamed(binding: &Binding, context: Context, wizard: &Wizard, ui: &Ui) -> Option<String> {
    let step = wizard.session().current;
    let name = match (binding.command, context) {
        (Command::Proceed, Context::Checklist) => "sign",
        (Command::Proceed, _) => return Some(proceed(wizard)),
        (Command::Submit, Context::Question) => marked_word(wizard, ui),
        (Command::Submit, Context::Consent) => match ui.layers.last() {
            Some(Layer::Typed { purpose, .. }) => purpose.word(),
            _ => return None,
        },
        (Command::Pause, _) if pause_or_go_on(wizard) == Steering::GoOn => "go on",
        (Command::Again, Context::Checks) => "check all",
        (Command::Again, Context::WayBack) => return None,
        (Command::Again, _) => match wizard.session().state(step) {
            State::Failed => "retry",
            State::AwaitingSignOff => "look again",
            State::Done if step == Step::Cutover => "look again",
            _ => return None,
        },
        (Command::Switch, _) if switch_or_back(wizard) == Switching::Undo => "put files back",
        (Command::CutOver, _) => match cut_key(wizard).ok()? {
            CutKey::Begin => return None,
            CutKey::GoOn => "go on",
            CutKey::IsSet => "connection is set",
        },
        (Command::WayBack, Context::WayBack) => "go back",
        (Command::Reveal, _) if ui.form.is_revealed(ui.form.focus()) => "hide",
        (Command::Up, context) if chooses(context) => "choose",
        (Command::Toggle, _) => match ui.marked_part(wizard)?.taken() {
            Taken::Nothing => "take",
            _ => return None,
        },
        (Command::All, _) if wizard.session().select.takes_all_tables() => "only this",
        (Command::Messages, _) => match ui.messages().unread_warnings() {
            0 => return None,
            new => return Some(format!("{} ({new} new)", binding.label)),
        },
        _ => return None,
    };
    Some(name.to_owned())
}

/// The answer that is marked.
fn marked_word(wizard: &Wizard, ui: &Ui) -> &'static str {
    let question = wizard.question();
    let answer = question.and_then(|asked| asked.answers.get(ui.marked_answer(asked)));
    answer.map_or("", |answer| answer.word)
}

/// The way back is offered where there is something to be taken back; elsewhere the help tells of it.
fn shows_way_back(wizard: &Wizard) -> bool {
    let session = wizard.session();
    let is_begun =
        session.switched.is_some() || session.cutting.is_some() || session.is_half_way_back();
    is_begun && session.current >= Step::Application && !wizard.is_busy()
}

/// What Enter does; empty where another key is named for it.
pub(super) fn proceed(wizard: &Wizard) -> String {
    match wizard.next() {
        Next::Connect => "fill in connections".to_owned(),
        Next::Show(step) => format!("next: {step}"),
        Next::Run(step) => match wizard.session().state(step) {
            State::Interrupted => format!("go on with {step}"),
            State::Failed => format!("retry {step}"),
            _ if step == Step::Cutover => "open the checklist".to_owned(),
            _ if step == Step::Cleanup => "clean up; it asks first".to_owned(),
            _ => format!("run {step}"),
        },
        // Signed with Enter on the checklist, where the label is that; the others are c and b.
        Next::Sign
        | Next::CutOver
        | Next::GoOnCutting
        | Next::ConnectionSet
        | Next::WayBack
        | Next::Nothing => String::new(),
    }
}
