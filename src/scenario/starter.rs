//! `imatrix new`: a commented starter scenario.

use thiserror::Error;

use super::read::is_name;

const TEXT: &str = include_str!("starter.toml");

/// A name that cannot name a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{name}\" cannot name a scenario: only a-z, 0-9 and hyphens, at most 100 characters")]
pub struct StarterError {
    /// The name as given.
    pub name: String,
}

/// The text of a commented starter scenario of this name. It is valid and has a plan.
///
/// # Errors
/// If the name has other characters than a-z, 0-9 and hyphens.
pub fn starter(name: &str) -> Result<String, StarterError> {
    if !is_name(name) {
        return Err(StarterError {
            name: name.to_owned(),
        });
    }
    Ok(TEXT.replace("\"starter\"", &format!("\"{name}\"")))
}
