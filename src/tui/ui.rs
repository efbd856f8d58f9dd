//! What the screen knows beside the wizard: what lies over the step, how far it is scrolled, what
//! is marked, what was said. Keys come in, intents for the wizard go out; nothing is carried out here.

use super::field::Field;
use super::form::{Entered, Focus, Form, Understand};
use super::gauges::Gauges;
use super::keys::Context;
use super::messages::Messages;
use super::theme::Theme;
use crate::invocation::Invocation;
use crate::progress::Note;
use crate::session::{Item, ItemKind, Session, State, Step};
use crate::wizard::{Event, News, Side, Wizard};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What the person wants to happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// An event for the wizard.
    Send(Event),
    /// Connection strings to be taken in; what follows is only done when that worked.
    Connect(Vec<Entered>),
    /// Go to the background.
    Suspend,
}

/// What lies over the step's pane. The last one has the keyboard.
#[derive(Debug, Clone)]
pub(super) enum Layer {
    /// The keys and what they do.
    Help,
    /// What happened.
    Messages,
    /// The connection form.
    Form,
    /// The name under a signature.
    Signing {
        /// The item's key.
        item: String,
        /// The name.
        name: Field,
    },
    /// The consent to overwrite the target.
    Consent {
        /// What was typed.
        name: Field,
    },
    /// Whether to run a step again that later steps build on.
    RunAgain(Step),
}

/// A question that is open: the wizard's, or the screen's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// What is asked.
    pub text: String,
    /// What yes does.
    pub yes: String,
    /// What no does.
    pub no: String,
}

/// How much of a pane is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Lines that fit.
    pub visible: usize,
    /// Lines there are.
    pub total: usize,
}

/// The screen's own state.
#[derive(Debug, Clone)]
pub struct Ui {
    pub(super) theme: Theme,
    pub(super) zone: TimeZone,
    pub(super) understand: Understand,
    pub(super) layers: Vec<Layer>,
    pub(super) form: Form,
    pub(super) scroll: usize,
    pub(super) extent: Extent,
    pub(super) marked: usize,
    pub(super) yes: bool,
    pub(super) said: Option<String>,
    pub(super) signer: String,
    pub(super) invocation: Invocation,
    pub(super) too_small: bool,
    messages: Messages,
    gauges: Gauges,
    looked_at: Option<(Step, State)>,
}

impl Ui {
    /// A screen for a session. `understand` reads connection strings for the form; `signer` is
    /// offered as the name under the first signature.
    pub fn new(
        theme: Theme,
        zone: TimeZone,
        understand: Understand,
        signer: &str,
        session: &Session,
    ) -> Self {
        Self {
            theme,
            zone,
            understand,
            layers: Vec::new(),
            form: Form::of(session),
            scroll: 0,
            extent: Extent::default(),
            marked: 0,
            yes: false,
            said: None,
            signer: signer.to_owned(),
            invocation: Invocation::default(),
            too_small: false,
            messages: Messages::default(),
            gauges: Gauges::default(),
            looked_at: None,
        }
    }

    /// What has the keyboard.
    pub fn context(&self, wizard: &Wizard) -> Context {
        if self.too_small {
            return Context::TooSmall;
        }
        if wizard.question().is_some() {
            return Context::Question;
        }
        match self.layers.last() {
            Some(Layer::Help | Layer::Messages) => Context::Reading,
            Some(Layer::Form) => Context::Form,
            Some(Layer::Signing { .. }) => Context::Signing,
            Some(Layer::Consent { .. }) => Context::Consent,
            Some(Layer::RunAgain(_)) => Context::Question,
            None if checklist_is_open(wizard) => Context::Checklist,
            None => Context::Step,
        }
    }

    /// Takes note of the wizard's new state: another step begins at its top; a connection that is
    /// missing opens the form; the mark goes to what is to be signed.
    pub fn follow(&mut self, wizard: &Wizard) {
        let session = wizard.session();
        let looked_at = (session.current, session.state(session.current));
        let before = self.looked_at.replace(looked_at);
        if before == Some(looked_at) {
            return;
        }
        self.scroll = 0;
        let arrived = before.is_none_or(|(step, _)| step != session.current);
        if arrived {
            self.layers
                .retain(|layer| matches!(layer, Layer::Messages | Layer::Help));
        }
        if arrived && super::offers::needs_connections(wizard) {
            self.open_form(session);
        }
        if checklist_is_open(wizard) {
            self.mark_open_item(session);
        }
    }

    pub(super) fn open_form(&mut self, session: &Session) {
        if self.form.is_stale(session) {
            self.form = Form::of(session);
        }
        self.layers.push(Layer::Form);
    }

    /// Passwords that were found nowhere: the form opens with the cursor in the first one's field.
    pub(super) fn ask_passwords(&mut self, sides: &[Side], session: &Session) {
        let Some(first) = sides.first() else {
            return;
        };
        self.layers.retain(|layer| !matches!(layer, Layer::Form));
        self.open_form(session);
        self.form.ask(Focus::Password(*first));
        let names: Vec<&str> = sides.iter().map(|side| side.name()).collect();
        self.say(format!(
            "passwords are not kept: type that of {}, or Esc",
            names.join(" and ")
        ));
    }

    fn mark_open_item(&mut self, session: &Session) {
        let open = |item: &Item| item.kind == ItemKind::Person && !item.is_closed();
        let from = self.marked.min(session.checklist.len());
        let (before, after) = session.checklist.split_at(from);
        let next = after.iter().position(open).map(|at| at + from);
        self.marked = next.or_else(|| before.iter().position(open)).unwrap_or(0);
    }

    /// What the wizard tells.
    pub fn tell(&mut self, news: &News, wizard: &Wizard, now: Timestamp) {
        self.messages.tell(news, now);
        self.said = match news {
            News::Refused(why) => Some(why.clone()),
            News::Signed { .. } => {
                self.mark_open_item(wizard.session());
                None
            }
            News::Done(Step::Cutover) => {
                Some("the checklist is complete: everything is done".to_owned())
            }
            News::SignaturesWithdrawn(_) => {
                Some("the signatures are withdrawn: the target changes".to_owned())
            }
            News::AwaitingSignOff(_) => return,
            // What was refused while a step ran, or before it, is no longer so.
            News::Started(_) | News::Done(_) | News::Failed(..) | News::Interrupted(_) => None,
        };
    }

    /// Says something in the status line, until the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        self.said = Some(text.into());
    }

    /// Takes in notes of the running step.
    pub fn note(&mut self, notes: Vec<Note>, now: Timestamp) {
        self.messages.note(notes, now);
        if matches!(self.layers.last(), Some(Layer::Messages)) {
            self.messages.read();
        }
    }

    /// What happened so far.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    pub(super) fn messages_mut(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// The pace of the running step.
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// The pace of the running step, to be fed.
    pub fn gauges_mut(&mut self) -> &mut Gauges {
        &mut self.gauges
    }

    /// The place of the marked item on the checklist.
    pub fn marked(&self) -> usize {
        self.marked
    }

    /// Whether the marked answer to the open question is yes.
    pub fn says_yes(&self) -> bool {
        self.yes
    }

    /// Whether the pane is longer than its place.
    pub fn scrolls(&self) -> bool {
        self.extent.total > self.extent.visible
    }

    /// The question that is open.
    pub(super) fn asked(&self, wizard: &Wizard) -> Option<Asked> {
        if let Some(question) = wizard.question() {
            let (text, yes, no) = (
                question.text.clone(),
                question.yes.clone(),
                question.no.clone(),
            );
            return Some(Asked { text, yes, no });
        }
        let Some(Layer::RunAgain(step)) = self.layers.last() else {
            return None;
        };
        Some(Asked {
            text: format!("{step} is done, and later steps build on it. Run it again?"),
            yes: "run it again; what builds on it has to be done again too".to_owned(),
            no: "leave everything as it is".to_owned(),
        })
    }
}

fn checklist_is_open(wizard: &Wizard) -> bool {
    let session = wizard.session();
    session.current == Step::Cutover && session.state(Step::Cutover) == State::AwaitingSignOff
}
