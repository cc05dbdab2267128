//! Rows of cells before they are written.

use crate::export::table::defined;
use crate::model::Metric;

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Currency without cents.
    Money,
    /// Currency per something.
    Price,
    /// Currency per something small, and errors of ratios.
    Small,
    /// A number of things.
    Count,
    /// A number of things that may have parts.
    Parts,
    /// A ratio.
    Ratio,
    /// A share, as a percentage.
    Share,
    /// A probability's error, in points.
    ShareError,
}

impl Kind {
    /// The number format.
    pub(super) fn format(self) -> &'static str {
        match self {
            Self::Money | Self::Count => "#,##0",
            Self::Small => "#,##0.0000",
            Self::Price | Self::Parts => "#,##0.00",
            Self::Ratio => "0.00",
            Self::Share => "0.0%",
            Self::ShareError => "0.00%",
        }
    }

    /// Of a metric's values.
    pub(super) fn of(metric: Metric) -> Self {
        match metric {
            Metric::Spend | Metric::Revenue | Metric::Profit => Self::Money,
            Metric::Cpm | Metric::Cpa => Self::Price,
            Metric::Cpe => Self::Small,
            Metric::Roas | Metric::Roi | Metric::Frequency => Self::Ratio,
            _ => Self::Count,
        }
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// A text, never a formula.
    Text(String),
    /// A number.
    Number(f64, Kind),
    /// A formula with its result.
    Formula(String, f64, Kind),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn maybe(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    /// A number, or nothing where it is not defined.
    pub(super) fn number(value: Option<f64>, kind: Kind) -> Self {
        defined(value).map_or(Self::Empty, |value| Self::Number(value, kind))
    }

    pub(super) fn whole(value: usize) -> Self {
        Self::Number(value as f64, Kind::Count)
    }

    /// A formula where its result is defined, else nothing.
    pub(super) fn formula(text: String, result: Option<f64>, kind: Kind) -> Self {
        defined(result).map_or(Self::Empty, |result| Self::Formula(text, result, kind))
    }
}

/// A column's header and width in characters.
pub(super) type Head = (&'static str, f64);

/// A sheet: a header and rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) head: Vec<Head>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Rows that are totals, by index.
    pub(super) totals: Vec<usize>,
    /// Columns that stay in sight.
    pub(super) frozen: u16,
}

impl Sheet {
    pub(super) fn new(name: &'static str, head: &[Head], frozen: u16) -> Self {
        Self {
            name,
            head: head.to_vec(),
            rows: Vec::new(),
            totals: Vec::new(),
            frozen,
        }
    }

    /// The row of the spreadsheet, from 1, that the next row will be.
    pub(super) fn next(&self) -> usize {
        self.rows.len() + 2
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(super) fn total(&mut self, cells: Vec<Cell>) {
        self.totals.push(self.rows.len());
        self.rows.push(cells);
    }
}

/// A column's letters, from 0: A, B … Z, AA.
pub(super) fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut out = Vec::new();
    while rest > 0 {
        out.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    out.iter().rev().collect()
}

/// A cell, column from 0 and row from 1, e.g. `E4`.
pub(super) fn at(column: usize, row: usize) -> String {
    format!("{}{row}", letters(column))
}

/// The figure of a ratio, or nothing where the denominator is zero.
pub(super) fn quotient(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}
