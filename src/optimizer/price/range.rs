//! What each rule costs, and how far its bound can move before another one limits.
//!
//! From the relaxation's optimum the bound moves in the direction that gains. Along one basis the optimum is
//! known in closed form, also where the bound is a coefficient ([`super::basis::Course`]), and so is the bound at which
//! the basis ends. There the relaxation is solved again a hair farther on. The walk ends where a rule that
//! was no limit becomes one, or where the moved one stops being one; changes of the cells booked on the way are
//! passed, their gains added up. What the closed form leaves open is the hair: 1e-6 of the unit's step.

use super::basis::{Basis, Course, Linear, Moving, Side, size_of};
use super::{moved, rows_in, solve_wholly};
use crate::model::{BudgetScale, Cancel, Constraint, Form, PlanSettings, PriceRange};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, hold_broken};

/// How far behind a break the relaxation is solved again, in steps of the unit.
const HAIR: f64 = 1e-6;

/// Bases walked through for one bound.
const BASES: usize = 60;

/// Columns from which on only the dearest rules are walked.
const WIDE: usize = 200;

/// How many of them.
const DEAREST: usize = 12;

/// Changes below this share of the optimum are the solver's.
const NONE: f64 = 1e-9;

/// One range a constraint; empty where the relaxation does not feel the rule.
pub(crate) fn ranges(
    program: &Program,
    goal: &Goal,
    constraints: &[Constraint],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Vec<PriceRange> {
    ranges_of(
        constraints.len(),
        program,
        goal,
        constraints,
        settings,
        cancel,
    )
}

/// The same of the first few constraints.
pub(super) fn ranges_of(
    first: usize,
    program: &Program,
    goal: &Goal,
    constraints: &[Constraint],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Vec<PriceRange> {
    let felt_nothing = PriceRange {
        cost: Some(0.0),
        ..PriceRange::default()
    };
    let mut out = vec![felt_nothing; first];
    let size = size_of(goal);
    let linear = Linear::new(constraints, goal, size);
    let Some(basis) = linear.solve() else {
        return vec![PriceRange::default(); first];
    };
    let walks = Walks {
        constraints,
        goal,
        size,
        optimum: basis.value,
    };
    let limits = linear.limits(&basis, None, constraints.len());
    let mut felt: Vec<(usize, Option<Side>)> = (0..first)
        .filter_map(|i| {
            let is =
                limits[i] || (is_budget(constraints, i) && follower_limits(constraints, &limits));
            is.then(|| (i, walks.side(&linear, &basis, i)))
        })
        .collect();
    let mut costs = Vec::new();
    for &(i, _) in &felt {
        if cancel.requested() {
            break;
        }
        let cost = without(program, goal, constraints, i, settings, cancel)
            .map(|value| (value - basis.value).max(0.0))
            .map(|cost| {
                if cost <= NONE * basis.value.abs() {
                    0.0
                } else {
                    cost
                }
            });
        out[i].cost = if limits[i] { cost } else { Some(0.0) };
        costs.push((i, cost.unwrap_or(f64::INFINITY)));
    }
    if program.columns.len() > WIDE {
        // The dearest first; equal ones in the rules' order.
        let cost = |i: usize| costs.iter().find(|c| c.0 == i).map_or(0.0, |c| c.1);
        felt.sort_by(|a, b| cost(b.0).total_cmp(&cost(a.0)).then(a.0.cmp(&b.0)));
        felt.truncate(DEAREST);
    }
    for (i, side) in felt {
        if cancel.requested() {
            break;
        }
        let found = match (&constraints[i].form, side) {
            (Form::Largest(_), _) => walks.opening(i),
            (_, Some(side)) => walks.walk(i, side),
            _ => None,
        };
        if let Some((to, gain, then)) = found {
            out[i].to = Some(to);
            out[i].gain = Some(gain);
            out[i].then_binds = then.map(|j| constraints[j].name.clone());
        }
    }
    out
}

fn is_budget(constraints: &[Constraint], i: usize) -> bool {
    constraints[i].scales == Some(BudgetScale::Budget)
}

/// Whether a rule that follows the budget limits.
fn follower_limits(constraints: &[Constraint], limits: &[bool]) -> bool {
    let mut all = constraints.iter().zip(limits);
    all.any(|(c, limits)| *limits && c.scales.is_some())
}

/// The optimum without a rule; `None` where there is none.
fn without(
    program: &Program,
    goal: &Goal,
    constraints: &[Constraint],
    i: usize,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<f64> {
    let mut free = constraints.to_vec();
    (free[i].low, free[i].high) = (None, None);
    let rows = rows_in(program, constraints, &free);
    let program = Program {
        rows,
        ..program.clone()
    };
    let solved = solve_wholly(program, &free, goal, settings, cancel);
    solved.found().then_some(solved.objective)
}

/// Where a walk ended: the bound, the gain, the new limit.
type End = (f64, f64, Option<usize>);

/// How many sums programs hold of the rules that are an excess.
fn sums(rules: &[Constraint]) -> usize {
    let held = |rule: &Constraint| match &rule.form {
        Form::Excess(excess) => excess.sets().len(),
        _ => 0,
    };
    rules.iter().map(held).sum()
}

struct Walks<'a> {
    constraints: &'a [Constraint],
    goal: &'a Goal,
    size: f64,
    optimum: f64,
}

impl Walks<'_> {
    fn linear(&self, constraints: &[Constraint]) -> Linear {
        Linear::new(constraints, self.goal, self.size)
    }

    /// The rows that move with a constraint's bound, for one unit of it to one side.
    fn moving(&self, linear: &Linear, i: usize, side: Side, sign: f64) -> Vec<Moving> {
        let budget = is_budget(self.constraints, i);
        let mut out = Vec::new();
        for (row, owner) in linear.owners.iter().enumerate() {
            let Some(owner) = owner else { continue };
            let scales = self.constraints[owner.constraint].scales;
            let (side, by) = match scales {
                Some(BudgetScale::LowShare(share)) if budget => (Side::Low, share),
                _ if owner.constraint == i => (side, 1.0),
                _ => continue,
            };
            if owner.holds(side) {
                out.push(Moving {
                    row,
                    side,
                    by: sign * by,
                });
            }
        }
        out
    }

    fn course(
        &self,
        (linear, basis): (&Linear, &Basis),
        i: usize,
        side: Side,
        sign: f64,
    ) -> Course {
        let weights = linear.weights(&self.constraints[i]);
        let moving = self.moving(linear, i, side, sign);
        basis.course(&moving, weights.as_deref())
    }

    /// The end of a constraint that limits.
    fn side(&self, linear: &Linear, basis: &Basis, i: usize) -> Option<Side> {
        if is_budget(self.constraints, i) {
            return Some(Side::High);
        }
        let y = basis.multipliers();
        let mut owners = linear.owners.iter().enumerate();
        owners.find_map(|(row, owner)| {
            let own = owner.is_some_and(|o| o.constraint == i);
            let side = if y[row] > 0.0 { Side::High } else { Side::Low };
            (own && y[row] != 0.0).then_some(side)
        })
    }

    /// Moves a bound until another rule limits.
    fn walk(&self, i: usize, side: Side) -> Option<End> {
        let hair = HAIR * self.constraints[i].unit.price_step();
        let start = self.linear(self.constraints);
        let sign = match side {
            Side::Low => -1.0,
            Side::High => {
                let basis = start.solve()?;
                let course = self.course((&start, &basis), i, side, 1.0);
                // Less of a budget gains where a least spend follows it.
                if course.slope >= 0.0 { 1.0 } else { -1.0 }
            }
        };
        let bound = match side {
            Side::Low => self.constraints[i].low?,
            Side::High => self.constraints[i].high?,
        };
        let mut known: Option<Vec<bool>> = None;
        let (mut end, mut gain) = (0.0, 0.0);
        let mut at = hair;
        // Those that are an excess get the sums that points on the way ask for.
        let mut rules = self.constraints.to_vec();
        for _ in 0..BASES {
            let (linear, basis) = self.solved_at(&mut rules, i, side, sign * at)?;
            let course = self.course((&linear, &basis), i, side, sign);
            let step = course.at(self.constraints[i].unit.price_step()).abs();
            let half = 0.5 * course.until.min(step);
            let limits = linear.limits(&basis, Some((&course, half)), self.constraints.len());
            let limited = course.slope > basis.nothing * 1e-3
                && (limits[i] || follower_limits(self.constraints, &limits));
            let mut fresh = known
                .iter()
                .flat_map(|known| (0..known.len()).filter(|&j| limits[j] && !known[j]));
            let then = fresh.find(|&j| j != i);
            if known.is_none() && !limited {
                return None;
            }
            if !limited || then.is_some() {
                return Some((bound + sign * end, gain, then));
            }
            known = Some(limits);
            let mut stop = at + course.moved(course.until);
            let mut until = course.until;
            if let Some(event) = self.event(i, sign, at)
                && event < stop
            {
                stop = event;
                until = course.at(event - at);
            }
            if !stop.is_finite() {
                return None;
            }
            let held = sums(&rules);
            if held > 0 {
                self.solved_at(&mut rules, i, side, sign * stop)?;
                if sums(&rules) > held {
                    // The basis ends before: the same step again with all that limits it.
                    continue;
                }
            }
            gain = basis.value + course.slope * until - self.optimum;
            end = stop;
            at = stop + hair;
        }
        None
    }

    /// The relaxation with a bound moved so far, under all sums of the rules that are an excess.
    fn solved_at(
        &self,
        rules: &mut [Constraint],
        i: usize,
        side: Side,
        by: f64,
    ) -> Option<(Linear, Basis)> {
        loop {
            let mut changed = moved(rules, i, side, by);
            let linear = self.linear(&changed);
            let basis = linear.solve()?;
            let mut x = basis.counts().to_vec();
            if let Some(&t) = x.get(self.cells()).filter(|t| **t > 0.0) {
                for x in &mut x {
                    *x /= t;
                }
            }
            if !hold_broken(&mut changed, &x) {
                return Some((linear, basis));
            }
            for (rule, changed) in rules.iter_mut().zip(changed) {
                if matches!(rule.form, Form::Excess(_)) {
                    rule.form = changed.form;
                }
            }
        }
    }

    /// Columns that are counts.
    fn cells(&self) -> usize {
        match self.goal {
            Goal::Sum(c) => c.len(),
            Goal::Ratio { above, .. } => above.len(),
        }
    }

    /// The next budget at which a cell's cost falls to the largest share of it that is allowed, or
    /// rises above it.
    fn event(&self, i: usize, sign: f64, at: f64) -> Option<f64> {
        let budget = self.constraints[i]
            .high
            .filter(|_| is_budget(self.constraints, i))?;
        let largest = self
            .constraints
            .iter()
            .find(|c| c.scales == Some(BudgetScale::PerBudget))?;
        let (Form::Largest(a), high) = (&largest.form, largest.high?) else {
            return None;
        };
        a.iter()
            .map(|a| sign * (a * budget / high - budget))
            .filter(|&event| event > at)
            .min_by(f64::total_cmp)
    }

    /// The largest share of the budget that a cell may cost, raised to the next cell that gains.
    fn opening(&self, i: usize) -> Option<End> {
        let (Form::Largest(a), Some(high)) = (&self.constraints[i].form, self.constraints[i].high)
        else {
            return None;
        };
        let mut closed: Vec<f64> = a.iter().copied().filter(|&a| a > high).collect();
        closed.sort_by(f64::total_cmp);
        closed.dedup();
        for share in closed.into_iter().take(BASES) {
            let changed = moved(self.constraints, i, Side::High, share - high + 1e-12);
            let value = self.linear(&changed).solve()?.value;
            if value - self.optimum > NONE * self.optimum.abs() {
                return Some((share, value - self.optimum, None));
            }
        }
        None
    }
}
