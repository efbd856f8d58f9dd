//! What a measurement was made on: without it the figures say nothing.

use std::fs;
use std::process::Command;

/// The machine and its system in a line: `2 cores (AMD EPYC), 23.5 GB of memory, Debian … `.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = if cfg!(target_os = "linux") {
        field("/proc/cpuinfo", "model name")
    } else {
        answer("sysctl", &["-n", "machdep.cpu.brand_string"])
    };
    let system = if cfg!(target_os = "linux") {
        field("/etc/os-release", "PRETTY_NAME")
    } else {
        answer("sw_vers", &["-productVersion"]).map(|version| format!("macOS {version}"))
    };
    let unknown = || "unknown".to_owned();
    format!(
        "{cores} cores ({}), {:.1} GB of memory, {} ({})",
        processor.unwrap_or_else(unknown),
        memory_bytes().unwrap_or(0) as f64 / f64::from(1 << 30),
        system.unwrap_or_else(unknown),
        std::env::consts::ARCH,
    )
}

fn memory_bytes() -> Option<u64> {
    if cfg!(target_os = "linux") {
        let kilobytes = field("/proc/meminfo", "MemTotal")?;
        Some(kilobytes.trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    } else {
        answer("sysctl", &["-n", "hw.memsize"])?.parse().ok()
    }
}

/// The value of the first line `name: value` or `name="value"`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once([':', '='])?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
