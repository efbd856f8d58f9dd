//! A terminal, and a person's shell in it that runs the program: what the program writes is
//! drawn as a terminal would draw it, and every byte of it is kept.
//!
//! The shell matters: a program that was started by no shell cannot be suspended, and when the
//! leader of a session ends, the system resets the terminal's modes, whatever it left behind.

use super::window::{Shown, TITLE, Window};
use neonlift::postgres::ConnectionString;
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use vt100::{MouseProtocolMode, Screen};

/// Nothing here takes longer, on a machine under load either.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_U: &str = "\x15";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const CTRL_Z: &str = "\x1a";
pub(crate) const DOWN_ARROW: &str = "\x1b[B";
pub(crate) const RIGHT_ARROW: &str = "\x1b[C";
pub(crate) const CTRL_R: &str = "\x12";

/// Says how the program ended, or that it was suspended; `fg` calls it back, anything else ends
/// the shell.
const SHELL: &str = r#"set -m
"$@"
code=$?
while :; do
  printf '\nthe shell: %s\n' "$code"
  read -r answer
  case $answer in fg) fg >/dev/null; code=$? ;; *) exit "$code" ;; esac
done"#;

/// What stands before the exit code.
const PROMPT: &str = "the shell: ";

/// Modes that have an opposite: how they are switched on, and how off again.
const MODES: [(&str, &str); 4] = [
    ("\x1b[?1049h", "\x1b[?1049l"),
    ("\x1b[?2004h", "\x1b[?2004l"),
    ("\x1b[?25l", "\x1b[?25h"),
    ("\x1b[22;2t", "\x1b[23;2t"),
];

/// A terminal with a program in it. Dropped, it ends the program.
pub(crate) struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    window: Arc<Window>,
    /// The line discipline as it was.
    cooked: String,
    /// How often the shell was back.
    returns: usize,
    /// Passwords that the program was given: none may ever be written to the terminal.
    secrets: Vec<String>,
}

impl Terminal {
    /// Opens a terminal of so many columns and rows and starts a command in it. The command has
    /// the environment that it names itself, and no other.
    pub(crate) fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo-terminal");
        let cooked = discipline(pair.master.as_ref());
        let child = pair.slave.spawn_command(shell(command)).expect("a shell");
        drop(pair.slave);
        let output = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a keyboard");
        let window = Window::open((columns, rows), output, child);
        Self {
            master: Some(pair.master),
            keyboard: Some(keyboard),
            window,
            cooked,
            returns: 0,
            secrets: environment(command).filter_map(password).collect(),
        }
    }

    /// Waits until the screen is so, at the end of a frame.
    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        self.seen(what, |screen| is_so(screen).then_some(()));
    }

    /// Waits until the screen, at the end of a frame, gives something.
    pub(crate) fn seen<T>(&self, what: &str, wanted: impl Fn(&Screen) -> Option<T>) -> T {
        let settled = |shown: &Shown| match shown.is_amid_frame() {
            true => None,
            false => wanted(shown.screen()),
        };
        let Some(seen) = self.window.wait(DEADLINE, settled) else {
            panic!("never seen: {what}\n{}", self.picture());
        };
        seen
    }

    /// Waits until a text stands on the screen, within one line.
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits for a text and presses keys.
    pub(crate) fn at(&mut self, text: &str, keys: &str) {
        self.wait_for_text(text);
        self.press(keys);
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        self.look(Screen::contents)
    }

    /// Looks at the screen as it is now.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Screen) -> T) -> T {
        at(self.window.shown().screen())
    }

    /// Everything that was ever written to the terminal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.window.shown().bytes.clone()
    }

    /// The terminal's title.
    pub(crate) fn title(&self) -> String {
        self.window.shown().title().to_owned()
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().expect("an open window");
        keyboard
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
        keyboard.flush().expect("the terminal takes keys");
    }

    /// Pastes a text, as a terminal does for a program that asked to be told.
    pub(crate) fn paste(&mut self, text: &str) {
        assert!(
            self.look(Screen::bracketed_paste),
            "pasted text would come as keys"
        );
        self.secrets.extend(password(text));
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// A password that is going to be typed: it may never be seen.
    pub(crate) fn keep_secret(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// The first of the secrets that the program has shown: in what it wrote, or on the screen as it
    /// stands, where one may have been put together by moves of the cursor or runs over lines.
    fn shown_secret(&self) -> Option<&str> {
        let bytes = self.bytes();
        let screen = self.look(Screen::contents);
        let joined: String = screen.lines().map(str::trim).collect();
        let is_shown = |secret: &&String| {
            let mut parts = bytes.windows(secret.len());
            parts.any(|part| part == secret.as_bytes())
                || screen.contains(*secret)
                || joined.contains(*secret)
        };
        self.secrets.iter().find(is_shown).map(String::as_str)
    }

    /// Makes the window larger or smaller.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.window.shown().resize(columns, rows);
        self.master()
            .resize(size(columns, rows))
            .expect("a new size");
    }

    fn master(&self) -> &dyn MasterPty {
        self.master.as_deref().expect("an open window")
    }

    /// The program in the foreground: each has a process group of its own.
    pub(crate) fn program(&self) -> Pid {
        let leader = self.master().process_group_leader().and_then(Pid::from_raw);
        leader.expect("a program in the foreground")
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.program(), signal).expect("it is running");
    }

    /// Closes the window with everything in it.
    pub(crate) fn close(mut self) {
        // The reader lets go of the terminal at the next frame.
        self.window.close();
        self.keyboard = None;
        self.master = None;
    }

    /// Waits until the shell is back and asserts that the terminal is as it was before. Gives the
    /// exit code of the program, or for one that was suspended, what the shell says instead.
    pub(crate) fn wait_for_shell(&mut self) -> u32 {
        let code = self.wait_for_prompt();
        self.expect_clean();
        code
    }

    /// As [`Terminal::wait_for_shell`], for a program that had no chance to tidy up.
    pub(crate) fn wait_for_prompt(&mut self) -> u32 {
        let returns = self.returns;
        let Some(code) = self.window.wait(DEADLINE, |shown| prompt(shown, returns)) else {
            panic!("the shell is not back\n{}", self.picture());
        };
        self.returns += 1;
        code
    }

    fn expect_clean(&self) {
        let picture = self.picture();
        self.look(|screen| {
            assert!(!screen.alternate_screen(), "still up\n{picture}");
            assert!(!screen.hide_cursor(), "no cursor\n{picture}");
            assert!(!screen.bracketed_paste(), "brackets\n{picture}");
            let mouse = screen.mouse_protocol_mode();
            assert_eq!(mouse, MouseProtocolMode::None, "{picture}");
        });
        let discipline = discipline(self.master());
        assert_eq!(discipline, self.cooked, "the line's modes\n{picture}");
        assert_eq!(self.title(), TITLE);
        assert_eq!(self.window.shown().titles_aside(), 0);
        let bytes = self.bytes();
        let last = |mode: &str| {
            let mut places = bytes.windows(mode.len());
            places.rposition(|part| part == mode.as_bytes())
        };
        for (on, off) in MODES {
            // In plain lines none is ever switched on.
            let (on_at, off_at) = (last(on), last(off));
            assert!(on_at.is_none() || on_at < off_at, "{on:?} is never undone");
        }
        let question = last("\x1b[6n");
        assert_eq!(question, None, "not every terminal answers questions");
    }

    /// Waits until the program has ended, asserts that the terminal is as it was before, and
    /// gives the exit code.
    pub(crate) fn end(mut self) -> u32 {
        let code = self.wait_for_shell();
        self.press(ENTER);
        let ended = self.window.wait(DEADLINE, |shown| shown.code);
        assert_eq!(ended, Some(code), "the shell ends as the program did");
        code
    }

    /// The screen in a frame, for failures.
    fn picture(&self) -> String {
        let (lines, (rows, columns)) = self.look(|screen| {
            let (_, columns) = screen.size();
            (
                screen.rows(0, columns.get()).collect::<Vec<_>>(),
                screen.size(),
            )
        });
        let framed: String = lines.iter().map(|line| format!("| {line}\n")).collect();
        format!("{columns} by {rows}:\n{framed}")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end_program();
        // A second panic would hide the first.
        if !std::thread::panicking() {
            assert_eq!(self.shown_secret(), None, "a password was shown");
        }
    }
}

impl Terminal {
    fn end_program(&self) {
        let Some(master) = self
            .master
            .as_deref()
            .filter(|_| self.window.shown().code.is_none())
        else {
            return;
        };
        // A demonstration takes its servers with it when it is asked to end.
        if let Some(group) = master.process_group_leader().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::TERM);
        }
        let time = Duration::from_secs(10);
        self.window.wait(time, |shown| {
            shown.code.or_else(|| prompt(shown, self.returns))
        });
    }
}

/// What a command has in its environment.
fn environment(command: &Command) -> impl Iterator<Item = &str> {
    command.get_envs().filter_map(|(_, value)| value?.to_str())
}

/// The password in a connection string. One letter may stand anywhere by chance.
fn password(text: &str) -> Option<String> {
    let string = ConnectionString::parse(text.replace(['\r', '\n'], "").trim()).ok()?;
    let password = string.password()?.expose().to_owned();
    (password.len() > 1).then_some(password)
}

/// What the shell said when it was back for the time after `before` times.
fn prompt(shown: &Shown, before: usize) -> Option<u32> {
    let text = String::from_utf8_lossy(&shown.bytes);
    let told = text.split(PROMPT).nth(before + 1)?;
    let (code, _) = told.split_once('\n')?;
    code.trim().parse().ok()
}

/// The modes of the terminal's line: echo, lines or single keys, and so on.
fn discipline(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal's modes"))
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// A shell that runs the command, with what the command has in its environment and nothing else.
fn shell(command: &Command) -> CommandBuilder {
    let mut shell = CommandBuilder::new("/bin/sh");
    shell.args(["-c", SHELL, "sh"]);
    shell.arg(command.get_program());
    shell.args(command.get_args());
    shell.env_clear();
    shell.env("TERM", "xterm-256color");
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        shell.cwd(folder);
    }
    shell
}
