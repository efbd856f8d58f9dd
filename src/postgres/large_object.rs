//! Large objects: which there are, and their bytes, read in pieces so that none has to fit into
//! memory. Only functions that every role may call ("35.4. Server-Side Functions" of PostgreSQL's
//! manual): the table `pg_largeobject` itself is open to superusers only.

use super::{Connection, Error};
use crate::figures::hex;
use sha2::{Digest, Sha256};
use tokio_postgres::types::Oid;

/// What is read about objects as long as no object's bytes are held here.
const HASHED_PIECE: i32 = 16 << 20;

/// The schema of [`TABLE`].
pub const SCHEMA: &str = "pg_catalog";

/// The table that large objects are in: what reports name them by.
pub const TABLE: &str = "pg_largeobject";

/// Objects that are looked at together: a round trip for many small ones.
const BATCH: i64 = 64;

/// How many large objects there are.
///
/// # Errors
/// The server's.
pub async fn count(connection: &Connection) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM pg_largeobject_metadata";
    let row = connection
        .query_one(sql, &[])
        .await
        .map_err(Error::while_doing("counting large objects"))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// How many large objects this role may not read. (No function tells before PostgreSQL 18.)
///
/// # Errors
/// The server's.
pub async fn unreadable(connection: &Connection) -> Result<u64, Error> {
    let row = connection
        .query_one(
            "SELECT count(*) FROM pg_largeobject_metadata o
             WHERE NOT current_setting('lo_compat_privileges')::bool
               AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
               AND NOT pg_has_role(o.lomowner, 'USAGE')
               AND NOT EXISTS (SELECT FROM aclexplode(o.lomacl) granted
                               WHERE granted.privilege_type = 'SELECT'
                                 AND (granted.grantee = 0 OR pg_has_role(granted.grantee, 'USAGE')))",
            &[],
        )
        .await
        .map_err(Error::while_doing("asking for rights on large objects"))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// The next objects' numbers, in order, after this one.
///
/// # Errors
/// The server's.
pub async fn after(
    connection: &Connection,
    last: Option<Oid>,
    limit: i64,
) -> Result<Vec<Oid>, Error> {
    let rows = connection
        .query(
            "SELECT oid FROM pg_largeobject_metadata WHERE $1::oid IS NULL OR oid > $1
             ORDER BY oid LIMIT $2",
            &[&last, &limit],
        )
        .await
        .map_err(Error::while_doing("listing the large objects"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A piece of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The object.
    pub oid: Oid,
    /// Its bytes; fewer than were asked for at the object's end.
    pub bytes: Vec<u8>,
    /// The object's comment.
    pub comment: Option<String>,
}

/// A piece of each of these objects, in their order.
///
/// # Errors
/// The server's; 42501 when the role may not read one of them.
pub async fn read(
    connection: &Connection,
    objects: &[Oid],
    from: i64,
    length: i32,
) -> Result<Vec<Piece>, Error> {
    let rows = connection
        .query(
            "SELECT oid, lo_get(oid, $2, $3), obj_description(oid, 'pg_largeobject')
             FROM unnest($1::oid[]) WITH ORDINALITY AS asked(oid, place) ORDER BY place",
            &[&objects, &from, &length],
        )
        .await
        .map_err(Error::while_doing("reading large objects"))?;
    Ok(rows
        .iter()
        .map(|row| Piece {
            oid: row.get(0),
            bytes: row.get(1),
            comment: row.get(2),
        })
        .collect())
}

/// How many objects there are, and a SHA-256 in hexadecimal over all numbers and bytes. The bytes
/// are hashed by the server, piece by piece. With `among`, only of the objects whose numbers that
/// database has too.
///
/// # Errors
/// The server's.
pub async fn digest(
    connection: &Connection,
    among: Option<&Connection>,
) -> Result<(u64, String), Error> {
    let (mut objects, mut hash) = (0, Sha256::new());
    let mut last = None;
    loop {
        let batch = after(among.unwrap_or(connection), last, BATCH).await?;
        let Some(end) = batch.last() else { break };
        last = Some(*end);
        let mut open = match among {
            Some(_) => present(connection, &batch).await?,
            None => batch,
        };
        objects += open.len() as u64;
        let mut from = 0;
        while !open.is_empty() {
            open = digest_pieces(connection, &open, from, &mut hash).await?;
            from += i64::from(HASHED_PIECE);
        }
    }
    Ok((objects, hex(&hash.finalize())))
}

/// Those of these objects that there are, in order.
async fn present(connection: &Connection, objects: &[Oid]) -> Result<Vec<Oid>, Error> {
    let sql = "SELECT oid FROM pg_largeobject_metadata WHERE oid = ANY ($1) ORDER BY oid";
    let rows = connection.query(sql, &[&objects]).await;
    let rows = rows.map_err(Error::while_doing("listing the large objects"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Hashes a piece of each of these objects; gives those that have more.
async fn digest_pieces(
    connection: &Connection,
    objects: &[Oid],
    from: i64,
    hash: &mut Sha256,
) -> Result<Vec<Oid>, Error> {
    let rows = connection
        .query(
            "SELECT oid, length(piece), md5(piece)
             FROM (SELECT oid, lo_get(oid, $2, $3) AS piece, place
                   FROM unnest($1::oid[]) WITH ORDINALITY AS asked(oid, place) OFFSET 0) pieces
             ORDER BY place",
            &[&objects, &from, &HASHED_PIECE],
        )
        .await
        .map_err(Error::while_doing("hashing large objects"))?;
    let mut open = Vec::new();
    for row in &rows {
        let (oid, length, md5): (Oid, i32, &str) = (row.get(0), row.get(1), row.get(2));
        hash.update(format!("{oid} {from} {length} {md5}\n"));
        if length == HASHED_PIECE {
            open.push(oid);
        }
    }
    Ok(open)
}
