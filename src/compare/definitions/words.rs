//! A difference in words.

use super::difference::Found;

/// Longer texts, and those of several lines, are not shown: the SQL shows them.
const SHOWN: usize = 100;

/// One line for people.
pub(super) fn words(found: &Found<'_>) -> String {
    match found {
        Found::Missing(object) => format!("{} is missing on the target", object.id),
        Found::Extra(object) => format!("{} is only on the target", object.id),
        Found::Changed {
            source,
            target,
            aspect,
        } => {
            let id = &source.id;
            let (here, there) = (source.aspect(aspect), target.aspect(aspect));
            match (*aspect, here, there) {
                ("validity", Some("valid"), Some(state)) => {
                    format!("{id} is valid on the source; on the target: {state}")
                }
                // Options may be addresses, or worse: only their hashes are known here.
                ("options", ..) => format!("options of {id} differ"),
                _ if here.is_none_or(is_short) && there.is_none_or(is_short) => format!(
                    "{aspect} of {id}: {} on the source, {} on the target",
                    here.unwrap_or(nothing(aspect)),
                    there.unwrap_or(nothing(aspect))
                ),
                (_, Some(_), None) => format!("{aspect} of {id}: none on the target"),
                (_, None, Some(_)) => format!("{aspect} of {id}: none on the source"),
                _ => format!("{aspect} of {id}: another one on the target"),
            }
        }
    }
}

/// What it means that nothing is said of an aspect.
fn nothing(aspect: &str) -> &'static str {
    match aspect {
        "storage" | "compression" | "statistics target" | "collation" => "the default",
        _ => "none",
    }
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= SHOWN && !text.chars().any(char::is_control)
}
