//! How neonlift is called again so that it works on the same session. The one place that composes
//! the commands that people are told to type.

use std::borrow::Cow;
use std::path::Path;

/// What an advice that is a command of ours begins with.
const OURS: &str = "$ neonlift ";

/// Where advice is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reader {
    /// In a shell, when the program has ended.
    #[default]
    Shell,
    /// On the screen of the open wizard, which has keys.
    Screen,
    /// In the lines of the open wizard, which has numbers.
    Lines,
}

/// The options that lead a command to the session of this run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    options: String,
    /// The part of it that names the configuration.
    configuration: String,
    practice: bool,
    reader: Reader,
}

impl Invocation {
    /// Leads to the session in a file, read with a configuration file; `None` where a command finds
    /// it without being told. Only `demo` goes on with a `practice` session.
    pub fn new(config: Option<&Path>, session: Option<&Path>, practice: bool) -> Self {
        let option = |name: &str, file: Option<&Path>| {
            let file = file.map(Path::to_string_lossy);
            file.map_or_else(String::new, |file| format!(" --{name} {}", quoted(&file)))
        };
        let configuration = option("config", config);
        Self {
            options: configuration.clone() + &option("session", session),
            configuration,
            practice,
            reader: Reader::Shell,
        }
    }

    /// For who reads it on the wizard's screen. The session, which other commands cannot open
    /// meanwhile, is named: they may be typed in any other shell.
    #[must_use]
    pub fn on_screen(&self, session: &Path) -> Self {
        self.inside(Reader::Screen, session)
    }

    /// As [`Invocation::on_screen`], for who reads the wizard's lines.
    #[must_use]
    pub fn in_lines(&self, session: &Path) -> Self {
        self.inside(Reader::Lines, session)
    }

    fn inside(&self, reader: Reader, session: &Path) -> Self {
        let mut options = self.configuration.clone();
        options += &format!(" --session {}", quoted(&session.to_string_lossy()));
        Self {
            options,
            reader,
            ..self.clone()
        }
    }

    /// A command of neonlift, as it is to be typed: `words` are its name and what follows it.
    pub fn command(&self, words: &str) -> String {
        // These work on a session of either kind; what runs steps of a practice session is its demo.
        let words = match words.split(' ').next() {
            Some("sign" | "status" | "demo") => words,
            _ if self.practice => "demo --headless",
            _ => words,
        };
        format!("neonlift {words}{}", self.options)
    }

    /// A step of advice with the command in it completed: one that stands after `$ `.
    pub fn advice(&self, advice: &str) -> String {
        match advice.strip_prefix(OURS) {
            // What begins a session of its own says so; the practice servers are nobody's.
            Some(words) if words.contains(" --session ") => {
                format!("$ neonlift {words}{}", self.configuration)
            }
            Some(words) if self.reader != Reader::Shell => self.here(words),
            Some(words) if !words.starts_with("practice ") => {
                format!("$ {}", self.command(words))
            }
            _ => advice.to_owned(),
        }
    }
    /// What does in the open wizard what this command does in a shell.
    fn here(&self, words: &str) -> String {
        let numbered = self.reader == Reader::Lines;
        let by = |key: &str, number: &str| match numbered {
            true => format!("Here: choose {number} by its number."),
            false => format!("Here: {key}."),
        };
        let (name, options) = words.split_once(' ').unwrap_or((words, ""));
        match (name, options) {
            ("practice", _) => format!("$ neonlift {words}"),
            ("status" | "explain", _) => format!("$ {}", self.command(words)),
            ("run", "") => by("Enter goes on", "what comes next"),
            ("run", "--yes") => by("d", "the direct host"),
            ("run", options) if options.starts_with("--overwrite-target") => by(
                "o asks for that consent, on the step connections",
                "the consent",
            ),
            ("cutover", options) if options.starts_with("--confirm") => {
                by("c, on the step cutover", "the cutting over")
            }
            ("cutover", "--undo") => by("u, on the step cutover", "undoing it"),
            ("rollback", "") => by("b, on the step cutover", "the way back"),
            (step, "") => by(&format!("r, on the step {step}"), step),
            _ => format!("Leave this wizard first, then: {}", self.command(words)),
        }
    }
}

/// A word as a POSIX shell reads it back: quoted where it has to be.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_command_leads_to_the_same_session() {
        let named = Invocation::new(
            Some(Path::new("c.toml")),
            Some(Path::new("my move.toml")),
            false,
        );
        assert_eq!(
            named.advice("$ neonlift compare"),
            "$ neonlift compare --config c.toml --session 'my move.toml'"
        );
        assert_eq!(
            named.advice("$ neonlift run --session OTHER"),
            "$ neonlift run --session OTHER --config c.toml"
        );
        for other in ["$ psql x", "neonlift is", "$ neonlift practice down"] {
            assert_eq!(named.advice(other), other);
        }
        assert_eq!(Invocation::default().command("run"), "neonlift run");
    }

    #[test]
    fn inside_the_wizard_a_command_that_needs_its_session_is_a_key_or_a_number() {
        let shell = Invocation::new(None, None, false);
        let file = Path::new("/s/a.toml");
        let screen = shell.on_screen(file);
        let told = [
            ("$ neonlift compare", "Here: r, on the step compare."),
            ("$ neonlift run --yes", "Here: d."),
            (
                "$ neonlift run --jobs 1",
                "Leave this wizard first, then: neonlift run --jobs 1 --session /s/a.toml",
            ),
            ("$ neonlift status", "$ neonlift status --session /s/a.toml"),
            (
                "$ neonlift run --session OTHER",
                "$ neonlift run --session OTHER",
            ),
            ("$ psql x", "$ psql x"),
        ];
        for (advice, here) in told {
            assert_eq!(screen.advice(advice), here);
        }
        assert_eq!(
            shell.in_lines(file).advice("$ neonlift compare"),
            "Here: choose compare by its number."
        );
        assert_eq!(shell.advice("$ neonlift compare"), "$ neonlift compare");
    }

    #[test]
    fn a_practice_session_goes_on_with_its_demo() {
        let practice = Invocation::new(None, Some(Path::new("p.toml")), true);
        assert_eq!(
            practice.command("compare"),
            "neonlift demo --headless --session p.toml"
        );
        assert_eq!(
            practice.command("sign performance"),
            "neonlift sign performance --session p.toml"
        );
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for word in ["plain-1.toml", "my move", "it's", "$HOME/`x`\"\\", "", "~"] {
            let script = format!("printf %s {}", quoted(word));
            let said = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
    }
}
