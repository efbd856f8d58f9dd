//! Servers found by their data folder: which process serves it, and how it is ended.

use super::error::Error;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a server may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// A live server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    /// The TCP port; 0 while it is still starting.
    pub(super) port: u16,
}

/// The server that works on `data`, if one lives. A stale `postmaster.pid` may name a process id
/// that now belongs to something else, so the process's command line has to name the folder too.
pub(super) fn of(data: &Path) -> Option<Postmaster> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let mut lines = file.lines();
    // A server in single-user mode writes its process id as a negative number.
    let number = lines.next()?.trim().parse::<i32>().ok()?;
    let pid = Pid::from_raw(number.checked_abs()?)?;
    let port = lines
        .nth(2)
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or(0);
    command_line(pid)?
        .contains(data.to_str()?)
        .then_some(Postmaster { pid, port })
}

/// A live process's command line, arguments separated by one character each.
fn command_line(pid: Pid) -> Option<String> {
    let process = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
    let text = if Path::new("/proc/self/cmdline").exists() {
        fs::read(process).ok()?
    } else {
        let id = pid.as_raw_nonzero().to_string();
        Command::new("ps")
            .args(["-o", "command=", "-p", &id])
            .output()
            .ok()?
            .stdout
    };
    // A zombie's is empty.
    (!text.is_empty()).then(|| String::from_utf8_lossy(&text).into_owned())
}

/// How to end a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Sessions are cut, the data is written out.
    Fast,
    /// At once; the next start recovers from the log.
    Immediate,
}

/// Asks a server to end; does not wait.
pub(super) fn tell(pid: Pid, manner: Manner) {
    let signal = match manner {
        Manner::Fast => Signal::INT,
        Manner::Immediate => Signal::QUIT,
    };
    // The only failure is that it has ended already.
    let _ = kill_process(pid, signal);
}

/// Ends the server of `data`, if one lives, and waits until it is gone. Says whether one lived.
pub(super) async fn end(data: &Path, manner: Manner) -> Result<bool, Error> {
    let Some(server) = of(data) else {
        return Ok(false);
    };
    for manner in [manner, Manner::Immediate] {
        tell(server.pid, manner);
        if gone(data, server.pid).await {
            return Ok(true);
        }
    }
    let _ = kill_process(server.pid, Signal::KILL);
    if gone(data, server.pid).await {
        Ok(true)
    } else {
        Err(Error::Immortal {
            pid: server.pid.as_raw_nonzero().get(),
        })
    }
}

async fn gone(data: &Path, pid: Pid) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if of(data).is_none_or(|server| server.pid != pid) {
            // The pid file goes a moment before the process does.
            if command_line(pid).is_none_or(|line| !line.contains(&*data.to_string_lossy())) {
                return true;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_only_has_the_number_is_not_taken_for_the_server() {
        let data = tempfile::tempdir().expect("a folder");
        let pid = std::process::id();
        for number in [pid.to_string(), format!("-{pid}"), "0".into(), "x".into()] {
            let text = format!("{number}\n{}\n1700000000\n5432\n", data.path().display());
            fs::write(data.path().join("postmaster.pid"), text).expect("written");
            assert_eq!(of(data.path()), None, "{number}");
        }
    }
}
