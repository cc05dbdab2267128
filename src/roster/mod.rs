//! Roster files: bytes to creators, with a list of everything that was dropped or repaired.
//!
//! Every column is read as text first and understood then, as a column: whether a comma is a
//! decimal mark, or a rate a percentage, is a question about all of its values.
//!
//! - `encoding` turns bytes into text, `table` text into columns, `headers` finds out which
//!   columns they are;
//! - `actuals` reads what happened in past months;
//! - `number` understands numbers, column by column; `creators` makes creators of the rows.
//!
//! Whatever a file holds, reading ends in a roster or in one [`RosterError`]: size, rows, columns
//! and the length of a field are limited.

mod actuals;
mod creators;
mod encoding;
mod error;
mod headers;
mod issue;
mod label;
mod number;
mod ranges;
mod table;
mod whole;
mod words;

#[cfg(test)]
mod tests;

pub use actuals::{ActualsProblem, ActualsProblems, read_actuals};
pub use creators::read_table;
pub use encoding::decode;
pub use error::RosterError;
pub use headers::places;
pub use issue::{Action, Issue};
pub use table::{RawTable, TextColumn, parse};
pub use whole::Roster;

/// Largest file, in bytes.
pub const LARGEST_FILE: u64 = 128 << 20;
/// Most rows.
pub const MOST_ROWS: usize = 500_000;
/// Most columns.
pub const MOST_COLUMNS: usize = 512;
/// Longest field, in bytes.
pub const LONGEST_FIELD: usize = 64 << 10;
