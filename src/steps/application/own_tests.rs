//! The application's own tests, run with the new connection in their environment.

use super::super::{Error, Work};
use crate::postgres::tools::is_withheld;
use crate::secret::{MASK, Secret};
use crate::session::report::OwnTest;
use crate::switch::{Goal, connection_variables};
use crate::wizard::Side;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// So many of a test's last lines are kept, so many characters of each.
const LINES: usize = 40;
const CHARACTERS: usize = 300;

/// Bytes of a line that are read before the rest is passed over.
const LINE_BYTES: usize = 4096;

/// So long a test has to end by itself when it is told to.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs them one after another.
pub(super) async fn run(work: Work<'_>, folder: &Path, goal: &Goal) -> Result<Vec<OwnTest>, Error> {
    let variables = connection_variables(goal);
    let secrets = secrets(work, &variables);
    let mut done = Vec::new();
    for command in &work.context.config.application.tests {
        work.progress.activity(format!("{command}: running"));
        done.push(test(work, folder, command, (&variables, &secrets)).await?);
    }
    Ok(done)
}

/// What must not be seen of a test's output.
fn secrets(work: Work<'_>, variables: &[(&str, Secret)]) -> Vec<String> {
    let sides = [Side::Source, Side::Target].map(|side| work.context.connection(side));
    let strings = sides.iter().flatten();
    let passwords = strings.filter_map(|string| Some(string.password()?.expose().to_owned()));
    let urls = variables.iter().map(|(_, value)| value.expose());
    let urls = urls.filter_map(|url| url.split_once("://")?.1.split_once('@'));
    let encoded = urls.filter_map(|(user, _)| Some(user.split_once(':')?.1.to_owned()));
    let mut secrets: Vec<String> = passwords.chain(encoded).collect();
    secrets.retain(|secret| !secret.is_empty());
    // The longer one first: a part of it may be the other.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

async fn test(
    work: Work<'_>,
    folder: &Path,
    command: &str,
    (variables, secrets): (&[(&str, Secret)], &[String]),
) -> Result<OwnTest, Error> {
    let failed = |doing| Error::file(doing, folder);
    let started = Instant::now();
    let mut child = shell(folder, command, variables)
        .spawn()
        .map_err(failed("run a test in"))?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut kept = Kept::default();
    let reading = async {
        let (sender, mut lines) = tokio::sync::mpsc::channel(16);
        let read = async {
            let both = (lines_of(out, sender.clone()), lines_of(err, sender));
            tokio::try_join!(both.0, both.1)
        };
        let keep = async {
            while let Some(line) = lines.recv().await {
                let line = shown(&line, secrets);
                work.progress.activity(format!("{command}: {line}"));
                kept.push(line);
            }
            Ok(())
        };
        let both = async { tokio::try_join!(read, keep) };
        tokio::pin!(both);
        tokio::select! {
            read = &mut both => {
                read?;
                child.wait().await
            }
            status = child.wait() => {
                // What it has left running may hold its output open for ever.
                if tokio::time::timeout(PATIENCE, &mut both).await.is_err() {
                    group.map(|group| kill_process_group(group, Signal::KILL).ok());
                }
                status
            }
        }
    };
    let ended = work.cancel.run_until_cancelled(reading).await;
    let Some(ended) = ended else {
        end(&mut child, group).await;
        return Err(crate::postgres::Error::Cancelled.into());
    };
    let status: ExitStatus = ended.map_err(failed("read from a test in"))?;
    Ok(OwnTest {
        command: command.to_owned(),
        code: status.code(),
        milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        output: kept.0.into(),
    })
}

/// A command as a shell runs it, in a group of its own, with the new connection and none of the old
/// one in its environment.
fn shell(folder: &Path, command: &str, variables: &[(&str, Secret)]) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(folder);
    for (name, value) in std::env::vars_os() {
        if is_withheld(&name, &value) {
            shell.env_remove(name);
        }
    }
    let values = variables.iter().map(|(name, value)| (name, value.expose()));
    shell.envs(values);
    shell
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    shell.process_group(0).kill_on_drop(true);
    shell
}

/// Ends a test and all that it has started.
async fn end(child: &mut Child, group: Option<Pid>) {
    // A group that is gone has ended by itself, which is as good.
    let tell = |signal| group.map(|group| kill_process_group(group, signal).ok());
    tell(Signal::TERM);
    if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
        tracing::info!("a test does not end by itself");
    }
    tell(Signal::KILL);
    child.wait().await.ok();
}

#[derive(Default)]
struct Kept(VecDeque<String>);

impl Kept {
    fn push(&mut self, line: String) {
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }
}

/// Sends each line on; the rest of a long one is passed over.
async fn lines_of(
    from: Option<impl AsyncRead + Unpin>,
    to: tokio::sync::mpsc::Sender<Vec<u8>>,
) -> std::io::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        let buffer = reader.fill_buf().await?;
        let is_over = buffer.is_empty();
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let piece = &buffer[..end.unwrap_or(buffer.len())];
        let room = LINE_BYTES - line.len();
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        let is_whole = end.is_some() || is_over && !line.is_empty();
        if is_whole && to.send(std::mem::take(&mut line)).await.is_err() || is_over {
            return Ok(());
        }
    }
}

/// A text in which a password in a connection string is masked, however it is encoded: an application
/// may print one that nobody here knows.
fn without_passwords(text: &str) -> String {
    let (mut told, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("://") {
        told += before;
        told += "://";
        let is_over = |letter: char| letter.is_whitespace() || "'\"<>".contains(letter);
        let url = &behind[..behind.find(is_over).unwrap_or(behind.len())];
        let user = url.rsplit_once('@').map(|(user, _)| user);
        rest = match user.and_then(|user| user.split_once(':')) {
            Some((name, password)) => {
                told += &format!("{name}:{MASK}");
                &behind[name.len() + 1 + password.len()..]
            }
            None => behind,
        };
    }
    told + rest
}

/// A line as it may be shown: without passwords, without what steers a terminal, cut.
fn shown(line: &[u8], secrets: &[String]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                let mut sequence = characters.by_ref().skip_while(|c| *c == '[');
                sequence.find(|c| c.is_ascii_alphabetic());
            }
            '\t' => plain.push_str("    "),
            other if other.is_control() => {}
            other => plain.push(other),
        }
    }
    let masked = secrets
        .iter()
        .fold(plain, |text, secret| text.replace(secret, MASK));
    let masked = without_passwords(&masked);
    masked.chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_without_passwords_and_colours() {
        let secrets = ["canary".to_owned()];
        let line = "\u{1b}[31mF\u{1b}[0m\tpostgresql://u:canary@h\r".as_bytes();
        assert_eq!(
            shown(line, &secrets),
            format!("F    postgresql://u:{MASK}@h")
        );
        assert_eq!(
            shown("ä".repeat(999).as_bytes(), &[]).chars().count(),
            CHARACTERS
        );
    }

    #[test]
    fn a_password_that_nobody_knows_is_masked_in_a_connection_string() {
        let said =
            "to 'postgres://u:p%40ss@h:5/d', from mongodb://a:b@c@d; https://h/x, postgres://u@h";
        let told = format!(
            "to 'postgres://u:{MASK}@h:5/d', from mongodb://a:{MASK}@d; https://h/x, postgres://u@h"
        );
        assert_eq!(shown(said.as_bytes(), &[]), told);
        assert_eq!(shown(b"://", &[]), "://");
    }
}
