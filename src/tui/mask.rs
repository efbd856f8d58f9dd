//! Which characters of a connection string are its password, also while it is being typed.
//!
//! It errs on the side of hiding: a port that is still without the `@` before it looks like a
//! password and is hidden.

use std::ops::Range;

/// For each character of the text, whether it must not be shown. While it `is_typed`, an `@` may
/// be one of the password's: it ends it only when a `/` or `?` behind it has ended the host too.
pub(super) fn hidden(text: &str, is_typed: bool) -> Vec<bool> {
    let characters: Vec<char> = text.chars().collect();
    let mut hidden = vec![false; characters.len()];
    if let Some(password) = in_address(&characters, is_typed) {
        hidden[password].fill(true);
    }
    hide_parameters(&characters, &mut hidden);
    hidden
}

/// Whether the next character that is typed at the end of an address may be its password's.
pub(super) fn is_open(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    in_address(&characters, true).is_some_and(|password| password.end == characters.len())
}

/// Whether a text is more than a host, a port or a name: a connection string, or a piece of one.
pub(super) fn is_connection_string(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_both = lower.contains(':') && lower.contains('@');
    lower.contains("://") || has_both || lower.contains("password=")
}

/// Between the first `:` behind the scheme and the last `@`; to the end when there is no `@` yet.
fn in_address(characters: &[char], is_typed: bool) -> Option<Range<usize>> {
    let address = address(characters);
    let rest = &characters[address..];
    let colon = rest.iter().position(|c| *c == ':')?;
    let end = match rest.iter().rposition(|c| *c == '@') {
        Some(at) if at < colon && is_host(&rest[at + 1..]) => return None,
        // The user's name has an `@`, or the password goes on behind one.
        Some(at) if at < colon || !is_host(&rest[at + 1..]) => rest.len(),
        Some(at) if is_typed && !rest[at..].iter().any(ends_host) => rest.len(),
        Some(at) => at,
        None => rest.len(),
    };
    Some(address + colon + 1..address + end)
}

/// Where the address begins: behind the scheme. A scheme that is missing or mistyped is none: what
/// stands there may be a user's name.
fn address(characters: &[char]) -> usize {
    let colons = (0..characters.len()).filter(|at| characters[*at] == ':');
    for colon in colons {
        let before = characters[..colon].iter().rev();
        let word = before.take_while(|c| c.is_ascii_alphanumeric());
        let mut word: Vec<char> = word.map(char::to_ascii_lowercase).collect();
        word.reverse();
        match word.iter().collect::<String>().as_str() {
            "jdbc" => {}
            "postgres" | "postgresql" => {
                return match &characters[colon + 1..] {
                    ['/', '/', ..] => colon + 3,
                    ['/'] => characters.len(),
                    _ => 0,
                };
            }
            _ => return 0,
        }
    }
    0
}

fn ends_host(character: &char) -> bool {
    matches!(character, '/' | '?')
}

/// Whether what stands behind an `@` may begin with a host, and a port when a `:` follows.
fn is_host(text: &[char]) -> bool {
    let end = text.iter().position(ends_host).unwrap_or(text.len());
    let colon = text[..end].iter().position(|c| *c == ':');
    text.first() == Some(&'[') || colon.is_none_or(|colon| begins_port(&text[colon + 1..]))
}

/// Whether this may be a port, or nothing yet: no more than digits, up to what ends it.
fn begins_port(text: &[char]) -> bool {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let end = text.get(digits);
    text.is_empty()
        || (1..=5).contains(&digits)
            && end.is_none_or(|c| matches!(c, '/' | '?' | ',' | '\'' | '"' | ' '))
}

/// The values of every `password=`, `sslpassword=`, `PGPASSWORD=`: to the end of the quotes, or
/// to `&` or the next `name=`.
fn hide_parameters(characters: &[char], hidden: &mut [bool]) {
    const KEY: [char; 8] = ['p', 'a', 's', 's', 'w', 'o', 'r', 'd'];
    let is_key = |part: &[char]| part.iter().map(char::to_ascii_lowercase).eq(KEY);
    let starts = (0..characters.len()).filter(|at| {
        let part = characters.get(*at..at + KEY.len());
        part.is_some_and(is_key)
    });
    for start in starts {
        let mut at = start + KEY.len();
        let skip_spaces = |at: &mut usize| {
            while characters.get(*at) == Some(&' ') {
                *at += 1;
            }
        };
        skip_spaces(&mut at);
        if characters.get(at) != Some(&'=') {
            continue;
        }
        at += 1;
        skip_spaces(&mut at);
        let end = value_end(characters, at);
        hidden[at..end].fill(true);
    }
}

fn value_end(characters: &[char], start: usize) -> usize {
    let quote = characters.get(start).filter(|c| matches!(c, '\'' | '"'));
    let mut at = start + usize::from(quote.is_some());
    while let Some(character) = characters.get(at) {
        match (character, quote) {
            ('\\', _) => at += 1,
            (c, Some(quote)) if c == quote => return at + 1,
            ('&', None) => return at,
            (c, None) if c.is_whitespace() && begins_setting(&characters[at..]) => return at,
            _ => {}
        }
        at += 1;
    }
    characters.len()
}

/// Whether another `name=` follows this white space: what else follows may be a password that
/// should have been quoted.
fn begins_setting(rest: &[char]) -> bool {
    let is_name = |c: &&char| c.is_ascii_alphabetic() || **c == '_';
    let name = rest.iter().skip_while(|c| c.is_whitespace());
    let mut behind = name.skip_while(is_name);
    behind.find(|c| !c.is_whitespace()) == Some(&'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, is_typed: bool) -> String {
        text.chars()
            .zip(hidden(text, is_typed))
            .map(|(c, hide)| if hide { '•' } else { c })
            .collect()
    }

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        let cases = [
            ("postgresql://u:abc@h/db", "postgresql://u:•••@h/db"),
            ("postgresql://u:ab@c#/?@h/db", "postgresql://u:•••••••@h/db"),
            ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
            ("postgresql://u@[::1]:54/db", "postgresql://u@[::1]:54/db"),
            ("postgresql://u@x:a@h:54/d", "postgresql://u@x:•@h:54/d"),
            ("u:abc@h/db", "u:•••@h/db"),
            ("postgres:abc@h/db", "postgres:•••@h/db"),
            ("postgrs://u:abc@h/db", "postgrs:•••••••@h/db"),
            ("jdbc:postgresql://u:a@h", "jdbc:postgresql://u:•@h"),
            (
                "postgresql://h/db?password=abc&x=1",
                "postgresql://h/db?password=•••&x=1",
            ),
            ("host=h password=abc user=u", "host=h password=••• user=u"),
            ("password=a bc user=u", "password=•••• user=u"),
            ("password = 'a b\\'c' user=u", "password = •••••••• user=u"),
            ("PGPASSWORD=\"abc\" psql", "PGPASSWORD=••••• psql"),
            (
                "psql 'postgres://u:abc@h/db'",
                "psql 'postgres://u:•••@h/db'",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text, false), expected);
        }
    }

    #[test]
    fn no_beginning_of_a_string_shows_its_password() {
        let begins = |whole: &str| {
            for (end, _) in whole.char_indices() {
                let text = shown(&whole[..end], true);
                assert!(!text.contains('S'), "{text} of {whole}");
            }
            let text = shown(whole, false);
            assert!(!text.contains('S'), "{text} of {whole}");
        };
        begins("user=u password='SECRET' host=h");
        let schemes = [
            "postgres://",
            "postgresql://",
            "psql 'postgres://",
            "jdbc:postgresql://",
            "",
            "postgrs://",
            "postgresql:/",
            "postgresql//",
            "postgresql:",
            "postgresql;//",
        ];
        let passwords = [
            "SECRET", "S@S", "@S", "S@S:S", "S:S@S", "S/S", "S/S@S", "//S", "S://S@S", "S?S#S",
        ];
        for scheme in schemes {
            for user in ["u", "u@x"] {
                for password in passwords {
                    begins(&format!("{scheme}{user}:{password}@h/d"));
                }
            }
        }
    }
}
