//! What the status line says until the next key, and what of it is kept among the messages.

use super::ui::{Layer, Ui};
use crate::progress::Note;
use crate::session::Step;
use crate::wizard::{News, Wizard};
use jiff::Timestamp;

impl Ui {
    /// What the wizard tells.
    pub fn tell(&mut self, news: &News, wizard: &Wizard, now: Timestamp) {
        self.messages_mut().tell(news, now);
        self.said_is_good = is_good(news);
        match news {
            News::AwaitingSignOff(_) => return,
            News::Watched(found) if found.raised_now.is_empty() => return,
            News::Signed { .. } => self.mark_open_item(wizard.session()),
            _ => {}
        }
        self.said = said(news);
    }

    /// Says something in the status line, until the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        (self.said, self.said_is_good) = (Some(text.into()), false);
    }

    /// As [`Ui::say`], of why what was asked for is not done: it is kept, too.
    pub fn refuse(&mut self, why: impl Into<String>) {
        let why = why.into();
        self.refused = Some(why.clone());
        self.say(why);
    }

    /// Puts what the last key was refused for among the messages.
    pub fn keep_refusal(&mut self, now: Timestamp) {
        if let Some(why) = self.refused.take() {
            self.messages_mut().refused(&why, now);
        }
    }

    /// As [`Ui::say`], of what has worked.
    pub fn confirm(&mut self, text: impl Into<String>) {
        (self.said, self.said_is_good) = (Some(text.into()), true);
    }

    /// Takes in notes of the running step.
    pub fn note(&mut self, notes: Vec<Note>, now: Timestamp) {
        self.messages_mut().note(notes, now);
        if matches!(self.layers.last(), Some(Layer::Messages)) {
            self.messages_mut().read();
        }
    }
}

/// Whether it is good news.
fn is_good(news: &News) -> bool {
    matches!(
        news,
        News::Done(_) | News::CutOver | News::RolledBack | News::Recovered(_)
    )
}

/// What is said; nothing where the screen shows it anyway.
fn said(news: &News) -> Option<String> {
    let text = match news {
        News::Refused(why) => return Some(why.clone()),
        News::Done(Step::Cutover) => "the checklist is complete: the application may be cut over",
        News::SignaturesWithdrawn(_) => {
            "signatures are withdrawn: what they were given for has changed"
        }
        News::FilesStand(stand) => match (&stand.switched, stand.left.is_empty()) {
            (_, false) => "not all files were put back: m tells more",
            (Some(_), _) => "the application leads to the target now: restart it",
            (None, _) => "the application's files are as they were: restart it",
        },
        News::CutOver => "cut over: start the application, and watch it",
        News::RolledBack => "rolled back: restart the application",
        News::SetByHand(_) => "set the connection now: it is waited for",
        News::Watched(found) => {
            let raised = found.raised_now.join(", ");
            return Some(format!("alarm: {raised}: m tells more"));
        }
        News::Recovered(recovered) => return recovered.in_words().into_iter().next(),
        News::NotSwitched(failure)
        | News::NotCutOver(_, failure)
        | News::NotRecovered(failure)
        | News::NotRolledBack(failure) => return Some(format!("{}: m tells more", failure.what)),
        // What was refused while a step ran, or before it, is no longer so.
        News::Started(_)
        | News::Done(_)
        | News::Failed(..)
        | News::Interrupted(_)
        | News::Signed { .. }
        | News::AwaitingSignOff(_)
        | News::PhaseBegun(_)
        | News::PhasePassed(_) => return None,
    };
    Some(text.to_owned())
}
