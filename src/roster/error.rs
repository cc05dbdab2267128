//! Why a roster could not be read.

/// Why a roster could not be read at all. The texts say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// Larger than [`super::LARGEST_FILE`].
    #[error("the file is larger than {0} MiB; split it, or leave out columns that are not needed")]
    TooLarge(u64),
    /// More rows than [`super::MOST_ROWS`].
    #[error("there are more than {0} rows; split the file")]
    TooManyRows(usize),
    /// More columns than [`super::MOST_COLUMNS`].
    #[error("row {row} has more than {most} columns, so this is hardly a roster")]
    TooManyColumns {
        /// Row, from 1.
        row: usize,
        /// Most columns.
        most: usize,
    },
    /// A field longer than [`super::LONGEST_FIELD`].
    #[error(
        "a field that starts in row {row} is longer than {most} bytes; is a quotation mark left open there?"
    )]
    LongField {
        /// Row, from 1.
        row: usize,
        /// Most bytes.
        most: usize,
    },
    /// A value of a parquet file longer than [`super::LONGEST_FIELD`].
    #[error("column {column} of row {row} is longer than {most} bytes; shorten it")]
    LongValue {
        /// Row, from 1.
        row: usize,
        /// Column.
        column: String,
        /// Most bytes.
        most: usize,
    },
    /// Texts of a parquet file that are larger than a text file may be, [`super::LARGEST_FILE`].
    #[error(
        "its columns hold more than {0} MiB of text; split the file, or leave out columns that are not needed"
    )]
    TooMuchText(u64),
    /// A column of a parquet file whose values are no texts and no plain numbers.
    #[error(
        "column {column} is stored as {kind}, which is not read; store it as text, as a floating-point number or as an integer of 32 or 64 bits"
    )]
    ColumnType {
        /// Column.
        column: String,
        /// Name of its type.
        kind: String,
    },
    /// A quotation mark without its other half.
    #[error("a quotation mark opens in the record of row {row} and is never closed")]
    OpenQuote {
        /// Row, from 1.
        row: usize,
    },
    /// Zero bytes, or another sign that it is no text.
    #[error("the file is neither text nor parquet: there are zero bytes in it")]
    Binary,
    /// The encoding stated does not fit.
    #[error("the file is not {0}; state its encoding in [roster] encoding, or save it as UTF-8")]
    Encoding(&'static str),
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// No row that names columns.
    #[error(
        "no header row was found: none of the first rows names an id or name column together with tier or followers (the first row is {first}); name the columns in [roster] columns, e.g. columns.id = \"Creator handle\""
    )]
    NoHeader {
        /// The first row with anything in it.
        first: String,
    },
    /// A column of `[roster]` that the header does not have.
    #[error("[roster] columns.{field} is {wanted}, but the header has {found}")]
    NoColumn {
        /// Field.
        field: &'static str,
        /// Name wanted.
        wanted: String,
        /// Names there are.
        found: String,
    },
    /// No creator can be booked.
    #[error("none of the {rows} rows is a creator that can be booked; the first reason: {reason}")]
    Nobody {
        /// Rows read.
        rows: usize,
        /// The first issue.
        reason: String,
    },
}
