//! Versions of client tools and servers, and which tool is new enough for which server.

use std::fmt;

/// A PostgreSQL version as far as dumps care: `16.14`, `9.6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// `16` of `16.14`, `9` of `9.6.24`.
    pub major: u32,
    /// `14` of `16.14`, `6` of `9.6.24`; 0 for a beta (`18beta1`).
    pub minor: u32,
}

impl Version {
    /// From a server's `server_version_num`: 160014 is 16.14, 90624 is 9.6.
    pub fn of_server(server_version_num: u32) -> Self {
        let major = server_version_num / 10_000;
        let rest = server_version_num % 10_000;
        Self {
            major,
            minor: if major < 10 { rest / 100 } else { rest },
        }
    }

    /// From what a tool prints: `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) fn printed(line: &str) -> Option<Self> {
        let (_, numbers) = line.split_once(") ")?;
        let mut parts = numbers
            .split_whitespace()
            .next()?
            .split('.')
            .map(leading_number);
        Some(Self {
            major: parts.next()??,
            minor: parts.next().flatten().unwrap_or(0),
        })
    }

    /// Whether pg_dump of this version reads a server of that one: it refuses servers of a newer
    /// major version ("aborting because of server version mismatch").
    pub fn reads(self, server: Self) -> bool {
        if server.major < 10 {
            self >= server
        } else {
            self.major >= server.major
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The number that a text begins with: 18 of `18beta1`.
fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some((15, 18)))]
    #[case("pg_dump (PostgreSQL) 18beta1", Some((18, 0)))]
    #[case("pg_dump (PostgreSQL) 9.6.24", Some((9, 6)))]
    #[case("pg_dump (EnterpriseDB) 16.2.0", Some((16, 2)))]
    #[case("Error: no cluster", None)]
    fn the_printed_version_is_read(#[case] line: &str, #[case] expected: Option<(u32, u32)>) {
        assert_eq!(Version::printed(line).map(|v| (v.major, v.minor)), expected);
    }

    #[rstest]
    #[case(160_014, (16, 0), true)]
    #[case(160_014, (15, 99), false)]
    #[case(90_624, (9, 6), true)]
    #[case(90_624, (9, 5), false)]
    #[case(90_624, (17, 1), true)]
    fn a_tool_reads_servers_up_to_its_major_version(
        #[case] server: u32,
        #[case] (major, minor): (u32, u32),
        #[case] expected: bool,
    ) {
        assert_eq!(
            Version { major, minor }.reads(Version::of_server(server)),
            expected
        );
    }
}
