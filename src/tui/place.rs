//! Names for the two databases, short enough for the title line.

use super::lines::{cut, width};
use super::theme::Theme;

/// Host and database of a connection string: what tells it apart. Never a user, a password or a
/// parameter.
pub(super) fn name(url: &str) -> String {
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
    address.to_owned()
}

/// Both names, in `cells` cells together: the hosts give way, the databases stay as long as there
/// is room for them.
pub(super) fn pair(source: &str, target: &str, cells: usize, theme: Theme) -> (String, String) {
    let (source, target) = (name(source), name(target));
    let (s, t) = (width(&source), width(&target));
    if s + t <= cells {
        return (source, target);
    }
    // The shorter one stays whole when the other can give way alone.
    let half = cells / 2;
    let room = match (s <= half, t <= half) {
        (true, _) => (s, cells - s),
        (_, true) => (cells - t, t),
        _ => (half, cells - half),
    };
    (
        shortened(&source, room.0, theme),
        shortened(&target, room.1, theme),
    )
}

fn shortened(name: &str, cells: usize, theme: Theme) -> String {
    if width(name) <= cells {
        return name.to_owned();
    }
    let Some((host, database)) = name.rsplit_once('/') else {
        return cut(name, cells, theme);
    };
    let room = cells.saturating_sub(width(database) + 1);
    if room < 6 {
        return cut(name, cells, theme);
    }
    format!("{}/{database}", cut(host, room, theme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_host_and_database_alone() {
        assert_eq!(
            name("postgresql://me:pw@h:5432/db?sslmode=require"),
            "h:5432/db"
        );
        assert_eq!(name("postgresql://h/db"), "h/db");
    }

    #[test]
    fn the_host_gives_way() {
        let (source, target) = pair(
            "postgresql://u@localhost/chat",
            "postgresql://u@ep-cool-forest-123456.eu-central-1.aws.neon.tech/neondb",
            50,
            Theme { ascii: false },
        );
        assert_eq!(source, "localhost/chat");
        assert_eq!(target, "ep-cool-forest-123456.eu-cen…/neondb");
    }
}
