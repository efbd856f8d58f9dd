//! The terminal's clipboard, by the escape sequence OSC 52: it works over ssh, too.

use crossterm::Command;
use crossterm::clipboard::CopyToClipboard;

/// What is written to the terminal to put `text` onto its clipboard. Inside tmux it is sent a second
/// time, wrapped, for a tmux that hands sequences on to the terminal around it (`allow-passthrough`)
/// but takes none itself (`set-clipboard`).
pub(super) fn sequence(text: &str, in_tmux: bool) -> String {
    let mut plain = String::new();
    // Writing to a String cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    match in_tmux {
        true => format!(
            "{plain}\x1bPtmux;{}\x1b\\",
            plain.replace('\x1b', "\x1b\x1b")
        ),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::sequence;

    #[test]
    fn text_is_handed_to_the_terminal_and_through_tmux() {
        assert_eq!(sequence("hi", false), "\x1b]52;c;aGk=\x1b\\");
        let wrapped = "\x1bPtmux;\x1b\x1b]52;c;aGk=\x1b\x1b\\\x1b\\";
        assert_eq!(
            sequence("hi", true),
            format!("\x1b]52;c;aGk=\x1b\\{wrapped}")
        );
    }
}
