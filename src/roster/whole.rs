//! What a roster file comes to.

use crate::model::{Creator, RosterField};

use super::issue::{Action, Issue};

/// The creators of a file that can be booked.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// In the order of the file.
    pub creators: Vec<Creator>,
    /// What was dropped or repaired, in the order of the file.
    pub issues: Vec<Issue>,
    /// Rows of the file, header and blank rows aside.
    pub read: usize,
    /// Columns that were understood: field and name in the header.
    pub columns: Vec<(RosterField, String)>,
    /// How it was read, in words.
    pub form: String,
}

impl Roster {
    /// Rows that were left out.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.read - self.creators.len()
    }

    /// Rows that are kept though something in them was repaired.
    #[must_use]
    pub fn repaired(&self) -> usize {
        let kept: std::collections::HashSet<usize> = self.creators.iter().map(|c| c.row).collect();
        let mut rows: Vec<usize> = self
            .issues
            .iter()
            .filter(|issue| issue.action == Action::Repaired && kept.contains(&issue.row))
            .map(|issue| issue.row)
            .collect();
        rows.dedup();
        rows.len()
    }
}
