//! Looks a password up in the operating system's keyring, through the program that the system has
//! for that: `secret-tool` (libsecret: GNOME, KDE), on macOS `security`. The password comes over the
//! program's standard output; its arguments name the place alone. Nothing is ever stored.

use super::connection_string::ConnectionString;
use crate::secret::Secret;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Time for somebody to unlock a keyring that is locked; without one, the answer comes at once.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(5);
/// No password is longer, in bytes.
const LONGEST: u64 = 4096;

/// All that the program is told of this one's environment: how to reach the keyring, and the
/// person who may have to unlock it. Connection strings stay here.
const ENVIRONMENT: [&str; 10] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_DATA_HOME",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
];

/// The password that the keyring has for this place; `None` when it has none, when there is no
/// keyring, and when it does not answer in time.
pub(super) fn look_up(
    place: &ConnectionString,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<Secret> {
    let (program, arguments) = match cfg!(target_os = "macos") {
        true => ("security", of_security(place)),
        false => ("secret-tool", of_secret_tool(place)),
    };
    let reachable = cfg!(target_os = "macos") || has_session_bus(env);
    let answer = reachable.then(|| ask(program, &arguments, env, PATIENCE))?;
    answer
        .inspect_err(|error| tracing::debug!(%error, program, "the keyring was not asked"))
        .ok()?
}

/// Whether there is somebody to ask: without a session there is no bus, and no keyring.
fn has_session_bus(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name| env(name).filter(|value| !value.is_empty());
    let usual =
        || set("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists());
    set("DBUS_SESSION_BUS_ADDRESS").is_some() || usual()
}

/// The attributes that the README tells people to store a password under.
fn of_secret_tool(place: &ConnectionString) -> Vec<String> {
    let port = place.port().to_string();
    let attributes = [
        ("service", "neonlift"),
        ("host", place.host()),
        ("port", &port),
        ("database", place.database()),
        ("user", place.user()),
    ];
    let attributes = attributes
        .into_iter()
        .flat_map(|(name, value)| [name, value]);
    let words = std::iter::once("lookup").chain(attributes);
    words.map(str::to_owned).collect()
}

fn of_security(place: &ConnectionString) -> Vec<String> {
    let account = format!("{}@{}", place.user(), place.endpoint());
    let words = [
        "find-generic-password",
        "-w",
        "-s",
        "neonlift",
        "-a",
        &account,
    ];
    words.map(str::to_owned).to_vec()
}

/// What the program says, without the end of its line; `None` when it says nothing or fails.
fn ask(
    program: &str,
    arguments: &[String],
    env: &dyn Fn(&str) -> Option<String>,
    patience: Duration,
) -> std::io::Result<Option<Secret>> {
    let known = ENVIRONMENT.into_iter();
    let known = known.filter_map(|name| Some((name, OsString::from(env(name)?))));
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(known)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is for this program.
        .process_group(0)
        .spawn()?;
    if !succeeds(&mut child, patience)? {
        return Ok(None);
    }
    let mut said = String::new();
    if let Some(output) = child.stdout.take() {
        output.take(LONGEST).read_to_string(&mut said)?;
    }
    let password = said.trim_end_matches(['\n', '\r']);
    Ok((!password.is_empty()).then(|| Secret::new(password)))
}

/// Waits for its end; one that takes too long is ended. What it may say fits into its pipe.
fn succeeds(child: &mut Child, patience: Duration) -> std::io::Result<bool> {
    let until = Instant::now() + patience;
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status.success()),
            None if Instant::now() < until => sleep(PAUSE),
            None => {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn place() -> ConnectionString {
        ConnectionString::parse("postgresql://ada@db.example.org:6543/chat").unwrap()
    }

    /// A folder with a `secret-tool` that does this, as the only one in the path.
    fn tool(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret-tool");
        // Written by a process of its own: a child that another test starts meanwhile would inherit the
        // open file, and nobody may run a file that is open for writing.
        let mut writer = std::process::Command::new("sh")
            .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
            .arg(&file)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let text = format!("#!/bin/sh\n{script}\n");
        writer
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(writer.wait().unwrap().success());
        folder
    }

    fn asked(folder: &Path, patience: Duration) -> Option<Secret> {
        let program = folder.join("secret-tool").display().to_string();
        let env = |name: &str| std::env::var(name).ok();
        ask(&program, &of_secret_tool(&place()), &env, patience).unwrap()
    }

    #[test]
    fn the_place_is_told_and_the_password_comes_back_whole() {
        let folder = tool("printf '%s|' \"$@\"");
        let said = asked(folder.path(), PATIENCE).unwrap();
        assert_eq!(
            said.expose(),
            "lookup|service|neonlift|host|db.example.org|port|6543|database|chat|user|ada|"
        );
        let folder = tool("printf 'two words \\n'");
        let said = asked(folder.path(), PATIENCE).unwrap();
        assert_eq!(said.expose(), "two words ");
    }

    #[test]
    fn what_fails_says_nothing_or_hangs_gives_none() {
        assert!(asked(tool("echo no; exit 1").path(), PATIENCE).is_none());
        assert!(asked(tool("exit 0").path(), PATIENCE).is_none());
        let hangs = tool("exec sleep 600");
        assert!(asked(hangs.path(), Duration::from_millis(50)).is_none());
    }

    #[test]
    fn nobody_is_asked_without_a_session() {
        let nothing = |_: &str| None;
        assert!(!has_session_bus(&nothing));
        assert!(look_up(&place(), &nothing).is_none());
        let bus = |name: &str| (name == "DBUS_SESSION_BUS_ADDRESS").then(|| "unix:x".to_owned());
        assert!(has_session_bus(&bus));
    }

    #[test]
    fn connection_strings_of_the_environment_stay_here() {
        let folder = tool("/usr/bin/env");
        let program = folder.path().join("secret-tool").display().to_string();
        let env = |name: &str| Some(format!("value of {name}"));
        let said = ask(&program, &[], &env, PATIENCE).unwrap().unwrap();
        assert!(said.expose().contains("HOME=value of HOME"));
        assert!(!said.expose().contains("NEONLIFT") && !said.expose().contains("PGPASSWORD"));
    }
}
