//! A second word on programs that one search says have no point.

use std::time::Instant;

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::branch;
use crate::optimizer::program::{Program, Row};
use crate::optimizer::solver::{Verdict, confirm_infeasible, remaining};

/// Whether a second solve agrees that no point exists: another solver's ([`confirm_infeasible`]), or, where that one
/// does not end, our own in another order ([`mirrored_is_empty`]).
pub(crate) fn confirms_empty(program: &Program, settings: &PlanSettings, cancel: &Cancel) -> bool {
    let started = Instant::now();
    confirm_infeasible(program, settings, cancel)
        || mirrored_is_empty(program, &remaining(settings, started), cancel)
}

/// Whether our own branch and bound finds no point over columns and rows in reverse, toward the opposite objective,
/// none, or its own. It calls a box empty only for multipliers by which the rows themselves rule it out, rounding
/// included.
pub(crate) fn mirrored_is_empty(
    program: &Program,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> bool {
    let started = Instant::now();
    for times in [-1.0, 0.0, 1.0] {
        let left = remaining(settings, started);
        let Some(solved) = branch(&mirrored(program, times), None, &left, cancel) else {
            return false;
        };
        match solved.verdict {
            Verdict::Infeasible => return true,
            Verdict::NodeLimit => {}
            // A point is there, or the search was cut short.
            _ => return false,
        }
    }
    false
}

/// The program from its last column and row to the first, its objective multiplied.
fn mirrored(program: &Program, times: f64) -> Program {
    let row = |row: &Row| Row {
        coefficients: row.coefficients.iter().rev().copied().collect(),
        ..*row
    };
    Program {
        maximize: program.maximize.iter().rev().map(|c| times * c).collect(),
        columns: program.columns.iter().rev().copied().collect(),
        rows: program.rows.iter().rev().map(row).collect(),
    }
}
