//! Neighbours of a whole-number plan: one creator more, one less, one swapped for another.
//!
//! Rounding the relaxation's optimum and repairing it along neighbours gives branch and bound a
//! start; polishing along them makes a plan within the gap a local optimum as well.

use std::collections::BTreeMap;

use crate::model::Excess;
use crate::optimizer::goal::{Goal, ratio};
use crate::optimizer::program::{Program, Row};

/// How far a row may be off, relative to its largest coefficient and bound.
const SLACK: f64 = 1e-9;

/// Row evaluations that a repair and a polish may take each: about a tenth of a second at most.
const EFFORT: usize = 20_000_000;

/// Weight at which a row that stays violated ends a repair.
const HEAVIEST: f64 = 1e6;

/// A change of counts by one creator in, one out or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    /// Cell that gets one more.
    pub(crate) add: Option<usize>,
    /// Cell that gets one less.
    pub(crate) drop: Option<usize>,
}

impl Move {
    const NONE: Self = Self {
        add: None,
        drop: None,
    };
}

/// Rows by cell, for cheap changes of one creator.
pub(crate) struct Neighbourhood<'a> {
    goal: &'a Goal,
    rows: &'a [Row],
    /// Coefficients, one slice of `rows.len()` a cell.
    by_cell: Vec<f64>,
    slack: Vec<f64>,
    scale: Vec<f64>,
    high: Vec<f64>,
    /// Parts of sums of maxima, whose sums follow the rows': what each has to pass.
    passed: Vec<f64>,
    limits: Vec<Limit>,
}

/// A sum of maxima and what it must not exceed.
struct Limit {
    parts: Vec<usize>,
    high: f64,
}

/// Counts with the rows' sums at them.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// One a cell.
    pub(crate) x: Vec<f64>,
    sums: Vec<f64>,
    goal: (f64, f64),
}

impl<'a> Neighbourhood<'a> {
    /// Neighbourhoods of plans of a program whose columns are whole.
    pub(crate) fn new(program: &'a Program, goal: &'a Goal) -> Self {
        Self::within(program, goal, &[])
    }

    /// Those within limits on sums of maxima, too.
    pub(crate) fn within(program: &'a Program, goal: &'a Goal, limits: &[(Excess, f64)]) -> Self {
        let rows = &program.rows[..];
        let cells = program.columns.len();
        // Limits share most of their parts.
        let mut places: BTreeMap<(Vec<(usize, u64)>, u64), usize> = BTreeMap::new();
        let mut parts: Vec<(Vec<f64>, f64)> = Vec::new();
        let mut place_of = |(a, c): (&[(usize, f64)], f64)| {
            let key = a.iter().map(|&(j, a)| (j, a.to_bits())).collect();
            *places.entry((key, c.to_bits())).or_insert_with(|| {
                let mut all = vec![0.0; cells];
                for &(j, a) in a {
                    all[j] += a;
                }
                parts.push((all, c));
                parts.len() - 1
            })
        };
        let mut own = Vec::new();
        for (excess, high) in limits {
            let parts = (0..excess.parts()).map(|part| place_of(excess.part_of(part)));
            own.push(Limit {
                parts: parts.collect(),
                high: *high,
            });
        }
        let mut by_cell = Vec::with_capacity((rows.len() + parts.len()) * cells);
        for cell in 0..cells {
            by_cell.extend(rows.iter().map(|r| r.coefficients[cell]));
            by_cell.extend(parts.iter().map(|(a, _)| a[cell]));
        }
        let scale: Vec<f64> = rows
            .iter()
            .map(|r| {
                let largest = r.coefficients.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
                if largest > 0.0 { largest } else { 1.0 }
            })
            .collect();
        let slack = rows
            .iter()
            .zip(&scale)
            .map(|(r, &scale)| {
                let bounds = r.low.iter().chain(&r.high);
                SLACK * bounds.fold(scale, |m, b| m.max(b.abs()))
            })
            .collect();
        Self {
            goal,
            rows,
            by_cell,
            slack,
            scale,
            high: program.columns.iter().map(|c| c.high).collect(),
            passed: parts.into_iter().map(|(_, c)| c).collect(),
            limits: own,
        }
    }

    fn cells(&self) -> usize {
        self.high.len()
    }

    /// Sums that a point keeps: the rows', then the parts'.
    fn width(&self) -> usize {
        self.rows.len() + self.passed.len()
    }

    /// What is held against bounds: rows, then limits.
    fn checks(&self) -> usize {
        self.rows.len() + self.limits.len()
    }

    fn coefficients(&self, cell: usize) -> &[f64] {
        let width = self.width();
        &self.by_cell[cell * width..(cell + 1) * width]
    }

    /// A plan as a point.
    pub(crate) fn point(&self, x: Vec<f64>) -> Point {
        let mut sums: Vec<f64> = self.rows.iter().map(|r| r.value(&x)).collect();
        sums.resize(self.width(), 0.0);
        if !self.passed.is_empty() {
            for (cell, &x) in x.iter().enumerate().filter(|&(_, &x)| x != 0.0) {
                let own = &self.coefficients(cell)[self.rows.len()..];
                for (sum, a) in sums[self.rows.len()..].iter_mut().zip(own) {
                    *sum += a * x;
                }
            }
        }
        Point {
            sums,
            goal: self.goal.sums(&x),
            x,
        }
    }

    fn allowed(&self, point: &Point, change: Move) -> bool {
        change.add.is_none_or(|i| point.x[i] + 1.0 <= self.high[i])
            && change.drop.is_none_or(|j| point.x[j] >= 1.0)
            && change.add != change.drop
    }

    fn delta(&self, row: usize, change: Move) -> f64 {
        change.add.map_or(0.0, |i| self.coefficients(i)[row])
            - change.drop.map_or(0.0, |j| self.coefficients(j)[row])
    }

    /// How much the goal's value grows.
    pub(crate) fn gain(&self, point: &Point, change: Move) -> f64 {
        let (above, below) = point.goal;
        let (more, per) = change.add.map_or((0.0, 0.0), |i| self.goal.unit(i));
        let (less, off) = change.drop.map_or((0.0, 0.0), |j| self.goal.unit(j));
        match self.goal {
            Goal::Sum(_) => more - less,
            Goal::Ratio { .. } => {
                ratio(above + more - less, below + per - off) - ratio(above, below)
            }
        }
    }

    fn excess(&self, row: usize, sum: f64) -> f64 {
        let r = &self.rows[row];
        let over = r.high.map_or(0.0, |h| sum - h).max(0.0);
        let under = r.low.map_or(0.0, |l| l - sum).max(0.0);
        let excess = over.max(under);
        if excess <= self.slack[row] {
            0.0
        } else {
            excess / self.scale[row]
        }
    }

    /// The violation of a row or limit after a change.
    fn excess_after(&self, check: usize, point: &Point, change: Move) -> f64 {
        let rows = self.rows.len();
        if check < rows {
            return self.excess(check, point.sums[check] + self.delta(check, change));
        }
        let Limit { parts, high } = &self.limits[check - rows];
        let above = |&part: &usize| {
            let at = rows + part;
            (point.sums[at] + self.delta(at, change) - self.passed[part]).max(0.0)
        };
        let over = parts.iter().map(above).sum::<f64>() - high;
        if over <= SLACK * high.abs().max(1.0) {
            0.0
        } else {
            over
        }
    }

    /// Sum of the rows' scaled violations; 0 exactly when every row holds.
    pub(crate) fn violation(&self, point: &Point) -> f64 {
        let checks = 0..self.checks();
        checks
            .map(|check| self.excess_after(check, point, Move::NONE))
            .sum()
    }

    /// Weighted violation after a change, given up once above a limit.
    fn weighted(&self, point: &Point, change: Move, weights: &[f64], limit: f64) -> f64 {
        let mut total = 0.0;
        for (r, weight) in weights.iter().enumerate() {
            total += weight * self.excess_after(r, point, change);
            if total > limit {
                break;
            }
        }
        total
    }

    fn keeps_after(&self, point: &Point, change: Move) -> bool {
        (0..self.checks()).all(|check| self.excess_after(check, point, change) == 0.0)
    }

    /// Rows that a change would violate.
    pub(crate) fn violated_rows(&self, point: &Point, change: Move) -> Vec<usize> {
        (0..self.rows.len())
            .filter(|&r| self.excess(r, point.sums[r] + self.delta(r, change)) > 0.0)
            .collect()
    }

    fn apply(&self, point: &mut Point, change: Move) {
        if let Some(i) = change.add {
            point.x[i] += 1.0;
        }
        if let Some(j) = change.drop {
            point.x[j] -= 1.0;
        }
        for r in 0..self.width() {
            point.sums[r] += self.delta(r, change);
        }
        point.goal = self.goal.sums(&point.x);
    }

    /// One creator more or less.
    fn singles<'p>(&'p self, point: &'p Point) -> impl Iterator<Item = Move> + 'p {
        let n = self.cells();
        let adds = (0..n).map(|i| Move {
            add: Some(i),
            drop: None,
        });
        let drops = (0..n).map(|j| Move {
            add: None,
            drop: Some(j),
        });
        adds.chain(drops)
            .filter(|&change| self.allowed(point, change))
    }

    /// One creator for another.
    fn swaps<'p>(&'p self, point: &'p Point) -> impl Iterator<Item = Move> + 'p {
        let n = self.cells();
        (0..n)
            .filter(|&j| point.x[j] >= 1.0)
            .flat_map(move |j| {
                (0..n).map(move |i| Move {
                    add: Some(i),
                    drop: Some(j),
                })
            })
            .filter(|&change| self.allowed(point, change))
    }

    /// All neighbours of a point.
    pub(crate) fn moves<'p>(&'p self, point: &'p Point) -> impl Iterator<Item = Move> + 'p {
        self.singles(point).chain(self.swaps(point))
    }

    /// Follows neighbours that lessen the weighted violation most until every row holds; where
    /// none does, the rows still violated weigh more from then on.
    pub(crate) fn repair(&self, mut point: Point) -> Option<Point> {
        let mut weights = vec![1.0; self.checks()];
        let mut effort = 0;
        while effort <= EFFORT {
            let now = self.weighted(&point, Move::NONE, &weights, f64::INFINITY);
            if now == 0.0 {
                return Some(point);
            }
            let single = self.best_repair(&point, self.singles(&point), &weights, now, &mut effort);
            let best = single.or_else(|| {
                self.best_repair(&point, self.swaps(&point), &weights, now, &mut effort)
            });
            if let Some(change) = best {
                self.apply(&mut point, change);
                continue;
            }
            for (r, weight) in weights.iter_mut().enumerate() {
                if self.excess_after(r, &point, Move::NONE) > 0.0 {
                    *weight *= 2.0;
                    if *weight > HEAVIEST {
                        return None;
                    }
                }
            }
        }
        None
    }

    fn best_repair(
        &self,
        point: &Point,
        moves: impl Iterator<Item = Move>,
        weights: &[f64],
        now: f64,
        effort: &mut usize,
    ) -> Option<Move> {
        let mut best: Option<(f64, f64, Move)> = None;
        for change in moves {
            *effort += self.rows.len();
            let least = best.map_or(now, |b| b.0);
            let after = self.weighted(point, change, weights, least);
            if after >= now || after > least {
                continue;
            }
            let gain = self.gain(point, change);
            if best.is_none_or(|(v, g, _)| after < v || gain > g) {
                best = Some((after, gain, change));
            }
        }
        best.map(|(_, _, change)| change)
    }

    /// Follows the neighbours that gain most while every row holds.
    pub(crate) fn polish(&self, mut point: Point) -> Point {
        let mut effort = 0;
        while effort <= EFFORT {
            let floor = 1e-12 * self.goal.value(&point.x).abs();
            let mut best: Option<(f64, Move)> = None;
            for change in self.moves(&point) {
                effort += 1;
                let gain = self.gain(&point, change);
                if gain <= best.map_or(floor, |b| b.0) {
                    continue;
                }
                effort += self.rows.len();
                if self.keeps_after(&point, change) {
                    best = Some((gain, change));
                }
            }
            let Some((_, change)) = best else { break };
            self.apply(&mut point, change);
        }
        point
    }

    /// A whole-number plan near a point of the relaxation, if rounding and repairing finds one.
    pub(crate) fn round(&self, relaxed: &[f64]) -> Option<Vec<f64>> {
        let near = |half: f64| -> Vec<f64> {
            relaxed
                .iter()
                .zip(&self.high)
                .map(|(x, &high)| (x + half).floor().clamp(0.0, high))
                .collect()
        };
        let mut best: Option<Vec<f64>> = None;
        for half in [1e-6, 0.5] {
            let Some(point) = self.repair(self.point(near(half))) else {
                continue;
            };
            let found = self.polish(point).x;
            if best
                .as_ref()
                .is_none_or(|b| self.goal.value(&found) > self.goal.value(b))
            {
                best = Some(found);
            }
        }
        best
    }
}
