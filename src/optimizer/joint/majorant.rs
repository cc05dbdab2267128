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
//! possible factors that help most; rules that factors decide (targets) by sums of the same kind. No plan has a value above its optimum; if it has no point, there is no plan.

use super::Run;
use super::affine::{Aim, Limit, Line};
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

/// Part of a rule's coefficients from which factors decide it.
const DECISIVE: f64 = 0.05;

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

    /// Whether the majorant's program, of whole counts or not, has no point, by two independent solves.
    pub(super) fn ruled_out(&self, sides: &[[bool; 2]], whole: bool) -> bool {
        let limits: Vec<&Limit> = self
            .limits
            .iter()
            .filter(|l| sides[l.of.0][usize::from(l.of.1)])
            .collect();
        let mut program = program(self.values, &limits, (self.aim, 0.0), (None, None), whole);
        program.maximize.fill(0.0);
        let settings = remaining(self.settings, self.started);
        solve(&program, &settings, self.cancel).verdict == Verdict::Infeasible
            && confirm_infeasible(&program, &settings, self.cancel)
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
    let mut building = Building {
        values,
        root,
        left: part.map_or(1.0, |p| p.left),
        columns: (0..cells)
            .map(|i| Column {
                low: root.map_or(0.0, |r| r.low[i]),
                high: root.map_or(f64::INFINITY, |r| r.high[i]),
                integer: whole,
            })
            .collect(),
        rows: Vec::new(),
        reach: Vec::new(),
    };
    building.reaches();
    let line = match &aim.below {
        None => aim.above.clone(),
        Some(below) => aim.above.plus(-q, below),
    };
    let maximize = building.most(&line);
    if let Some(part) = part {
        let ones = (0..cells).map(|i| (i, 1.0)).collect();
        building.rows.push((ones, Some(part.low), Some(part.high)));
    }
    for limit in limits {
        building.limit(limit);
    }
    let width = building.columns.len();
    let dense = |sparse: &[(usize, f64)]| {
        let mut out = vec![0.0; width];
        for &(column, coefficient) in sparse {
            out[column] += coefficient;
        }
        out
    };
    Program {
        maximize: dense(&maximize),
        rows: building
            .rows
            .iter()
            .map(|(sparse, low, high)| Row {
                coefficients: dense(sparse),
                low: *low,
                high: *high,
            })
            .collect(),
        columns: building.columns,
    }
}

/// Coefficients by column.
type Sparse = Vec<(usize, f64)>;

/// A program as it grows: columns beside the counts are net reach by size, an audience each, and what creators of an
/// audience add to a sum together.
struct Building<'a> {
    values: &'a Values<'a>,
    root: Option<&'a Node>,
    /// The most that shocks leave.
    left: f64,
    columns: Vec<Column>,
    rows: Vec<(Sparse, Option<f64>, Option<f64>)>,
    reach: Vec<usize>,
}

impl Building<'_> {
    /// Possible factors of a cell.
    fn range(&self, cell: usize) -> (f64, f64) {
        let (low, high) = self.root.map_or((0.0, 1.0), |r| r.factors[cell]);
        (low.min(self.left), high.min(self.left))
    }

    fn column(&mut self, high: f64) -> usize {
        self.columns.push(Column {
            low: 0.0,
            high,
            integer: false,
        });
        self.columns.len() - 1
    }

    /// Net reach of every audience under its tangents.
    fn reaches(&mut self) {
        let values = self.values;
        for (audience, gross) in values.model.audiences.iter().zip(values.gross()) {
            let reach = self.column(1.0);
            self.reach.push(reach);
            for load in PIECES {
                let slope = libm::exp(-load);
                let mut row: Sparse = vec![(reach, 1.0)];
                let by =
                    |(i, g): (usize, &f64)| (*g > 0.0).then_some((i, -slope * g / audience.size));
                row.extend(gross.iter().enumerate().filter_map(by));
                self.rows
                    .push((row, None, Some(1.0 - slope - load * slope)));
            }
        }
    }

    /// A sum that Σ (still + moved f) x never exceeds.
    fn most(&mut self, line: &Line) -> Sparse {
        let cells = self.values.model.cells.len();
        let mut sum: Sparse = (0..cells)
            .map(|i| (i, line.range(i, self.range(i)).1))
            .collect();
        let values = self.values;
        for (k, gross) in values.gross().iter().enumerate() {
            // Cells whose part saturates, in proportion to their impressions.
            let own: Vec<usize> = (0..cells)
                .filter(|&i| gross[i] > 0.0 && line.moved[i] > 0.0 && in_proportion(values, i))
                .collect();
            if own.is_empty() {
                continue;
            }
            let unit = own.iter().map(|&i| line.moved[i]).fold(0.0, f64::max);
            let size = values.model.audiences[k].size;
            // What they add together, by the largest part of one.
            let together = self.column(f64::INFINITY);
            let mut rates: Vec<f64> = own.iter().map(|&i| line.moved[i] / gross[i]).collect();
            rates.sort_by(f64::total_cmp);
            let step = rates.len().div_ceil(RATES).max(1);
            let chosen = rates.iter().rev().step_by(step).copied();
            for rate in chosen.chain([0.0]) {
                let mut row: Sparse = vec![(together, 1.0)];
                row.extend(own.iter().map(|&i| {
                    let rest = (line.moved[i] - rate * gross[i]).max(0.0);
                    // Shocks are in the box's factors already.
                    let high = match self.root {
                        Some(root) if self.left >= 1.0 => root.factors[i].1,
                        _ => 1.0,
                    };
                    (i, -rest * high / unit)
                }));
                row.push((self.reach[k], -rate * size / unit));
                self.rows.push((row, None, Some(0.0)));
            }
            for &i in &own {
                sum[i].1 = line.still[i];
            }
            sum.push((together, unit * self.left));
        }
        sum
    }

    /// A rule at those factors that help most; together, where factors decide much of it.
    fn limit(&mut self, limit: &Limit) {
        let cells = self.values.model.cells.len();
        let helpful: f64 = limit.line.moved.iter().map(|m| (-m).max(0.0)).sum();
        let all: f64 = limit.line.still.iter().map(|s| s.abs()).sum();
        if limit.largest {
            let above = |&i: &usize| limit.line.range(i, self.range(i)).0 > limit.most;
            let row = (0..cells).filter(above).map(|i| (i, 1.0)).collect();
            self.rows.push((row, None, Some(0.0)));
        } else if helpful > DECISIVE * all {
            let sum = self.most(&limit.line.times(-1.0));
            let row = sum.into_iter().map(|(i, c)| (i, -c)).collect();
            self.rows.push((row, None, Some(limit.most)));
        } else {
            let least = |i| (i, limit.line.range(i, self.range(i)).0);
            let row = (0..cells).map(least).collect();
            self.rows.push((row, None, Some(limit.most)));
        }
    }
}

/// Whether a creator's expected conversions given its impressions are in proportion to them.
fn in_proportion(values: &Values<'_>, cell: usize) -> bool {
    let model = values.model;
    match &model.tiers[model.cells[cell].tier].basis {
        Basis::Followers(_) => true,
        Basis::Benchmark(b) => b
            .cpm
            .as_ref()
            .is_some_and(crate::distribution::Distribution::is_certain),
    }
}
