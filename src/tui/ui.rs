//! What the screen knows beside the wizard: what lies over the step, how far it is scrolled, what
//! is marked, what was said. Keys come in, intents for the wizard go out; nothing is carried out here.

use super::commands::in_order;
use super::consent::Purpose;
use super::field::Field;
use super::form::{Entered, Form, Passwords};
use super::gauges::Gauges;
use super::keys::Context;
use super::theme::Theme;
use super::tree::TreeView;
use crate::config::LastComparison;
use crate::invocation::Invocation;
use crate::messages::Messages;
use crate::session::report::{Check, Comparison, Report};
use crate::session::{Item, ItemKind, Session, State, Step};
use crate::wizard::{Event, Look, Question, Side, Wizard};
use jiff::tz::TimeZone;

/// What the person wants to happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// An event for the wizard.
    Send(Event),
    /// Connection strings to be taken in; what follows is only done when that worked.
    Connect(Vec<Entered>),
    /// Put a text onto the terminal's clipboard.
    Copy(String),
    /// The direct host to be taken in place of the target's pooled one.
    Direct,
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
    /// A consent that is typed: the name of a database.
    Typed {
        /// To what.
        purpose: Purpose,
        /// What was typed.
        name: Field,
    },
    /// The application's folder.
    Folder {
        /// What was typed.
        path: Field,
    },
    /// What is searched for in the tree of tables.
    Search,
    /// What the inventory found besides tables.
    Notes,
}

impl Layer {
    /// Whether both are the signature under the same item, or the folder, whatever was typed in it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Signing { item, .. }, Self::Signing { item: other, .. }) => item == other,
            (Self::Folder { .. }, Self::Folder { .. }) => true,
            _ => false,
        }
    }
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
    pub(super) passwords: Passwords,
    pub(super) layers: Vec<Layer>,
    pub(super) form: Form,
    pub(super) scroll: usize,
    pub(super) extent: Extent,
    pub(super) marked: usize,
    /// The question that an answer is marked of, and which one.
    answer: (u64, usize),
    /// The signatures and the folder that were left with Esc, with what was typed.
    pub(super) put_aside: Vec<Layer>,
    pub(super) tree: TreeView,
    /// How far it was scrolled when the person went on behind the last row that can be marked.
    pub(super) past_rows: Option<usize>,
    pub(super) said: Option<String>,
    /// What was said is no warning.
    pub(super) said_is_good: bool,
    /// What was refused and is not among the messages yet.
    pub(super) refused: Option<String>,
    pub(super) signer: String,
    pub(super) invocation: Invocation,
    pub(super) log: String,
    /// Where the report is; empty where none is kept.
    pub(super) report: String,
    /// Whether a cutting over compares all rows once more.
    pub(super) comparison: LastComparison,
    pub(super) copied: usize,
    /// The check that was asked for again.
    pub(super) rechecked: Option<String>,
    asked: Option<u64>,
    pub(super) too_small: bool,
    messages: Messages,
    gauges: Gauges,
    looked_at: Option<(Step, State)>,
}

impl Ui {
    /// A screen for a session. The form asks `passwords` where one comes from; `signer` is
    /// offered as the name under the first signature.
    pub fn new(
        theme: Theme,
        zone: TimeZone,
        passwords: Passwords,
        signer: &str,
        session: &Session,
    ) -> Self {
        Self {
            theme,
            zone,
            layers: Vec::new(),
            form: Form::of(session, &passwords),
            passwords,
            scroll: 0,
            extent: Extent::default(),
            marked: 0,
            answer: (0, 0),
            put_aside: Vec::new(),
            tree: TreeView::default(),
            past_rows: None,
            said: None,
            said_is_good: false,
            refused: None,
            signer: signer.to_owned(),
            invocation: Invocation::default(),
            log: String::new(),
            report: String::new(),
            comparison: LastComparison::default(),
            copied: 0,
            rechecked: None,
            asked: None,
            too_small: false,
            messages: Messages::default(),
            gauges: Gauges::default(),
            looked_at: None,
        }
    }

    /// What has the keyboard.
    pub fn context(&self, wizard: &Wizard) -> Context {
        if wizard.question().is_some() && (self.too_small || !self.reads_help()) {
            return Context::Question;
        }
        if self.too_small {
            return Context::TooSmall;
        }
        self.context_of(self.layers.last(), wizard)
    }

    /// What has the keyboard when the help, the messages and the notes are closed.
    pub(super) fn context_beneath(&self, wizard: &Wizard) -> Context {
        if wizard.question().is_some() {
            return Context::Question;
        }
        let is_read =
            |layer: &&Layer| matches!(layer, Layer::Help | Layer::Messages | Layer::Notes);
        let beneath = self.layers.iter().rev().find(|layer| !is_read(layer));
        self.context_of(beneath, wizard)
    }

    fn context_of(&self, layer: Option<&Layer>, wizard: &Wizard) -> Context {
        match layer {
            Some(Layer::Help | Layer::Messages | Layer::Notes) => Context::Reading,
            Some(Layer::Form) => Context::Form,
            Some(Layer::Signing { .. }) => Context::Signing,
            Some(Layer::Typed { .. }) => Context::Consent,
            Some(Layer::Folder { .. }) => Context::Folder,
            Some(Layer::Search) => Context::Search,
            None if looks_back(wizard) => Context::WayBack,
            None if wizard.looking().is_some() => Context::Reading,
            None if checklist_is_open(wizard) => Context::Checklist,
            None if wizard.choosable().is_some() => Context::Tree,
            None if compared(wizard).is_some() => Context::Tables,
            None if checked(wizard).is_some() => Context::Checks,
            None => Context::Step,
        }
    }

    /// Takes note of the wizard's new state: another step begins at its top; a connection that is
    /// missing opens the form; the mark goes to what is to be signed.
    pub fn follow(&mut self, wizard: &Wizard) {
        let session = wizard.session();
        let asked = wizard.question().map(|question| question.number);
        if asked.is_some() && asked != self.asked {
            // A question that comes up while the help is read must be seen.
            self.layers.retain(|layer| !matches!(layer, Layer::Help));
        }
        self.asked = asked;
        let looked_at = (session.current, session.state(session.current));
        let before = self.looked_at.replace(looked_at);
        if before == Some(looked_at) {
            return;
        }
        self.scroll = 0;
        (self.marked, self.past_rows) = (0, None);
        self.mark_rechecked(wizard);
        let arrived = before.is_none_or(|(step, _)| step != session.current);
        if arrived {
            self.layers
                .retain(|layer| matches!(layer, Layer::Messages | Layer::Help));
        }
        if arrived && wizard.needs_connections() {
            self.open_form(session);
        }
        if checklist_is_open(wizard) {
            self.mark_open_item(session);
        }
    }

    pub(super) fn open_form(&mut self, session: &Session) {
        if self.form.is_stale(session) {
            self.form = Form::of(session, &self.passwords);
        }
        self.form.look_at_failure(session);
        self.layers.push(Layer::Form);
    }

    /// Passwords that were found nowhere: the form opens with the cursor in the first one's field.
    pub(super) fn ask_passwords(&mut self, sides: &[Side], session: &Session) {
        let Some(first) = sides.first() else {
            return;
        };
        self.layers.retain(|layer| !matches!(layer, Layer::Form));
        self.open_form(session);
        self.form.ask_password(*first);
        let names: Vec<&str> = sides.iter().map(|side| side.name()).collect();
        self.say(format!(
            "passwords are not kept: type that of {}, or Esc",
            names.join(" and ")
        ));
    }

    /// The check that was made again stays marked, wherever it stands now.
    fn mark_rechecked(&mut self, wizard: &Wizard) {
        let Some(checks) = checked(wizard) else {
            return;
        };
        if let Some(name) = self.rechecked.take() {
            let place = checks.iter().position(|check| check.name == name);
            self.marked = place.unwrap_or(0);
        }
    }

    pub(super) fn mark_open_item(&mut self, session: &Session) {
        let open = |item: &Item| item.kind == ItemKind::Person && !item.is_closed();
        let from = self.marked.min(session.checklist.len());
        let (before, after) = session.checklist.split_at(from);
        let next = after.iter().position(open).map(|at| at + from);
        self.marked = next.or_else(|| before.iter().position(open)).unwrap_or(0);
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

    /// How many rows can be marked; `None` where the keys scroll.
    pub fn rows(&self, context: Context, wizard: &Wizard) -> Option<usize> {
        match context {
            Context::Checklist => Some(wizard.session().checklist.len()),
            Context::Tree | Context::Search => Some(
                wizard
                    .choosable()
                    .map_or(0, |found| self.tree.rows(found).len()),
            ),
            Context::Tables => compared(wizard).map(|found| found.tables.len()),
            Context::Checks => checked(wizard).map(|checks| checks.len()),
            _ => None,
        }
    }

    /// The place of the row that is marked, of those that can be.
    pub fn marked(&self) -> usize {
        self.marked
    }

    /// Which answer to the open question is marked: the safe one until another is chosen.
    pub(super) fn marked_answer(&self, question: &Question) -> usize {
        let (number, at) = self.answer;
        if number == question.number { at } else { 0 }
    }

    pub(super) fn mark_answer(&mut self, question: &Question, at: usize) {
        self.answer = (question.number, at);
    }

    /// Whether the pane is longer than its place.
    pub fn scrolls(&self) -> bool {
        self.extent.total > self.extent.visible
    }

    /// Whether the help lies over everything, a question included.
    pub(super) fn reads_help(&self) -> bool {
        matches!(self.layers.last(), Some(Layer::Help))
    }
}

/// Whether the way back is looked at, and was read.
fn looks_back(wizard: &Wizard) -> bool {
    let looking = wizard
        .looking()
        .filter(|looking| looking.at == Look::WayBack);
    looking.is_some_and(|looking| matches!(looking.seen, Some(Ok(_))))
}

fn checklist_is_open(wizard: &Wizard) -> bool {
    let session = wizard.session();
    session.current == Step::Cutover && session.state(Step::Cutover) == State::AwaitingSignOff
}

/// The checks of the prerequisites as they are shown, while they are looked at.
pub(super) fn checked(wizard: &Wizard) -> Option<Vec<&Check>> {
    wizard.rechecks().map(in_order)
}

/// The comparison that is looked at, when it has tables to open.
pub(super) fn compared(wizard: &Wizard) -> Option<&Comparison> {
    let session = wizard.session();
    let is_over = matches!(session.state(Step::Compare), State::Done | State::Failed);
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) if is_over && session.current == Step::Compare => {
            Some(found).filter(|found| !found.tables.is_empty())
        }
        _ => None,
    }
}
