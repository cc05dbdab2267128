//! Ids and names.

use super::number::is_unknown;

/// Longest id or name, in characters.
const LONGEST_NAME: usize = 200;

/// A text without padding and control characters, and what was repaired of it; `None` for what stands for "not known".
pub(super) fn label(text: &str) -> Option<(String, Option<&'static str>)> {
    if is_unknown(text) {
        return None;
    }
    let padding =
        |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}' || c == '\u{200b}';
    let trimmed = text.trim_matches(padding);
    if trimmed.is_empty() {
        return None;
    }
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let label: String = trimmed.chars().map(plain).take(LONGEST_NAME).collect();
    let repaired = if trimmed.chars().nth(LONGEST_NAME).is_some() {
        Some("it is very long and was cut off")
    } else {
        match (trimmed != text, label != trimmed) {
            (false, false) => None,
            (true, false) => Some("padding was taken off"),
            (false, true) => Some("line breaks or control characters in it were made spaces"),
            (true, true) => Some(
                "padding was taken off, and line breaks or control characters in it were made spaces",
            ),
        }
    };
    Some((label, repaired))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_repaired_is_named() {
        let reason = |text: &str| label(text).and_then(|(_, repaired)| repaired);
        assert_eq!(reason("Ann"), None);
        assert_eq!(reason(" Ann"), Some("padding was taken off"));
        for (text, label_of) in [("a\nb", "a b"), ("a\0b", "a b"), (" a\u{1}b", "a b")] {
            assert_eq!(label(text).unwrap().0, label_of);
            assert!(reason(text).unwrap().contains("made spaces"), "{text:?}");
            let padded = text.starts_with(' ');
            assert_eq!(reason(text).unwrap().contains("padding"), padded);
        }
        assert!(reason(&"x".repeat(201)).unwrap().contains("cut off"));
        assert_eq!(reason(&"x".repeat(200)), None);
        assert_eq!(label("  \u{feff} "), None);
    }
}
