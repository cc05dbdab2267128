//! Rows that close columns, and points that keep rows.

use crate::optimizer::program::{Column, Program, Row};

/// Fixes at zero the columns of rows that allow nothing, and leaves those rows out.
pub(super) fn close(program: &mut Program) {
    let columns = &mut program.columns;
    program.rows.retain(|row| {
        let shut = row.low.is_none_or(|low| low <= 0.0)
            && row.high == Some(0.0)
            && row.coefficients.iter().all(|&a| a >= 0.0);
        if shut {
            for (column, &a) in columns.iter_mut().zip(&row.coefficients) {
                if a > 0.0 {
                    column.high = 0.0;
                }
            }
        }
        !shut
    });
}

/// How far rounding the counts can move a row's sum.
pub(super) fn reach(row: &Row, program: &Program) -> f64 {
    let open = row.coefficients.iter().zip(&program.columns);
    let sum: f64 = open
        .filter(|(_, column)| column.high > 0.0 && column.integer)
        .map(|(a, _)| a.abs())
        .sum();
    0.5 * sum
}

/// Whether a point keeps every row, up to the error of arithmetic.
pub(super) fn keeps(program: &Program, x: &[f64]) -> bool {
    let inside = |(x, column): (&f64, &Column)| *x >= column.low && *x <= column.high;
    x.len() == program.columns.len()
        && x.iter().zip(&program.columns).all(inside)
        && program.rows.iter().all(|row| {
            let (mut value, mut size) = (0.0, 0.0);
            for (a, x) in row.coefficients.iter().zip(x) {
                value += a * x;
                size += (a * x).abs();
            }
            let slack = |bound: f64| 1e-6 * f64::max(bound.abs(), size);
            row.low.is_none_or(|low| value >= low - slack(low))
                && row.high.is_none_or(|high| value <= high + slack(high))
        })
}
