//! Whether git keeps, or would take in, a file that holds a password.

use super::journal::COPY;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a person should know of a file that is to hold the password; nothing where there is no git.
pub(super) fn cautions(file: &Path, name: &str) -> Option<String> {
    let folder = file.parent()?;
    let file = file.file_name()?.to_str()?;
    if !says(folder, &["rev-parse", "--is-inside-work-tree"])? {
        return None;
    }
    if says(folder, &["ls-files", "--error-unmatch", "--", file])? {
        return Some(format!(
            "{name} is tracked by git: the password would be committed with it. Take it out (git rm --cached) and ignore it"
        ));
    }
    let copy = format!("{file}{COPY}1");
    let is_ignored = |name: &str| says(folder, &["check-ignore", "-q", "--", name]);
    match (is_ignored(file)?, is_ignored(&copy)?) {
        (false, _) => Some(format!(
            "{name} holds a password, and git does not ignore it"
        )),
        (true, false) => Some(format!(
            "git ignores {name}, but not the copy that will lie beside it ({file}{COPY}…): ignore that, too"
        )),
        (true, true) => None,
    }
}

/// Git's yes or no; `None` where it cannot say.
fn says(folder: &Path, arguments: &[&str]) -> Option<bool> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments);
    git.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null());
    let status = git.stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status.ok()?.code()? {
        0 => Some(true),
        1 => Some(false),
        _ => None,
    }
}
