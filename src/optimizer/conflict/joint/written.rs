//! A program as it is written, column by column and row by row.

use crate::optimizer::program::{Column, Row};

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
