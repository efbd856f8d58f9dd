//! Names for the two databases, short enough for the title line.

use super::lines::{cut, width};
use super::theme::Theme;
use crate::session::standing::name;

/// With fewer cells than these for the host, the port gives way.
const LEAST_HOST: usize = 8;

/// Both names, in `cells` cells together: the hosts give way, the databases stay as long as there
/// is room for them.
pub(super) fn pair(source: &str, target: &str, cells: usize, theme: Theme) -> (String, String) {
    let (source, target) = (name(source), name(target));
    let (s, t) = (width(source), width(target));
    if s + t <= cells {
        return (source.to_owned(), target.to_owned());
    }
    // The shorter one stays whole when the other can give way alone.
    let half = cells / 2;
    let room = match (s <= half, t <= half) {
        (true, _) => (s, cells - s),
        (_, true) => (cells - t, t),
        _ => (half, cells - half),
    };
    (
        shortened(source, room.0, theme),
        shortened(target, room.1, theme),
    )
}

fn shortened(name: &str, cells: usize, theme: Theme) -> String {
    if width(name) <= cells {
        return name.to_owned();
    }
    let (place, database) = name.rsplit_once('/').unwrap_or((name, ""));
    let (host, port) = apart(place);
    // A part of a port would be another port: it stays whole, or goes.
    let room = cells.saturating_sub(width(database) + 1);
    if room < 6 {
        return cut(&format!("{host}/{database}"), cells, theme);
    }
    let port = port
        .filter(|port| room >= width(port) + LEAST_HOST)
        .unwrap_or_default();
    let host = cut(host, room - width(port), theme);
    format!("{host}{port}/{database}")
}

/// The host, and the port with its colon.
fn apart(place: &str) -> (&str, Option<&str>) {
    let colon = place.rfind(':').filter(|colon| {
        let port = &place[colon + 1..];
        !port.is_empty() && port.chars().all(|digit| digit.is_ascii_digit())
    });
    match colon {
        Some(colon) => (&place[..colon], Some(&place[colon..])),
        None => (place, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_stays_whole_or_goes() {
        let theme = Theme { ascii: false };
        let name = "127.0.0.1:40521/chat_pgvector";
        for cells in 0..=name.len() {
            let shown = shortened(name, cells, theme);
            assert!(width(&shown) <= cells.max(1), "{shown}");
            assert!(!shown.contains(':') || shown.contains(":40521/"), "{shown}");
        }
        assert_eq!(shortened(name, 28, theme), "127.0.0…:40521/chat_pgvector");
        assert_eq!(shortened(name, 24, theme), "127.0.0.1/chat_pgvector");
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
