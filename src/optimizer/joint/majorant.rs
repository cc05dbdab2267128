//! A bound over all plans by one linear program.
//!
//! Of the creators of an audience whose conversions are in proportion to their impressions, xᵢ of them with bᵢ
//! of value and gᵢ impressions each, and any ρ ≥ 0, in every trial
//!
//! ```text
//! Σ bᵢxᵢ s(G) ≤ Σ max(0, bᵢ − ρ gᵢ) xᵢ + ρ R(G)
//! ```
//!
//! for s(G) ≤ 1 and s(G) G = R(G); in expectation with R(E\[G\]) in place of R(G), which is concave. The program
//! takes the least of these over some ρ, every tangent of R, shocks at none, and every rule at those of the
//! possible factors that help most. No plan has a value above its optimum; if it has no point, there is no plan.

use super::Run;
use super::affine::{Aim, Limit};
use super::boxes::Node;
use super::pieces::PIECES;
use super::values::Values;
use crate::model::Basis;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Column, Program, Row};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{Verdict, confirm_infeasible, remaining, solve};

/// Values of ρ for each audience, at most.
const RATES: usize = 8;

/// Parts by number of creators, at most.
const PARTS: usize = 40;

/// Plans of a number of creators, and what shocks leave to the least of them.
#[derive(Debug, Clone, Copy)]
struct Part {
    low: f64,
    high: f64,
    left: f64,
}

impl Run<'_> {
    /// No plan has a value above it: the lesser of a bound known and that of the majorant. With shocks the plans are
    /// parted by their number of creators, of which the chance of a shock is a matter, until the parts with the best
    /// bounds are small or good enough.
    pub(super) fn bound(&self, value: f64, known: f64, root: Option<&Node>) -> f64 {
        if !self.model.incidents.shocks() {
            return self.bound_of(value, root, None).min(known).max(value);
        }
        let cells = self.model.cells.len();
        let mut most = self.program((self.aim, 0.0), root, None);
        most.maximize = vec![0.0; most.columns.len()];
        most.maximize[..cells].fill(1.0);
        let goal = Goal::Sum(most.maximize.clone());
        let solved = solve_relaxed(&most, &goal, self.relaxations, self.cancel);
        if solved.verdict != Verdict::Optimal {
            return self.bound_of(value, root, None).min(known).max(value);
        }
        let part = |low: f64, high: f64| {
            let part = Part {
                low,
                high,
                left: self.values.left_by_shocks(low),
            };
            (self.bound_of(value, root, Some(part)), low, high)
        };
        let mut open = vec![part(0.0, solved.objective.ceil())];
        for _ in 0..PARTS {
            open.sort_by(|a, b| a.0.total_cmp(&b.0));
            let Some(&(bound, low, high)) = open.last() else {
                break;
            };
            let good =
                bound <= value + 0.5 * self.settings.gap * value.abs() || bound <= known.min(value);
            if good || high - low <= 1.0 || self.cancel.requested() {
                break;
            }
            open.pop();
            let middle = (0.5 * (low + high)).floor();
            // Counts may be fractional: both hold the middle.
            open.push(part(low, middle));
            open.push(part(middle, high));
        }
        let bound = open.iter().fold(f64::NEG_INFINITY, |m, p| m.max(p.0));
        bound.min(known).max(value)
    }

    fn program(&self, aim: (&Aim, f64), root: Option<&Node>, part: Option<Part>) -> Program {
        let limits: Vec<&Limit> = self.limits.iter().collect();
        program(self.values, &limits, aim, (root, part), false)
    }

    /// The bound of the plans of a part, infinite if the solver gives none.
    fn bound_of(&self, value: f64, root: Option<&Node>, part: Option<Part>) -> f64 {
        let program = self.program((self.aim, value), root, part);
        let goal = Goal::Sum(program.maximize.clone());
        let solved = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
        match solved.verdict {
            Verdict::Optimal => {}
            Verdict::Infeasible => return f64::NEG_INFINITY,
            _ => return f64::INFINITY,
        }
        let sum = solved
            .bound
            .unwrap_or(solved.objective)
            .max(solved.objective);
        let most = if self.aim.below.is_none() {
            sum
        } else {
            let least = self.model.rules.min_spend * self.model.rules.budget;
            value + if sum > 0.0 { sum / least } else { 0.0 }
        };
        // Solvers keep rows to within their tolerance.
        most + 1e-7 * most.abs()
    }

    /// Whether the majorant's program, whole if counts are, has no point, by two independent solves.
    pub(super) fn ruled_out(&self, sides: &[[bool; 2]]) -> bool {
        let limits: Vec<&Limit> = self
            .limits
            .iter()
            .filter(|l| sides[l.of.0][usize::from(l.of.1)])
            .collect();
        let empty = |whole: bool| {
            let aim = (self.aim, 0.0);
            let mut program = program(self.values, &limits, aim, (None, None), whole);
            program.maximize.fill(0.0);
            let settings = remaining(self.settings, self.started);
            solve(&program, &settings, self.cancel).verdict == Verdict::Infeasible
                && confirm_infeasible(&program, &settings, self.cancel)
        };
        empty(false) || (!self.model.fractional_counts && empty(true))
    }
}

/// The program of counts between those of a root box, or of all counts; whole or not. The objective is
/// Σ (a − q b) x for an aim a / b.
fn program(
    values: &Values<'_>,
    limits: &[&Limit],
    (aim, q): (&Aim, f64),
    (root, part): (Option<&Node>, Option<Part>),
    whole: bool,
) -> Program {
    let cells = values.model.cells.len();
    let audiences = values.gross();
    let range = |i: usize| root.map_or((0.0, 1.0), |r| r.factors[i]);
    let width = cells + 2 * audiences.len();
    let line = match &aim.below {
        None => aim.above.clone(),
        Some(below) => aim.above.plus(-q, below),
    };
    let mut columns: Vec<Column> = (0..cells)
        .map(|i| Column {
            low: root.map_or(0.0, |r| r.low[i]),
            high: root.map_or(f64::INFINITY, |r| r.high[i]),
            integer: whole,
        })
        .collect();
    let left = part.map_or(1.0, |p| p.left);
    let best = |i: usize| {
        let (low, high) = range(i);
        line.range(i, (low.min(left), high.min(left))).1
    };
    let mut maximize: Vec<f64> = (0..cells).map(best).collect();
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(part.map(|part| {
        let mut coefficients = vec![1.0; cells];
        coefficients.resize(width, 0.0);
        Row {
            coefficients,
            low: Some(part.low),
            high: Some(part.high),
        }
    }));
    for limit in limits {
        let mut coefficients: Vec<f64> = (0..cells)
            .map(|i| {
                let (least, _) = limit.line.range(i, range(i));
                if limit.largest {
                    f64::from(u8::from(least > limit.most))
                } else {
                    least
                }
            })
            .collect();
        coefficients.resize(width, 0.0);
        rows.push(Row {
            coefficients,
            low: None,
            high: Some(if limit.largest { 0.0 } else { limit.most }),
        });
    }
    let mut tail = Vec::new();
    for (k, gross) in audiences.iter().enumerate() {
        let size = values.model.audiences[k].size;
        // Cells whose value saturates, in proportion to their impressions.
        let own: Vec<usize> = (0..cells)
            .filter(|&i| gross[i] > 0.0 && line.moved[i] > 0.0 && in_proportion(values, i))
            .collect();
        let most: f64 = own
            .iter()
            .map(|&i| line.moved[i])
            .fold(0.0, f64::max)
            .max(f64::MIN_POSITIVE);
        for &i in &own {
            maximize[i] = line.still[i];
        }
        // What they are worth together, by the largest worth of one; then net reach, by size.
        let (worth, reach) = (cells + k, cells + audiences.len() + k);
        let mut rates: Vec<f64> = own.iter().map(|&i| line.moved[i] / gross[i]).collect();
        rates.sort_by(f64::total_cmp);
        let step = rates.len().div_ceil(RATES).max(1);
        let mut chosen: Vec<f64> = rates.iter().rev().step_by(step).copied().collect();
        chosen.push(0.0);
        for rate in chosen {
            let mut coefficients = vec![0.0; width];
            coefficients[worth] = 1.0;
            for &i in &own {
                let rest = (line.moved[i] - rate * gross[i]).max(0.0);
                coefficients[i] = -rest * range(i).1 / most;
            }
            coefficients[reach] = -rate * size / most;
            rows.push(Row {
                coefficients,
                low: None,
                high: Some(0.0),
            });
        }
        for load in PIECES {
            let slope = libm::exp(-load);
            let mut coefficients: Vec<f64> = gross.iter().map(|g| -slope * g / size).collect();
            coefficients.resize(width, 0.0);
            coefficients[reach] = 1.0;
            rows.push(Row {
                coefficients,
                low: None,
                high: Some(1.0 - slope - load * slope),
            });
        }
        tail.push(most * left);
    }
    maximize.extend(&tail);
    maximize.resize(width, 0.0);
    columns.extend(audiences.iter().map(|_| Column {
        low: 0.0,
        high: f64::INFINITY,
        integer: false,
    }));
    columns.resize(
        width,
        Column {
            low: 0.0,
            high: 1.0,
            integer: false,
        },
    );
    Program {
        maximize,
        columns,
        rows,
    }
}

/// Whether a creator's expected conversions given its impressions are in proportion to them.
fn in_proportion(values: &Values<'_>, cell: usize) -> bool {
    let model = values.model;
    match &model.tiers[model.cells[cell].tier].basis {
        Basis::Followers(_) => true,
        Basis::Benchmark(b) => b.cpm.as_ref().is_some_and(|cpm| cpm.is_certain()),
    }
}
