//! What would be changed in an application's files. Reads them, changes nothing.

use super::finding::{self, Found};
use super::format::{Format, Quoting};
use super::setting::{SSLMODE, Setting, Variable, line_of};
use super::shown::shown;
use super::value::{Goal, parsed};
use super::{Error, git};
use crate::secret::Secret;
use crate::session::report::{ChangedLine, LeftOut, SwitchedFile};
use std::path::{Path, PathBuf};

/// What would be changed. `Debug` shows no file's text.
#[derive(Debug)]
pub struct Plan {
    /// The application's folder.
    pub folder: PathBuf,
    /// The files that would be replaced.
    pub files: Vec<PlannedFile>,
    /// What stays as it is, and why.
    pub left: Vec<LeftOut>,
    /// What a person should know of files that hold the password.
    pub cautions: Vec<String>,
    /// Parts of the connection that a file does not set, so that the application has them from
    /// elsewhere.
    pub lacking: Vec<String>,
}

/// A file that would be replaced.
#[derive(Debug)]
pub struct PlannedFile {
    /// What is shown of it.
    pub shown: SwitchedFile,
    /// The file itself, behind all links.
    pub path: PathBuf,
    pub(super) before: Secret,
    pub(super) after: Secret,
}

/// A piece of text in place of another.
struct Edit {
    at: usize,
    end: usize,
    text: String,
    line: ChangedLine,
}

impl Plan {
    /// Reads the files of a folder; `named` are those besides the usual ones.
    ///
    /// # Errors
    /// The folder, or one of the named files, cannot be read.
    pub fn make(folder: &Path, named: &[PathBuf], goal: &Goal) -> Result<Self, Error> {
        let folder = folder.canonicalize().map_err(Error::file("find", folder))?;
        let mut plan = Self {
            files: Vec::new(),
            left: Vec::new(),
            cautions: Vec::new(),
            lacking: Vec::new(),
            folder,
        };
        for found in finding::files(&plan.folder, named)? {
            match found {
                Found::File { name, path, text } => plan.read(&name, path, text, goal),
                Found::Left(left) => plan.left.push(left),
            }
        }
        Ok(plan)
    }

    /// Whether this is what was shown.
    pub fn is_as_shown(&self, files: &[SwitchedFile]) -> bool {
        self.files.iter().map(|file| &file.shown).eq(files)
    }

    fn read(&mut self, name: &str, path: PathBuf, text: Secret, goal: &Goal) {
        let format = Format::of(&path);
        let Some(settings) = format.settings(text.expose()) else {
            return self.leave(name.to_owned(), "it cannot be read as its name promises");
        };
        if settings.is_empty() {
            return;
        }
        let mut edits = Vec::new();
        let parts = parts(&settings, goal);
        for setting in &settings {
            match decided(setting, goal, &parts) {
                Ok(None) => {}
                Ok(Some(value)) => match edit(&text, format, setting, &value) {
                    Some(edit) => edits.push(edit),
                    None => self.leave(place(name, &text, setting), UNWRITABLE),
                },
                Err(why) => self.leave(place(name, &text, setting), why),
            }
        }
        edits.extend(added(&text, format, &settings, (&parts, goal)));
        if edits.is_empty() {
            return;
        }
        self.cautions.extend(git::cautions(&path, name));
        if parts.is_ok() {
            self.lacking.extend(lacking(name, &settings));
        }
        match PlannedFile::new(name, path, text, format, edits) {
            Some(file) => self.files.push(file),
            None => self.leave(name.to_owned(), UNWRITABLE),
        }
    }

    fn leave(&mut self, what: String, why: impl Into<String>) {
        let why = why.into();
        self.left.push(LeftOut { what, why });
    }
}

const UNWRITABLE: &str =
    "the new value cannot be written there so that everybody reads it the same: change it by hand";

fn place(name: &str, text: &Secret, setting: &Setting) -> String {
    let text = text.expose();
    let key = &text[setting.key..setting.span.start];
    let key = key
        .trim_end_matches([' ', ':', '='])
        .trim_matches(['"', '\'']);
    format!("{key} in {name}, line {}", line_of(text, setting.key))
}

/// The parts that a connection needs and this file does not set.
fn lacking(file: &str, settings: &[Setting]) -> Option<String> {
    let needed = [
        ("POSTGRES_DB", Variable::Database),
        ("POSTGRES_USER", Variable::User),
        ("POSTGRES_PASSWORD", Variable::Password),
    ];
    let is_set = |wanted| settings.iter().any(|setting| setting.variable == wanted);
    let names = needed.into_iter().filter(|(_, part)| !is_set(*part));
    let names: Vec<&str> = names.map(|(name, _)| name).collect();
    (!names.is_empty()).then(|| format!("{file} does not set {}", names.join(", ")))
}

/// What becomes of the parts of a connection in a file: they change together or not at all.
fn parts(settings: &[Setting], goal: &Goal) -> Result<(), String> {
    let value = |wanted: Variable| {
        let mut settings = settings.iter();
        settings.find(|setting| setting.variable == wanted)
    };
    if settings
        .iter()
        .any(|part| part.variable.is_part() && part.is_composed)
    {
        return Err(COMPOSED.to_owned());
    }
    let Some(host) = value(Variable::Host) else {
        return Err("no POSTGRES_HOST stands beside it, so it may set up a server".to_owned());
    };
    let port = value(Variable::Port).map_or(Ok(5432), |port| port.value.expose().parse());
    let database = value(Variable::Database).map(|setting| setting.value.expose());
    let (host, port) = (host.value.expose(), port.unwrap_or(0));
    let direct = goal.application().direct();
    let is_target = [goal.application().host(), direct.host()].contains(&host);
    match is_target || goal.is_source(host, port, database) {
        true => Ok(()),
        false => Err(format!("it leads to another database, on {host}")),
    }
}

const COMPOSED: &str = "it is put together of other variables";

/// The value that a variable gets; `None` when it stays, which nobody has to know of.
fn decided(
    setting: &Setting,
    goal: &Goal,
    parts: &Result<(), String>,
) -> Result<Option<Secret>, String> {
    let old = setting.value.expose();
    let variable = setting.variable;
    let value = || {
        goal.value(variable, old)
            .ok_or("the target's password is not known")
    };
    match variable {
        _ if setting.is_composed => Err(COMPOSED.to_owned()),
        Variable::Backend => Ok(match old {
            "astra" | "cassandra" => Some(value()?),
            _ => None,
        }),
        Variable::Url | Variable::DirectUrl => {
            let Some(Ok(found)) = parsed(old) else {
                return Err("it is no PostgreSQL connection string that can be read".to_owned());
            };
            let (host, port) = (found.host(), found.port());
            let is_ours = variable == Variable::DirectUrl
                || found.direct().host() == goal.application().direct().host()
                || goal.is_source(host, port, Some(found.database()));
            match (goal.is_reached(variable, &found), is_ours) {
                (true, _) => Ok(None),
                (false, true) => Ok(Some(value()?)),
                (false, false) => Err(format!(
                    "it leads to another database, {}",
                    found.endpoint()
                )),
            }
        }
        // What verifies the server's certificate asks for more.
        Variable::SslMode if ["verify-ca", "verify-full"].contains(&old) => Ok(None),
        _ => {
            parts.clone()?;
            Ok(Some(value()?).filter(|value| value.expose() != old))
        }
    }
}

fn edit(text: &Secret, format: Format, setting: &Setting, value: &Secret) -> Option<Edit> {
    let text = text.expose();
    let span = setting.span.clone();
    let written = format.write(setting.quoting, value.expose())?;
    let key = &text[setting.key..span.start];
    let in_quotes = |written: &str, value: &str| {
        let value = shown(setting.variable, value);
        let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.map(String::from).unwrap_or_default();
        format!("{key}{quote}{value}{quote}")
    };
    Some(Edit {
        at: span.start,
        end: span.end,
        line: ChangedLine {
            line: line_of(text, setting.key),
            before: Some(in_quotes(&text[span], setting.value.expose())),
            after: in_quotes(&written, value.expose()),
        },
        text: written,
    })
}

/// TLS for a connection in parts, which has no other place to say it.
fn added(
    text: &Secret,
    format: Format,
    settings: &[Setting],
    (parts, goal): (&Result<(), String>, &Goal),
) -> Option<Edit> {
    let mode = goal.application().ssl_mode();
    let has = |wanted: Variable| settings.iter().find(|setting| setting.variable == wanted);
    let host = has(Variable::Host).filter(|_| parts.is_ok() && has(Variable::SslMode).is_none())?;
    let quoting = match host.quoting {
        Quoting::Bare if format == Format::Toml => Quoting::Double,
        other => other,
    };
    let inserted = host.sibling.text(format, quoting, mode.name())?;
    let after = inserted.trim().trim_end_matches(',').to_owned();
    let at = host.sibling.at;
    let line = line_of(text.expose(), host.span.start) + usize::from(format != Format::Json);
    let before = None;
    Some(Edit {
        at,
        end: at,
        text: inserted,
        line: ChangedLine {
            line,
            before,
            after,
        },
    })
}

impl PlannedFile {
    /// `None` when what comes out does not read as it should.
    fn new(
        name: &str,
        path: PathBuf,
        before: Secret,
        format: Format,
        mut edits: Vec<Edit>,
    ) -> Option<Self> {
        edits.sort_by_key(|edit| edit.at);
        let text = before.expose();
        let mut after = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &edits {
            after.push_str(text.get(at..edit.at)?);
            after.push_str(&edit.text);
            at = edit.end;
        }
        after.push_str(text.get(at..)?);
        let count = |text: &str| Some(format.settings(text)?.len());
        let inserted = edits
            .iter()
            .filter(|edit| edit.at == edit.end && edit.line.before.is_none());
        if count(&after)? != count(text)? + inserted.count() {
            return None;
        }
        let lines = edits.into_iter().map(|edit| edit.line).collect();
        let file = name.to_owned();
        Some(Self {
            shown: SwitchedFile { file, lines },
            path,
            after: Secret::new(after),
            before,
        })
    }

    /// Whether a connection in parts got its TLS in a variable of its own.
    pub fn adds_sslmode(&self) -> bool {
        let mut lines = self.shown.lines.iter();
        lines.any(|line| line.before.is_none() && line.after.contains(SSLMODE))
    }
}
