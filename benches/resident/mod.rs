//! The resident memory of a process, watched from outside.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// How often to look. Asking `ps` costs a process each time.
pub(crate) const EVERY: Duration =
    Duration::from_millis(if cfg!(target_os = "linux") { 20 } else { 200 });

/// One process under watch. On Linux the kernel itself keeps the peak of the whole (`VmHWM`), so
/// nothing falls between two looks; elsewhere, and for each part, the peak is the largest seen.
#[derive(Debug)]
pub(crate) struct Resident {
    process: u32,
    /// The peak since the process began, in kB.
    pub(crate) peak: u64,
    /// The largest size seen in each part of the work, in kB.
    pub(crate) parts: BTreeMap<String, u64>,
}

impl Resident {
    pub(crate) fn of(process: u32) -> Self {
        Self {
            process,
            peak: 0,
            parts: BTreeMap::new(),
        }
    }

    /// Looks once. `part` is what the process does now; one that has ended changes nothing.
    pub(crate) fn look(&mut self, part: &str) {
        let Some((now, peak)) = sizes(self.process) else {
            return;
        };
        self.peak = self.peak.max(peak);
        let largest = self.parts.entry(part.to_owned()).or_default();
        *largest = now.max(*largest);
    }
}

/// The size now and the peak, in kB.
fn sizes(process: u32) -> Option<(u64, u64)> {
    if cfg!(target_os = "linux") {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let kilobytes = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().trim_end_matches(" kB").parse().ok()
        };
        Some((kilobytes("VmRSS:")?, kilobytes("VmHWM:")?))
    } else {
        let output = Command::new("ps")
            .args(["-o", "rss=", "-p", &process.to_string()])
            .output()
            .ok()?;
        let now = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
        Some((now, now))
    }
}
