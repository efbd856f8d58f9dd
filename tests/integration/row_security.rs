//! Policies for roles that the target does not have, and rows that they hide from us there.

use crate::fixture::World;

/// Such a policy is left out and told; the table stays closed to those whom it let in.
#[test]
fn a_policy_for_an_unknown_role_is_left_out() {
    let world = World::new(10);
    world.source().run(
        "CREATE ROLE only_here; CREATE TABLE kept (a int); INSERT INTO kept VALUES (1);
         ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
         CREATE POLICY of_theirs ON kept TO only_here USING (a = 1);
         CREATE POLICY of_all ON kept USING (a = 2); COMMENT ON POLICY of_theirs ON kept IS 'theirs'",
    );
    let ended = world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert!(
        ended.notes().contains("policy of_theirs is left out"),
        "{ended}"
    );
    let policies = "SELECT policyname FROM pg_policies WHERE tablename = 'kept'";
    assert_eq!(world.target().value(policies), "of_all");
    let closed = "SELECT relrowsecurity::text FROM pg_class WHERE oid = 'kept'::regclass";
    assert_eq!(world.target().value(closed), "true");
}

/// The advice is for the side that hides them.
#[test]
fn a_target_that_hides_rows_is_told_as_the_target() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE hidden (a int); INSERT INTO hidden VALUES (1);
         ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
         CREATE POLICY few ON hidden USING (a = 2)",
    );
    world.target().run("ALTER ROLE neondb_owner NOBYPASSRLS");
    let ended = world.json(&["run"]).expect(3, "failed");
    let failure = ended.only("failure");
    assert_eq!(failure["step"], "compare", "{ended}");
    let advice = failure["advice"].to_string();
    assert!(
        advice.contains("Connect to the target as a role with BYPASSRLS"),
        "{advice}"
    );
    assert!(!advice.contains("source"), "{advice}");
    world.target().run("ALTER ROLE neondb_owner BYPASSRLS");
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}
