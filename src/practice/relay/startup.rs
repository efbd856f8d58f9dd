//! What a startup message asks of Neon's proxy.

use crate::postgres::opening::{Startup, framed};
use bytes::{BufMut, Bytes, BytesMut};

impl Startup {
    /// Takes `endpoint=<id>` out of the options, where clients without SNI put it.
    pub(super) fn take_endpoint(&mut self) -> Option<String> {
        let options = self
            .parameters
            .iter_mut()
            .find(|(key, _)| key == "options")?;
        let mut endpoint = None;
        let mut rest = Vec::new();
        for option in split_options(&options.1) {
            match option.strip_prefix("endpoint=") {
                Some(id) => endpoint = Some(id.to_owned()),
                None => rest.push(option),
            }
        }
        options.1 = rest.join(" ");
        endpoint
    }

    /// The names of the settings in the options: `-c name=value`, `-cname=value`, `--name=value`.
    pub(super) fn settings(&self) -> Vec<String> {
        let mut words = split_options(self.get("options").unwrap_or_default()).into_iter();
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            let setting = match word {
                "-c" => words.next().unwrap_or(word),
                _ => word
                    .strip_prefix("--")
                    .or(word.strip_prefix("-c"))
                    .unwrap_or(word),
            };
            let name = setting.split('=').next().unwrap_or(setting);
            names.push(name.replace('-', "_").to_lowercase());
        }
        names
    }

    /// What the server behind gets to see: only what Neon's proxy forwards too.
    pub(super) fn forwarded(&self) -> Bytes {
        const FORWARDED: [&str; 5] = [
            "user",
            "database",
            "application_name",
            "replication",
            "options",
        ];
        let mut body = BytesMut::new();
        for (name, value) in &self.parameters {
            if FORWARDED.contains(&name.as_str()) && !value.is_empty() {
                for word in [name, value] {
                    body.put_slice(word.as_bytes());
                    body.put_u8(0);
                }
            }
        }
        body.put_u8(0);
        framed(self.version, &body)
    }
}

/// Splits as PostgreSQL's `pg_split_opts` does: at white space that no backslash protects.
/// The backslashes stay.
fn split_options(options: &str) -> Vec<&str> {
    let mut escaped = false;
    options
        .split(move |c: char| {
            let split = c.is_ascii_whitespace() && !escaped;
            escaped = c == '\\' && !escaped;
            split
        })
        .filter(|option| !option.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::opening::Opening;

    fn startup(options: &str) -> Startup {
        let parameters = [
            ("user", "u"),
            ("client_encoding", "UTF8"),
            ("options", options),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Startup {
            version: 0x30000,
            parameters: parameters.to_vec(),
        }
    }

    #[test]
    fn the_endpoint_is_taken_out_of_the_options() {
        let mut startup = startup(r"-c search_path=a\ endpoint=b endpoint=ep-1  --geqo=off");
        assert_eq!(startup.take_endpoint().as_deref(), Some("ep-1"));
        assert_eq!(
            startup.get("options"),
            Some(r"-c search_path=a\ endpoint=b --geqo=off")
        );
        assert_eq!(startup.settings(), ["search_path", "geqo"]);
        assert_eq!(startup.take_endpoint(), None);
    }

    #[tokio::test]
    async fn what_is_forwarded_reads_as_a_startup_message() {
        let mut startup = startup("endpoint=ep-1");
        startup.take_endpoint();
        let forwarded = startup.forwarded();
        let Ok(Opening::Startup(read)) = Opening::read(&mut forwarded.as_ref()).await else {
            panic!("not a startup message")
        };
        assert_eq!(read.version, 0x30000);
        assert_eq!(read.parameters, [("user".to_owned(), "u".to_owned())]);
    }
}
