//! How the wizard works, in a few lines.

/// The rules, and where the log is.
pub(super) fn lines(log: &str) -> Vec<String> {
    let rules = [
        "How this works:",
        "  Every question has numbered answers. Type a number and Enter; Enter alone takes the default, which is told.",
        "  The migration goes step by step. The source is only read. What writes to the target says so before.",
        "  While a step runs, Enter asks what shall become of it: keep going, pause a transfer, more or fewer workers, or stop safely and leave.",
        "  The workers of a transfer are changed at once, too: + and Enter for one more, - and Enter for one fewer.",
        "  When a transfer is paused, Enter asks again: go on is one of the answers.",
        "  Ctrl-C stops a running step safely; at a question it leaves. All that was done is saved, and the next start goes on from there.",
        "  Passwords are not shown while they are typed, and kept nowhere.",
        "  Long lists come in pages of 20 lines: Enter tells the next ones.",
    ];
    let log = format!("  The log holds neither passwords nor values of rows: {log}");
    rules.map(str::to_owned).into_iter().chain([log]).collect()
}
