//! The processes of this machine, as every other process sees them.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The arguments of each process.
pub(crate) fn arguments() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/proc") else {
        let ps = Command::new("ps")
            .args(["-axo", "args"])
            .output()
            .expect("ps");
        return String::from_utf8_lossy(&ps.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
    };
    let arguments = |entry: fs::DirEntry| {
        let bytes = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    };
    entries.flatten().filter_map(arguments).collect()
}

/// The arguments of every process whose environment names this folder.
pub(crate) fn of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let Ok(entries) = fs::read_dir("/proc") else {
        let ps = Command::new("ps")
            .args(["-axwwE", "-o", "command"])
            .output();
        let text = String::from_utf8_lossy(&ps.expect("ps").stdout).into_owned();
        let lines = text.lines().filter(|line| line.contains(&folder));
        return lines.map(str::to_owned).collect();
    };
    let text = |path: &Path, name: &str| {
        let bytes = fs::read(path.join(name)).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    };
    let arguments = |entry: fs::DirEntry| {
        let home = text(&entry.path(), "environ")?;
        home.contains(&folder)
            .then(|| text(&entry.path(), "cmdline"))?
    };
    entries.flatten().filter_map(arguments).collect()
}
