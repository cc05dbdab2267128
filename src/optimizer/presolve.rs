//! Finite upper bounds from the rows, and the program without the columns they force to zero.
//!
//! A row Σ aᵢxᵢ ≤ h gives xⱼ ≤ (h − least of the rest) / aⱼ where the rest is bounded below.

use crate::optimizer::program::{Column, Program, Row, dot};
use crate::optimizer::solver::Solved;

/// The bounds alone leave no point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Empty;

/// Rounds of propagation: each carries a bound one row further, and ratios chain a few.
const ROUNDS: usize = 8;

/// How far beyond a whole number a bound may lie and still count as it, relative to its size.
const WHOLE: f64 = 1e-7;

/// A program with tightened bounds and without the columns that are zero for sure.
#[derive(Debug, Clone)]
pub(crate) struct Presolved {
    program: Program,
    kept: Vec<usize>,
    columns: Vec<Column>,
}

/// Tightens bounds and drops columns.
pub(crate) fn presolve(program: &Program) -> Result<Presolved, Empty> {
    let columns = tighten(program)?;
    let kept: Vec<usize> = (0..columns.len())
        .filter(|&i| columns[i].low != 0.0 || columns[i].high != 0.0)
        .collect();
    let pick = |values: &[f64]| -> Vec<f64> { kept.iter().map(|&i| values[i]).collect() };
    let rows = program
        .rows
        .iter()
        .map(|row| Row {
            coefficients: pick(&row.coefficients),
            low: row.low,
            high: row.high,
        })
        .filter(|row| !row.coefficients.iter().all(|&a| a == 0.0) || !holds_at_zero(row))
        .collect();
    Ok(Presolved {
        program: Program {
            maximize: pick(&program.maximize),
            columns: kept.iter().map(|&i| columns[i]).collect(),
            rows,
        },
        kept,
        columns,
    })
}

fn holds_at_zero(row: &Row) -> bool {
    row.low.is_none_or(|l| l <= 0.0) && row.high.is_none_or(|h| h >= 0.0)
}

impl Presolved {
    /// Whether a column is left that the rows do not limit one by one.
    pub(crate) fn open(&self) -> bool {
        self.program.columns.iter().any(|c| !c.high.is_finite())
    }

    /// The smaller program, open integer columns capped.
    pub(crate) fn capped(&self, most: f64) -> Program {
        let mut program = self.program.clone();
        for column in &mut program.columns {
            if column.integer {
                column.high = column.high.min(most);
            }
        }
        program
    }

    /// Gives the tightened bounds to the columns of the whole program.
    pub(crate) fn cap_into(&self, program: &mut Program, most: f64) {
        for (column, tight) in program.columns.iter_mut().zip(&self.columns) {
            let high = tight.high.min(most);
            column.high = column
                .high
                .min(if column.integer { whole(high) } else { high });
        }
    }

    /// Columns of the smaller program.
    pub(crate) fn width(&self) -> usize {
        self.kept.len()
    }

    /// Where the whole program's columns are in the smaller one; none of those that are zero.
    pub(crate) fn places(&self) -> Vec<Option<usize>> {
        let mut places = vec![None; self.columns.len()];
        for (at, &i) in self.kept.iter().enumerate() {
            places[i] = Some(at);
        }
        places
    }

    /// A point of the whole program in the smaller one.
    pub(crate) fn shrink(&self, x: &[f64]) -> Vec<f64> {
        self.kept.iter().map(|&i| x[i]).collect()
    }

    /// A point of the smaller program in the whole one.
    pub(crate) fn widen(&self, x: &[f64]) -> Vec<f64> {
        let mut whole = vec![0.0; self.columns.len()];
        for (&i, &value) in self.kept.iter().zip(x) {
            whole[i] = value;
        }
        whole
    }

    /// Gives the boxes of the smaller program's columns to those of the whole one; the others
    /// are zero.
    pub(crate) fn box_into(&self, columns: &[Column], program: &mut Program) {
        for column in &mut program.columns {
            (column.low, column.high) = (0.0, 0.0);
        }
        for (&i, column) in self.kept.iter().zip(columns) {
            program.columns[i] = *column;
        }
    }

    /// An answer to the smaller program in terms of the whole one.
    pub(crate) fn expand(&self, solved: Solved, program: &Program) -> Solved {
        if !solved.found() {
            return solved;
        }
        let x = self.widen(&solved.x);
        Solved {
            objective: dot(&program.maximize, &x),
            x,
            ..solved
        }
    }
}

fn tighten(program: &Program) -> Result<Vec<Column>, Empty> {
    let mut columns = program.columns.clone();
    for column in &mut columns {
        if column.integer {
            column.low = (column.low - WHOLE).ceil();
            column.high = whole(column.high);
        }
        if column.low > column.high {
            return Err(Empty);
        }
    }
    for _ in 0..ROUNDS {
        let mut changed = false;
        for row in &program.rows {
            if let Some(high) = row.high {
                changed |= tighten_by(&mut columns, &row.coefficients, 1.0, high)?;
            }
            if let Some(low) = row.low {
                changed |= tighten_by(&mut columns, &row.coefficients, -1.0, -low)?;
            }
        }
        if !changed {
            break;
        }
    }
    Ok(columns)
}

fn whole(high: f64) -> f64 {
    (high + WHOLE * high.abs().max(1.0)).floor()
}

/// Upper bounds from Σ s·aᵢxᵢ ≤ h.
fn tighten_by(columns: &mut [Column], a: &[f64], sign: f64, h: f64) -> Result<bool, Empty> {
    let (mut least, mut size, mut open) = (0.0, h.abs(), false);
    for (&a, column) in a.iter().zip(columns.iter()) {
        let term = sign * a;
        if term > 0.0 {
            least += term * column.low;
            size += (term * column.low).abs();
        } else if term < 0.0 {
            if column.high.is_finite() {
                least += term * column.high;
                size += (term * column.high).abs();
            } else {
                // An open column lowers the sum without limit: the row bounds nothing yet.
                open = true;
            }
        }
    }
    if open {
        return Ok(false);
    }
    if least > h + 1e-7 * size.max(f64::MIN_POSITIVE) {
        return Err(Empty);
    }
    let mut changed = false;
    for (&a, column) in a.iter().zip(columns.iter_mut()) {
        let term = sign * a;
        // Coefficients of rounding noise would give bounds of noise.
        if term <= 1e-12 * size {
            continue;
        }
        let mut bound = column.low + ((h - least) / term).max(0.0);
        if column.integer {
            bound = whole(bound);
        } else {
            bound += 1e-9 * bound.abs().max(1.0);
        }
        if bound < column.high - 1e-6 * bound.abs().max(1.0) {
            column.high = bound;
            changed = true;
        }
    }
    Ok(changed)
}
