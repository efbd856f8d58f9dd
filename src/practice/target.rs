//! Practice Neon: a database whose owner may do what a role of Neon's console may do, no more.
//!
//! Rights and limits are those of Neon's sources and documentation: the owner is no superuser but
//! a member of `neon_superuser`, cannot set `session_replication_role`, and may create the
//! extension `vector`. The relay in front of it plays Neon's proxy.

use super::error::Error;
use super::server::{Server, new_password, password_statement};
use crate::secret::Secret;

/// The database.
pub const DATABASE: &str = "neondb";
/// Its owner.
pub const OWNER: &str = "neondb_owner";
/// The superuser's name on Neon. So there is no role `postgres` here, as there is none on Neon.
pub(super) const SUPERUSER: &str = "cloud_admin";

/// Settings of a small compute on the free plan; `neon.max_cluster_size` is only told, not
/// enforced, and grows with the sample so that a practice run is not said to be too big.
pub(super) fn settings(documents: u64) -> String {
    let size = if documents <= 50_000 {
        "512MB"
    } else {
        "16384MB"
    };
    format!(
        "max_connections = 104\n\
         superuser_reserved_connections = 7\n\
         maintenance_work_mem = 64MB\n\
         idle_in_transaction_session_timeout = 5min\n\
         neon.max_cluster_size = '{size}'\n"
    )
}

/// Makes roles and database where they are missing, and gives the owner a new password.
pub(super) async fn prepare(server: &Server, vector_trusted: bool) -> Result<Secret, Error> {
    let admin = server.connect("postgres").await?;
    let sql = Error::sql("making the practice Neon");
    admin.client.batch_execute(ROLES).await.map_err(sql)?;
    let there = admin
        .client
        .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE])
        .await
        .map_err(Error::sql("looking for the database"))?;
    if there.is_none() {
        let create = format!("CREATE DATABASE {DATABASE} OWNER {OWNER}");
        admin
            .client
            .batch_execute(&create)
            .await
            .map_err(Error::sql("making the database"))?;
    }
    if !vector_trusted {
        // Without trust only a superuser may create it; on Neon anybody may.
        let superuser = server.connect(DATABASE).await?;
        let create = "CREATE EXTENSION IF NOT EXISTS vector";
        superuser
            .client
            .batch_execute(create)
            .await
            .map_err(Error::sql("creating pgvector"))?;
    }
    let password = new_password()?;
    let statement = password_statement(OWNER, &password);
    admin
        .client
        .batch_execute(&statement)
        .await
        .map_err(Error::sql("setting the password"))?;
    Ok(password)
}

const ROLES: &str = "
DO $$
BEGIN
    IF to_regrole('neon_superuser') IS NULL THEN
        CREATE ROLE neon_superuser NOLOGIN CREATEROLE CREATEDB BYPASSRLS REPLICATION;
        GRANT pg_read_all_data, pg_write_all_data TO neon_superuser;
        GRANT pg_monitor TO neon_superuser WITH ADMIN OPTION;
        IF to_regrole('pg_create_subscription') IS NOT NULL THEN
            GRANT pg_create_subscription TO neon_superuser;
        END IF;
    END IF;
    IF to_regrole('neondb_owner') IS NULL THEN
        CREATE ROLE neondb_owner LOGIN NOSUPERUSER INHERIT CREATEROLE CREATEDB BYPASSRLS
            REPLICATION IN ROLE neon_superuser;
    END IF;
END
$$";
