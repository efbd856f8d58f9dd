//! Keys and pasted text: from the key to the command, from the command to what is wanted.

use super::field::Field;
use super::keys::{self, Command, Context};
use super::offers;
use super::ui::{Intent, Layer, Ui};
use crate::session::{State, Step};
use crate::wizard::{Event, Wizard};
use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};

impl Ui {
    /// A key was pressed.
    pub fn key(&mut self, wizard: &Wizard, key: KeyEvent) -> Vec<Intent> {
        if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
            return Vec::new();
        }
        self.said = None;
        let context = self.context(wizard);
        let Some(command) = keys::command(context, key) else {
            if let Some(field) = self.field() {
                field.key(key);
            }
            return Vec::new();
        };
        match offers::why_not(command, context, wizard, self) {
            Some(why) => {
                self.said = Some(why);
                Vec::new()
            }
            None => self.command(command, context, wizard),
        }
    }

    /// Text was pasted: it goes into the field with the cursor, never further.
    pub fn paste(&mut self, text: &str) {
        self.said = None;
        match self.field() {
            Some(field) => field.paste(text.trim()),
            None => self.said = Some("there is no field to paste into here".to_owned()),
        }
    }

    fn field(&mut self) -> Option<&mut Field> {
        match self.layers.last_mut()? {
            Layer::Form => Some(self.form.field_mut()),
            Layer::Signing { name, .. } | Layer::Consent { name } => Some(name),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: Context, wizard: &Wizard) -> Vec<Intent> {
        let step = wizard.session().current;
        let send = |event| vec![Intent::Send(event)];
        match command {
            Command::Proceed => return self.proceed(context, wizard),
            Command::Again => return self.again(wizard),
            Command::Submit => return self.submit(wizard),
            Command::Yes => return self.answer(wizard, true),
            Command::No => return self.answer(wizard, false),
            Command::Leave => {
                self.yes = false;
                return send(Event::Leave);
            }
            Command::Stop => return send(Event::Stop),
            Command::Suspend => return vec![Intent::Suspend],
            Command::Earlier => {
                return step
                    .previous()
                    .map_or_else(Vec::new, |step| send(Event::Show(step)));
            }
            Command::Later => {
                return step
                    .next()
                    .map_or_else(Vec::new, |step| send(Event::Show(step)));
            }
            Command::Edit => self.open_form(wizard.session()),
            Command::Overwrite => {
                let name = Field::default();
                self.layers.push(Layer::Consent { name });
            }
            Command::Messages => self.toggle(Layer::Messages),
            Command::Help => self.toggle(Layer::Help),
            Command::Close => self.close(),
            // The start screen's own.
            Command::NewMigration | Command::PracticeRun => {}
            Command::NextField => self.form.next(),
            Command::PreviousField => self.form.previous(),
            Command::Other => self.yes = !self.yes,
            Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::Top
            | Command::Bottom => {
                self.go(command, context, wizard);
            }
        }
        Vec::new()
    }

    fn proceed(&mut self, context: Context, wizard: &Wizard) -> Vec<Intent> {
        let session = wizard.session();
        if context == Context::Checklist {
            if let Some(item) = offers::marked(wizard, self) {
                let (item, name) = (item.key.clone(), Field::with(&self.signer));
                self.layers.push(Layer::Signing { item, name });
            }
            return Vec::new();
        }
        if session.state(session.current) != State::Done && offers::needs_connections(wizard) {
            self.open_form(session);
            return Vec::new();
        }
        vec![Intent::Send(Event::Proceed)]
    }

    fn again(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let session = wizard.session();
        let step = session.current;
        let built_upon = session.steps.keys().any(|later| *later > step);
        if step >= Step::Schema && session.state(step) == State::Done && built_upon {
            self.yes = false;
            self.layers.push(Layer::RunAgain(step));
            return Vec::new();
        }
        vec![Intent::Send(Event::Run(step))]
    }

    fn submit(&mut self, wizard: &Wizard) -> Vec<Intent> {
        match self.layers.last() {
            _ if self.asked(wizard).is_some() => self.answer(wizard, self.yes),
            Some(Layer::Form) => self.hand_in(),
            Some(Layer::Signing { item, name }) => {
                let (item, by) = (item.clone(), name.text().trim().to_owned());
                if by.is_empty() {
                    self.say("a signature needs a name");
                    return Vec::new();
                }
                self.signer.clone_from(&by);
                self.close();
                vec![Intent::Send(Event::Sign { item, by })]
            }
            Some(Layer::Consent { name }) => {
                let typed = name.text();
                self.consent(wizard, typed)
            }
            _ => Vec::new(),
        }
    }

    /// To the letter, blanks included: nothing else is a consent.
    fn consent(&mut self, wizard: &Wizard, database: String) -> Vec<Intent> {
        if let Err(why) = wizard.refuse_consent(&database) {
            self.say(why);
            return Vec::new();
        }
        self.close();
        let by = self.signer.clone();
        vec![
            Intent::Send(Event::Overwrite { database, by }),
            Intent::Send(Event::Run(Step::Connections)),
        ]
    }

    fn hand_in(&mut self) -> Vec<Intent> {
        match self.form.submit(self.understand) {
            Err(wrong) => {
                self.say(wrong);
                Vec::new()
            }
            Ok(entered) => vec![
                Intent::Connect(entered),
                Intent::Send(Event::Run(Step::Connections)),
            ],
        }
    }

    /// What was entered has been taken in: the form closes and forgets it.
    pub fn connected(&mut self, wizard: &Wizard) {
        self.layers.retain(|layer| !matches!(layer, Layer::Form));
        self.form = super::form::Form::of(wizard.session());
    }

    fn answer(&mut self, wizard: &Wizard, yes: bool) -> Vec<Intent> {
        if let Some(question) = wizard.question() {
            let question = question.number;
            return vec![Intent::Send(Event::Answer { question, yes })];
        }
        match self.layers.pop() {
            Some(Layer::RunAgain(step)) if yes => vec![Intent::Send(Event::Run(step))],
            _ => Vec::new(),
        }
    }

    fn toggle(&mut self, layer: Layer) {
        self.scroll = 0;
        if matches!(layer, Layer::Messages) {
            self.messages_mut().read();
            // The newest are at the end; the drawing knows where that is.
            self.scroll = usize::MAX;
        }
        let open = self.layers.last().map(std::mem::discriminant);
        if open == Some(std::mem::discriminant(&layer)) {
            self.close();
            return;
        }
        let same = std::mem::discriminant(&layer);
        self.layers
            .retain(|other| std::mem::discriminant(other) != same);
        self.layers.push(layer);
    }

    fn close(&mut self) {
        self.scroll = 0;
        self.layers.pop();
    }

    fn go(&mut self, command: Command, context: Context, wizard: &Wizard) {
        let page = self.extent.visible.saturating_sub(1).max(1);
        let (place, last) = if context == Context::Checklist {
            (
                &mut self.marked,
                wizard.session().checklist.len().saturating_sub(1),
            )
        } else {
            let last = self.extent.total.saturating_sub(self.extent.visible);
            (&mut self.scroll, last)
        };
        let moved = match command {
            Command::Up => place.saturating_sub(1),
            Command::Down => *place + 1,
            Command::PageUp => place.saturating_sub(page),
            Command::PageDown => *place + page,
            Command::Top => 0,
            _ => last,
        };
        *place = moved.min(last);
    }
}
