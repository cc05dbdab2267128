//! A scenario read once more with further settings.

use super::problem::Problems;
use super::read::{Scenario, read_text};

impl Scenario {
    /// The same text read once more, with further settings: as more `--set` on the base, or, if a
    /// what-if typed on the command line is named, as more of what it sets.
    ///
    /// # Errors
    /// All problems of the text with these settings.
    pub fn again(
        &self,
        what_if: Option<&str>,
        settings: &[(String, String)],
    ) -> Result<Scenario, Problems> {
        let (text, overrides) = &*self.read_from;
        let mut overrides = overrides.clone();
        let typed = overrides.what_if.iter_mut();
        let typed = typed.rev().find(|(name, _)| Some(name.as_str()) == what_if);
        match typed {
            Some((_, sets)) => sets.extend_from_slice(settings),
            None => overrides.set.extend_from_slice(settings),
        }
        read_text(&self.path, text, &overrides)
    }

    /// Whether a what-if of this name was typed on the command line.
    #[must_use]
    pub fn is_typed(&self, what_if: &str) -> bool {
        let (_, overrides) = &*self.read_from;
        overrides.what_if.iter().any(|(name, _)| name == what_if)
    }
}
