use super::*;
use Cause::*;

#[test]
fn classes_are_told_for_codes_that_have_no_cause() {
    for code in [
        "22012",
        "ERROR:  22012: division by zero",
        "{ code: '22012' }",
    ] {
        let found = explain(code);
        assert!(found.causes.is_empty(), "{found:?}");
        assert_eq!(found.sqlstate.as_deref(), Some("22012"));
        assert_eq!(found.class, Some("data exception"));
    }
    assert_eq!(explain("error: could not frobnicate").sqlstate, None);
    assert_eq!(explain("28p01").causes[0].cause, WrongPassword);
    assert_eq!(explain("53").class, Some("insufficient resources"));
}

#[test]
fn the_particular_hides_the_general_and_what_else_fits_is_named() {
    let causes = |text| {
        let found = explain(text).causes.into_iter();
        found.map(|known| known.cause).collect::<Vec<_>>()
    };
    assert_eq!(
        causes("ERROR: 42501: permission denied to create extension \"vector\""),
        [ExtensionRights]
    );
    assert_eq!(
        causes("FATAL: too many connections for role \"app\""),
        [RoleConnections]
    );
    assert_eq!(
        causes(
            "connection to server at \"h\" failed: Connection refused\nconnection to server at \"h\" failed: FATAL:  password authentication failed for user \"u\""
        ),
        [WrongPassword, ConnectionRefused]
    );
}
