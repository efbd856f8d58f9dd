//! A new database on the old server. Until it is whole, its name and its comment say that it is not; what
//! a killed program left half made is dropped by the next one.

use super::Error;
use crate::postgres::{
    Connection, ConnectionString, Error as PostgresError, Retrying, catalogue, quote,
};
use jiff::civil::DateTime;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bytes that a name may have (`NAMEDATALEN`, less its last byte).
const LONGEST_NAME: usize = 63;

/// What stands behind the name of a database that is not whole.
const UNFINISHED: &str = "_unfinished";

/// The comment on a database that is not whole: what bears it may be dropped once its maker is gone.
const HALF_MADE: &str = "neonlift: half made; dropped by its next recovery or rehearsal";

/// So long a database that is not whole is tried to be dropped when the work has failed.
const CLEANING_LIMIT: Duration = Duration::from_secs(20);

/// From here on `DROP DATABASE` can end the sessions in it.
const WITH_FORCE: u32 = 130_000;

/// A name that says what a database is for: `<database>_<what>_<date>_<time>`, no longer than PostgreSQL
/// takes, also while it is unfinished.
pub(super) fn name_for(what: &str, database: &str, at: DateTime) -> String {
    let suffix = format!("_{what}_{}", at.strftime("%Y%m%d_%H%M%S"));
    let room = LONGEST_NAME - UNFINISHED.len() - suffix.len();
    format!("{}{suffix}", cut(database, room))
}

/// A new, empty database on the old server that is being filled.
pub(super) struct HalfMade<'a> {
    /// To the old database; as long as it lives, nobody takes the new one for left behind.
    session: Connection,
    source: &'a ConnectionString,
    name: String,
}

impl<'a> HalfMade<'a> {
    /// Drops what killed programs left, and makes a database that will be called `whole`.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::MayNotCreate`], [`Error::Source`].
    pub(super) async fn make(
        source: &'a ConnectionString,
        whole: &str,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let session = Connection::open(source, &Retrying::default(), cancel).await;
        let session = session.map_err(Error::Source)?;
        may_create(&session, source).await?;
        let sole = alone(&session, source.database()).await;
        if sole.map_err(Error::Source)? {
            drop_abandoned(&session, source, cancel).await?;
        }
        let shared = format!(
            "SELECT pg_advisory_lock_shared({key}), pg_advisory_unlock({key})",
            key = key(source.database())
        );
        let locked = session.batch("marking that a database is made", &shared);
        locked.await.map_err(Error::Source)?;
        let name = format!(
            "{}{UNFINISHED}",
            cut(whole, LONGEST_NAME - UNFINISHED.len())
        );
        for name in [whole, &name] {
            free(&session, name).await?;
        }
        create(&session, &name).await?;
        let made = Self {
            session,
            source,
            name,
        };
        match comment(&made.session, &made.name, HALF_MADE).await {
            Ok(()) => Ok(made),
            Err(error) => Err(made.give_up(Error::Source(error)).await),
        }
    }

    /// Its name for now.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// It is whole: gets its name.
    ///
    /// # Errors
    /// [`Error::Source`]; then it is dropped. [`Error::LeftBehind`].
    pub(super) async fn finish(self, whole: &str) -> Result<(), Error> {
        let [from, to] = [&self.name, whole].map(quote::identifier);
        let told = quote::literal("Restored by neonlift from what the target held");
        let rename =
            format!("ALTER DATABASE {from} RENAME TO {to}; COMMENT ON DATABASE {to} IS {told}");
        let Err(error) = self.session.batch("naming the new database", &rename).await else {
            self.session.close().await;
            return Ok(());
        };
        // The answer may have been lost, and not the name: both statements are one transaction.
        let error = Error::Source(error);
        match self.is_there(whole).await {
            Some(true) => Ok(()),
            Some(false) => Err(self.give_up(error).await),
            None => Err(Error::LeftBehind {
                names: vec![self.name, whole.to_owned()],
                why: Box::new(error),
            }),
        }
    }

    /// Whether there is a database of this name; `None` when the server cannot be asked.
    async fn is_there(&self, name: &str) -> Option<bool> {
        let looking = async {
            let own = CancellationToken::new();
            let session = Connection::open(self.source, &Retrying::default(), &own).await;
            let found = free(&session.map_err(Error::Source)?, name).await;
            Ok::<_, Error>(matches!(found, Err(Error::Exists(_))))
        };
        let looked = tokio::time::timeout(CLEANING_LIMIT, looking).await;
        looked.ok()?.ok()
    }

    /// Drops it because of this error, which then also tells if it stays.
    pub(super) async fn give_up(self, why: Error) -> Error {
        match self.drop().await {
            Ok(()) => why,
            Err(name) => Error::LeftBehind {
                names: vec![name],
                why: Box::new(why),
            },
        }
    }

    /// Drops it.
    ///
    /// # Errors
    /// The name under which it stays, which says what it is, for the next one to drop.
    pub(super) async fn drop(self) -> Result<(), String> {
        let Self {
            session,
            source,
            name,
        } = self;
        session.close().await;
        let dropping = async {
            let own = CancellationToken::new();
            let session = Connection::open(source, &Retrying::default(), &own).await?;
            drop_database(&session, &name).await?;
            session.close().await;
            Ok::<_, PostgresError>(())
        };
        match tokio::time::timeout(CLEANING_LIMIT, dropping).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => tracing::warn!(name, %error, "a database made here is not dropped"),
            Err(late) => tracing::warn!(name, %late, "a database made here is not dropped"),
        }
        Err(name)
    }
}

/// The advisory lock of those who make databases from this one: any number of makers share it.
fn key(database: &str) -> i64 {
    let hash = Sha256::digest(format!("neonlift makes a database from {database}"));
    // A hash of 32 bytes has a first chunk of 8.
    hash.first_chunk()
        .map_or(0, |begin| i64::from_be_bytes(*begin))
}

/// Whether no other program makes a database from this one now; then nobody begins to, either, until the
/// lock is let go.
async fn alone(session: &Connection, database: &str) -> Result<bool, PostgresError> {
    let sql = format!("SELECT pg_try_advisory_lock({})", key(database));
    let row = session.query_one(&sql, &[]).await;
    let failed = PostgresError::while_doing("asking whether another program makes a database");
    Ok(row.map_err(failed)?.get(0))
}

/// Drops the databases that a killed program left half made: with its comment, or with its kind of name
/// and without a table, when it was killed before it could comment.
async fn drop_abandoned(
    session: &Connection,
    source: &ConnectionString,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let sql = "SELECT datname::text, shobj_description(oid, 'pg_database') = $1 IS TRUE
               FROM pg_database
               WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
                 AND left(datname::text, length($2)) = $2
                 AND datname::text ~ '_(recovered|rehearsal)_[0-9]{8}_[0-9]{6}_unfinished$'
                 AND coalesce(shobj_description(oid, 'pg_database'), $1) = $1";
    let begin = cut(source.database(), begin_of_all_names());
    let rows = session.query(sql, &[&HALF_MADE, &begin]).await;
    let failed = PostgresError::while_doing("looking for databases left half made");
    for row in rows.map_err(failed).map_err(Error::Source)? {
        let (name, is_ours) = (row.get::<_, String>(0), row.get(1));
        let dropped = async {
            if is_ours || is_empty(&source.clone().with_database(&name), cancel).await? {
                tracing::info!(
                    name,
                    "dropping a database that a killed program left half made"
                );
                drop_database(session, &name).await?;
            }
            Ok(())
        };
        dropped.await.map_err(Error::Source)?;
    }
    Ok(())
}

/// As many bytes of the database's name as stand in every name made from it.
fn begin_of_all_names() -> usize {
    LONGEST_NAME - UNFINISHED.len() - "_recovered_20261122_235901".len()
}

async fn is_empty(
    place: &ConnectionString,
    cancel: &CancellationToken,
) -> Result<bool, PostgresError> {
    let session = Connection::open(place, &Retrying::default(), cancel).await?;
    let tables = catalogue::tables(&session).await?;
    session.close().await;
    Ok(tables.is_empty())
}

async fn drop_database(session: &Connection, name: &str) -> Result<(), PostgresError> {
    let force = match session.server_version().await? >= WITH_FORCE {
        true => " WITH (FORCE)",
        false => "",
    };
    let sql = format!("DROP DATABASE IF EXISTS {}{force}", quote::identifier(name));
    session
        .batch("dropping a database left half made", &sql)
        .await
}

async fn comment(session: &Connection, name: &str, text: &str) -> Result<(), PostgresError> {
    let (name, text) = (quote::identifier(name), quote::literal(text));
    let sql = format!("COMMENT ON DATABASE {name} IS {text}");
    session.batch("commenting on the new database", &sql).await
}

async fn may_create(session: &Connection, source: &ConnectionString) -> Result<(), Error> {
    let sql = "SELECT rolcreatedb OR rolsuper, current_user::text FROM pg_roles WHERE rolname = current_user";
    let row = session.query_one(sql, &[]).await;
    let failed = PostgresError::while_doing("asking for the right to create a database");
    let row = row.map_err(failed).map_err(Error::Source)?;
    match row.get(0) {
        true => Ok(()),
        false => Err(Error::MayNotCreate {
            role: row.get(1),
            endpoint: source.endpoint(),
        }),
    }
}

async fn free(session: &Connection, name: &str) -> Result<(), Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    let row = session.query_one(sql, &[&name]).await;
    let failed = PostgresError::while_doing("looking for a database");
    match row.map_err(failed).map_err(Error::Source)?.get(0) {
        false => Ok(()),
        true => Err(Error::Exists(name.to_owned())),
    }
}

/// Creates it with UTF-8, which a dump of Neon is in, and with the collation of the old database where
/// that has UTF-8 too.
async fn create(session: &Connection, name: &str) -> Result<(), Error> {
    let sql = "SELECT CASE pg_encoding_to_char(encoding) WHEN 'UTF8' THEN datcollate ELSE 'C' END,
                      CASE pg_encoding_to_char(encoding) WHEN 'UTF8' THEN datctype ELSE 'C' END
               FROM pg_database WHERE datname = current_database()";
    let row = session.query_one(sql, &[]).await;
    let failed = PostgresError::while_doing("reading the database's collation");
    let row = row.map_err(failed).map_err(Error::Source)?;
    let [collate, ctype] = [0, 1].map(|at| quote::literal(row.get(at)));
    let create = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {collate} LC_CTYPE {ctype}",
        quote::identifier(name)
    );
    let created = session.batch("creating a database", &create).await;
    created.map_err(|error| match error.sqlstate() {
        Some("42P04") => Error::Exists(name.to_owned()),
        _ => Error::Source(error),
    })
}

/// As much of a text as fits into so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let ends = text
        .char_indices()
        .map(|(at, letter)| at + letter.len_utf8());
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_new_name_says_what_it_is_and_fits() {
        let at = date(2026, 11, 22).at(23, 59, 1, 0);
        let name = name_for("recovered", "songs", at);
        assert_eq!(name, "songs_recovered_20261122_235901");
        for what in ["recovered", "rehearsal"] {
            let database = "ä".repeat(31);
            let long = format!("{}{UNFINISHED}", name_for(what, &database, at));
            assert!(long.len() <= LONGEST_NAME, "{long}");
            assert!(
                long.starts_with(cut(&database, begin_of_all_names())),
                "{long}"
            );
        }
    }
}
