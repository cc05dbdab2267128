//! The most probability with which any plan reaches a level.

use crate::optimizer::program::relax;
use crate::optimizer::risk::rules::Rule;
use crate::optimizer::risk::search::Run;
use crate::optimizer::solver::{Verdict, solve};
use crate::stats::special::normal_cdf;

/// Most linear programs, one a trial.
const PROGRAMS: usize = 12_000;

/// Programs after which the work ends unless they promise to be enough.
const FIRST: usize = 200;

/// A bound that is low enough.
const SMALL: f64 = 1e-3;

/// What solvers may leave of a mean, relative to the size of the gain.
const ACCURACY: f64 = 1e-6;

/// No plan reaches a gain's level with more than this probability: the mean over trials of the
/// most that any plan reaches in the trial, each by itself.
///
/// In a trial where no plan's mean is at the level, P ≤ Φ((µ − level)/σ) with the largest mean µ and
/// the largest σ of any plan of the linear rules; where one's is, P ≤ 1. µ is bounded by single rows
/// first, and where that is not enough by the linear program of the trial, max Σ x·mₜ, until the
/// probability wanted is out of reach or too many trials leave it open.
pub(super) fn most_probable(run: &Run<'_>, rule: &Rule<'_>, wanted: f64) -> f64 {
    let mut bounds = by_rows(run, rule);
    let trials = bounds.len();
    let mut sum = bounds.iter().sum::<f64>();
    let enough = wanted * trials as f64;
    if sum < enough {
        return sum / trials as f64;
    }
    let cells: Vec<Vec<f64>> = (0..run.case.cells())
        .map(|cell| rule.field.cell(cell).map(|(m, _)| m).collect())
        .collect();
    let ranges = run.variances(rule);
    let mut program = relax(run.case.program);
    let mut tried = 0;
    let mut lowered = 0.0;
    for (t, (bound, (_, variance))) in bounds.iter_mut().zip(ranges).enumerate() {
        if *bound < SMALL {
            continue;
        }
        // Trials come in no order of their outcomes: the first ones stand for all.
        let hopeless = tried >= FIRST && lowered < (1.0 - wanted) * tried as f64;
        if sum < enough || hopeless || tried == PROGRAMS || run.case.over() {
            break;
        }
        program.maximize = cells.iter().map(|means| means[t]).collect();
        let solved = solve(&program, run.case.relaxations, run.case.cancel);
        tried += 1;
        if solved.verdict != Verdict::Optimal {
            continue;
        }
        let size = rule.scale.max(solved.objective.abs());
        let above = solved.objective + ACCURACY * size - rule.least;
        let reached = chance(above, variance).min(*bound);
        lowered += *bound - reached;
        sum -= *bound - reached;
        *bound = reached;
    }
    (sum / trials as f64).clamp(0.0, 1.0)
}

/// The most of P(G ≥ level) where no plan's mean is nearer to the level, nor its variance larger.
fn chance(above: f64, variance: f64) -> f64 {
    if above >= 0.0 || !variance.is_finite() {
        1.0
    } else if variance > 0.0 {
        normal_cdf(above / variance.sqrt())
    } else {
        0.0
    }
}

/// The same by each single row of the program with positive coefficients and an upper bound: Σ x·m is
/// at most its bound times the best m per unit of it.
fn by_rows(run: &Run<'_>, rule: &Rule<'_>) -> Vec<f64> {
    let program = run.case.program;
    let trials = rule.field.trials();
    let n = program.columns.len();
    let mut mean = vec![f64::INFINITY; trials];
    let mut variance = vec![f64::INFINITY; trials];
    for row in &program.rows {
        let Some(high) = row.high else { continue };
        if high <= 0.0 || row.coefficients.iter().any(|&a| a < 0.0) {
            continue;
        }
        let (mut best, mut widest) = (vec![0.0_f64; trials], vec![0.0_f64; trials]);
        for cell in (0..n).filter(|&i| program.columns[i].high > 0.0) {
            let per = high / row.coefficients[cell];
            for (t, (m, v)) in rule.field.cell(cell).enumerate() {
                // Nothing in this row limits a cell of coefficient 0.
                best[t] = best[t].max(if m > 0.0 { m * per } else { 0.0 });
                widest[t] = widest[t].max(if v > 0.0 { v * per } else { 0.0 });
            }
        }
        for t in 0..trials {
            mean[t] = mean[t].min(best[t]);
            variance[t] = variance[t].min(widest[t]);
        }
    }
    mean.iter()
        .zip(&variance)
        .map(|(m, v)| chance(m - rule.least, *v))
        .collect()
}
