//! What a plan does to its constraints: values, violations, what binds, what holds the budget.

use crate::model::valuation::UnitValue;
use crate::model::{Constraint, Form, HeldBy, Model, Objective, Unit};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, dot, rows_of};
use crate::optimizer::search::{Move, Neighbourhood, Point};
use crate::optimizer::words::{all_apart, amount, apart, money};

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
        let mut best: Vec<Option<((f64, f64), Move)>> = vec![None; self.constraints.len()];
        for change in near.moves(&point) {
            let gain = near.gain(&point, change);
            if gain <= 0.0 {
                continue;
            }
            let Some(owner) = sole_owner(&near, &point, change, &owners) else {
                continue;
            };
            let rank = (self.step(owner, change).map_or(0.0, |step| -step), gain);
            if best[owner].is_none_or(|(most, _)| rank > most) {
                best[owner] = Some((rank, change));
            }
        }
        for (i, found) in best.into_iter().enumerate() {
            if let (None, Some((_, change))) = (&out[i], found) {
                out[i] = self.blocked(&self.constraints[i], counts, change);
            }
        }
        out
    }

    /// How far a change moves a rule's value, over months: there the nearest step is told, of a month's plan the one
    /// that gains most.
    fn step(&self, constraint: usize, change: Move) -> Option<f64> {
        let Form::Sum(a) = &self.constraints[constraint].form else {
            return None;
        };
        let at = |cell: Option<usize>| cell.map_or(0.0, |cell| a[cell]);
        let over_months = !self.model.horizon.waves.is_empty();
        over_months.then(|| (at(change.add) - at(change.drop)).abs())
    }

    fn at_bound(&self, constraint: &Constraint, counts: &[f64]) -> Option<String> {
        if matches!(constraint.form, Form::Largest(_)) {
            return None;
        }
        // An end that nothing can pass is no limit, though it be reached.
        let limiting = Constraint {
            low: constraint.limiting_low(),
            high: constraint.limiting_high(),
            ..constraint.clone()
        };
        let Standing::At(bound) = standing(&limiting, counts) else {
            return None;
        };
        let side = match (constraint.low, constraint.high) {
            (Some(low), Some(high)) if low == high => "exactly",
            _ if limiting.high == Some(bound) => "at most",
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
        let (side, bound) = match standing(constraint, &after) {
            Standing::Above(high) => ("at most", high),
            Standing::Below(low) => ("at least", low),
            _ => return None,
        };
        let values = [
            constraint.form.value(counts)?,
            bound,
            constraint.form.value(&after)?,
        ];
        let [now, bound, then] = all_apart(values, constraint.unit, &self.model.currency);
        Some(format!(
            "{} is {now} of {side} {bound}: {what} would make it {then}",
            constraint.name,
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
        let blocked: Vec<(usize, Vec<usize>)> = cells
            .iter()
            .map(|&cell| (cell, self.broken(&after(cell))))
            .collect();
        let mut out = Vec::new();
        // What would not gain if it fitted is held by no rule.
        let now = self.goal.value(counts);
        let gains = |&(cell, _): &(usize, Vec<usize>)| self.goal.value(&after(cell)) > now;
        let (mut blocked, mut idle): (Vec<_>, Vec<_>) = blocked.into_iter().partition(gains);
        let loses = self.model.objective == Objective::Profit && !idle.is_empty();
        let fits = |(_, broken): &&(usize, Vec<usize>)| broken.is_empty();
        let fitting = blocked.iter().find(fits);
        let fitting = fitting.or_else(|| idle.iter().find(fits).filter(|_| !loses));
        if let Some(&(cell, _)) = fitting {
            idle.clear();
            out.push(self.no_gain(cell, true));
        }
        blocked.retain(|(_, broken)| !broken.is_empty());
        let idle = match idle.first() {
            Some(_) if loses => self.losing(&idle, blocked.is_empty()),
            Some(&(cell, _)) => Some(self.no_gain(cell, false)),
            None => None,
        };
        if blocked.is_empty() {
            out.extend(idle.clone());
        }
        while let Some(constraint) = most_frequent(&blocked, self.constraints.len()) {
            let mut held = blocked.iter().filter(|(_, b)| b.contains(&constraint));
            // Over months, one that no other rule keeps out, if there is one.
            let first = if self.model.horizon.waves.is_empty() {
                held.next()
            } else {
                held.min_by_key(|(_, b)| b.len())
            };
            if let Some(&(cell, _)) = first {
                let constraint = &self.constraints[constraint];
                out.push(HeldBy {
                    constraint: constraint.name.clone(),
                    reason: self.held(constraint, cell, &after(cell)),
                });
            }
            blocked.retain(|(_, broken)| !broken.contains(&constraint));
        }
        if !out.iter().any(|held| held.constraint == "objective") {
            out.extend(idle);
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

    /// That a cell does not gain, though it may fit.
    fn no_gain(&self, cell: usize, fits: bool) -> HeldBy {
        let (key, cost) = (self.model.key(cell), self.money(self.units[cell].spend));
        let name = self.model.objective.name();
        HeldBy {
            constraint: "objective".to_owned(),
            reason: if fits {
                format!("the next {key} would fit for {cost}, but {name} would not gain by it")
            } else {
                format!("the next {key} costs {cost}, and {name} would not gain by it")
            },
        }
    }

    /// That partnerships with cells lose money; `all` says whether there are no others.
    fn losing(&self, cells: &[(usize, Vec<usize>)], all: bool) -> Option<HeldBy> {
        let profit = |cell: usize| self.goal.unit(cell).0;
        let per_cost = |cell: usize| profit(cell) / self.units[cell].spend;
        let better = |a, b| if per_cost(b) > per_cost(a) { b } else { a };
        let best = cells.iter().map(|&(cell, _)| cell).reduce(better)?;
        let costs = self.units[best].spend;
        let brings = profit(best) + costs;
        let (brings, costs) = apart(brings, costs, Unit::Money, &self.model.currency);
        let which = if all { "further" } else { "other" };
        Some(HeldBy {
            constraint: "objective".to_owned(),
            reason: format!(
                "{which} partnerships lose money: of the best of them ({}) one costs {costs} and brings {brings} of \
                 margin",
                self.model.key(best),
            ),
        })
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
