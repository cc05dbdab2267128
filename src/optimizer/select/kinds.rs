//! Creators that are alike, counted instead of named.
//!
//! A roster that states little but tiers has thousands of creators of the same figures. At any multipliers
//! all of a kind are equally good, so that rounding books all or none; how many of each to book is a
//! small program of whole counts.

use std::collections::HashMap;

use super::rows::{Bookings, Rows, Weights, number_of};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::branch::solve_whole;
use crate::optimizer::program::{Column, Program};
use crate::optimizer::solver::Solved;

/// Most counts of the program.
const MOST: usize = 400;
/// Least creators a kind, on average.
const ALIKE: usize = 4;

/// Kinds of creators, each by its members.
pub(super) struct Kinds {
    members: Vec<Vec<usize>>,
}

impl Kinds {
    /// The kinds of a roster; none where creators differ too much for a program of counts.
    pub(super) fn of(all: &Bookings) -> Option<Self> {
        let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut counts = 0;
        let mut creators = 0;
        for creator in 0..all.creators() {
            let offers = all.of_creator(creator);
            if offers.is_empty() {
                continue;
            }
            creators += 1;
            let figures = offers.clone().flat_map(|j| {
                let bits = all.features[j].iter().map(|v| v.to_bits());
                std::iter::once(u64::from(all.cell[j])).chain(bits)
            });
            let place = *places.entry(figures.collect()).or_insert_with(|| {
                counts += offers.len();
                members.push(Vec::new());
                members.len() - 1
            });
            if counts > MOST {
                return None;
            }
            members[place].push(creator);
        }
        (!members.is_empty() && creators >= ALIKE * members.len()).then_some(Self { members })
    }

    /// The best counts, and the bookings that they stand for: of each kind the first members.
    pub(super) fn solve(
        &self,
        (all, rows): (&Bookings, &Rows),
        objective: &Weights,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> (Solved, Option<Vec<Option<usize>>>) {
        let offers = |members: &Vec<usize>| all.of_creator(members[0]);
        let columns: Vec<usize> = self.members.iter().flat_map(offers).collect();
        let mut list = rows.over(all, &columns, &[]);
        let mut supply = Vec::with_capacity(columns.len());
        for members in &self.members {
            let from = supply.len();
            supply.resize(from + offers(members).len(), members.len() as f64);
            let own = from..supply.len();
            list.push(number_of(own, columns.len(), None, members.len() as f64));
        }
        let program = Program {
            maximize: columns.iter().map(|&j| all.weigh(objective, j)).collect(),
            columns: supply
                .into_iter()
                .map(|high| Column {
                    low: 0.0,
                    high,
                    integer: true,
                })
                .collect(),
            rows: list,
        };
        let solved = solve_whole(&program, None, settings, cancel);
        let choice = solved.found().then(|| self.booked(all, &solved.x));
        (solved, choice)
    }

    fn booked(&self, all: &Bookings, counts: &[f64]) -> Vec<Option<usize>> {
        let mut choice = vec![None; all.creators()];
        let mut counts = counts.iter();
        for members in &self.members {
            let mut left = members.iter();
            for offer in 0..all.of_creator(members[0]).len() {
                let count = counts.next().map_or(0, |x| x.round() as usize);
                for &creator in left.by_ref().take(count) {
                    choice[creator] = all.of_creator(creator).nth(offer);
                }
            }
        }
        choice
    }
}
