//! What was dropped or repaired.

use std::borrow::Cow;

/// Longest text kept of a field, in characters.
const SHOWN: usize = 120;

/// What became of a row or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The row was left out.
    Dropped,
    /// The value was changed, or left out of a row that was kept.
    Repaired,
}

impl Action {
    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Repaired => "repaired",
        }
    }
}

/// One thing that was dropped or repaired: a row of `roster_issues.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Row of the file, from 1, the header counted; 0 for a column as a whole.
    pub row: usize,
    /// Column as the header names it; `None` for a whole row.
    pub column: Option<String>,
    /// What stood there.
    pub text: String,
    /// What was done.
    pub action: Action,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// A text short enough to show, control characters replaced.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = text.chars().take(SHOWN).map(plain).collect();
    if text.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}
