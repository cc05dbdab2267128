//! `[roster]`: how the creators' file is to be read.

use super::keys::{Field, Kind};
use super::reader::Reader;
use super::shape::{leaf, table};
use crate::model::{RosterField, RosterSettings};

const ENCODINGS: &[&str] = &["utf-8", "utf-16le", "utf-16be", "gbk", "windows-1252"];
const DELIMITERS: &[&str] = &["comma", "semicolon", "tab", "pipe"];

/// The keys of `[roster]`.
pub(super) static ROSTER: &[Field] = &[
    table(
        "columns",
        COLUMNS,
        "Names of columns in the roster's header, where they are not common ones.",
    ),
    leaf(
        "encoding",
        Kind::Word(ENCODINGS),
        "Encoding of a text file; recognized if left out.",
    ),
    leaf(
        "delimiter",
        Kind::Word(DELIMITERS),
        "What separates fields; recognized if left out.",
    ),
    leaf(
        "decimal",
        Kind::Word(&["point", "comma"]),
        "The decimal mark of every column; decided column by column if left out.",
    ),
    leaf(
        "engagement_per",
        Kind::Word(&["impression", "follower"]),
        "What the roster's engagement rate is a share of.",
    ),
];

macro_rules! columns {
    ($($name:literal),*) => {
        &[$(leaf($name, Kind::Text(true), "Name of this column in the roster's header.")),*]
    };
}

static COLUMNS: &[Field] = columns![
    "id",
    "name",
    "tier",
    "followers",
    "fee",
    "engagement_rate",
    "category",
    "region",
    "status",
    "past_posts",
    "past_conversions"
];

impl Reader<'_> {
    /// Reads `[roster]`.
    pub(super) fn roster(&mut self) -> RosterSettings {
        let mut columns = Vec::new();
        for field in RosterField::ALL {
            if let Some(name) = self.text(&["roster", "columns", field.name()]) {
                columns.push((field, name));
            }
        }
        RosterSettings {
            columns,
            encoding: self.word(&["roster", "encoding"], ENCODINGS),
            delimiter: self
                .word(&["roster", "delimiter"], DELIMITERS)
                .map(|word| match word {
                    "semicolon" => ';',
                    "tab" => '\t',
                    "pipe" => '|',
                    _ => ',',
                }),
            decimal_comma: self
                .word(&["roster", "decimal"], &["point", "comma"])
                .map(|word| word == "comma"),
            engagement_per_follower: self
                .word(&["roster", "engagement_per"], &["impression", "follower"])
                == Some("follower"),
        }
    }
}
