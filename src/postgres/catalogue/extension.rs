//! Extensions, and the rows that people put into their tables.

use super::TableName;
use crate::postgres::{Connection, Error};
use std::collections::HashSet;

/// An extension as it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The schema of its objects.
    pub schema: String,
}

/// The installed extensions apart from `plpgsql`, which every database has.
pub async fn extensions(connection: &Connection) -> Result<Vec<Extension>, Error> {
    let rows = connection
        .query(
            "SELECT e.extname, e.extversion, n.nspname FROM pg_extension e
             JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname <> 'plpgsql' ORDER BY 1",
            &[],
        )
        .await
        .map_err(Error::while_doing("listing the extensions"))?;
    Ok(rows
        .iter()
        .map(|row| Extension {
            name: row.get(0),
            version: row.get(1),
            schema: row.get(2),
        })
        .collect())
}

/// Rows that people put into a table of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionRows {
    /// The extension.
    pub extension: String,
    /// Its table.
    pub table: TableName,
    /// How many rows, apart from those that the extension brings itself.
    pub rows: u64,
}

/// The extensions' configuration tables that hold people's rows. An extension names such tables,
/// and says by a condition which rows are not its own, with `pg_extension_config_dump`
/// ("38.17.3. Extension Configuration Tables" of PostgreSQL's manual).
pub async fn extension_rows(connection: &Connection) -> Result<Vec<ExtensionRows>, Error> {
    let doing = || "reading the extensions' configuration tables";
    let tables = connection
        .query(
            "SELECT e.extname, n.nspname, c.relname, COALESCE(named.condition, '')
             FROM pg_extension e
             CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS named(oid, condition)
             JOIN pg_class c ON c.oid = named.oid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')
               AND has_schema_privilege(n.oid, 'USAGE')
             ORDER BY 1, 2, 3",
            &[],
        )
        .await
        .map_err(Error::while_doing(doing()))?;
    let mut found = Vec::new();
    for row in &tables {
        let table = TableName::of(row, 1);
        let condition: String = row.get(3);
        let sql = format!("SELECT count(*) FROM {} {condition}", table.sql());
        let counted = connection.query_one(&sql, &[]).await;
        let counted: i64 = counted.map_err(Error::while_doing(doing()))?.get(0);
        found.push(ExtensionRows {
            extension: row.get(0),
            table,
            rows: u64::try_from(counted).unwrap_or(0),
        });
    }
    found.retain(|found| found.rows > 0);
    Ok(found)
}

/// The newest version of an extension that the server could install; `None` when it has none.
pub async fn available_extension(
    connection: &Connection,
    name: &str,
) -> Result<Option<String>, Error> {
    let row = connection
        .query_opt(
            "SELECT default_version FROM pg_available_extensions WHERE name = $1",
            &[&name],
        )
        .await
        .map_err(Error::while_doing("listing the available extensions"))?;
    Ok(row.map(|row| row.get(0)))
}

/// SQL that names what depends on something, from the columns of a `pg_depend d`. What a view needs,
/// its rule needs: for people that is the view.
pub const DEPENDENT: &str =
    "regexp_replace(pg_describe_object(d.classid, d.objid, d.objsubid), '^rule _RETURN on ', '')";

/// What people made with an extension's objects: columns of its types, indexes of its operators.
pub async fn dependents(connection: &Connection, extension: &str) -> Result<Vec<String>, Error> {
    let rows = connection
        .query(
            &format!(
                "WITH RECURSIVE members (classid, objid) AS (
               SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
               WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = $1
               -- Array types belong to their element types.
               UNION SELECT d.classid, d.objid FROM pg_depend d
               JOIN members m ON (d.refclassid, d.refobjid) = (m.classid, m.objid)
               WHERE d.deptype = 'i')
             SELECT DISTINCT {DEPENDENT} COLLATE \"C\"
             FROM pg_depend d JOIN members m ON (d.refclassid, d.refobjid) = (m.classid, m.objid)
             WHERE d.deptype IN ('n', 'a')
               AND d.classid NOT IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
               AND (d.classid, d.objid) NOT IN (TABLE members)
               AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.deptype = 'e'
                               AND (o.classid, o.objid) = (d.classid, d.objid))
             ORDER BY 1"
            ),
            &[&extension],
        )
        .await
        .map_err(Error::while_doing("asking what depends on an extension"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The names of all functions, types and operators that extensions brought and PostgreSQL has not,
/// each behind its extension's.
pub async fn brought_names(connection: &Connection) -> Result<Vec<(String, String)>, Error> {
    let rows = connection
        .query(
            "SELECT DISTINCT e.extname::text, m.name::text FROM (
               SELECT 'pg_proc'::regclass, oid, proname FROM pg_proc
               UNION ALL SELECT 'pg_type'::regclass, oid, typname FROM pg_type
               UNION ALL SELECT 'pg_operator'::regclass, oid, oprname FROM pg_operator o
                 WHERE NOT EXISTS (SELECT FROM pg_operator b WHERE b.oprname = o.oprname
                                   AND b.oprnamespace = 'pg_catalog'::regnamespace)
             ) AS m (classid, objid, name)
             JOIN pg_depend d ON (d.classid, d.objid, d.deptype) = (m.classid, m.objid, 'e')
             JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
             ORDER BY 1, 2",
            &[],
        )
        .await
        .map_err(Error::while_doing("listing what the extensions bring"))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The names of all extensions that the server could install.
pub async fn offered_extensions(connection: &Connection) -> Result<HashSet<String>, Error> {
    let sql = "SELECT name FROM pg_available_extensions";
    let rows = connection.query(sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("listing the available extensions"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
