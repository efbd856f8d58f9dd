//! How many connections the application may open.

use super::super::Error;
use crate::config;
use crate::figures::{counted, grouped};
use crate::postgres::{Connection, ConnectionString};
use crate::session::report::Check;

/// Clients that Neon's pooler takes (its documentation, "Connection pooling").
const POOLED_CLIENTS: u64 = 10_000;

/// The share of a compute's connections that its pooler uses for one role and database.
const POOLED_SHARE: f64 = 0.9;

/// The guides' pool: ten connections, five on a small compute.
const USUAL: u64 = 5;

pub(super) async fn advice(
    connection: &Connection,
    place: &ConnectionString,
    application: &config::Application,
) -> Result<Check, Error> {
    let sql = "SELECT current_setting('max_connections')::bigint
                      - current_setting('superuser_reserved_connections')::bigint,
                      (SELECT count(*) FROM pg_catalog.pg_stat_activity
                       WHERE backend_type = 'client backend')";
    let row = connection.query_one(sql, &[]).await;
    let row =
        row.map_err(|error| connection.failed("asking for the limit of connections", error))?;
    let number = |at: usize| u64::try_from(row.get::<_, i64>(at)).unwrap_or(0);
    Ok(reckoned(
        (number(0), number(1)),
        place.is_pooled(),
        application,
    ))
}

fn reckoned(
    (limit, used): (u64, u64),
    is_pooled: bool,
    application: &config::Application,
) -> Check {
    const NAME: &str = "Connection pool";
    let instances = application.instances.map_or(1, u64::from);
    let Some(size) = application.pool_size.map(u64::from) else {
        let takes = format!("the target takes {limit} connections directly, {used} in use now");
        let pooled = match is_pooled {
            true => format!(", and {} through its pooler", grouped(POOLED_CLIENTS)),
            false => String::new(),
        };
        let found = format!("{takes}{pooled}; start with a pool of {USUAL} for each instance");
        return Check::good(NAME, found);
    };
    let wanted = size * instances;
    let words = format!(
        "{} of {size} need {}",
        counted(instances, "pool"),
        counted(wanted, "connection")
    );
    let at_once = (limit as f64 * POOLED_SHARE) as u64;
    let (room, told) = match is_pooled {
        true => (
            POOLED_CLIENTS,
            format!(
                "the pooler takes {}, {at_once} of them at work at once",
                grouped(POOLED_CLIENTS)
            ),
        ),
        false => (
            limit.saturating_sub(used),
            format!("the target takes {limit}, {used} in use now"),
        ),
    };
    let check = match (wanted <= room, wanted <= at_once || !is_pooled) {
        (true, true) => return Check::good(NAME, format!("{words}; {told}")),
        _ => Check::warning(NAME, format!("{words}; {told}")),
    };
    let each = (room.min(at_once) / instances.max(1)).max(1);
    check.advise(format!("Use a smaller pool, at most {each} for each instance, or a larger compute; look for connections that are never given back."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::Verdict;

    fn application(pool_size: u32, instances: u32) -> config::Application {
        config::Application {
            pool_size: Some(pool_size),
            instances: Some(instances),
            ..config::Application::default()
        }
    }

    #[test]
    fn pools_that_do_not_fit_are_told() {
        let of = |size, instances, pooled| {
            let check = reckoned((97, 7), pooled, &application(size, instances));
            (check.verdict, check.advice.concat())
        };
        assert_eq!(of(10, 4, false).0, Verdict::Good);
        let (verdict, advice) = of(10, 10, false);
        assert_eq!(verdict, Verdict::Warning);
        assert!(advice.contains("at most 8 "), "{advice}");
        assert_eq!(of(10, 8, true).0, Verdict::Good);
        assert_eq!(of(10, 10, true).0, Verdict::Warning);
    }
}
