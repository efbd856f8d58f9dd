//! Views of all kinds.

use super::{Case, any};

pub(super) const CASES: &[Case] = &[
    any(
        "views",
        "CREATE TABLE items (id int PRIMARY KEY, parent int, name text); INSERT INTO items SELECT n, NULLIF(n / 2, 0), 'n' || n FROM generate_series(1, 30) n;
         CREATE VIEW z_first AS SELECT id, name FROM items WHERE id < 20; CREATE VIEW a_second AS SELECT name FROM z_first; CREATE VIEW m_third AS SELECT a.name, z.id FROM a_second a JOIN z_first z USING (name);
         CREATE RECURSIVE VIEW tree (id, depth) AS SELECT id, 1 FROM items WHERE parent IS NULL UNION ALL SELECT i.id, t.depth + 1 FROM items i JOIN tree t ON i.parent = t.id;
         CREATE VIEW by_key AS SELECT i.id, i.name, count(c.id) AS children FROM items i LEFT JOIN items c ON c.parent = i.id GROUP BY i.id;
         CREATE VIEW on_by_key AS SELECT * FROM by_key WHERE children > 0;
         CREATE VIEW careful WITH (security_barrier, security_invoker = true) AS SELECT * FROM items WHERE id > 3 WITH CASCADED CHECK OPTION;
         ALTER VIEW z_first ALTER name SET DEFAULT 'x'; COMMENT ON VIEW z_first IS 'a view'; COMMENT ON COLUMN by_key.children IS 'how many';
         -- Two views that need each other are made in two steps.
         CREATE VIEW one AS SELECT 1 AS n; CREATE VIEW other AS SELECT n FROM one; CREATE VIEW shows_whole_rows AS SELECT z_first FROM z_first;",
    ),
    any(
        "materialized_views",
        "CREATE TABLE visits (id int PRIMARY KEY, person int, name text); INSERT INTO visits SELECT n, n % 7, 'n' || n FROM generate_series(1, 100) n;
         CREATE MATERIALIZED VIEW z_base AS SELECT person, count(*) AS visits FROM visits GROUP BY person; CREATE UNIQUE INDEX z_base_person ON z_base (person);
         CREATE VIEW between AS SELECT * FROM z_base WHERE visits > 1; CREATE MATERIALIZED VIEW a_on_base AS SELECT b.visits, count(*) FROM between b GROUP BY 1;
         CREATE INDEX a_on_base_visits ON a_on_base (visits); CREATE MATERIALIZED VIEW m_on_both AS SELECT z.person, a.count FROM z_base z JOIN a_on_base a USING (visits) WITH DATA;
         CREATE MATERIALIZED VIEW by_key AS SELECT v.id, v.name, count(*) FROM visits v GROUP BY v.id; CREATE INDEX by_key_name ON by_key (name);
         CREATE MATERIALIZED VIEW never_filled AS SELECT id FROM visits WITH NO DATA; CREATE UNIQUE INDEX never_filled_id ON never_filled (id);
         CREATE MATERIALIZED VIEW filled_on_nothing AS SELECT id FROM visits WHERE false; ALTER MATERIALIZED VIEW z_base CLUSTER ON z_base_person; ALTER MATERIALIZED VIEW z_base ALTER visits SET STATISTICS 44;
         COMMENT ON MATERIALIZED VIEW z_base IS 'kept'; COMMENT ON COLUMN z_base.visits IS 'how many'; COMMENT ON INDEX z_base_person IS 'on a materialized view';",
    ),
    any(
        "rules",
        "CREATE TABLE kept (id int PRIMARY KEY, note text); CREATE TABLE told (what text); INSERT INTO kept VALUES (1, 'a'), (2, 'b');
         CREATE VIEW shown AS SELECT id, note FROM kept;
         CREATE RULE stay AS ON DELETE TO kept DO INSTEAD NOTHING; CREATE RULE also AS ON INSERT TO kept DO ALSO (INSERT INTO rules.told VALUES ('rule'); INSERT INTO rules.told VALUES (NEW.note));
         CREATE RULE through AS ON UPDATE TO shown WHERE NEW.id <> OLD.id DO INSTEAD UPDATE rules.kept SET id = NEW.id WHERE id = OLD.id;
         ALTER TABLE kept DISABLE RULE stay; COMMENT ON RULE stay ON kept IS 'a rule';",
    ),
    any(
        "row_security",
        "CREATE TABLE private (id int PRIMARY KEY, owner text, note text); INSERT INTO private SELECT n, 'nobody', 'secret ' || n FROM generate_series(1, 30) n;
         CREATE POLICY own ON private USING (owner = current_user) WITH CHECK (note <> ''); CREATE POLICY none ON private AS RESTRICTIVE FOR DELETE TO PUBLIC USING (false);
         ALTER TABLE private ENABLE ROW LEVEL SECURITY; COMMENT ON POLICY own ON private IS 'a policy';
         CREATE TABLE even_to_owners (LIKE private INCLUDING ALL); INSERT INTO even_to_owners SELECT * FROM private; ALTER TABLE even_to_owners ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
         CREATE TABLE switched_off (id int); CREATE POLICY unused ON switched_off USING (false); INSERT INTO switched_off VALUES (1);",
    ),
];
