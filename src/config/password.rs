//! Finds a password in a connection string, well-formed or not.

/// Whether a connection string, as a URL or as `key=value`, holds a password (or a private key's:
/// `sslpassword`). In doubt the answer is yes: this guards what may be stored and shown, it does
/// not read the string.
pub fn holds_password(connection: &str) -> bool {
    let in_user = connection
        .split_once("://")
        .is_some_and(|(_, rest)| user_has_password(rest));
    in_user || assigns_password(connection)
}

/// `user:password@…`, also when the password has an unescaped `@`, `/`, `?` or `#`.
fn user_has_password(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !authority.contains('@') && authority.split(',').all(is_host) {
        return false; // An `@` further on belongs to a parameter.
    }
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':')
        .is_some_and(|(_, password)| !password.is_empty())
}

/// `host`, `host:port` or `[v6]:port`.
fn is_host(text: &str) -> bool {
    let after_brackets = text.rsplit_once(']').map_or(text, |(_, rest)| rest);
    let port = after_brackets.rsplit_once(':').map_or("", |(_, port)| port);
    port.chars().all(|digit| digit.is_ascii_digit())
}

/// `password=…` or `sslpassword = …` with something behind it.
fn assigns_password(connection: &str) -> bool {
    let lower = connection.to_ascii_lowercase();
    lower.match_indices("password").any(|(at, name)| {
        let value = lower[at + name.len()..].trim_start().strip_prefix('=');
        value.is_some_and(|value| {
            let value = value.trim_start();
            !value.is_empty() && !value.starts_with('&') && !value.starts_with("''")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("postgresql://u:canary@h/db")]
    #[case("postgres://u:canary@h:5432,h2/db?sslmode=require")]
    #[case("postgresql://u:ca@na/ry?#@h/db")]
    #[case("postgresql://u:ca/na@h/db")]
    #[case("postgresql://u:%40@h")]
    #[case("postgresql://h/db?password=canary")]
    #[case("postgresql://h/db?user=u&sslpassword=canary")]
    #[case("host=h password=canary")]
    #[case("host=h password = 'can ary' dbname=x")]
    fn a_password_is_seen(#[case] connection: &str) {
        assert!(holds_password(connection));
    }

    #[rstest]
    #[case("")]
    #[case("postgresql://u@h/db?sslmode=require")]
    #[case("postgresql://u:@h/db")]
    #[case("postgresql://h:5432/db?user=me@example.org")]
    #[case("postgresql://[::1]:5432/db?user=me@example.org")]
    #[case("postgresql://h1:5432,h2:5433/db")]
    #[case("postgresql://h/db?password=&user=u")]
    #[case("host=h user=u dbname=d password=''")]
    #[case("host=h passfile=/home/me/.pgpass")]
    fn no_password_is_seen_where_none_is(#[case] connection: &str) {
        assert!(!holds_password(connection));
    }
}
