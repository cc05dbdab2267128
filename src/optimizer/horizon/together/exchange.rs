//! Plans of creators who tag each other, looked at one by one at their own factors: all of them where there are few, else the
//! neighbours of the best one known, as long as one is better.

use ndarray::Array2;

use super::Together;
use crate::model::valuation::UnitValue;
use crate::model::{Activity, BudgetOver, Cancel, counts_of, units_of};
use crate::optimizer::check::check_plan;

/// Plans that are looked at, at most.
const MOST: usize = 10_000;

/// Plans without budgets, beyond which those within are too many to begin with.
const FAR: f64 = 1e6;

/// Plans × months × cells that are looked at, at most.
const WORK: usize = 1_000_000;

/// Better by less than this share is rounding.
const ROUNDING: f64 = 1e-12;

/// What rules forgive; plans beyond are not looked at.
const HAIR: f64 = 1e-6;

/// How many of a neighbour's partnerships may take the place of one.
const FOR_ONE: usize = 4;

/// What was found by looking.
pub(super) struct Looked {
    /// The best plan (months × cells) and its objective.
    pub(super) best: Option<(f64, Array2<f64>)>,
    /// Whether every plan was looked at.
    pub(super) all: bool,
}

impl Together<'_> {
    /// Looks for a better plan than the best one known.
    pub(super) fn look(&self, known: Option<(f64, Array2<f64>)>, cancel: &Cancel) -> Looked {
        let size = self.model.months * self.model.cells.len();
        let left = MOST.min(WORK / size.max(1));
        let mut looking = Looking {
            program: self,
            cancel,
            best: known,
            left,
        };
        let mut all = false;
        if !self.model.fractional_counts {
            let least = self.least_spend();
            let most = self.most_of_each(&least);
            all = most.is_some_and(|most| looking.every(&most, &least));
            if !all {
                looking.left = left;
                looking.neighbours();
            }
        }
        Looked {
            best: looking.best,
            all,
        }
    }

    /// What each activity costs in each of its months at least, whatever creators do to each other.
    fn least_spend(&self) -> Vec<Vec<f64>> {
        let corners = self.corners().into_iter().map(|corner| {
            let units = units_of(self.model, &self.activities, |m, cell| corner[m][cell]);
            let spend = |months: &Vec<UnitValue>| months.iter().map(|u| u.spend).collect();
            units.iter().map(spend).collect::<Vec<Vec<f64>>>()
        });
        let least = |mut all: Vec<Vec<f64>>, more: Vec<Vec<f64>>| {
            for (a, b) in all.iter_mut().flatten().zip(more.iter().flatten()) {
                *a = a.min(*b);
            }
            all
        };
        corners.reduce(least).unwrap_or_default()
    }

    /// The most of each activity that its tier's supply and the budgets leave; `None` where nothing limits one.
    fn most_of_each(&self, least: &[Vec<f64>]) -> Option<Vec<usize>> {
        let monthly = self.model.horizon.budget_over == BudgetOver::Month;
        let of = |(activity, spend): (&Activity, &Vec<f64>)| {
            let tier = &self.model.tiers[self.model.cells[activity.cell].tier];
            let supply = tier.max_creators.unwrap_or(f64::INFINITY);
            let affordable = if monthly {
                let months = activity.months.clone().zip(spend);
                months
                    .map(|(month, spend)| self.model.budget_of(month) / spend)
                    .fold(f64::INFINITY, f64::min)
            } else {
                self.model.budget() / spend.iter().sum::<f64>()
            };
            let most = supply.min(affordable * (1.0 + HAIR)) + HAIR;
            (most < MOST as f64).then_some(most.max(0.0) as usize)
        };
        self.activities.iter().zip(least).map(of).collect()
    }
}

/// A search over amounts of activities.
struct Looking<'a, 'b> {
    program: &'a Together<'b>,
    cancel: &'a Cancel,
    best: Option<(f64, Array2<f64>)>,
    /// Plans that may still be looked at.
    left: usize,
}

impl Looking<'_, '_> {
    /// Looks at one plan, and says whether it is the best so far; `None` where no more may be looked at.
    fn at(&mut self, amounts: &[f64]) -> Option<bool> {
        self.left = self.left.checked_sub(1)?;
        if self.cancel.requested() {
            return None;
        }
        let program = self.program;
        let counts = counts_of(program.model, &program.activities, amounts);
        let Some(value) = program.worth(&counts) else {
            return Some(false);
        };
        let better = self
            .best
            .as_ref()
            .is_none_or(|(best, _)| value > best + ROUNDING * best.abs());
        let found = better && check_plan(program.model, &counts).is_empty();
        if found {
            self.best = Some((value, counts));
        }
        Some(found)
    }

    /// Looks at every plan that the budgets may leave; false where there are too many.
    fn every(&mut self, most: &[usize], least: &[Vec<f64>]) -> bool {
        let budget = self.program.model.budget() * (1.0 + HAIR);
        let spend: Vec<f64> = least.iter().map(|months| months.iter().sum()).collect();
        let without_budgets: f64 = most.iter().map(|&most| most as f64 + 1.0).product();
        if without_budgets > FAR {
            return false;
        }
        let mut amounts = vec![0.0; most.len()];
        let mut spent = 0.0;
        loop {
            if self.at(&amounts).is_none() {
                return false;
            }
            // The next one: the first activity that can have one more, those before it none.
            let mut place = 0;
            loop {
                let Some(&most) = most.get(place) else {
                    return true;
                };
                if amounts[place] < most as f64 && spent + spend[place] <= budget {
                    amounts[place] += 1.0;
                    spent += spend[place];
                    break;
                }
                spent -= amounts[place] * spend[place];
                amounts[place] = 0.0;
                place += 1;
            }
        }
    }

    /// From the best plan to a better neighbour, one activity more or fewer or one for another, until there is none.
    fn neighbours(&mut self) {
        let Some((_, counts)) = &self.best else {
            return;
        };
        let mut amounts = self.program.amounts(counts);
        while let Some(better) = self.better(&amounts) {
            amounts = better;
        }
    }

    fn better(&mut self, amounts: &[f64]) -> Option<Vec<f64>> {
        let number = amounts.len();
        let with = |changes: &[(usize, f64)]| {
            let mut next = amounts.to_vec();
            for &(place, by) in changes {
                next[place] += by;
            }
            next.iter().all(|&n| n >= 0.0).then_some(next)
        };
        let single = (0..number).flat_map(|i| [vec![(i, 1.0)], vec![(i, -1.0)]]);
        let pairs = (0..number).flat_map(|i| {
            (0..number).filter(move |&j| j != i).flat_map(move |j| {
                (1..=FOR_ONE).flat_map(move |k| {
                    let k = k as f64;
                    let swaps = [vec![(i, -1.0), (j, k)], vec![(i, 1.0), (j, -k)]];
                    let both = vec![(i, 1.0), (j, k)];
                    swaps.into_iter().chain([both])
                })
            })
        });
        for changes in single.chain(pairs) {
            if let Some(next) = with(&changes)
                && self.at(&next)?
            {
                return Some(next);
            }
        }
        None
    }
}
