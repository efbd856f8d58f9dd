//! Which characters of a connection string are its password, also while it is being typed.
//!
//! It errs on the side of hiding: a port that is still without the `@` before it looks like a
//! password and is hidden.

/// For each character of the text, whether it must not be shown.
pub(super) fn hidden(text: &str) -> Vec<bool> {
    let characters: Vec<char> = text.chars().collect();
    let mut hidden = vec![false; characters.len()];
    hide_in_address(&characters, &mut hidden);
    hide_parameters(&characters, &mut hidden);
    hidden
}

/// Between the first `:` after `://` and the last `@`; to the end when there is no `@` yet.
fn hide_in_address(characters: &[char], hidden: &mut [bool]) {
    let Some(scheme) = characters
        .windows(3)
        .position(|part| part == [':', '/', '/'])
    else {
        return;
    };
    let address = scheme + 3;
    let rest = &characters[address..];
    let Some(colon) = rest.iter().position(|c| *c == ':') else {
        return;
    };
    let end = match rest.iter().rposition(|c| *c == '@') {
        // `user@host:port`: the colon is behind the user's name, there is no password.
        Some(at) if at < colon => return,
        Some(at) => at,
        None => rest.len(),
    };
    hidden[address + colon + 1..address + end].fill(true);
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

    fn shown(text: &str) -> String {
        text.chars()
            .zip(hidden(text))
            .map(|(c, hide)| if hide { '•' } else { c })
            .collect()
    }

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        let cases = [
            ("postgresql://u:abc@h/db", "postgresql://u:•••@h/db"),
            ("postgresql://u:ab@c#/?@h/db", "postgresql://u:•••••••@h/db"),
            ("postgresql://u@h:5432/db", "postgresql://u@h:5432/db"),
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
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn no_beginning_of_a_string_shows_its_password() {
        for whole in ["postgres://u:SECRET@h/d", "user=u password='SECRET' host=h"] {
            for end in 0..=whole.len() {
                assert!(!shown(&whole[..end]).contains('S'), "{}", &whole[..end]);
            }
        }
    }
}
