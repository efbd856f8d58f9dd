//! The URL form: read strictly where a password's special character would change the meaning.

use super::parameters::{self, ChannelBinding, Setting, SslRoot};
use super::{APPLICATION_NAME, ConnectionString, ParseError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Reads a URL whose scheme and `://` end at the byte `start`.
pub(super) fn read(text: &str, start: usize) -> Result<ConnectionString, ParseError> {
    let url = Url { text };
    if let Some((index, _)) = text.char_indices().find(|(_, c)| c.is_whitespace()) {
        return Err(ParseError::Space {
            position: url.position(index),
        });
    }
    let (settings, dollar) = url.settings(start)?;
    let mut string = parameters::build(settings)?;
    string.cautions.extend(dollar.map(|position| {
        format!(
            "The `$` at position {position} is left as it is here; in a shell or a .env file write %24."
        )
    }));
    Ok(string)
}

struct Url<'a> {
    text: &'a str,
}

impl Url<'_> {
    fn position(&self, index: usize) -> usize {
        self.text[..index].chars().count() + 1
    }

    fn unescaped(&self, character: char, index: usize) -> ParseError {
        ParseError::Unescaped {
            character,
            position: self.position(index),
        }
    }

    /// All settings, and the position of a `$` in the password.
    ///
    /// As in libpq, a user stands before the first `@` that has no `/` before it. Where the rest
    /// then makes no sense and another `@` follows, the password had an `@` or `/` of its own.
    fn settings(&self, start: usize) -> Result<(Vec<Setting>, Option<usize>), ParseError> {
        let slash = self.end(start, &['/']);
        if let Some(at) = self.text[start..slash].find('@').map(|index| start + index) {
            let (mut settings, dollar) = self.user_and_password(start, at)?;
            if self.text[at + 1..self.end(at + 1, &['?'])].contains('@') {
                return Err(self.unescaped('@', at));
            }
            let place = self
                .place(at + 1)
                .map_err(|error| match self.at_sign_after(&error) {
                    true => self.unescaped('@', at),
                    false => error,
                })?;
            settings.extend(place);
            return Ok((settings, dollar));
        }
        if self.text[start..self.end(start, &['?'])].contains('@') {
            return Err(self.unescaped('/', slash));
        }
        let place = self
            .place(start)
            .map_err(|error| match self.at_sign_after(&error) {
                true if slash < self.text.len() => self.unescaped('/', slash),
                _ => error,
            })?;
        Ok((place, None))
    }

    fn at_sign_after(&self, error: &ParseError) -> bool {
        let last = self.text.rfind('@').map(|index| self.position(index));
        last.zip(error.position())
            .is_some_and(|(last, position)| last >= position)
    }

    fn user_and_password(
        &self,
        start: usize,
        at: usize,
    ) -> Result<(Vec<Setting>, Option<usize>), ParseError> {
        let part = &self.text[start..at];
        if let Some((index, character)) = part.char_indices().find(|(_, c)| "#[]?".contains(*c)) {
            return Err(self.unescaped(character, start + index));
        }
        let colon = part.find(':').map_or(at, |index| start + index);
        let mut settings = vec![self.setting("user", start, colon)?];
        if colon < at {
            settings.push(self.setting("password", colon + 1, at)?);
        }
        Ok((
            settings,
            part.find('$').map(|index| self.position(start + index)),
        ))
    }

    /// Host, port, database and parameters from the byte `start` on.
    fn place(&self, start: usize) -> Result<Vec<Setting>, ParseError> {
        let mut settings = Vec::new();
        let mut index = if self.text[start..].starts_with('[') {
            let close = self.text[start..]
                .find(']')
                .map(|length| start + length)
                .ok_or_else(|| ParseError::OpenBracket {
                    position: self.position(start),
                })?;
            settings.push(self.setting("host", start + 1, close)?);
            close + 1
        } else {
            let end = self.end(start, &[':', '/', '?']);
            settings.push(self.setting("host", start, end)?);
            end
        };
        if self.text[index..].starts_with(':') {
            let end = self.end(index + 1, &['/', '?']);
            settings.push(self.port(index + 1, end)?);
            index = end;
        }
        if self.text[index..].starts_with('/') {
            let end = self.end(index + 1, &['?']);
            settings.push(self.setting("dbname", index + 1, end)?);
            index = end;
        }
        match self.text[index..].chars().next() {
            None => Ok(settings),
            Some('?') => {
                self.parameters(index + 1, &mut settings)?;
                Ok(settings)
            }
            Some(',') => Err(ParseError::SeveralHosts {
                position: self.position(index),
            }),
            Some(character) => Err(ParseError::BadHostCharacter {
                character,
                position: self.position(index),
            }),
        }
    }

    /// The port, checked here because a wrong one mostly means a password with `:` and `/`.
    fn port(&self, start: usize, end: usize) -> Result<Setting, ParseError> {
        let text = &self.text[start..end];
        let position = self.position(start);
        if let Some(comma) = text.find(',') {
            return Err(ParseError::SeveralHosts {
                position: self.position(start + comma),
            });
        }
        if !text.is_empty() && text.parse::<u16>().ok().is_none_or(|port| port == 0) {
            return Err(ParseError::BadPort { position });
        }
        Ok(Setting::new("port", text, position))
    }

    fn parameters(&self, start: usize, settings: &mut Vec<Setting>) -> Result<(), ParseError> {
        let mut index = start;
        while index < self.text.len() {
            let end = self.end(index, &['&']);
            let position = self.position(index);
            let equals = self.text[index..end]
                .find('=')
                .map(|length| index + length)
                .ok_or(ParseError::NoValue { position })?;
            let key = self.decoded(index, equals)?;
            // The spelling of JDBC and of many drivers; libpq reads it this way too.
            if key == "ssl" && &self.text[equals + 1..end] == "true" {
                settings.push(Setting::new("sslmode", "require", position));
            } else if parameters::is_known(&key) {
                settings.push(self.setting(&key, equals + 1, end)?);
            } else {
                let after_password = settings.iter().any(|setting| setting.key() == "password");
                let hide = after_password && self.text[start..index].contains("password=");
                return Err(parameters::unknown(&key, position, hide));
            }
            index = end + 1;
        }
        Ok(())
    }

    fn end(&self, start: usize, stops: &[char]) -> usize {
        self.text[start..]
            .find(stops)
            .map_or(self.text.len(), |length| start + length)
    }

    fn setting(&self, key: &str, start: usize, end: usize) -> Result<Setting, ParseError> {
        Ok(Setting::new(
            key,
            &self.decoded(start, end)?,
            self.position(start),
        ))
    }

    fn decoded(&self, start: usize, end: usize) -> Result<String, ParseError> {
        let part = &self.text[start..end];
        for (index, _) in part.match_indices('%') {
            let digits = part.as_bytes().get(index + 1..index + 3);
            if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return Err(ParseError::BadPercent {
                    position: self.position(start + index),
                });
            }
        }
        match percent_decode_str(part).decode_utf8() {
            Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
            _ => Err(ParseError::NotText {
                position: self.position(start),
            }),
        }
    }
}

/// Everything but RFC 3986's unreserved characters is encoded.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The URL with this password.
pub(super) fn write(string: &ConnectionString, password: Option<&str>) -> String {
    masked(string, password.map(encoded).as_deref())
}

/// The URL with this text, as it is, in the password's place.
pub(super) fn masked(string: &ConnectionString, password: Option<&str>) -> String {
    let host = match string.host() {
        host if host.contains(':') => format!("[{}]", host.replace('%', "%25")),
        host => encoded(host),
    };
    let password = password.map(|text| format!(":{text}")).unwrap_or_default();
    let parameters: Vec<_> = parameters_of(string)
        .into_iter()
        .map(|(key, value)| format!("{key}={}", encoded(&value)))
        .collect();
    format!(
        "postgresql://{}{password}@{host}:{}/{}?{}",
        encoded(string.user()),
        string.port(),
        encoded(string.database()),
        parameters.join("&")
    )
}

/// `sslmode` always, so that the reader's default does not matter; the others when they differ.
fn parameters_of(string: &ConnectionString) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("sslmode", string.ssl_mode().name().to_owned())];
    match string.ssl_root() {
        Some(SslRoot::System) => parameters.push(("sslrootcert", "system".into())),
        Some(SslRoot::File(file)) => parameters.push(("sslrootcert", file.display().to_string())),
        None => {}
    }
    if string.channel_binding() != ChannelBinding::Prefer {
        parameters.push(("channel_binding", string.channel_binding().name().into()));
    }
    parameters.extend(
        string
            .hostaddr()
            .map(|address| ("hostaddr", address.to_string())),
    );
    parameters.extend(
        string
            .options()
            .map(|options| ("options", options.to_owned())),
    );
    if string.application_name() != APPLICATION_NAME {
        parameters.push(("application_name", string.application_name().to_owned()));
    }
    let seconds = string
        .connect_timeout()
        .map(|timeout| timeout.as_secs().to_string());
    parameters.extend(seconds.map(|seconds| ("connect_timeout", seconds)));
    let limit = string
        .tcp_user_timeout()
        .map(|limit| limit.as_millis().to_string());
    parameters.extend(limit.map(|limit| ("tcp_user_timeout", limit)));
    let passfile = string.passfile().map(|file| file.display().to_string());
    parameters.extend(passfile.map(|file| ("passfile", file)));
    parameters
}
