//! What belongs to a database and stands in none of the definitions that travel: owners, rights,
//! places and settings of the server that it is on.

use super::TableName;
use crate::postgres::{Connection, Error, quote};

/// What of a database is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Tables, views and sequences that it is not about.
    pub without_relations: Vec<TableName>,
    /// Schemas of which it is not about the functions and types, nor the schema itself.
    pub without_schemas: Vec<String>,
    /// Whether it is about what stands in no schema too, and about the database itself.
    pub database: bool,
}

/// Something that never travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undumped {
    /// Its kind.
    pub kind: UndumpedKind,
    /// What there is of it, for people.
    pub what: String,
}

/// The kinds of what never travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndumpedKind {
    /// Objects of another role than the one that is connected.
    Ownership,
    /// Rights that a role was given, or that were taken from it.
    Rights,
    /// Relations in a tablespace.
    Tablespace,
    /// Settings of the database, or of roles (`ALTER DATABASE … SET`, `ALTER ROLE … SET`).
    Settings,
    /// A publication.
    Publication,
    /// A subscription.
    Subscription,
    /// Security labels.
    Labels,
    /// The database's own comment.
    Comment,
}

const KINDS: [(UndumpedKind, &str); 8] = [
    (UndumpedKind::Ownership, OWNERSHIP),
    (UndumpedKind::Rights, RIGHTS),
    (UndumpedKind::Tablespace, TABLESPACES),
    (UndumpedKind::Settings, SETTINGS),
    (UndumpedKind::Publication, PUBLICATIONS),
    (UndumpedKind::Subscription, SUBSCRIPTIONS),
    (UndumpedKind::Labels, LABELS),
    (UndumpedKind::Comment, COMMENT),
];

/// The kinds that belong to tables, functions and the like.
const OF_OBJECTS: [UndumpedKind; 3] = [
    UndumpedKind::Ownership,
    UndumpedKind::Rights,
    UndumpedKind::Tablespace,
];

/// All of it, by kind and name.
///
/// # Errors
/// The server's.
pub async fn undumped(connection: &Connection, scope: &Scope) -> Result<Vec<Undumped>, Error> {
    let mut found = Vec::new();
    let scoped = scope.sql();
    let kinds = KINDS.into_iter();
    for (kind, sql) in kinds.filter(|(kind, _)| scope.database || OF_OBJECTS.contains(kind)) {
        let sql = format!("WITH {scoped}, {OBJECTS} {sql}");
        let rows = connection.query(&sql, &[]).await;
        let rows = rows.map_err(Error::while_doing("looking for what no dump carries"))?;
        found.extend(rows.iter().map(|row| Undumped {
            kind,
            what: row.get(0),
        }));
    }
    Ok(found)
}

impl Scope {
    /// The tables that the questions look into.
    fn sql(&self) -> String {
        let list = |texts: Vec<String>| texts.join(", ");
        let relations = self.without_relations.iter();
        let relations = list(relations.map(|name| quote::literal(&name.sql())).collect());
        let schemas = self.without_schemas.iter();
        let schemas = list(schemas.map(|name| quote::literal(name)).collect());
        format!(
            "systems (oid) AS (
               SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema'),
             left_schemas (oid) AS (
               TABLE systems UNION ALL SELECT oid FROM pg_namespace WHERE nspname = ANY (ARRAY[{schemas}]::text[])),
             left_tables (oid) AS (SELECT to_regclass(name)::oid FROM unnest(ARRAY[{relations}]::text[]) name),
             left_relations (oid) AS (
               TABLE left_tables UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid IN (TABLE left_tables)),
             database (asked) AS (SELECT {})",
            self.database
        )
    }
}

/// People's objects that have an owner and rights of their own; `standard` are the rights that an
/// object has when nobody changed them.
const OBJECTS: &str = "\
    listed (kind, classid, objid, owner, rights, letter) AS (
      SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                            WHEN 'f' THEN 'foreign table' ELSE 'table' END,
             'pg_class'::regclass, c.oid, c.relowner, c.relacl, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"
      FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relnamespace NOT IN (SELECT oid FROM systems)
        AND c.oid NOT IN (SELECT oid FROM left_relations WHERE oid IS NOT NULL)
      UNION ALL SELECT 'function', 'pg_proc'::regclass, oid, proowner, proacl, 'f' FROM pg_proc
        WHERE pronamespace NOT IN (SELECT oid FROM left_schemas)
      UNION ALL SELECT 'type', 'pg_type'::regclass, t.oid, typowner, typacl, 'T' FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE typnamespace NOT IN (SELECT oid FROM left_schemas) AND (c.relkind = 'c' OR typtype IN ('e', 'd', 'r'))
      UNION ALL SELECT 'schema', 'pg_namespace'::regclass, oid, nspowner, nspacl, 'n' FROM pg_namespace
        WHERE oid NOT IN (SELECT oid FROM left_schemas)
      UNION ALL SELECT 'large object', 'pg_largeobject'::regclass, oid, lomowner, lomacl, 'L' FROM pg_largeobject_metadata, database WHERE asked
      UNION ALL SELECT 'language', 'pg_language'::regclass, oid, lanowner, lanacl, 'l' FROM pg_language, database WHERE lanispl AND asked
      UNION ALL SELECT 'foreign server', 'pg_foreign_server'::regclass, oid, srvowner, srvacl, 'S' FROM pg_foreign_server, database WHERE asked
      UNION ALL SELECT 'database', 'pg_database'::regclass, oid, datdba, datacl, 'd' FROM pg_database, database
        WHERE datname = current_database() AND asked),
    objects AS (
      SELECT l.*, COALESCE(i.initprivs, acldefault(letter, owner)) AS standard FROM listed l
      LEFT JOIN pg_init_privs i ON (i.classoid, i.objoid, i.objsubid) = (l.classid, l.objid, 0)
      WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND (d.classid, d.objid) = (l.classid, l.objid)))";

/// The role that came with the server owns what came with it.
const OWNERSHIP: &str = "
    SELECT format('ownership of %s by the role %s', string_agg(format('%s %s%s', number, kind, CASE number WHEN 1 THEN '' ELSE 's' END), ', '
             ORDER BY kind), pg_get_userbyid(owner))
    FROM (SELECT kind, owner, count(*) AS number FROM objects
          WHERE owner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
            AND NOT (kind = 'language' AND owner = 10) AND NOT (kind = 'schema' AND objid = 'public'::regnamespace)
          GROUP BY kind, owner) counted
    GROUP BY owner ORDER BY 1";

/// What was granted, and what was withdrawn from everybody or from an owner. 0 is everybody.
const RIGHTS: &str = ",
    granted AS (
      SELECT kind, o.classid, objid, owner, a.grantee, a.privilege_type FROM objects o CROSS JOIN LATERAL aclexplode(rights) a
      WHERE rights IS NOT NULL
      UNION ALL
      SELECT 'column', 'pg_class'::regclass, o.objid, o.owner, a.grantee, a.privilege_type FROM objects o
      JOIN pg_attribute f ON f.attrelid = o.objid CROSS JOIN LATERAL aclexplode(f.attacl) a
      WHERE o.classid = 'pg_class'::regclass AND NOT f.attisdropped
      UNION ALL
      SELECT 'default privilege', 'pg_default_acl'::regclass, d.oid, d.defaclrole, a.grantee, a.privilege_type
      FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) a 
      WHERE a.grantee <> d.defaclrole AND d.defaclnamespace NOT IN (SELECT oid FROM left_schemas)
        AND (d.defaclnamespace <> 0 OR (SELECT asked FROM database))),
    usual AS (
      SELECT kind, o.classid, objid, owner, a.grantee, a.privilege_type FROM objects o CROSS JOIN LATERAL aclexplode(standard) a
      WHERE rights IS NOT NULL),
    changed AS (
      SELECT 'of' AS withdrawn, * FROM (TABLE granted EXCEPT TABLE usual) given WHERE grantee <> owner
      UNION ALL SELECT 'withdrawn from', * FROM (TABLE usual EXCEPT TABLE granted) taken),
    counted AS (
      SELECT withdrawn, grantee, privilege_type, kind, count(DISTINCT objid) AS number FROM changed GROUP BY 1, 2, 3, 4)
    SELECT format('rights %s %s: %s', withdrawn,
             CASE grantee WHEN 0 THEN 'everybody (PUBLIC)' ELSE 'the role ' || pg_get_userbyid(grantee) END,
             string_agg(format('%s on %s %s%s', privilege_type, number, kind, CASE number WHEN 1 THEN '' ELSE 's' END), ', '
               ORDER BY kind, privilege_type))
    FROM counted GROUP BY withdrawn, grantee ORDER BY 1";

const TABLESPACES: &str = "
    SELECT format('tablespace %s of %s', t.spcname, string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text COLLATE \"C\"))
    FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace
    WHERE c.relnamespace NOT IN (SELECT oid FROM systems)
      AND c.oid NOT IN (SELECT oid FROM left_relations WHERE oid IS NOT NULL) GROUP BY t.spcname
    UNION ALL
    SELECT format('tablespace %s of the database', t.spcname) FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
    WHERE d.datname = current_database() AND t.spcname <> 'pg_default' AND (SELECT asked FROM database) ORDER BY 1";

/// Names only: a value may be a secret.
const SETTINGS: &str = "
    SELECT format('settings of %s: %s',
             concat_ws(' in ', CASE WHEN s.setrole <> 0 THEN 'the role ' || pg_get_userbyid(s.setrole) END,
                       CASE WHEN s.setdatabase <> 0 THEN 'the database' END),
             (SELECT string_agg(split_part(setting, '=', 1), ', ') FROM unnest(s.setconfig) setting))
    FROM pg_db_role_setting s
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1";

const PUBLICATIONS: &str =
    "SELECT format('publication %s', pubname) FROM pg_publication ORDER BY 1";

const SUBSCRIPTIONS: &str = "
    SELECT format('subscription %s', subname) FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1";

const LABELS: &str = "
    SELECT format('%s security labels of the provider %s', count(*), provider) FROM pg_seclabel GROUP BY provider ORDER BY 1";

const COMMENT: &str = "
    SELECT 'the comment on the database' FROM pg_database d
    WHERE d.datname = current_database() AND shobj_description(d.oid, 'pg_database') IS NOT NULL";
