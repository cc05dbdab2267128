//! Where a value came from.

use std::fmt;

/// A place in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// Path as the user wrote it.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Whether a preset is a figure of the playbook or an assumption of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Assumption {
    /// A figure the playbook gives.
    Playbook,
    /// Our own assumption.
    Assumption,
}

/// Where a value came from; shown by `imatrix show`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// An embedded preset.
    Preset(Assumption),
    /// A default of the contract that no preset table holds.
    Default,
    /// The scenario file.
    File(Location),
    /// `--set`, `--seed` and the like.
    CommandLine(String),
}

impl Origin {
    /// The file location, if the value was written in a file.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::File(location) => Some(location),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(Assumption::Playbook) => f.write_str("preset (playbook)"),
            Self::Preset(Assumption::Assumption) => f.write_str("preset (assumption)"),
            Self::Default => f.write_str("default"),
            Self::File(location) => location.fmt(f),
            Self::CommandLine(flag) => write!(f, "command line ({flag})"),
        }
    }
}
