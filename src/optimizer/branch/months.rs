//! Plans of programs over months, one month after the other.
//!
//! Most rows of a horizon speak of one month, so that a month's columns with all others held are a program of a few
//! columns, done in a moment. Bookings that last tie months together: they are made whole first, by a dive, or none is
//! booked, and the months follow.

use std::time::Instant;

use super::dive::Order;
use super::structure::Structure;
use super::{PIVOTS, Tree, WIDEST};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Program, Row};
use crate::optimizer::search::Neighbourhood;
use crate::optimizer::simplex::Outcome;

/// Share of the wanted gap to which a month is searched.
const FINER: f64 = 0.1;

/// Share of the work that a month may take.
const SHARE: f64 = 0.02;

/// Share of the work that goes into plans near the points of relaxations.
const GUESSES: f64 = 0.3;

impl Tree<'_> {
    /// Offers a plan near a relaxation's point, as long as that takes its share of the work.
    pub(super) fn guess_by_months(&mut self, structure: &Structure, x: &[f64]) {
        if self.guesses >= Order::ALL.len() && self.guessing > GUESSES * self.simplex.work as f64 {
            return;
        }
        let before = self.simplex.work;
        let order = Order::of(self.guesses);
        self.guesses += 1;
        if let Some(start) = self.lasting(x, order) {
            self.finish_by_months(structure, &start);
        }
        self.guessing += (self.simplex.work - before) as f64;
    }

    /// A first plan, by months.
    pub(super) fn start_by_months(&mut self, structure: &Structure) {
        let n = self.program.columns.len();
        let (outcome, bound) = self.relax(self.cutoff(), PIVOTS);
        self.top = self.top.min(bound);
        if outcome != Outcome::Optimal {
            return;
        }
        let x: Vec<f64> = self.simplex.counts()[..n].to_vec();
        for _ in Order::ALL {
            self.guess_by_months(structure, &x);
        }
        if self.best.is_none()
            && let Some(start) = self.without_lasting()
        {
            self.finish_by_months(structure, &start);
        }
    }

    /// Offers the plan that months make of a start.
    fn finish_by_months(&mut self, structure: &Structure, start: &[f64]) {
        let mut months = Months {
            program: self.program,
            structure,
            settings: self.settings,
            clock: (self.cancel, self.started),
            work: 0.0,
        };
        if let Some(x) = months.month_by_month(start) {
            self.offer(x);
        }
        self.simplex.work += months.work as u64;
    }
}

/// Searches among the columns of single months.
struct Months<'a> {
    program: &'a Program,
    structure: &'a Structure,
    settings: &'a PlanSettings,
    clock: (&'a Cancel, Instant),
    /// Work done so far.
    work: f64,
}

impl Months<'_> {
    /// A first plan of which the bookings that last are as at a point, whole there; the other counts are the
    /// relaxation's.
    fn month_by_month(&mut self, x: &[f64]) -> Option<Vec<f64>> {
        let mut x = x.to_vec();
        for month in 0..self.structure.months() {
            let free: Vec<usize> = (0..x.len())
                .filter(|&j| {
                    let part = &self.structure.parts[j];
                    !part.lasts && part.months.start == month
                })
                .collect();
            for (&j, value) in free.iter().zip(self.among(&x, &free)?) {
                x[j] = value;
            }
        }
        let goal = Goal::Sum(self.program.maximize.clone());
        let near = Neighbourhood::within(self.program, &goal, &self.structure.limits);
        let point = near.point(x);
        (near.violation(&point) == 0.0).then_some(point.x)
    }

    /// The best counts of some columns with the others held.
    fn among(&mut self, x: &[f64], free: &[usize]) -> Option<Vec<f64>> {
        let small = part(self.program, x, free);
        let presolved = presolve(&small).ok()?;
        let small = presolved.capped(WIDEST);
        if small.columns.is_empty() {
            return Some(presolved.widen(&[]));
        }
        let own = self.structure.among(x, free).within(&presolved);
        let own = Structure {
            work: SHARE * self.structure.work,
            ..own
        };
        let settings = PlanSettings {
            gap: FINER * self.settings.gap,
            ..*self.settings
        };
        let goal = Goal::Sum(small.maximize.clone());
        let tree = Tree::new(&small, &goal, &settings, Some(&own), self.clock);
        let (work, solved) = tree.spent();
        self.work += work;
        (!solved.x.is_empty()).then(|| presolved.widen(&solved.x))
    }
}

/// The program of some columns, the others held at a point.
fn part(program: &Program, x: &[f64], free: &[usize]) -> Program {
    let mut open = vec![false; x.len()];
    for &j in free {
        open[j] = true;
    }
    let row = |row: &Row| {
        let coefficients: Vec<f64> = free.iter().map(|&j| row.coefficients[j]).collect();
        if coefficients.iter().all(|&a| a == 0.0) {
            return None;
        }
        let held: f64 = (0..x.len())
            .filter(|&j| !open[j] && x[j] != 0.0)
            .map(|j| row.coefficients[j] * x[j])
            .sum();
        Some(Row {
            coefficients,
            low: row.low.map(|low| low - held),
            high: row.high.map(|high| high - held),
        })
    };
    Program {
        maximize: free.iter().map(|&j| program.maximize[j]).collect(),
        columns: free.iter().map(|&j| program.columns[j]).collect(),
        rows: program.rows.iter().filter_map(row).collect(),
    }
}
