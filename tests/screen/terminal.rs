//! A terminal, and a person's shell in it that runs the program: what the program writes is
//! drawn as a terminal would draw it, and every byte of it is kept.
//!
//! The shell matters: a program that was started by no shell cannot be suspended, and when the
//! leader of a session ends, the system resets the terminal's modes, whatever it left behind.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use vt100::{Callbacks, MouseProtocolMode, Parser, Screen};

/// Nothing here takes longer, on a machine under load either.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_U: &str = "\x15";
pub(crate) const CTRL_Z: &str = "\x1a";

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

/// What the terminal's title is before the program sets its own.
const TITLE: &str = "a shell";

/// Modes that have an opposite: how they are switched on, and how off again.
const MODES: [(&str, &str); 4] = [
    ("\x1b[?1049h", "\x1b[?1049l"),
    ("\x1b[?2004h", "\x1b[?2004l"),
    ("\x1b[?25l", "\x1b[?25h"),
    ("\x1b[22;2t", "\x1b[23;2t"),
];

/// What a terminal keeps beside its cells, and `vt100` does not.
struct Beside {
    title: String,
    titles: Vec<String>,
    /// Amid a frame that the program wants shown at once.
    amid_frame: bool,
}

impl Callbacks for Beside {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.title = String::from_utf8_lossy(title).into_owned();
    }

    fn unhandled_csi(
        &mut self,
        _: &mut Screen,
        _: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        match (parameters, end) {
            ([[22], [2]], 't') => self.titles.push(self.title.clone()),
            ([[23], [2]], 't') => self.title = self.titles.pop().unwrap_or_default(),
            ([[2026]], 'h' | 'l') => self.amid_frame = end == 'h',
            _ => {}
        }
    }
}

/// What came out of the terminal so far.
struct Shown {
    parser: Parser<Beside>,
    bytes: Vec<u8>,
    /// The shell's exit code, once it has ended.
    code: Option<u32>,
    /// The window was closed.
    closed: bool,
}

struct Window {
    shown: Mutex<Shown>,
    changed: Condvar,
}

impl Window {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `wanted` gives something; `None` when it does not within the time.
    fn wait<T>(&self, time: Duration, mut wanted: impl FnMut(&Shown) -> Option<T>) -> Option<T> {
        let until = Instant::now() + time;
        let mut shown = self.shown();
        loop {
            if let Some(value) = wanted(&shown) {
                return Some(value);
            }
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(shown, left);
            shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A terminal with a program in it. Dropped, it ends the program.
pub(crate) struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    window: Arc<Window>,
    /// The line discipline as it was.
    cooked: String,
    /// How often the shell was back.
    returns: usize,
}

impl Terminal {
    /// Opens a terminal of so many columns and rows and starts a command in it. The command has
    /// the environment that it names itself, and no other.
    pub(crate) fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo-terminal");
        let beside = Beside {
            title: TITLE.to_owned(),
            titles: Vec::new(),
            amid_frame: false,
        };
        let (lines, cells) = cells(columns, rows);
        let shown = Shown {
            parser: Parser::new_with_callbacks(lines, cells, 0, beside),
            bytes: Vec::new(),
            code: None,
            closed: false,
        };
        let window = Arc::new(Window {
            shown: Mutex::new(shown),
            changed: Condvar::new(),
        });
        let cooked = discipline(pair.master.as_ref());
        let child = pair.slave.spawn_command(shell(command)).expect("a shell");
        drop(pair.slave);
        let output = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a keyboard");
        watch(&window, output, child);
        Self {
            master: Some(pair.master),
            keyboard: Some(keyboard),
            window,
            cooked,
            returns: 0,
        }
    }

    /// Waits until the screen is so, at the end of a frame.
    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn(&Screen) -> bool) {
        let settled = |shown: &Shown| {
            let whole = !shown.parser.callbacks().amid_frame;
            (whole && is_so(shown.parser.screen())).then_some(())
        };
        if self.window.wait(DEADLINE, settled).is_none() {
            panic!("never seen: {what}\n{}", self.picture());
        }
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
        at(self.window.shown().parser.screen())
    }

    /// Everything that was ever written to the terminal.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.window.shown().bytes.clone()
    }

    /// The terminal's title.
    pub(crate) fn title(&self) -> String {
        self.window.shown().parser.callbacks().title.clone()
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
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Makes the window larger or smaller.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (lines, cells) = cells(columns, rows);
        self.window.shown().parser.set_size(lines, cells);
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
        self.window.shown().closed = true;
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
        let Some(code) = self
            .window
            .wait(DEADLINE, |shown| prompt(&shown.bytes, returns))
        else {
            panic!("the shell is not back\n{}", self.picture());
        };
        self.returns += 1;
        code
    }

    fn expect_clean(&self) {
        let picture = self.picture();
        self.look(|screen| {
            assert!(
                !screen.alternate_screen(),
                "the other screen is still up\n{picture}"
            );
            assert!(!screen.hide_cursor(), "the cursor is hidden\n{picture}");
            assert!(
                !screen.bracketed_paste(),
                "pasted text is bracketed\n{picture}"
            );
            assert_eq!(
                screen.mouse_protocol_mode(),
                MouseProtocolMode::None,
                "{picture}"
            );
        });
        assert_eq!(
            discipline(self.master()),
            self.cooked,
            "the line discipline\n{picture}"
        );
        assert_eq!(self.title(), TITLE);
        assert!(
            self.window.shown().parser.callbacks().titles.is_empty(),
            "titles are left"
        );
        let bytes = self.bytes();
        let last = |mode: &str| {
            bytes
                .windows(mode.len())
                .rposition(|part| part == mode.as_bytes())
        };
        for (on, off) in MODES {
            assert!(
                last(on).is_some() && last(on) < last(off),
                "{on:?} is never undone"
            );
        }
        assert_eq!(
            last("\x1b[6n"),
            None,
            "not every terminal answers questions"
        );
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
        self.window
            .wait(time, |shown| prompt(&shown.bytes, self.returns));
    }
}

/// What the shell said when it was back for the time after `before` times.
fn prompt(bytes: &[u8], before: usize) -> Option<u32> {
    let text = String::from_utf8_lossy(bytes);
    let (_, told) = text
        .match_indices("the shell: ")
        .nth(before)
        .map(|(at, _)| text.split_at(at))?;
    let (code, _) = told.trim_start_matches("the shell: ").split_once('\n')?;
    code.trim().parse().ok()
}

/// Reads what the program writes, and waits for the shell's end.
fn watch(
    window: &Arc<Window>,
    mut output: Box<dyn Read + Send>,
    mut shell: Box<dyn Child + Send + Sync>,
) {
    let reader = Arc::clone(window);
    std::thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            let mut shown = reader.shown();
            shown.parser.process(&bytes[..count]);
            shown.bytes.extend_from_slice(&bytes[..count]);
            reader.changed.notify_all();
            if shown.closed {
                return;
            }
        }
    });
    let waiter = Arc::clone(window);
    std::thread::spawn(move || {
        let status = shell.wait().expect("the shell's end");
        waiter.shown().code = Some(status.exit_code());
        waiter.changed.notify_all();
    });
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

fn cells(columns: u16, rows: u16) -> (NonZeroU16, NonZeroU16) {
    let positive = |count| NonZeroU16::new(count).expect("a size");
    (positive(rows), positive(columns))
}

/// A shell that runs the command, with what the command has in its environment and nothing else.
fn shell(command: &Command) -> CommandBuilder {
    let mut shell = CommandBuilder::new("/bin/sh");
    shell.args(["-c", SHELL, "sh"]);
    shell.arg(command.get_program());
    shell.args(command.get_args());
    shell.env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.env("TERM", "xterm-256color");
    if let Some(folder) = command.get_current_dir() {
        shell.cwd(folder);
    }
    shell
}
