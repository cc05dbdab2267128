//! A program as it is written, column by column and row by row.

use crate::optimizer::program::{Column, Row};

/// Coefficients a of the counts, and c.
pub(super) type Part = (Vec<f64>, f64);

/// A program being written: counts first, then the columns added.
pub(super) struct Written {
    pub(super) cells: usize,
    pub(super) maximize: Vec<f64>,
    pub(super) extra: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

impl Written {
    /// Adds a continuous column at a price; its place.
    pub(super) fn column(&mut self, low: f64, price: f64) -> usize {
        self.extra.push(Column {
            low,
            high: f64::INFINITY,
            integer: false,
        });
        self.maximize.push(-price);
        self.cells + self.extra.len() - 1
    }

    /// A column that is at least a part of a sum of maxima, a·x − c, and at least 0; one for all rules that have
    /// the part.
    pub(super) fn need(&mut self, known: &mut Vec<(Part, usize)>, part: Part) -> usize {
        if let Some((_, column)) = known.iter().find(|(other, _)| *other == part) {
            return *column;
        }
        let column = self.column(0.0, 0.0);
        self.row(part.0.clone(), &[(column, -1.0)], None, Some(part.1));
        known.push((part, column));
        column
    }

    pub(super) fn row(
        &mut self,
        mut coefficients: Vec<f64>,
        more: &[(usize, f64)],
        low: Option<f64>,
        high: Option<f64>,
    ) {
        coefficients.resize(self.cells + self.extra.len(), 0.0);
        for &(column, value) in more {
            coefficients[column] = value;
        }
        self.rows.push(Row {
            coefficients,
            low,
            high,
        });
    }
}
