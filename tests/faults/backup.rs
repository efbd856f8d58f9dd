//! The disk of the backup is full when half of it is written.

use crate::case::{Case, Suite};
use crate::fixture::Running;
use std::process::Command;

/// The command under a limit for the size of a file, in blocks of 512 bytes. Ignoring SIGXFSZ makes
/// a write beyond it fail as on a full disk, instead of ending the program.
fn limited(case: &Case<'_>, blocks: u32) -> Command {
    let whole = case.run();
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"trap '' XFSZ; ulimit -f "$0"; exec "$@""#])
        .arg(blocks.to_string())
        .arg(whole.get_program())
        .args(whole.get_args())
        .env_clear()
        .envs(
            whole
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(whole.get_current_dir().expect("a folder"));
    command
}

#[test]
fn a_half_dump_is_taken_away_and_the_next_one_is_whole() {
    let suite = Suite::new();
    let case = suite.case("a file may have 512 KiB");
    case.until("inventory");
    let failed = case.failed(Running::start(&mut limited(&case, 1024)).end());
    let failure = failed.only("failure");
    assert_eq!(failure["step"], "backup", "{failed}");
    assert!(
        failure["why"].to_string().contains("File too large"),
        "{failed}"
    );
    let left = backups(&case);
    assert!(
        left.len() == 1 && left[0].starts_with("pre_migration_stats_"),
        "{left:?} {failed}"
    );
    assert!(failed.of_kind("step_started").len() == 1, "{failed}");

    case.goes_on();
    let names = backups(&case);
    let of = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).count();
    assert_eq!((of(".dump"), of(".list")), (1, 1), "{names:?}");
}

fn backups(case: &Case<'_>) -> Vec<String> {
    let entries = std::fs::read_dir(case.world.work().join("backups")).expect("backups");
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}
