//! What would be changed in an application's files. Reads them, changes nothing.

use super::finding::{self, Found};
use super::format::{Format, Quoting};
use super::setting::{SSLMODE, Setting, Variable, line_of};
use super::shown::{part, shown};
use super::value::{Goal, parsed};
use super::{Error, git};
use crate::secret::Secret;
use crate::session::report::{ChangedLine, LeftOut, SwitchedFile};
use std::collections::{BTreeMap, BTreeSet};
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
    /// What is to be read there then.
    reads: (Variable, Secret),
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
        for (at, variable) in format.unread(text.expose(), &settings) {
            let place = format!("{variable} in {name}, line {}", line_of(text.expose(), at));
            self.leave(place, UNREAD);
        }
        let mut sections = sections(&settings, goal);
        let of_parts = settings.iter().filter(|part| part.variable.is_part());
        for part in of_parts {
            let parts = &sections[&part.section];
            let value = decided(part, goal, parts).ok().flatten();
            // One that stays would lead with the others to nowhere.
            if value.is_some_and(|value| edit(&text, format, part, &value).is_none()) {
                sections.insert(part.section, Err(UNWRITABLE.to_owned()));
            }
        }
        let mut edits = Vec::new();
        for setting in &settings {
            match decided(setting, goal, &sections[&setting.section]) {
                Ok(None) => {}
                Ok(Some(value)) => match edit(&text, format, setting, &value) {
                    Some(edit) => edits.push(edit),
                    None => self.leave(place(name, &text, setting), UNWRITABLE),
                },
                Err(why) => self.leave(place(name, &text, setting), why),
            }
        }
        let led = sections.iter().filter(|(_, parts)| parts.is_ok());
        for (section, _) in led {
            let settings = settings.iter().filter(|found| found.section == *section);
            let settings: Vec<&Setting> = settings.collect();
            edits.extend(added(&text, format, &settings, goal));
            self.lacking.extend(lacking(name, &settings));
        }
        if edits.is_empty() {
            return;
        }
        self.cautions.extend(git::cautions(&path, name));
        match PlannedFile::new(name, path, text, (format, &settings), edits) {
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

const UNREAD: &str = "it gets its value in a way that is not understood: look at it by hand";

/// The sections of a file, each with what becomes of the parts of a connection in it.
fn sections(settings: &[Setting], goal: &Goal) -> BTreeMap<usize, Result<(), String>> {
    let all: BTreeSet<usize> = settings.iter().map(|setting| setting.section).collect();
    let decided = |section: usize| {
        let within = settings.iter().filter(|found| found.section == section);
        (section, parts(&within.collect::<Vec<_>>(), goal))
    };
    all.into_iter().map(decided).collect()
}

fn place(name: &str, text: &Secret, setting: &Setting) -> String {
    let text = text.expose();
    let key = &text[setting.key..setting.span.start];
    let key = key
        .trim_end_matches([' ', ':', '='])
        .trim_matches(['"', '\'']);
    format!("{key} in {name}, line {}", line_of(text, setting.key))
}

/// The parts that a connection needs and this file does not set.
fn lacking(file: &str, settings: &[&Setting]) -> Option<String> {
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

/// What becomes of the parts of a connection in a section: they change together or not at all.
fn parts(settings: &[&Setting], goal: &Goal) -> Result<(), String> {
    let all = |wanted: Variable| {
        let settings = settings.iter();
        settings.filter(move |setting| setting.variable == wanted)
    };
    let mut of_parts = settings.iter().filter(|part| part.variable.is_part());
    if of_parts.any(|part| part.is_composed) {
        return Err(COMPOSED.to_owned());
    }
    if all(Variable::Host).next().is_none() {
        return Err("no POSTGRES_HOST stands beside it, so it may set up a server".to_owned());
    }
    let direct = goal.application().direct();
    let targets = [goal.application().host(), direct.host()];
    for host in all(Variable::Host).map(|host| host.value.expose()) {
        let port = all(Variable::Port).next();
        let port = port.map_or(Ok(5432), |port| port.value.expose().parse());
        let database = all(Variable::Database).next();
        let database = database.map(|setting| setting.value.expose());
        let is_ours = goal.is_source(host, port.unwrap_or(0), database);
        if !is_ours && !targets.contains(&host) {
            return Err(format!("it leads to another database, on {}", part(host)));
        }
    }
    Ok(())
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
    let key = text[setting.key..span.start].replace(['\n', '\r'], " ");
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
        reads: (setting.variable, value.clone()),
    })
}

/// TLS for a connection in parts, which has no other place to say it.
fn added(text: &Secret, format: Format, settings: &[&Setting], goal: &Goal) -> Option<Edit> {
    let mode = goal.application().ssl_mode();
    let has = |wanted: Variable| settings.iter().find(|setting| setting.variable == wanted);
    let host = has(Variable::Host).filter(|_| has(Variable::SslMode).is_none())?;
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
        reads: (Variable::SslMode, Secret::new(mode.name())),
    })
}

/// What is to be read of a file after the edits, in its order.
fn expected<'a>(
    settings: &'a [Setting],
    edits: &'a [Edit],
) -> impl Iterator<Item = (Variable, &'a str)> {
    let is_edited = |setting: &&Setting| edits.iter().any(|edit| edit.at == setting.span.start);
    let stay = settings.iter().filter(|setting| !is_edited(setting));
    let stay = stay.map(|stays| (stays.span.start, stays.variable, stays.value.expose()));
    let new = edits.iter().map(|edit| {
        let (variable, value) = &edit.reads;
        (edit.at, *variable, value.expose())
    });
    let mut all: Vec<(usize, Variable, &str)> = stay.chain(new).collect();
    all.sort_by_key(|(at, ..)| *at);
    all.into_iter()
        .map(|(_, variable, value)| (variable, value))
}

impl PlannedFile {
    /// `None` when what comes out does not read as it should.
    fn new(
        name: &str,
        path: PathBuf,
        before: Secret,
        (format, settings): (Format, &[Setting]),
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
        let found = format.settings(&after)?;
        let found = found
            .iter()
            .map(|found| (found.variable, found.value.expose()));
        if !found.eq(expected(settings, &edits)) {
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
