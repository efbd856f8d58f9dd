//! The end of the transaction that takes rows over: whether they were is known, whatever happens to its
//! answer.

use super::{Error, Since};
use crate::postgres::{Connection, Error as PostgresError, Retrying};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How the SQLSTATEs begin with which a server ends a session (`operator_intervention`).
const LEAVES: &str = "57";

/// So long the old server is asked what became of a transaction whose end was not answered, with these
/// pauses while it has not noticed yet that it was left.
const ASKING_LIMIT: Duration = Duration::from_secs(20);
const ASKING_PAUSE: Duration = Duration::from_millis(200);

impl Since<'_> {
    /// Ends the transaction. Where its answer is lost with the session, or a person does not wait for it,
    /// the server is asked over another one what became of it.
    pub(super) async fn kept(&self, session: &Connection, id: i64) -> Result<(), Error> {
        let ended = tokio::select! {
            biased;
            ended = session.batch("keeping what was taken over", "COMMIT") => ended,
            () = self.cancel.cancelled() => Err(PostgresError::Cancelled),
        };
        let Err(error) = ended else {
            return Ok(());
        };
        if error
            .sqlstate()
            .is_some_and(|state| !state.starts_with(LEAVES))
        {
            return Err(Error::NotTakenOver(error));
        }
        let asked = self.is_committed(id);
        match tokio::time::timeout(ASKING_LIMIT, asked).await {
            Ok(Ok(Some(true))) => Ok(()),
            Ok(Ok(Some(false))) => Err(Error::NotTakenOver(error)),
            untold => {
                tracing::warn!(?untold, "what became of the transaction is not known");
                Err(Error::PerhapsTakenOver(error))
            }
        }
    }

    /// Whether a transaction that has ended, or is about to, was committed; `None` if the server does not
    /// know it any more.
    async fn is_committed(&self, id: i64) -> Result<Option<bool>, PostgresError> {
        // Also when the work is stopped.
        let own = CancellationToken::new();
        let session = Connection::open(self.source, &Retrying::default(), &own).await?;
        let doing = "asking what became of a transaction";
        loop {
            let row = session.query_one("SELECT txid_status($1)", &[&id]).await;
            let row = row.map_err(|error| session.failed(doing, error))?;
            match row.get(0) {
                Some("in progress") => tokio::time::sleep(ASKING_PAUSE).await,
                status => return Ok(status.map(|status| status == "committed")),
            }
        }
    }
}
