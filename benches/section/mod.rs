//! A section of RESULTS.md: written anew by its benchmark, with all others left as they stand.

use std::fs;
use std::path::Path;

/// Puts the section, which begins with its heading, in place of the one that stands there.
pub(crate) fn write(heading: &str, section: &str) -> std::io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
    let text = fs::read_to_string(&file)?;
    let before = text.find(heading).unwrap_or(text.len());
    let after = text[before..]
        .match_indices("\n## ")
        .map(|(at, _)| before + at + 1)
        .find(|at| *at > before);
    let rest = after.map_or("", |after| &text[after..]);
    let whole = format!(
        "{}\n\n{}\n\n{rest}",
        text[..before].trim_end(),
        section.trim_end()
    );
    fs::write(file, whole.trim_end().to_owned() + "\n")
}
