//! Names for the two databases, short enough for the title line.

use super::lines::{cut, width};
use super::theme::Theme;
use crate::session::standing::name;

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
