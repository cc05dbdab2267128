//! Finds and checks the scenario files of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::scenario::{self, Overrides, Problems, Scenario};

/// Why a folder can't be searched.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It is not a folder.
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    /// It can't be read.
    #[error("{path} can't be searched: {reason}")]
    Unreadable {
        /// Folder or entry.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// It holds no scenario.
    #[error("{0} holds no scenario: no file below it ends in .toml")]
    Empty(PathBuf),
}

/// A scenario file with what reading it gave.
#[derive(Debug)]
pub struct Entry {
    /// Path, the folder's included.
    pub path: PathBuf,
    /// The scenario, or everything that is wrong with the file.
    pub scenario: Result<Scenario, Problems>,
}

/// Every `*.toml` below a folder, in the order of their paths. Hidden files and folders (their
/// names start with a dot) are left out, and folders behind symbolic links are not entered.
///
/// # Errors
/// When the folder is none, can't be read or holds no such file.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>, FindError> {
    if !folder.is_dir() {
        return Err(FindError::NotAFolder(folder.to_owned()));
    }
    let mut files = Vec::new();
    let visible = |name: &std::ffi::OsStr| !name.to_string_lossy().starts_with('.');
    let walk = WalkDir::new(folder).into_iter();
    for entry in walk.filter_entry(|e| e.depth() == 0 || visible(e.file_name())) {
        let entry = entry.map_err(|error| FindError::Unreadable {
            path: error.path().unwrap_or(folder).to_owned(),
            reason: error
                .io_error()
                .map_or_else(|| error.to_string(), ToString::to_string),
        })?;
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "toml") && path.is_file() {
            files.push(path.to_owned());
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(FindError::Empty(folder.to_owned()));
    }
    Ok(files)
}

/// Reads and checks files side by side on the current thread pool, in the order given.
#[must_use]
pub fn check(files: Vec<PathBuf>, overrides: &Overrides) -> Vec<Entry> {
    files
        .into_par_iter()
        .map(|path| Entry {
            scenario: scenario::read_file(&path, overrides),
            path,
        })
        .collect()
}

/// Scenario names that more than one valid file uses, with those files.
#[must_use]
pub fn duplicates(entries: &[Entry]) -> Vec<(String, Vec<PathBuf>)> {
    let mut names: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for entry in entries {
        if let Ok(scenario) = &entry.scenario {
            names
                .entry(&scenario.name)
                .or_default()
                .push(entry.path.clone());
        }
    }
    names
        .into_iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(name, files)| (name.to_owned(), files))
        .collect()
}
