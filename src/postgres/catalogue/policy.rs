//! Row-level security policies and the roles that they are for.

use super::{TableName, USERS_OWN};
use crate::postgres::{Connection, Error};
use std::collections::HashSet;
use tokio_postgres::Row;

/// A policy that is for certain roles (`CREATE POLICY … TO …`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRoles {
    /// The policy's table.
    pub table: TableName,
    /// The policy's name.
    pub name: String,
    /// What pg_dump calls a comment on it: `POLICY own ON private`.
    pub comment: String,
    /// The roles, without PUBLIC.
    pub roles: Vec<String>,
}

/// The policies that are for certain roles.
///
/// # Errors
/// The server's.
pub async fn policy_roles(connection: &Connection) -> Result<Vec<PolicyRoles>, Error> {
    let sql = format!(
        "SELECT n.nspname, c.relname, p.polname,
                format('POLICY %s ON %s', quote_ident(p.polname), quote_ident(c.relname)),
                ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (p.polroles) ORDER BY rolname)
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE p.polroles <> '{{0}}' AND {USERS_OWN}"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("reading the policies' roles"))?;
    let policy = |row: &Row| PolicyRoles {
        table: TableName {
            schema: row.get(0),
            name: row.get(1),
        },
        name: row.get(2),
        comment: row.get(3),
        roles: row.get(4),
    };
    Ok(rows.iter().map(policy).collect())
}

/// The roles that a server has.
///
/// # Errors
/// The server's.
pub async fn role_names(connection: &Connection) -> Result<HashSet<String>, Error> {
    let rows = connection.query("SELECT rolname FROM pg_roles", &[]).await;
    let rows = rows.map_err(Error::while_doing("listing the roles"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
