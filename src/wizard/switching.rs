//! The application's files, switched to the target and back: asked for, carried out outside of any
//! step, told.

use super::errand::Errand;
use super::question::{Act, Answer};
use super::{Effect, News, Wizard, refused};
use crate::figures::counted;
use crate::session::report::{Application, Report};
use crate::session::{State, Step, Switched};
use crate::switch::Settled;
use std::path::PathBuf;

/// Which way the application's files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switching {
    /// To the target: the files are replaced as it was shown.
    Write,
    /// Back: what stood there before.
    Undo,
}

impl Wizard {
    /// The report of the application that is looked at.
    pub fn application(&self) -> Option<&Application> {
        match self.session.report(Step::Application)? {
            Report::Application(found) => Some(found),
            _ => None,
        }
    }

    /// Why the application's files cannot be switched, or put back, now; `None` when they can.
    pub fn obstacle_to_switch(&self, way: Switching) -> Option<String> {
        if let Some(busy) = self.busy() {
            return Some(busy);
        }
        let is_switched = self.session.switched.is_some();
        let planned = self
            .application()
            .is_some_and(|found| !found.files.is_empty());
        match way {
            Switching::Undo if self.session.is_cut_over() => Some(
                "the application was cut over: rollback takes it back, and shows what would be lost"
                    .to_owned(),
            ),
            Switching::Undo if is_switched => None,
            Switching::Undo => Some("no file of an application was switched".to_owned()),
            Switching::Write if is_switched => {
                Some("the application's files are switched already".to_owned())
            }
            Switching::Write if self.session.state(Step::Application) != State::Done => {
                Some("switching needs application to be done first".to_owned())
            }
            Switching::Write if !planned => {
                Some("no file of an application would change".to_owned())
            }
            Switching::Write => None,
        }
    }

    /// Why the application's folder cannot be named now; `None` when it can.
    pub fn obstacle_to_name_application(&self) -> Option<String> {
        match self.session.switched {
            Some(_) => Some("the application's files are switched; put them back first".to_owned()),
            None => self.obstacle(Step::Application),
        }
    }

    /// Takes in where the application is; the step has to be run for it then.
    pub(super) fn name_application(&mut self, folder: PathBuf) -> Vec<Effect> {
        match self.obstacle_to_name_application() {
            Some(why) => refused(why),
            None => {
                self.session.application = Some(folder);
                Vec::new()
            }
        }
    }

    /// Why this name is no consent to switch the application's files.
    pub fn refuse_folder(&self, name: &str) -> Option<String> {
        let folder = self.application().and_then(Application::folder_name);
        match folder {
            Some(folder) if folder == name => None,
            Some(folder) => Some(format!(
                "the application's folder is called {folder}, not {name}"
            )),
            None => Some("no application's folder was looked at".to_owned()),
        }
    }

    /// Asks before a file is touched.
    pub(super) fn ask_to_switch(&mut self, way: Switching) -> Vec<Effect> {
        if let Some(why) = self.obstacle_to_switch(way) {
            return refused(why);
        }
        let nothing = "everything stays as it is";
        let (text, word, does) = match way {
            Switching::Write => {
                let files = self.application().map_or(&[][..], |found| &found.files);
                let names: Vec<&str> = files.iter().map(|file| file.file.as_str()).collect();
                let text = format!(
                    "Let the application lead to the target, and replace {} for it: {}?",
                    counted(files.len() as u64, "file"),
                    names.join(", ")
                );
                let does = "a dated copy of each stays beside it; undoing puts them back";
                (text, "switch the files", does)
            }
            Switching::Undo => (
                "Put the application's files back as they were?".to_owned(),
                "put them back",
                "only if nothing that was written to the target would be lost",
            ),
        };
        let answers = vec![
            Answer::new('n', "cancel", nothing, Act::Nothing),
            Answer::new('y', word, does, Act::Switch(way)),
        ];
        self.ask(text, answers)
    }

    /// Switches without asking: the consent was given.
    pub(super) fn switch(&mut self, way: Switching) -> Vec<Effect> {
        if let Some(why) = self.obstacle_to_switch(way) {
            return refused(why);
        }
        self.begin_errand(Errand::Switch(way))
    }

    /// The consent of the command line: the folder's name.
    pub(super) fn consent_to_switch(&mut self, name: &str) -> Vec<Effect> {
        match self.refuse_folder(name) {
            Some(why) => refused(why),
            None => self.switch(Switching::Write),
        }
    }

    /// How the files were found at the start.
    pub(super) fn found_files(&mut self, stand: Settled) -> Vec<Effect> {
        let is_news = stand.is_mended();
        self.note_files(stand.switched.as_ref());
        match is_news {
            true => vec![Effect::Tell(News::FilesStand(stand))],
            false => Vec::new(),
        }
    }

    /// Keeps which files are switched, and which were and are back.
    pub(super) fn note_files(&mut self, switched: Option<&Switched>) {
        let session = &mut self.session;
        let before = std::mem::replace(&mut session.switched, switched.cloned());
        let Some(before) = before else {
            if session.switched.is_some() {
                session.put_back.clear();
            }
            return;
        };
        let now = session.switched.iter().flat_map(|now| &now.files);
        let now: Vec<&str> = now.map(|file| file.file.as_str()).collect();
        let back = before.files.into_iter().map(|file| file.file);
        let back = back.filter(|file| !now.contains(&file.as_str()));
        session.put_back.extend(back);
    }

    /// How the files stand after they were switched, or put back.
    pub(super) fn files_stand(&mut self, stand: Settled) -> Vec<Effect> {
        self.note_files(stand.switched.as_ref());
        vec![Effect::Tell(News::FilesStand(stand))]
    }
}
