use super::*;
use crate::failure::Explain;

#[test]
fn missing_tools_are_explained_with_an_install_command() {
    let needed = Version {
        major: 17,
        minor: 2,
    };
    let missing = ToolError::Missing {
        searched: vec!["/usr/bin".into()],
        needed: Some(needed),
    }
    .failure();
    assert!(missing.why.contains("/usr/bin"));
    assert!(missing.advice.iter().any(|line| line.contains("17")));
    let found = vec![(
        "/usr/bin/pg_dump".into(),
        Version {
            major: 15,
            minor: 1,
        },
    )];
    let old = ToolError::TooOld {
        found,
        server: needed,
    }
    .failure();
    assert!(
        old.why.contains("/usr/bin/pg_dump is 15.1") && old.what.contains("17.2"),
        "{old:?}"
    );
}
