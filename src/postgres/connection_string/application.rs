//! The strings that an application gets: pooled, and always encrypted.

use super::{ConnectionString, SslMode};

impl ConnectionString {
    /// The same database through Neon's connection pooler: `-pooler` behind the endpoint's name,
    /// which begins with `ep-`. `None` where there is none. Startup options, which the pooler does
    /// not take, are left out.
    #[must_use]
    pub fn pooled(&self) -> Option<Self> {
        let endpoint = self.first_label();
        if self.is_pooled() || !endpoint.starts_with("ep-") || !self.host.contains('.') {
            return None;
        }
        let host = format!("{endpoint}-pooler{}", &self.host[endpoint.len()..]);
        Some(Self {
            host,
            options: None,
            ..self.clone()
        })
    }

    /// The same place as a file of another program may name it: encrypted where Neon insists on it,
    /// else as it was given, and with nothing that is this machine's own.
    #[must_use]
    pub fn encrypted(&self) -> Self {
        let mut string = self.clone();
        if self.is_neon() && self.ssl_mode < SslMode::Require {
            string.ssl_mode = SslMode::Require;
        }
        (string.connect_timeout, string.tcp_user_timeout) = (None, None);
        string.passfile = None;
        string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_neon_has_a_pooled_name() {
        let parse = |text: &str| ConnectionString::parse(text).unwrap();
        let direct = parse("postgresql://u@ep-cool-1.eu-central-1.aws.neon.tech/d");
        let pooled = direct.pooled().unwrap();
        assert_eq!(pooled.host(), "ep-cool-1-pooler.eu-central-1.aws.neon.tech");
        assert_eq!(pooled.direct(), direct);
        assert_eq!(pooled.pooled(), None);
        for other in [
            "postgresql://u@db.example.org/d",
            "postgresql://u@localhost/d",
        ] {
            assert_eq!(parse(other).pooled(), None);
        }
    }

    #[test]
    fn what_is_given_away_is_encrypted() {
        let of = |text: &str| {
            ConnectionString::parse(text)
                .unwrap()
                .encrypted()
                .ssl_mode()
        };
        let weak = "postgresql://u@ep-cool-1.eu-central-1.aws.neon.tech/d?sslmode=disable";
        assert_eq!(of(weak), SslMode::Require);
        let own = "postgresql://u@localhost/d?sslmode=disable";
        assert_eq!(of(own), SslMode::Disable);
        let strong = "postgresql://u@h.example/d?sslmode=verify-full";
        let strong = ConnectionString::parse(strong).unwrap();
        assert_eq!(strong.encrypted().ssl_mode(), SslMode::VerifyFull);
    }
}
