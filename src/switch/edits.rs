//! What somebody has changed in a file, told without a value: any of its lines may hold a secret.

use crate::secret::MASK;

/// So many lines are told.
const TOLD: usize = 6;

/// A name is no longer than this; what is longer may be a key.
const NAME: usize = 40;

/// The lines that only one of both texts has: `- DATABASE_URL=••••, + PLAN=••••`.
pub(super) fn in_words(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut told = only_in(&old, &new, '-');
    told.extend(only_in(&new, &old, '+'));
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    match (told.is_empty(), more) {
        (true, _) => "none, in another order or with other line ends".to_owned(),
        (false, 0) => told.join(", "),
        (false, more) => format!("{}, and {more} more", told.join(", ")),
    }
}

fn only_in(lines: &[&str], others: &[&str], sign: char) -> Vec<String> {
    let only = lines.iter().filter(|line| !others.contains(line));
    only.map(|line| format!("{sign} {}", masked(line.trim())))
        .collect()
}

/// A line's name, where it has one.
fn masked(line: &str) -> String {
    if line.is_empty() {
        return "an empty line".to_owned();
    }
    let end = line.find(['=', ':']);
    let named = end.map(|end| (line[..end].trim(), &line[end..=end], &line[end + 1..]));
    match named {
        Some((name, sign, value)) if is_name(name) && !value.is_empty() => {
            format!("{name}{sign}{MASK}")
        }
        _ => MASK.to_owned(),
    }
}

fn is_name(name: &str) -> bool {
    let name = name.strip_prefix("export ").unwrap_or(name);
    let name = name.trim_matches(['"', '\'']);
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    begins && name.len() <= NAME && name.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_and_no_value_is() {
        let old = b"A=1\nexport DATABASE_URL=postgresql://me:secret@old/db\n# x\n";
        let new = b"A=1\nexport DATABASE_URL=postgresql://me:hidden@new/db\n\"plan\": \"gold\"\nsecretsecret=\n";
        assert_eq!(
            in_words(old, new),
            format!(
                "- export DATABASE_URL={MASK}, - {MASK}, + export DATABASE_URL={MASK}, + \"plan\":{MASK}, + {MASK}"
            )
        );
        assert!(in_words(b"a\nb\n", b"b\na\n").starts_with("none"));
        let many = "B=2\n".repeat(9);
        assert!(in_words(b"", many.as_bytes()).ends_with("and 3 more"));
    }
}
