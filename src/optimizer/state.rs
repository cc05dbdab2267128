//! What a plan does to its constraints: values, violations, what binds, what holds the budget.

use crate::model::valuation::UnitValue;
use crate::model::{Constraint, Form, HeldBy, Model};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, dot, rows_of};
use crate::optimizer::search::{Move, Neighbourhood, Point};
use crate::optimizer::words::{amount, apart, money};

/// How far a value may lie beyond its bound, relative to the bound (at least to one unit):
/// solvers keep rows to within 1e-9 to 1e-7 of their size.
pub(crate) const TOLERANCE: f64 = 1e-7;

/// Share of the budget below which what is left is not worth a word.
const NOTABLE: f64 = 1e-3;

/// How a value stands to the bounds of its constraint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standing {
    /// Within, away from both bounds.
    Within,
    /// At a bound.
    At(f64),
    /// Below the lower bound given.
    Below(f64),
    /// Above the upper bound given.
    Above(f64),
}

/// Where a constraint's value stands at counts. A ratio without denominator is within.
pub(crate) fn standing(constraint: &Constraint, counts: &[f64]) -> Standing {
    let Some(value) = constraint.form.value(counts) else {
        return Standing::Within;
    };
    let slack = |bound: f64| TOLERANCE * bound.abs().max(1.0);
    match (constraint.low, constraint.high) {
        (Some(low), _) if value < low - slack(low) => Standing::Below(low),
        (_, Some(high)) if value > high + slack(high) => Standing::Above(high),
        (_, Some(high)) if value >= high - slack(high) => Standing::At(high),
        (Some(low), _) if value <= low + slack(low) => Standing::At(low),
        _ => Standing::Within,
    }
}

/// Whether counts keep a constraint.
pub(crate) fn keeps(constraint: &Constraint, counts: &[f64]) -> bool {
    matches!(
        standing(constraint, counts),
        Standing::Within | Standing::At(_)
    )
}

/// `tier_budget_share.mega is 10.2 %, above its 10 %`, for a constraint that counts violate.
pub(crate) fn violation(constraint: &Constraint, counts: &[f64], currency: &str) -> Option<String> {
    let value = constraint.form.value(counts)?;
    let (bound, beyond) = match standing(constraint, counts) {
        Standing::Below(bound) => (bound, "below"),
        Standing::Above(bound) => (bound, "above"),
        _ => return None,
    };
    let (value, bound) = apart(value, bound, constraint.unit, currency);
    Some(format!(
        "{} is {value}, {beyond} its {bound}",
        constraint.name
    ))
}

/// A plan in its whole-number neighbourhood, with what is needed to speak about it.
pub(crate) struct Surroundings<'a> {
    pub(crate) model: &'a Model,
    pub(crate) units: &'a [UnitValue],
    pub(crate) constraints: &'a [Constraint],
    pub(crate) program: &'a Program,
    pub(crate) goal: &'a Goal,
}

impl Surroundings<'_> {
    /// Index of the constraint that each row of the program came from.
    fn owners(&self) -> Vec<usize> {
        self.constraints
            .iter()
            .enumerate()
            .flat_map(|(i, c)| rows_of(c, c.low, c.high).into_iter().map(move |_| i))
            .collect()
    }

    /// For each constraint whether it binds a plan, and how in words: its bound is reached, or it
    /// alone keeps out a neighbour (one creator more or less, or one swapped) with more to gain.
    pub(crate) fn binding(&self, counts: &[f64]) -> Vec<Option<String>> {
        let mut out: Vec<Option<String>> = self
            .constraints
            .iter()
            .map(|c| self.at_bound(c, counts))
            .collect();
        if self.model.fractional_counts {
            return out;
        }
        let owners = self.owners();
        let near = Neighbourhood::new(self.program, self.goal);
        let point = near.point(counts.to_vec());
        let mut best: Vec<Option<(f64, Move)>> = vec![None; self.constraints.len()];
        for change in near.moves(&point) {
            let gain = near.gain(&point, change);
            if gain <= 0.0 {
                continue;
            }
            let Some(owner) = sole_owner(&near, &point, change, &owners) else {
                continue;
            };
            if best[owner].is_none_or(|(g, _)| gain > g) {
                best[owner] = Some((gain, change));
            }
        }
        for (i, found) in best.into_iter().enumerate() {
            if let (None, Some((_, change))) = (&out[i], found) {
                out[i] = self.blocked(&self.constraints[i], counts, change);
            }
        }
        out
    }

    fn at_bound(&self, constraint: &Constraint, counts: &[f64]) -> Option<String> {
        if matches!(constraint.form, Form::Largest(_)) {
            return None;
        }
        let Standing::At(bound) = standing(constraint, counts) else {
            return None;
        };
        let side = match (constraint.low, constraint.high) {
            (Some(low), Some(high)) if low == high => "exactly",
            (_, Some(high)) if high == bound => "at most",
            _ => "at least",
        };
        let bound = amount(bound, constraint.unit, &self.model.currency);
        Some(format!(
            "{} is at its bound, {side} {bound}",
            constraint.name
        ))
    }

    fn blocked(&self, constraint: &Constraint, counts: &[f64], change: Move) -> Option<String> {
        let key = |cell: usize| self.model.key(cell).to_string();
        let what = match (change.add, change.drop) {
            (Some(i), None) => format!("one more {}", key(i)),
            (None, Some(j)) => format!("one {} less", key(j)),
            (Some(i), Some(j)) => format!("one more {} for a {}", key(i), key(j)),
            (None, None) => return None,
        };
        if let Form::Largest(a) = &constraint.form {
            let (cell, high) = (change.add?, constraint.high?);
            let (value, high) = apart(a[cell], high, constraint.unit, &self.model.currency);
            return Some(format!(
                "{} is at most {high}: {} would be {value}",
                constraint.name,
                key(cell)
            ));
        }
        let mut after = counts.to_vec();
        if let Some(i) = change.add {
            after[i] += 1.0;
        }
        if let Some(j) = change.drop {
            after[j] -= 1.0;
        }
        let bound = match standing(constraint, &after) {
            Standing::Above(high) => format!("at most {}", self.amount(constraint, high)),
            Standing::Below(low) => format!("at least {}", self.amount(constraint, low)),
            _ => return None,
        };
        Some(format!(
            "{} is {} of {bound}: {what} would make it {}",
            constraint.name,
            self.amount(constraint, constraint.form.value(counts)?),
            self.amount(constraint, constraint.form.value(&after)?),
        ))
    }

    fn amount(&self, constraint: &Constraint, value: f64) -> String {
        amount(value, constraint.unit, &self.model.currency)
    }

    /// What keeps the rest of the budget from being spent; empty if nothing notable is left.
    ///
    /// Every cell whose next creator costs no more than what is left is kept out by one of the
    /// constraints named (as few as a greedy cover needs), or would fit and gain nothing.
    pub(crate) fn held_by(&self, counts: &[f64], relaxed_spend: f64) -> Vec<HeldBy> {
        let budget = self.model.rules.budget;
        let costs: Vec<f64> = self.units.iter().map(|u| u.spend).collect();
        let left = budget - dot(&costs, counts);
        if left <= NOTABLE * budget {
            return Vec::new();
        }
        let fractional = self.model.fractional_counts;
        // A hair of a creator where counts need not be whole.
        let step = if fractional { 1e-4 } else { 1.0 };
        let mut cells: Vec<usize> = (0..costs.len()).filter(|&i| costs[i] > 0.0).collect();
        cells.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
        let Some(&cheapest) = cells.first() else {
            return Vec::new();
        };
        cells.retain(|&i| costs[i] * step <= left);
        if cells.is_empty() {
            return vec![HeldBy {
                constraint: "budget".to_owned(),
                reason: format!(
                    "counts are whole, and the cheapest further creator ({}) costs {}",
                    self.model.key(cheapest),
                    self.money(costs[cheapest]),
                ),
            }];
        }
        let after = |cell: usize| {
            let mut after = counts.to_vec();
            after[cell] += step;
            after
        };
        let mut blocked: Vec<(usize, Vec<usize>)> = cells
            .iter()
            .map(|&cell| (cell, self.broken(&after(cell))))
            .collect();
        let mut out = Vec::new();
        if let Some((cell, _)) = blocked.iter().find(|(_, broken)| broken.is_empty()) {
            out.push(HeldBy {
                constraint: "objective".to_owned(),
                reason: format!(
                    "the next {} would fit for {}, but {} would not gain by it",
                    self.model.key(*cell),
                    self.money(costs[*cell]),
                    self.model.objective.name(),
                ),
            });
            blocked.retain(|(_, broken)| !broken.is_empty());
        }
        while let Some(constraint) = most_frequent(&blocked, self.constraints.len()) {
            let first = blocked.iter().find(|(_, b)| b.contains(&constraint));
            if let Some(&(cell, _)) = first {
                let constraint = &self.constraints[constraint];
                out.push(HeldBy {
                    constraint: constraint.name.clone(),
                    reason: self.held(constraint, cell, &after(cell)),
                });
            }
            blocked.retain(|(_, broken)| !broken.contains(&constraint));
        }
        if !fractional
            && budget - relaxed_spend <= NOTABLE * budget
            && let Some(first) = out.first_mut()
        {
            first
                .reason
                .push_str("; shares of a creator would spend it");
        }
        out
    }

    /// Indices of the constraints that counts break.
    fn broken(&self, counts: &[f64]) -> Vec<usize> {
        (0..self.constraints.len())
            .filter(|&i| !keeps(&self.constraints[i], counts))
            .collect()
    }

    fn money(&self, value: f64) -> String {
        money(value, &self.model.currency, 0)
    }

    fn held(&self, constraint: &Constraint, cell: usize, after: &[f64]) -> String {
        let tier = &self.model.tiers[self.model.cells[cell].tier].name;
        let next = format!(
            "the next {tier} creator ({}) costs {}",
            self.model.key(cell),
            self.money(self.units[cell].spend)
        );
        let name = &constraint.name;
        match standing(constraint, after) {
            Standing::Above(high) => {
                let high = self.amount(constraint, high);
                format!("{next} and would exceed {name} ({high})")
            }
            Standing::Below(low) => {
                let low = self.amount(constraint, low);
                format!("{next} and would push {name} below {low}")
            }
            _ => next,
        }
    }
}

/// The constraint that keeps out most cells, the first of equals; `None` if no cell is left.
fn most_frequent(blocked: &[(usize, Vec<usize>)], constraints: usize) -> Option<usize> {
    let mut count = vec![0_usize; constraints];
    for &i in blocked.iter().flat_map(|(_, broken)| broken) {
        count[i] += 1;
    }
    let most = *count.iter().max()?;
    (most > 0).then(|| count.iter().position(|&c| c == most))?
}

/// The one constraint that a change violates, if it violates just one.
fn sole_owner(
    near: &Neighbourhood<'_>,
    point: &Point,
    change: Move,
    owners: &[usize],
) -> Option<usize> {
    let rows = near.violated_rows(point, change);
    let first = owners[*rows.first()?];
    rows.iter().all(|&r| owners[r] == first).then_some(first)
}
