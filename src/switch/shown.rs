//! A variable's value as it may be shown: without any password.

use super::setting::Variable;
use super::value::driver;
use crate::secret::MASK;

/// The value with its password masked; whatever is not understood is masked whole.
pub(super) fn shown(variable: Variable, value: &str) -> String {
    match variable {
        Variable::Password if value.is_empty() => String::new(),
        Variable::Password => MASK.to_owned(),
        Variable::Url | Variable::DirectUrl => url(value).unwrap_or_else(|| MASK.to_owned()),
        _ => part(value),
    }
}

/// A part of a connection that is no password, unless somebody has put a whole one there.
pub(super) fn part(value: &str) -> String {
    match value.contains(['@', '=', ' ']) || value.contains("://") {
        true => MASK.to_owned(),
        false => value.to_owned(),
    }
}

fn url(value: &str) -> Option<String> {
    let (scheme, plain) = driver(value)?;
    super::value::parsed(value)?.ok()?;
    let rest = plain.strip_prefix("postgresql://")?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let address = match address.split_once('@') {
        Some((user, place)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{place}"),
            None => format!("{user}@{place}"),
        },
        None => address.to_owned(),
    };
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["pass", "secret", "token", "key"]
            .iter()
            .any(|word| name.contains(word))
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<String> = pairs
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
            _ => pair.to_owned(),
        })
        .collect();
    let query = match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    };
    Some(format!("{scheme}://{address}{query}"))
}
