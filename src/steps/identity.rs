//! Which database a connection leads to, whatever name or port it was reached by.

use crate::postgres::{Connection, Error};
use crate::session::Identity;

/// The SQLSTATE of a refused right.
const REFUSED: &str = "42501";

pub(super) async fn identity(connection: &Connection) -> Result<Identity, Error> {
    // Branches of a Neon project have system identifier, name and OID in common; their timelines
    // differ. Elsewhere there is no such setting.
    let database = connection.query_one(
        "SELECT datname::text, oid, NULLIF(current_setting('neon.timeline_id', true), '')
         FROM pg_catalog.pg_database WHERE datname = current_database()",
        &[],
    );
    let (row, system) = tokio::join!(database, system(connection));
    let row = row.map_err(Error::while_doing("asking which database this is"))?;
    let database: String = row.get(0);
    let system = match system {
        Err(error) if error.sqlstate() == Some(REFUSED) => unknown_at(connection, &database),
        known => known?,
    };
    Ok(Identity {
        system,
        database,
        oid: row.get(1),
        branch: row.get(2),
    })
}

async fn system(connection: &Connection) -> Result<String, Error> {
    let sql = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()";
    let row = connection
        .query_one(sql, &[])
        .await
        .map_err(Error::while_doing("asking which server this is"))?;
    Ok(row.get(0))
}

/// What stands for a server that does not say who it is: the place where it was reached.
fn unknown_at(connection: &Connection, database: &str) -> String {
    let endpoint = connection.endpoint();
    let server = endpoint.strip_suffix(database).unwrap_or(endpoint);
    format!("unknown at {}", server.trim_end_matches('/'))
}
