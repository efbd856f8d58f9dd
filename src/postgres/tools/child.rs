//! Running one of PostgreSQL's tools: a clean environment, its stderr read in bounded memory, an
//! end by cancellation.

use super::ToolError;
use crate::secret::MASK;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

/// How many of stderr's last lines are kept, and how many bytes of each.
const KEPT_LINES: usize = 50;
const KEPT_BYTES: usize = 2_000;

/// A tool with what it is to be called with. Secrets stand in the environment only: arguments can
/// be read by every process of the machine.
pub(super) struct Call<'a> {
    pub(super) tool: &'a Path,
    pub(super) environment: &'a [(&'static str, OsString)],
    pub(super) arguments: Vec<OsString>,
}

impl Call<'_> {
    /// The tool's name for people: `pg_dump`.
    pub(super) fn name(&self) -> String {
        self.tool
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Ready to start. libpq reads many `PG…` variables: of these the child gets only the
    /// call's own, and nothing by which this program is told of databases, the target's password
    /// least of all. Messages are in English, so that they can be explained.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(self.tool);
        for (name, value) in std::env::vars_os() {
            if is_withheld(&name, &value) {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        // In a group of its own, Ctrl-C in the terminal reaches this program alone, which then
        // ends the tool and says so.
        command.process_group(0);
        command
    }

    /// Starts it with both outputs piped to us.
    pub(super) fn start(&self) -> Result<(Running<'_>, ChildStdout), ToolError> {
        let mut command = self.command();
        let started = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|source| ToolError::start(self.tool, source))?;
        match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), Some(stderr)) => Ok((
                Running {
                    call: self,
                    child,
                    stderr,
                },
                stdout,
            )),
            _ => Err(ToolError::start(
                self.tool,
                std::io::ErrorKind::BrokenPipe.into(),
            )),
        }
    }

    /// Runs it and gives all that it writes to stdout.
    pub(super) async fn output(&self, cancel: &CancellationToken) -> Result<Vec<u8>, ToolError> {
        let (running, mut stdout) = self.start()?;
        let all = async {
            let mut output = Vec::new();
            let read = stdout.read_to_end(&mut output).await;
            read.map(|_| output)
                .map_err(|source| ToolError::pipe(&self.name(), source))
        };
        running.finish(all, &|_| {}, cancel).await
    }

    /// The line with the values of this call's secrets masked.
    fn redact(&self, line: String) -> String {
        let secret = |name: &str| name.contains("PASSWORD") || name.contains("SECRET");
        let secrets = self
            .environment
            .iter()
            .filter(|(name, value)| secret(name) && !value.is_empty());
        secrets.fold(line, |line, (_, value)| {
            line.replace(&*value.to_string_lossy(), MASK)
        })
    }
}

/// Variables of libpq, of this program and of the migration guides, and whatever holds a connection
/// string, under any name.
pub(crate) fn is_withheld(name: &OsStr, value: &OsStr) -> bool {
    let prefixes: [&[u8]; 4] = [b"PG", b"NEON", b"ASTRA_DB", b"LOCAL_DB"];
    let value = value.to_string_lossy();
    let mut prefixes = prefixes.iter();
    prefixes.any(|prefix| name.as_encoded_bytes().starts_with(prefix))
        || ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| value.contains(scheme))
}

/// A tool at work.
pub(super) struct Running<'a> {
    call: &'a Call<'a>,
    child: Child,
    stderr: ChildStderr,
}

impl Running<'_> {
    /// Waits until the tool has ended, while `stdout` is worked on. Whatever fails first
    /// ends the tool; so does the cancel token. When this returns, the tool has ended.
    pub(super) async fn finish<T>(
        mut self,
        stdout: impl Future<Output = Result<T, ToolError>>,
        on_line: &(dyn Fn(&str) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<T, ToolError> {
        let call = self.call;
        let name = call.name();
        let work = async {
            let stderr = async {
                let lines = last_lines(&mut self.stderr, |line| {
                    let line = call.redact(line);
                    on_line(&line);
                    line
                });
                lines.await.map_err(|source| ToolError::pipe(&name, source))
            };
            let (made, stderr) = tokio::try_join!(stdout, stderr)?;
            let status = self
                .child
                .wait()
                .await
                .map_err(|source| ToolError::pipe(&name, source))?;
            if status.success() {
                Ok(made)
            } else {
                Err(ToolError::Failed {
                    tool: name.clone(),
                    status,
                    stderr,
                })
            }
        };
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ToolError::Cancelled { tool: name.clone() }),
            result = work => result,
        };
        if result.is_err() {
            // Fails only when the tool has ended by itself, which is as good.
            self.child.kill().await.ok();
        }
        result
    }
}

/// Reads lines to the end and keeps the last ones, as `seen` returns them. Long lines are cut.
async fn last_lines(
    from: impl AsyncRead + Unpin,
    mut seen: impl FnMut(String) -> String,
) -> std::io::Result<Vec<String>> {
    let mut reader = BufReader::new(from);
    let mut kept = VecDeque::new();
    let mut line = Vec::new();
    let mut keep = |line: &mut Vec<u8>| {
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(seen(String::from_utf8_lossy(line).trim_end().to_owned()));
        line.clear();
    };
    loop {
        let buffer = reader.fill_buf().await?;
        if buffer.is_empty() {
            break;
        }
        let line_end = buffer.iter().position(|byte| *byte == b'\n');
        let piece = &buffer[..line_end.unwrap_or(buffer.len())];
        let room = KEPT_BYTES - line.len();
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = line_end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if line_end.is_some() {
            keep(&mut line);
        }
    }
    if !line.is_empty() {
        keep(&mut line);
    }
    Ok(kept.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(script: &str, environment: &'a [(&'static str, OsString)]) -> Call<'a> {
        let arguments = vec!["-c".into(), script.into()];
        Call {
            tool: Path::new("/bin/sh"),
            environment,
            arguments,
        }
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept_and_long_ones_cut() {
        let text: String = (0..80)
            .map(|n| format!("{n} {}\n", "ä".repeat(5_000)))
            .collect();
        let mut all = 0;
        let count = |line| {
            all += 1;
            line
        };
        let lines = last_lines(text.as_bytes(), count).await.unwrap();
        assert_eq!((all, lines.len()), (80, KEPT_LINES));
        assert!(lines[0].starts_with("30 ä") && lines[0].len() <= KEPT_BYTES + 3);
    }

    #[tokio::test]
    async fn the_environment_is_the_calls_own_and_errors_hide_its_passwords() {
        let environment = [("PGPASSWORD", "canary".into())];
        let call = shell("env | grep ^PG >&2; exit 3", &environment);
        let error = call.output(&CancellationToken::new()).await.unwrap_err();
        let ToolError::Failed {
            tool,
            status,
            stderr,
        } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((tool.as_str(), status.code()), ("sh", Some(3)));
        assert_eq!(stderr, [format!("PGPASSWORD={MASK}")]);
    }

    #[tokio::test]
    async fn a_cancelled_tool_has_ended_when_the_error_arrives() {
        let cancel = CancellationToken::new();
        let call = shell("echo $$ >&2; exec sleep 1000", &[]);
        let (running, _stdout) = call.start().unwrap();
        let pid = running.child.id().unwrap();
        let on_line = |_: &str| cancel.cancel();
        let result = running
            .finish(std::future::pending::<Result<(), _>>(), &on_line, &cancel)
            .await;
        assert!(matches!(result, Err(ToolError::Cancelled { .. })));
        let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        assert!(
            rustix::process::test_kill_process(pid).is_err(),
            "it is still there"
        );
    }
}
