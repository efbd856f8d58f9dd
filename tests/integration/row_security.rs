//! Policies for roles that the target does not have.

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
