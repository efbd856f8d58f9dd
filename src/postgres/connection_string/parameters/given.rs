//! What the settings of a string say.

use super::{DEFAULT_PORT, IGNORED, ParseError, Setting, SslMode, SslRoot, is_neon_host};
use crate::secret::Secret;
use std::time::Duration;

/// All settings of a string, in their order.
pub(super) struct Given(pub(super) Vec<Setting>);

impl Given {
    /// The last non-empty value of a parameter and its position; empty means the default, as in libpq.
    pub(super) fn value(&self, key: &str) -> Option<(&str, usize)> {
        let same = |name: &str| name == key || (name == "database" && key == "dbname");
        let setting = self.0.iter().rev().find(|setting| same(&setting.key))?;
        Some((setting.value.expose(), setting.position)).filter(|(text, _)| !text.is_empty())
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.value(key).map(|(text, _)| text.to_owned())
    }

    pub(super) fn host(&self) -> Result<Option<String>, ParseError> {
        let Some((host, position)) = self.value("host") else {
            return Ok(None);
        };
        let at = |index: usize| position + host[..index].chars().count();
        if host.starts_with('/') {
            return Ok(Some(host.to_owned()));
        }
        if let Some(comma) = host.find(',') {
            return Err(ParseError::SeveralHosts {
                position: at(comma),
            });
        }
        let address = host.split('%').next().unwrap_or_default();
        if address.parse::<std::net::Ipv6Addr>().is_ok() {
            return Ok(Some(host.to_owned()));
        }
        let odd = |c: char| !(c.is_alphanumeric() || "-._".contains(c));
        match host.char_indices().find(|(_, c)| odd(*c)) {
            Some((index, character)) => Err(ParseError::BadHostCharacter {
                character,
                position: at(index),
            }),
            None => Ok(Some(host.to_owned())),
        }
    }

    pub(super) fn port(&self) -> Result<u16, ParseError> {
        let Some((text, position)) = self.value("port") else {
            return Ok(DEFAULT_PORT);
        };
        if text.contains(',') {
            return Err(ParseError::SeveralHosts { position });
        }
        match text.trim().parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(ParseError::BadPort { position }),
        }
    }

    pub(super) fn ssl_mode(
        &self,
        host: &str,
        root: Option<&SslRoot>,
    ) -> Result<SslMode, ParseError> {
        let expected = "disable, allow, prefer, require, verify-ca or verify-full";
        let mode = self.choice("sslmode", &SslMode::ALL, expected)?;
        // libpq refuses weaker modes with the system's roots: anyone can get a certificate there.
        match (mode, root) {
            (None, Some(SslRoot::System)) => Ok(SslMode::VerifyFull),
            (Some(weak), Some(SslRoot::System)) if weak != SslMode::VerifyFull => {
                let position = self.value("sslmode").map_or(1, |(_, position)| position);
                let expected = "verify-full, the only one that goes with sslrootcert=system";
                Err(ParseError::BadValue {
                    parameter: "sslmode",
                    expected,
                    position,
                })
            }
            (None, _) if is_neon_host(host) => Ok(SslMode::Require),
            (mode, _) => Ok(mode.unwrap_or(SslMode::Prefer)),
        }
    }

    pub(super) fn choice<T: Copy>(
        &self,
        parameter: &'static str,
        all: &[(&str, T)],
        expected: &'static str,
    ) -> Result<Option<T>, ParseError> {
        let Some((text, position)) = self.value(parameter) else {
            return Ok(None);
        };
        let found = all
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value);
        found.map(Some).ok_or(ParseError::BadValue {
            parameter,
            expected,
            position,
        })
    }

    pub(super) fn password(&self) -> Result<Option<Secret>, ParseError> {
        let Some((text, _)) = self.value("password") else {
            return Ok(None);
        };
        if text.chars().all(|c| c == '*' || c == '•') {
            return Err(ParseError::MaskedPassword);
        }
        Ok(Some(Secret::new(text)))
    }

    /// Zero and negative numbers mean "no limit" in libpq; here they leave the default in force.
    pub(super) fn connect_timeout(&self) -> Result<Option<Duration>, ParseError> {
        let seconds = self.whole_number("connect_timeout", "a whole number of seconds")?;
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let seconds = seconds.filter(|seconds| *seconds > 0);
        Ok(seconds.map(Duration::from_secs))
    }

    /// Zero and negative numbers mean the operating system's own limit, as in libpq.
    pub(super) fn tcp_user_timeout(&self) -> Result<Option<Duration>, ParseError> {
        let expected = "a whole number of milliseconds";
        let limit = self.whole_number("tcp_user_timeout", expected)?;
        Ok(limit.map(|limit| Duration::from_millis(u64::try_from(limit).unwrap_or(0))))
    }

    fn whole_number(
        &self,
        parameter: &'static str,
        expected: &'static str,
    ) -> Result<Option<i32>, ParseError> {
        let Some((text, position)) = self.value(parameter) else {
            return Ok(None);
        };
        let number = text.trim().parse();
        number.map(Some).map_err(|_| ParseError::BadValue {
            parameter,
            expected,
            position,
        })
    }

    pub(super) fn ignored(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().map(|setting| setting.key.clone()).collect();
        names.retain(|name| IGNORED.contains(&name.as_str()));
        names.sort();
        names.dedup();
        names
    }
}
