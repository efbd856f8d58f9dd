//! The processes of this machine, as every other process sees them.

use std::fs;
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
