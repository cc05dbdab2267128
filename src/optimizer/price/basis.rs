//! The relaxation with its basis: every rule as rows whose bounds can move, solved by the dual
//! simplex of the branch and bound.
//!
//! A ratio as objective is made linear by Charnes and Cooper: unknowns y = t·x with one more for t,
//! and Σ sᵢyᵢ = 1. Then a bound h on a sum a·x is the row a·y − h·t, as one on a ratio
//! a·x / b·x is a·y − h·b·y: each bound is a coefficient, h times some w(y).

mod excess;

use crate::model::{Constraint, Form};
use crate::optimizer::backend::scale_of;
use crate::optimizer::goal::Goal;
use crate::optimizer::presolve;
use crate::optimizer::program::{Column, Program, Row, dot};
use crate::optimizer::simplex::dictionary::NOWHERE;
use crate::optimizer::simplex::{Outcome, Simplex};

/// Pivots after which a relaxation is given up.
const PIVOTS: usize = 20_000;

/// Columns that the rows do not limit lie below it.
const MOST: f64 = 1e7;

/// A multiplier below this share of the largest objective coefficient is none.
const NOTHING: f64 = 1e-9;

/// An end of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The least value.
    Low,
    /// The largest.
    High,
}

/// A row's constraint, and which of its ends the row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) constraint: usize,
    /// `None`: both.
    side: Option<Side>,
}

impl Owner {
    pub(super) fn holds(self, side: Side) -> bool {
        self.side.is_none_or(|own| own == side)
    }
}

/// The relaxation of a month's program.
pub(super) struct Linear {
    pub(super) program: Program,
    pub(super) owners: Vec<Option<Owner>>,
    /// The constraint that closes a cell by the size of its cost, a cell each.
    pub(super) closed: Vec<Option<usize>>,
    ratio: bool,
}

/// What the sums of a ratio are divided by, to keep t near the size of the counts.
pub(super) fn size_of(goal: &Goal) -> f64 {
    match goal {
        Goal::Sum(_) => 1.0,
        Goal::Ratio { below, .. } => below.iter().fold(f64::MIN_POSITIVE, |m, &s| m.max(s)),
    }
}

impl Linear {
    /// The relaxation under constraints; `size` as of [`size_of`].
    pub(super) fn new(constraints: &[Constraint], goal: &Goal, size: f64) -> Self {
        let (maximize, below) = match goal {
            Goal::Sum(c) => (c.clone(), None),
            Goal::Ratio { above, below } => (above.clone(), Some(below)),
        };
        let cells = maximize.len();
        let mut out = Self {
            program: Program {
                maximize,
                columns: vec![
                    Column {
                        low: 0.0,
                        high: f64::INFINITY,
                        integer: false,
                    };
                    cells
                ],
                rows: Vec::new(),
            },
            owners: Vec::new(),
            closed: vec![None; cells],
            ratio: below.is_some(),
        };
        if let Some(below) = below {
            for c in &mut out.program.maximize {
                *c /= size;
            }
            out.program.maximize.push(0.0);
            out.program.columns.push(Column {
                low: 0.0,
                high: f64::INFINITY,
                integer: false,
            });
            let scaled = below.iter().map(|s| s / size).chain([0.0]).collect();
            out.push(scaled, (Some(1.0), Some(1.0)), None);
        }
        for (i, constraint) in constraints.iter().enumerate() {
            out.add(i, constraint);
        }
        out
    }

    /// The same with another program of the same shape.
    pub(super) fn with(&self, program: Program) -> Self {
        Self {
            program,
            owners: self.owners.clone(),
            closed: self.closed.clone(),
            ratio: self.ratio,
        }
    }

    fn push(
        &mut self,
        coefficients: Vec<f64>,
        (low, high): (Option<f64>, Option<f64>),
        owner: Option<Owner>,
    ) {
        self.program.rows.push(Row {
            coefficients,
            low,
            high,
        });
        self.owners.push(owner);
    }

    fn add(&mut self, constraint: usize, stated: &Constraint) {
        // An end that nothing can pass keeps its row, so that programs of changed figures have the
        // same rows, but is no bound: where it is reached, a degenerate basis would call it one.
        let limiting = (stated.limiting_low(), stated.limiting_high());
        let ends = [
            (Side::Low, stated.low, limiting.0),
            (Side::High, stated.high, limiting.1),
        ];
        match &stated.form {
            Form::Sum(a) if !self.ratio => {
                let owner = Owner {
                    constraint,
                    side: None,
                };
                self.push(a.clone(), limiting, Some(owner));
            }
            Form::Largest(a) => {
                let Some(high) = stated.high else { return };
                for (cell, &a) in a.iter().enumerate() {
                    if a > high {
                        self.closed[cell] = Some(constraint);
                        self.program.columns[cell].high = 0.0;
                    }
                }
            }
            Form::Excess(excess) => self.add_excess(constraint, stated, excess),
            Form::Sum(_) | Form::Ratio { .. } => {
                let weights = self.weights(stated).unwrap_or_default();
                let numerator = match &stated.form {
                    Form::Sum(a) | Form::Largest(a) => a,
                    Form::Ratio { numerator, .. } => numerator,
                    Form::Excess(_) => return,
                };
                for (side, bound, limiting) in ends {
                    let Some(bound) = bound else { continue };
                    let coefficients = (0..weights.len())
                        .map(|j| numerator.get(j).unwrap_or(&0.0) - bound * weights[j])
                        .collect();
                    let zero = limiting.map(|_| 0.0);
                    let within = match side {
                        Side::Low => (zero, None),
                        Side::High => (None, zero),
                    };
                    let owner = Owner {
                        constraint,
                        side: Some(side),
                    };
                    self.push(coefficients, within, Some(owner));
                }
            }
        }
    }

    /// w: what a constraint's bound is multiplied by, a coefficient a column; `None` for 1.
    pub(super) fn weights(&self, stated: &Constraint) -> Option<Vec<f64>> {
        let columns = self.program.columns.len();
        match &stated.form {
            Form::Ratio { denominator, .. } => {
                let mut b = denominator.clone();
                b.resize(columns, 0.0);
                Some(b)
            }
            _ if self.ratio => {
                let mut t = vec![0.0; columns];
                t[columns - 1] = 1.0;
                Some(t)
            }
            _ => None,
        }
    }

    /// Its optimum with the basis; `None` where there is none or the simplex gives up.
    pub(super) fn solve(&self) -> Option<Basis> {
        let n = self.program.columns.len();
        let mut boxed = self.program.clone();
        presolve::presolve(&self.program)
            .ok()?
            .cap_into(&mut boxed, MOST);
        let mut low = vec![0.0; n];
        let mut high: Vec<f64> = self
            .program
            .columns
            .iter()
            .zip(&boxed.columns)
            // The rows limit the columns; the boxes must not, and must not move with the rows.
            .map(|(own, tight)| own.high.min((100.0 * tight.high).max(1.0)))
            .collect();
        let (mut matrix, mut slack, mut scales) = (Vec::new(), Vec::new(), Vec::new());
        for row in &self.program.rows {
            let scale = scale_of(&row.coefficients, true);
            let a: Vec<f64> = row.coefficients.iter().map(|a| a / scale).collect();
            let reach: f64 = a.iter().zip(&high).map(|(a, h)| a.abs() * h).sum();
            low.push(row.low.map_or(-reach - 1.0, |l| l / scale));
            high.push(row.high.map_or(reach + 1.0, |h| h / scale));
            slack.push(0.0);
            scales.push(scale);
            matrix.extend(a);
        }
        let wide = vec![(f64::NAN, f64::NAN); slack.len()];
        let mut simplex = Simplex::new(
            self.program.maximize.clone(),
            matrix,
            slack,
            wide,
            low,
            high,
        );
        for _ in 0..2 {
            // The second time from a fresh dictionary, if the first took many pivots.
            if simplex.solve(f64::NEG_INFINITY, PIVOTS).0 != Outcome::Optimal {
                return None;
            }
        }
        let value = dot(&self.program.maximize, simplex.counts());
        let largest = self
            .program
            .maximize
            .iter()
            .fold(0.0, |m, c| c.abs().max(m));
        Some(Basis {
            simplex,
            scales,
            value,
            nothing: NOTHING * largest,
        })
    }

    /// The constraints that limit an optimum, one flag each; `at` so far along a course. Just behind a
    /// break a new limit's multiplier is still nothing.
    pub(super) fn limits(
        &self,
        basis: &Basis,
        at: Option<(&Course, f64)>,
        constraints: usize,
    ) -> Vec<bool> {
        let n = self.program.columns.len();
        let state = basis.simplex.state();
        let mut out = vec![false; constraints];
        for (position, &v) in state.nonbasic.iter().enumerate() {
            let grown = at.map_or(0.0, |(course, u)| course.rate(position) * u);
            let d = state.reduced[position] + grown;
            let owner = if v >= n {
                let limits = d.abs() > basis.nothing;
                self.owners[v - n].filter(|_| limits).map(|o| o.constraint)
            } else {
                let closed = self.closed.get(v).copied().flatten();
                closed.filter(|_| d > basis.nothing)
            };
            if let Some(owner) = owner {
                out[owner] = true;
            }
        }
        out
    }
}

/// An optimum with its basis.
pub(super) struct Basis {
    simplex: Simplex,
    scales: Vec<f64>,
    pub(super) value: f64,
    pub(super) nothing: f64,
}

/// A row whose bound moves by g·w for each unit of a parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moving {
    pub(super) row: usize,
    pub(super) side: Side,
    pub(super) by: f64,
}

/// How a basis goes on as bounds move by δ times [`Moving::by`]·w. With u = δ·w everything is
/// linear in u, and δ = u / (w̄ + Ω·u).
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// u up to which the basis stays optimal; infinite if for ever.
    pub(super) until: f64,
    /// What the objective gains for each unit of u.
    pub(super) slope: f64,
    /// w at u = 0.
    weight: f64,
    /// Ω.
    growth: f64,
    /// w's coefficient of each nonbasic unknown.
    omega: Vec<f64>,
}

impl Course {
    /// δ at u; infinite where no δ reaches it.
    pub(super) fn moved(&self, u: f64) -> f64 {
        let below = self.weight + self.growth * u;
        if u.is_finite() && below > 1e-12 * self.weight {
            u / below
        } else {
            f64::INFINITY
        }
    }

    /// What the worth of the nonbasic unknown at a position gains for each unit of u.
    fn rate(&self, position: usize) -> f64 {
        if self.weight > 0.0 {
            self.slope * self.omega[position] / self.weight
        } else {
            0.0
        }
    }

    /// u at δ.
    pub(super) fn at(&self, moved: f64) -> f64 {
        moved * self.weight / (1.0 - moved * self.growth)
    }
}

impl Basis {
    fn columns(&self) -> usize {
        self.simplex.counts().len()
    }

    pub(super) fn counts(&self) -> &[f64] {
        self.simplex.counts()
    }

    /// What one unit more of each row's bound is worth, in the row's own unit.
    pub(super) fn multipliers(&self) -> Vec<f64> {
        let n = self.columns();
        let state = self.simplex.state();
        let mut out = vec![0.0; self.scales.len()];
        for (&v, &d) in state.nonbasic.iter().zip(&state.reduced) {
            if v >= n {
                out[v - n] = d / self.scales[v - n];
            }
        }
        out
    }

    /// How the optimum goes on as rows' bounds move.
    pub(super) fn course(&self, moving: &[Moving], weights: Option<&[f64]>) -> Course {
        let n = self.columns();
        let state = self.simplex.state();
        let (low, high) = (&self.simplex.low, &self.simplex.high);
        let by = |m: &Moving| m.by / self.scales[m.row];
        // Nonbasic rows that move, as positions with their rates.
        let mut driven: Vec<(usize, f64)> = Vec::new();
        for m in moving {
            let at = state.nonbasic.iter().position(|&v| v == n + m.row);
            if let Some(at) = at {
                let v = n + m.row;
                let upper = state.value[v] - low[v] > high[v] - state.value[v];
                let own = if low[v] == high[v] {
                    // Which end of an equality holds is what its multiplier says.
                    (state.reduced[at] > 0.0) == (m.side == Side::High)
                } else {
                    upper == (m.side == Side::High)
                };
                if own {
                    driven.push((at, by(m)));
                }
            }
        }
        let largest = driven.iter().fold(0.0_f64, |m, d| d.1.abs().max(m));
        // w as a combination of the nonbasic unknowns.
        let mut omega = vec![0.0; n];
        let mut weight = 1.0;
        if let Some(weights) = weights {
            weight = dot(weights, self.counts());
            for (j, &b) in weights.iter().enumerate() {
                match state.row_of[j] {
                    _ if b == 0.0 => {}
                    NOWHERE => {
                        if let Some(at) = state.nonbasic.iter().position(|&v| v == j) {
                            omega[at] += b;
                        }
                    }
                    row => {
                        let line = &state.dictionary[row * n..(row + 1) * n];
                        for (o, d) in omega.iter_mut().zip(line) {
                            *o += b * d;
                        }
                    }
                }
            }
        }
        let growth = driven.iter().map(|&(at, g)| omega[at] * g).sum();
        let slope: f64 = driven.iter().map(|&(at, g)| state.reduced[at] * g).sum();
        let mut until = f64::INFINITY;
        let mut stop = |room: f64, rate: f64, least: f64| {
            if rate > least {
                until = until.min(room.max(0.0) / rate);
            }
        };
        for (row, &v) in state.basic.iter().enumerate() {
            let line = &state.dictionary[row * n..(row + 1) * n];
            let rate: f64 = driven.iter().map(|&(at, g)| line[at] * g).sum();
            let (mut up, mut down) = (rate, rate);
            for m in moving.iter().filter(|m| n + m.row == v) {
                match m.side {
                    Side::High => up -= by(m),
                    Side::Low => down -= by(m),
                }
            }
            let least = 1e-11 * largest;
            stop(high[v] - state.value[v], up, least);
            stop(state.value[v] - low[v], -down, least);
        }
        let widest = omega.iter().fold(0.0_f64, |m, o| o.abs().max(m));
        for (at, &v) in state.nonbasic.iter().enumerate() {
            if high[v] <= low[v] || weight <= 0.0 {
                continue;
            }
            let d = state.reduced[at];
            let rate = slope * omega[at] / weight;
            let least = 1e-12 * slope.abs() * widest / weight;
            let upper = state.value[v] - low[v] > high[v] - state.value[v];
            if upper {
                stop(d, -rate, least);
            } else {
                stop(-d, rate, least);
            }
        }
        Course {
            until,
            slope,
            weight,
            growth,
            omega,
        }
    }

    /// Whether a little of an unused column with other coefficients fits beside the basis.
    pub(super) fn fits(&self, coefficients: &[f64]) -> bool {
        let n = self.columns();
        let state = self.simplex.state();
        let (low, high) = (&self.simplex.low, &self.simplex.high);
        // Nonbasic rows hold: the basic unknowns make room for what the column puts into them.
        let held: Vec<(usize, f64)> = state
            .nonbasic
            .iter()
            .enumerate()
            .filter(|&(_, &v)| v >= n)
            .map(|(at, &v)| (at, coefficients[v - n] / self.scales[v - n]))
            .filter(|&(_, a)| a != 0.0)
            .collect();
        state.basic.iter().enumerate().all(|(row, &v)| {
            let line = &state.dictionary[row * n..(row + 1) * n];
            let mut rate: f64 = held.iter().map(|&(at, a)| -line[at] * a).sum();
            if v >= n {
                rate += coefficients[v - n] / self.scales[v - n];
            }
            let room = if rate > 0.0 {
                high[v] - state.value[v]
            } else {
                state.value[v] - low[v]
            };
            rate.abs() <= 1e-11 || room > 1e-7
        })
    }
}
