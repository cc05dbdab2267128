//! Why an output could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// Why an output could not be written or read back. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file or folder operation failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, e.g. `cannot write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A parquet file could not be written or read.
    #[error("{action} {}: {reason}", path.display())]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What polars says.
        reason: String,
    },
    /// A workbook could not be written.
    #[error("cannot write {}: {reason}", path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// What the library says.
        reason: String,
    },
    /// The output folder exists and is not ours.
    #[error(
        "{} exists and holds no manifest.json of influencer-matrix, so it is not replaced; move it away or choose another --out",
        path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// Something other than a folder stands where the output folder should go.
    #[error("{} is {what}, not a folder; move it away or choose another --out", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
        /// What stands there.
        what: &'static str,
    },
    /// A name that cannot name an output folder.
    #[error("\"{name}\" cannot name an output folder")]
    Name {
        /// The name.
        name: String,
    },
    /// A parquet file read as a baseline lacks a column, or has it in another type.
    #[error(
        "{} is not a summary of this program: column \"{column}\" is missing or not of the expected type",
        path.display()
    )]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A value that a column cannot hold.
    #[error("{} row {row}: \"{value}\" is no {column}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// The column.
        column: &'static str,
        /// The value.
        value: String,
    },
}

impl ExportError {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// For `map_err` on parquet operations.
    pub(crate) fn parquet<E: std::fmt::Display>(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |reason| Self::Parquet {
            action,
            path,
            reason: reason.to_string(),
        }
    }
}
