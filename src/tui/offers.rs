//! What the commands mean at this moment: which of them work, why not, and what they are called.

use super::commands;
use super::consent::{CutKey, cut_key};
use super::keys::{Binding, Command, Context};
use super::ui::{Layer, Ui, compared};
use crate::session::{Item, ItemKind, State, Step};
use crate::source::tree::Taken;
use crate::wizard::{Look, Next, Phase, Seen, Steering, Switching, Wizard};

/// Why a command cannot be carried out now; `None` when it can.
pub(super) fn why_not(
    command: Command,
    context: Context,
    wizard: &Wizard,
    ui: &Ui,
) -> Option<String> {
    let step = wizard.session().current;
    match command {
        Command::Proceed if context == Context::Checklist => cannot_sign(wizard, ui),
        Command::Proceed
            if context == Context::Tables && wizard.session().state(step) != State::Done =>
        {
            Some("the way on is open once both sides are equal; r compares again".to_owned())
        }
        Command::Proceed => cannot_proceed(wizard),
        Command::Again => cannot_run_again(wizard),
        Command::View => cannot_view(wizard),
        Command::Copy if commands::shown(context, wizard, ui).is_empty() => {
            Some("no command is advised here".to_owned())
        }
        Command::Recheck => wizard.obstacle(Step::Prerequisites),
        Command::Open => match opened(wizard, ui) {
            Some(table) => wizard.obstacle_to_look(&table),
            None => Some("no table is marked".to_owned()),
        },
        Command::Edit if step != Step::Connections => {
            Some("source and target are changed on the step connections".to_owned())
        }
        Command::Edit => wizard.obstacle_to_describe(),
        Command::Overwrite => cannot_overwrite(wizard),
        Command::Application if step != Step::Application => {
            Some("the application's folder is named on the step application".to_owned())
        }
        Command::Application => wizard.obstacle_to_name_application(),
        Command::Switch if step != Step::Application => {
            Some("the application's files are switched on the step application".to_owned())
        }
        Command::Switch => wizard.obstacle_to_switch(switch_or_back(wizard)),
        Command::CutOver => cut_key(wizard).err(),
        Command::Undo if step != Step::Cutover => {
            Some("a cutting over is undone on the step cutover".to_owned())
        }
        Command::Undo => wizard.obstacle_to_abandon(),
        Command::WayBack if context == Context::WayBack => cannot_go_back(wizard),
        Command::WayBack => wizard.obstacle_to_look(&Look::WayBack),
        Command::Rehearse | Command::SaveRows | Command::SaveDatabase | Command::ApplyRows => {
            wizard.obstacle_to_roll_back()
        }
        Command::Pause | Command::More | Command::Fewer => wizard.refuse_steering(),
        Command::Direct => wizard.direct_host().is_none().then(|| {
            "there is no pooled host to change: connections says when there is".to_owned()
        }),
        Command::Toggle | Command::All => wizard.refuse_picking(),
        Command::Close if context == Context::Tree && ui.tree.search.is_empty() => {
            why_not(Command::Earlier, context, wizard, ui)
        }
        Command::Earlier if step.previous().is_none() => {
            Some("this is the first step; q leaves".to_owned())
        }
        Command::Later if step.next().is_none() => Some("this is the last step".to_owned()),
        _ => None,
    }
}

/// There is no way back to a database that does not answer.
fn cannot_go_back(wizard: &Wizard) -> Option<String> {
    let seen = wizard.looking().and_then(|looking| looking.seen.as_ref());
    match seen.map(|seen| seen.as_deref()) {
        Some(Ok(Seen::WayBack(found))) if !found.is_open() => found.obstacle().map(str::to_owned),
        _ => wizard.obstacle_to_roll_back(),
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

fn cannot_proceed(wizard: &Wizard) -> Option<String> {
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

fn cannot_view(wizard: &Wizard) -> Option<String> {
    match wizard.session().current {
        Step::Schema => wizard.obstacle_to_look(&Look::Schema),
        _ => Some("what will run is shown on the step schema".to_owned()),
    }
}

fn cannot_overwrite(wizard: &Wizard) -> Option<String> {
    (!wizard.offers_overwriting()).then(|| {
        "there is nothing to consent to: connections says when the target holds something"
            .to_owned()
    })
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
    let step = wizard.session().current;
    match (binding.command, context) {
        (Command::Proceed, Context::Checklist) => "sign".to_owned(),
        // The failure's pane and the footer call it r.
        (Command::Proceed, _) if wizard.session().state(step) == State::Failed => String::new(),
        (Command::Proceed, _) => proceed(wizard),
        (Command::Submit, Context::Question) => wizard
            .question()
            .and_then(|question| question.answers.get(ui.marked_answer(question)))
            .map_or_else(String::new, |answer| answer.word.to_owned()),
        (Command::Pause, _) if pause_or_go_on(wizard) == Steering::GoOn => "go on".to_owned(),
        (Command::Again, Context::Checks) => "check all".to_owned(),
        (Command::Again, _) => match wizard.session().state(step) {
            State::Failed => "retry".to_owned(),
            // Enter does the same.
            State::Interrupted => String::new(),
            State::AwaitingSignOff => "look again".to_owned(),
            State::Done if step == Step::Cutover => "look again".to_owned(),
            _ => binding.label.to_owned(),
        },
        (Command::View, _) if wizard.session().state(step) == State::Done => String::new(),
        (Command::Overwrite, _) if !wizard.offers_overwriting() => String::new(),
        (Command::Direct, _) if wizard.direct_host().is_none() => String::new(),
        (Command::Switch, _) => match switch_or_back(wizard) {
            _ if step != Step::Application => String::new(),
            way if wizard.obstacle_to_switch(way).is_some() => String::new(),
            Switching::Undo => "put files back".to_owned(),
            Switching::Write => binding.label.to_owned(),
        },
        (Command::Submit, Context::Consent) => match ui.layers.last() {
            Some(Layer::Typed { purpose, .. }) => purpose.word().to_owned(),
            _ => binding.label.to_owned(),
        },
        (Command::CutOver, _) => match cut_key(wizard) {
            Err(_) => String::new(),
            Ok(CutKey::Begin) => binding.label.to_owned(),
            Ok(CutKey::GoOn) => "go on".to_owned(),
            Ok(CutKey::IsSet) => "connection is set".to_owned(),
        },
        (Command::Undo, _) if step != Step::Cutover => String::new(),
        (Command::Undo, _) if wizard.obstacle_to_abandon().is_some() => String::new(),
        (Command::WayBack, Context::WayBack) => "go back".to_owned(),
        (Command::WayBack, _) if !shows_way_back(wizard) => String::new(),
        (Command::Reveal, _) if ui.form.is_revealed(ui.form.focus()) => "hide".to_owned(),
        (Command::Up, Context::Form) => binding.label.to_owned(),
        (Command::Up, Context::Checklist | Context::Tree | Context::Tables | Context::Checks) => {
            "choose".to_owned()
        }
        (Command::Toggle, _) => match ui.marked_part(wizard).map(|row| row.taken()) {
            Some(Taken::Nothing) => "take".to_owned(),
            _ => binding.label.to_owned(),
        },
        (Command::All, _) if wizard.session().select.takes_all_tables() => "only this".to_owned(),
        (Command::Close, Context::Tree) if ui.tree.search.is_empty() => String::new(),
        (Command::Up, _) if !ui.scrolls() => String::new(),
        (Command::Messages, _) => match ui.messages().unread_warnings() {
            0 => binding.label.to_owned(),
            new => format!("{} ({new} new)", binding.label),
        },
        _ => binding.label.to_owned(),
    }
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
