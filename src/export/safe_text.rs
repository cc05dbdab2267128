//! Text that spreadsheets do not take for formulas.
//!
//! A cell that starts with `=`, `+`, `-`, `@` (or their full-width forms), a tab or a line break may be run as a formula
//! once a table is opened in a spreadsheet, and names are the user's. Such text gets an apostrophe in front, the
//! spreadsheets' own mark for text. So that no two texts become one, text that already looks like that gets one more.

use std::borrow::Cow;

const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn needs_mark(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTS)
}

/// The text as written to a table.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if needs_mark(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text as it was before [`guarded`].
pub(super) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if needs_mark(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_marked() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-lifestyle", "'-lifestyle"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("＝x", "'＝x"),
            ("'=x", "''=x"),
            ("'x", "'x"),
            ("skincare", "skincare"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), written);
        }
    }

    proptest! {
        #[test]
        fn marking_can_be_undone(text in "['=+@\t\n\r-]{0,4}[a-z]{0,2}") {
            let written = guarded(&text);
            prop_assert!(!written.starts_with(STARTS));
            prop_assert_eq!(unguarded(&written), text.as_str());
        }
    }
}
