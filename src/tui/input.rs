//! Keys and pasted text: from the key to the command, from the command to what is wanted.

use super::commands;
use super::consent::Purpose;
use super::field::Field;
use super::keys::{self, Command, Context};
use super::offers;
use super::ui::{Intent, Layer, Ui, checked};
use crate::session::Step;
use crate::switch::named_folder;
use crate::wizard::{Answer, Event, Look, Next, Steering, Wizard};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

impl Ui {
    /// A key was pressed.
    pub fn key(&mut self, wizard: &Wizard, key: KeyEvent) -> Vec<Intent> {
        if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
            return Vec::new();
        }
        (self.said, self.said_is_good) = (None, false);
        let context = self.context(wizard);
        let command = keys::command(context, key);
        if command != Some(Command::Copy) {
            self.copied = 0;
        }
        let Some(command) = command else {
            if context.is_typing() {
                self.edit(key);
            }
            if context == Context::Search {
                self.searched(wizard);
            }
            return Vec::new();
        };
        match offers::why_not(command, context, wizard, self) {
            Some(why) => {
                self.refuse(why);
                Vec::new()
            }
            None if command == Command::Answer => self.answer_by_letter(wizard, key),
            None => self.command(command, context, wizard),
        }
    }

    /// Text was pasted: it goes into the field with the cursor, never further.
    pub fn paste(&mut self, wizard: &Wizard, text: &str) {
        let context = self.context(wizard);
        let refused = match context {
            Context::Form => self.form.paste(text.trim()).err(),
            _ => match self.field().filter(|_| context.is_typing()) {
                Some(field) => {
                    field.paste(text.trim());
                    None
                }
                None => Some("there is no field to paste into here"),
            },
        };
        self.said = refused.map(str::to_owned);
        if context == Context::Search {
            self.searched(wizard);
        }
    }

    /// A key that is no command goes into the field with the cursor.
    fn edit(&mut self, key: KeyEvent) {
        if matches!(self.layers.last(), Some(Layer::Form)) {
            let refused = self.form.key(key).err();
            self.said = refused.map(str::to_owned);
        } else if let Some(field) = self.field() {
            field.key(key);
        }
    }

    fn field(&mut self) -> Option<&mut Field> {
        match self.layers.last_mut()? {
            Layer::Signing { name, .. } | Layer::Typed { name, .. } => Some(name),
            Layer::Folder { path } => Some(path),
            Layer::Search => Some(&mut self.tree.search),
            _ => None,
        }
    }

    fn command(&mut self, command: Command, context: Context, wizard: &Wizard) -> Vec<Intent> {
        if command != Command::Reveal {
            self.form.hide();
        }
        if let Some(event) = asked_of_wizard(command, context, wizard) {
            return vec![Intent::Send(event)];
        }
        match command {
            Command::Proceed => return self.proceed(context, wizard),
            Command::Again => return self.look(Some(Look::WayBack)),
            Command::Recheck => return self.recheck(wizard),
            Command::Submit => return self.submit(wizard),
            Command::Decline => return self.answer(wizard, |_, _| Some(0)),
            Command::CutOver
            | Command::Undo
            | Command::WayBack
            | Command::Rehearse
            | Command::SaveRows
            | Command::SaveDatabase
            | Command::ApplyRows => return self.over_and_back(command, context, wizard),
            Command::Suspend => return vec![Intent::Suspend],
            Command::Toggle => return self.toggle_part(wizard),
            Command::All => return self.pick_all(wizard),
            Command::View => return self.look(Some(Look::Schema)),
            Command::Open => return self.look(offers::opened(wizard, self)),
            Command::Direct => {
                return vec![Intent::Direct, Intent::Send(Event::Run(Step::Connections))];
            }
            Command::Copy => return self.copy(context, wizard),
            Command::Log => return self.tell_log(),
            Command::Close => return self.close_in(context, wizard),
            Command::Fold => self.fold_part(wizard),
            Command::Search => self.layers.push(Layer::Search),
            Command::Notes => self.toggle(Layer::Notes),
            Command::Messages => self.toggle(Layer::Messages),
            Command::Help => self.toggle(Layer::Help),
            Command::Edit => self.open_form(wizard.session()),
            Command::Reveal => self.said = self.form.reveal().err().map(str::to_owned),
            Command::Overwrite => self.ask_for_name(Purpose::Overwrite),
            Command::Application => self.ask_for_folder(wizard),
            Command::NextField => self.form.next(),
            Command::PreviousField => self.form.previous(),
            Command::NextAnswer => self.mark_other(wizard, 1),
            Command::PreviousAnswer => self.mark_other(wizard, -1),
            Command::Up if context == Context::Form => self.form.up(),
            Command::Down if context == Context::Form => self.form.down(),
            Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::Top
            | Command::Bottom => self.go(command, context, wizard),
            // Asked of the wizard before; taken by its letter before; the start screen's own.
            Command::Leave
            | Command::Stop
            | Command::Pause
            | Command::More
            | Command::Fewer
            | Command::Switch
            | Command::Earlier
            | Command::Later
            | Command::Answer
            | Command::NewMigration
            | Command::PracticeRun => {}
        }
        Vec::new()
    }

    /// Closes what is open, or goes back where nothing is.
    fn close_in(&mut self, context: Context, wizard: &Wizard) -> Vec<Intent> {
        match context {
            Context::Tree if self.tree.search.is_empty() => {
                return show(wizard.session().current.previous());
            }
            Context::Tree | Context::Search => self.end_search(wizard),
            _ if self.layers.is_empty() => {
                self.scroll = 0;
                return vec![Intent::Send(Event::LookAway)];
            }
            _ => self.close(),
        }
        Vec::new()
    }

    fn ask_for_folder(&mut self, wizard: &Wizard) {
        let known = wizard.application();
        let known = known.and_then(|found| found.folder.as_deref());
        let path = Field::with(known.unwrap_or_default());
        self.open_again(Layer::Folder { path });
    }

    /// Looks at this from its beginning on; at nothing where there is nothing.
    fn look(&mut self, at: Option<Look>) -> Vec<Intent> {
        self.scroll = 0;
        let looks = at.map(|at| Intent::Send(Event::Look(at)));
        looks.into_iter().collect()
    }

    fn recheck(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let checks = checked(wizard).unwrap_or_default();
        let marked = checks.get(self.marked).map(|check| check.name.clone());
        self.rechecked.clone_from(&marked);
        let event = marked.map(|name| Intent::Send(Event::Recheck(name)));
        event.into_iter().collect()
    }

    fn proceed(&mut self, context: Context, wizard: &Wizard) -> Vec<Intent> {
        let session = wizard.session();
        if context == Context::Checklist {
            if let Some(item) = offers::marked(wizard, self) {
                let (item, name) = (item.key.clone(), Field::with(&self.signer));
                self.open_again(Layer::Signing { item, name });
            }
            return Vec::new();
        }
        match wizard.next() {
            Next::Connect => {
                self.open_form(session);
                Vec::new()
            }
            Next::CutOver | Next::GoOnCutting | Next::ConnectionSet => {
                self.over_and_back(Command::CutOver, context, wizard)
            }
            Next::WayBack => self.over_and_back(Command::WayBack, context, wizard),
            Next::Show(step) => show(Some(step)),
            Next::Run(_) | Next::Sign | Next::Nothing => vec![Intent::Send(Event::Proceed)],
        }
    }

    fn submit(&mut self, wizard: &Wizard) -> Vec<Intent> {
        match self.layers.last() {
            _ if wizard.question().is_some() => {
                self.answer(wizard, |ui, question| Some(ui.marked_answer(question)))
            }
            Some(Layer::Form) => self.hand_in(),
            Some(Layer::Search) => {
                self.layers.pop();
                Vec::new()
            }
            Some(Layer::Signing { item, name }) => {
                let (item, by) = (item.clone(), name.text().trim().to_owned());
                if by.is_empty() {
                    self.say("a signature needs a name");
                    return Vec::new();
                }
                self.signer.clone_from(&by);
                self.layers.pop();
                vec![Intent::Send(Event::Sign { item, by })]
            }
            Some(Layer::Typed { purpose, name }) => {
                let (purpose, typed) = (*purpose, name.text());
                self.typed(wizard, purpose, typed)
            }
            Some(Layer::Folder { path }) => {
                let typed = path.text();
                self.take_folder(&typed)
            }
            _ => Vec::new(),
        }
    }

    fn take_folder(&mut self, typed: &str) -> Vec<Intent> {
        match named_folder(typed) {
            Err(wrong) => {
                self.say(wrong.to_string());
                Vec::new()
            }
            Ok(folder) => {
                self.layers.pop();
                vec![
                    Intent::Send(Event::Application(folder)),
                    Intent::Send(Event::Run(Step::Application)),
                ]
            }
        }
    }

    fn hand_in(&mut self) -> Vec<Intent> {
        match self.form.submit() {
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
        self.form = super::form::Form::of(wizard.session(), &self.passwords);
    }

    fn answer_by_letter(&mut self, wizard: &Wizard, key: KeyEvent) -> Vec<Intent> {
        self.answer(wizard, |_, question| {
            let has = |answer: &Answer| KeyCode::Char(answer.key) == key.code;
            question.answers.iter().position(has)
        })
    }

    fn mark_other(&mut self, wizard: &Wizard, by: isize) {
        if let Some(question) = wizard.question() {
            let count = question.answers.len();
            let next = self.marked_answer(question) + count.saturating_add_signed(by);
            self.mark_answer(question, next % count);
        }
    }

    /// One command after the other, from the first one again behind the last.
    fn copy(&mut self, context: Context, wizard: &Wizard) -> Vec<Intent> {
        let shown = commands::shown(context, wizard, self);
        let at = self.copied % shown.len().max(1);
        let Some(command) = shown.get(at) else {
            return Vec::new();
        };
        self.copied = at + 1;
        let place = match shown.len() {
            1 => String::new(),
            all => format!(" {} of {all}", at + 1),
        };
        self.confirm(format!("copied{place}: {command}"));
        vec![Intent::Copy(command.clone())]
    }

    fn tell_log(&mut self) -> Vec<Intent> {
        let log = self.log.clone();
        self.confirm(format!("{} is the log; copied", shortened(&log)));
        vec![Intent::Copy(log)]
    }

    /// Opens a signature, or the folder, as it was when it was left. A consent is always typed anew.
    fn open_again(&mut self, layer: Layer) {
        let left = self.put_aside.iter().position(|left| left.is_same(&layer));
        let layer = left.map_or(layer, |at| self.put_aside.swap_remove(at));
        self.layers.push(layer);
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
        if let Some(entered @ (Layer::Signing { .. } | Layer::Folder { .. })) = self.layers.pop() {
            self.put_aside.push(entered);
        }
    }
}

/// What a command asks of the wizard, where the screen has no part in it.
fn asked_of_wizard(command: Command, context: Context, wizard: &Wizard) -> Option<Event> {
    let step = wizard.session().current;
    Some(match command {
        Command::Again if context != Context::WayBack => Event::Again(step),
        Command::Leave => Event::Leave,
        Command::Stop => Event::Stop,
        Command::Pause => Event::Steer(offers::pause_or_go_on(wizard)),
        Command::More => Event::Steer(Steering::MoreWorkers),
        Command::Fewer => Event::Steer(Steering::FewerWorkers),
        Command::Switch => Event::Switch(offers::switch_or_back(wizard)),
        Command::Earlier => Event::Show(step.previous()?),
        Command::Later => Event::Show(step.next()?),
        _ => return None,
    })
}

/// A path with the home folder as people write it.
fn shortened(path: &str) -> String {
    let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
    let below = home.and_then(|home| Some(path.strip_prefix(&home)?.to_owned()));
    below
        .filter(|rest| rest.starts_with('/'))
        .map_or_else(|| path.to_owned(), |rest| format!("~{rest}"))
}

fn show(step: Option<Step>) -> Vec<Intent> {
    let shown = step.map(|step| Intent::Send(Event::Show(step)));
    shown.into_iter().collect()
}
