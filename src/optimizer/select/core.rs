//! Branch and bound on what the multipliers leave open.

use super::rows::{Bookings, Rows, Weights, number_of};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::solve_whole;
use crate::optimizer::program::{Column, Program};
use crate::optimizer::solver::Solved;

/// Largest factor between a gap of the whole and one of what is open.
const WHOLE: f64 = 50.0;

/// What of a roster is open: some creators, each with some of its choices.
pub(super) struct Open<'a> {
    pub(super) creators: &'a [usize],
    /// Which of their bookings.
    pub(super) may: &'a dyn Fn(usize) -> bool,
    /// Who must be booked.
    pub(super) must: &'a dyn Fn(usize) -> bool,
}

impl<'a> Open<'a> {
    /// These creators with all that they are offered.
    pub(super) fn wholly(creators: &'a [usize]) -> Self {
        Self {
            creators,
            may: &|_| true,
            must: &|_| false,
        }
    }
}

/// The program of some creators, the others staying as they are.
pub(super) struct Core {
    program: Program,
    /// Booking of each column.
    bookings: Vec<usize>,
    /// Value of what stays.
    fixed: f64,
}

impl Core {
    pub(super) fn new(
        all: &Bookings,
        rows: &Rows,
        objective: &Weights,
        open: &Open<'_>,
        choice: &[Option<usize>],
    ) -> Self {
        let mut is_open = vec![false; all.creators()];
        for &i in open.creators {
            is_open[i] = true;
        }
        let gain = |j: usize| all.weigh(objective, j);
        let stays: Vec<usize> = choice
            .iter()
            .enumerate()
            .filter(|&(i, _)| !is_open[i])
            .filter_map(|(_, &j)| j)
            .collect();
        let offers = |i: usize| all.of_creator(i).filter(|&j| (open.may)(j));
        let bookings: Vec<usize> = open.creators.iter().flat_map(|&i| offers(i)).collect();
        let mut out = rows.over(all, &bookings, &stays);
        let mut at = 0;
        for &i in open.creators {
            let own = offers(i).count();
            let must = (open.must)(i);
            if own > 1 || must {
                let low = must.then_some(1.0);
                out.push(number_of(at..at + own, bookings.len(), low, 1.0));
            }
            at += own;
        }
        let column = Column {
            low: 0.0,
            high: 1.0,
            integer: true,
        };
        Self {
            program: Program {
                maximize: bookings.iter().map(|&j| gain(j)).collect(),
                columns: vec![column; bookings.len()],
                rows: out,
            },
            fixed: stays.iter().map(|&j| gain(j)).sum(),
            bookings,
        }
    }

    /// Solves it, from the choices that are open if they keep the rows; the bound includes what stays.
    pub(super) fn solve(
        &self,
        all: &Bookings,
        start: Option<&[Option<usize>]>,
        bound: Option<f64>,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Solved {
        let start: Option<Vec<f64>> = start.map(|choice| {
            let made = |&j: &usize| choice[all.creator[j] as usize] == Some(j);
            self.bookings
                .iter()
                .map(|j| if made(j) { 1.0 } else { 0.0 })
                .collect()
        });
        // The gap is one of the whole.
        let share = |bound: f64| {
            let times = bound.abs() / (bound - self.fixed).abs();
            if times.is_finite() {
                times.clamp(1.0, WHOLE)
            } else {
                1.0
            }
        };
        let settings = PlanSettings {
            gap: 0.9 * settings.gap * bound.map_or(1.0, share),
            ..*settings
        };
        let mut solved = solve_whole(&self.program, start.as_deref(), &settings, cancel);
        solved.bound = solved.bound.map(|b| b + self.fixed);
        solved
    }

    /// The choices of a solution, the others as they were.
    pub(super) fn choices(
        &self,
        all: &Bookings,
        solved: &Solved,
        choice: &[Option<usize>],
    ) -> Vec<Option<usize>> {
        let mut out = choice.to_vec();
        for &j in &self.bookings {
            out[all.creator[j] as usize] = None;
        }
        for (&j, &x) in self.bookings.iter().zip(&solved.x) {
            if x > 0.5 {
                out[all.creator[j] as usize] = Some(j);
            }
        }
        out
    }
}
