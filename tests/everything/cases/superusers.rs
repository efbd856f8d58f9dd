//! What only a superuser may make. Last of all cases: an event trigger refuses what comes after it.

use super::{Case, superuser};

pub(super) const CASES: &[Case] = &[
    superuser(
        "leakproof_functions",
        "CREATE FUNCTION sure(leakproof int DEFAULT 1) RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1';",
    ),
    superuser(
        "event_triggers",
        "CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', TG_TAG; END';
         CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no more tables''; END';
         CREATE TABLE a (id int); INSERT INTO a VALUES (1);
         CREATE EVENT TRIGGER \"Tells\" ON ddl_command_end EXECUTE FUNCTION tell(); CREATE EVENT TRIGGER off ON sql_drop EXECUTE FUNCTION tell(); ALTER EVENT TRIGGER off DISABLE;
         COMMENT ON EVENT TRIGGER off IS 'off';
         CREATE EVENT TRIGGER refuses ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'CREATE INDEX', 'COMMENT') EXECUTE FUNCTION refuse();",
    ),
];
