//! Consents that are typed: the name of the database that an act is about, to the letter.

use super::field::Field;
use super::keys::{Command, Context};
use super::ui::{Intent, Layer, Ui};
use crate::config::LastComparison;
use crate::session::{Cleaning, CutOptions, Step};
use crate::switch::EditedFiles;
use crate::wizard::{
    Answer, Event, Look, Question, Recovery, Wizard, source_database, target_database,
};

/// What is consented to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What the target holds is replaced: its database's name.
    Overwrite,
    /// The application is cut over: the target database's name.
    CutOver,
    /// The application is taken back: the source database's name.
    RollBack,
    /// Rows are taken over into the old database: the source database's name.
    Apply,
    /// The ledger on the target is dropped: its database's name.
    DropLedger {
        /// Whether the dump goes, too.
        remove_dump: bool,
    },
}

impl Purpose {
    /// The word for it in the footer.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::CutOver => "cut over",
            Self::RollBack => "roll back",
            Self::Apply => "take rows over",
            Self::DropLedger { .. } => "drop the ledger",
        }
    }

    /// The name that has to be typed.
    pub(super) fn database(self, wizard: &Wizard) -> String {
        let session = wizard.session();
        let name = match self {
            Self::Overwrite | Self::CutOver | Self::DropLedger { .. } => target_database(session),
            Self::RollBack | Self::Apply => source_database(session),
        };
        name.unwrap_or_default()
    }

    fn refuse(self, wizard: &Wizard, typed: &str) -> Option<String> {
        match self {
            Self::Overwrite => wizard.refuse_consent(typed).err(),
            Self::CutOver => wizard.refuse_cutting(typed),
            Self::RollBack | Self::Apply => wizard.refuse_rollback(typed),
            Self::DropLedger { .. } => wizard.refuse_to_drop(typed),
        }
    }
}

impl Ui {
    /// What a key of the cutting over, or of the way back, does.
    pub(super) fn over_and_back(
        &mut self,
        command: Command,
        context: Context,
        wizard: &Wizard,
    ) -> Vec<Intent> {
        let recover = |recovery| Event::Recover {
            recovery,
            database: String::new(),
        };
        let event = match command {
            Command::CutOver => match cut_key(wizard) {
                Ok(CutKey::IsSet) => Event::AskWhetherSet,
                Ok(CutKey::Begin | CutKey::GoOn) => {
                    self.ask_for_name(Purpose::CutOver);
                    return Vec::new();
                }
                // Said before: such a key does nothing.
                Err(_) => return Vec::new(),
            },
            Command::Undo => Event::AskToAbandon,
            Command::WayBack if context == Context::WayBack => {
                self.ask_for_name(Purpose::RollBack);
                return Vec::new();
            }
            Command::WayBack => {
                self.scroll = 0;
                Event::Look(Look::WayBack)
            }
            Command::Rehearse => recover(Recovery::Rehearse),
            Command::SaveRows => recover(Recovery::Rows),
            Command::SaveDatabase => recover(Recovery::Database),
            _ => {
                self.ask_for_name(Purpose::Apply);
                return Vec::new();
            }
        };
        vec![Intent::Send(event)]
    }

    /// Gives the answer that is chosen to the open question. One that needs a name closes it, and asks for
    /// that.
    pub(super) fn answer(
        &mut self,
        wizard: &Wizard,
        choose: impl Fn(&Self, &Question) -> Option<usize>,
    ) -> Vec<Intent> {
        let Some(open) = wizard.question() else {
            return Vec::new();
        };
        let Some(mut answer) = choose(self, open) else {
            return Vec::new();
        };
        let chosen = open.answers.get(answer);
        if let Some(remove_dump) = chosen.and_then(Answer::drops_ledger) {
            self.ask_for_name(Purpose::DropLedger { remove_dump });
            answer = 0;
        }
        let question = open.number;
        vec![Intent::Send(Event::Answer { question, answer })]
    }

    /// Opens a consent, empty: it is always typed anew.
    pub(super) fn ask_for_name(&mut self, purpose: Purpose) {
        let name = Field::default();
        self.layers.push(Layer::Typed { purpose, name });
    }

    /// To the letter, blanks included: nothing else is a consent.
    pub(super) fn typed(
        &mut self,
        wizard: &Wizard,
        purpose: Purpose,
        typed: String,
    ) -> Vec<Intent> {
        if let Some(why) = purpose.refuse(wizard, &typed) {
            // Not kept: what was typed is in it, and may be anything.
            self.say(why);
            return Vec::new();
        }
        self.layers.pop();
        let (database, by) = (typed, self.signer.clone());
        let event = match purpose {
            Purpose::Overwrite => {
                return vec![
                    Intent::Send(Event::Overwrite { database, by }),
                    Intent::Send(Event::Run(Step::Connections)),
                ];
            }
            Purpose::CutOver => Event::CutOver {
                database,
                by,
                options: CutOptions {
                    trusting: self.comparison == LastComparison::Trusted,
                    by_hand: false,
                },
            },
            Purpose::RollBack => Event::RollBack {
                database,
                by,
                edited: EditedFiles::Told,
            },
            Purpose::DropLedger { remove_dump } => Event::CleanUp(Cleaning {
                ledger: Some(database),
                remove_dump,
            }),
            Purpose::Apply => Event::Recover {
                recovery: Recovery::Apply { changed: false },
                database,
            },
        };
        vec![Intent::Send(event)]
    }
}

/// What the key of the cutting over does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutKey {
    /// The name is asked for.
    Begin,
    /// The same, for one that was begun.
    GoOn,
    /// The connection is set.
    IsSet,
}

/// What the key of the cutting over does now; why it does nothing.
pub(super) fn cut_key(wizard: &Wizard) -> Result<CutKey, String> {
    if wizard.session().current != Step::Cutover {
        return Err("the application is cut over on the step cutover".to_owned());
    }
    if wizard.waits_for_connection() {
        return Ok(CutKey::IsSet);
    }
    match (wizard.obstacle_to_cut_over(), &wizard.session().cutting) {
        (Some(why), _) => Err(why),
        (None, Some(_)) => Ok(CutKey::GoOn),
        (None, None) => Ok(CutKey::Begin),
    }
}
