//! Horizons whose creators act on each other within a month (audiences, shocks to the brand, cross-promotion).
//!
//! What a plan leaves of a cell's conversions lies between nothing and all, what tags make of its reach between as much and
//! the most that any plan's do. So a program whose every coefficient is the
//! most favourable over that range bounds all plans. Plans are sought by programs at the factors of the plan before, and the best
//! that keeps all rules at its own factors is kept.

use std::time::Instant;

use ndarray::Array2;

use super::exchange::Looked;
use super::{Rules, Together};
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    Cancel, Constraint, Form, Gap, Plan, PlanSettings, PlanStatus, joint, largest_reach_factors,
    reach_factors, sum_of, units_of,
};
use crate::optimizer::check::check_plan;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::{Program, Row, program_of, rows_asked};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::remaining;

/// Programs solved at the factors of the plan before.
const ROUNDS: usize = 8;

/// More of the sums of the pipeline's limits for the bound.
const SUMS: usize = 60;

/// Share of what the clock has left that one of them may take.
const SLICE: f64 = 0.5;

/// Share of the clock from which on none is begun.
const LEAST: f64 = 0.1;

impl Together<'_> {
    /// Factors on reach and conversions that a plan leaves, by month and cell.
    pub(super) fn factors(&self, counts: &Array2<f64>) -> Vec<Vec<[f64; 2]>> {
        let rows = counts.rows().into_iter().enumerate();
        rows.map(|(month, row)| {
            let row = row.to_vec();
            let reach = reach_factors(self.model, month, &row).into_iter();
            let conversions = joint::conversion_factors_in(self.model, month, &row);
            reach.zip(conversions).map(|(r, c)| [r, c]).collect()
        })
        .collect()
    }

    /// The corners of the range of both factors; a coefficient is linear in each, so it is largest and least there.
    pub(super) fn corners(&self) -> Vec<Vec<Vec<[f64; 2]>>> {
        let lifted = |month| {
            let most = largest_reach_factors(self.model, month).into_iter();
            most.map(|reach| [reach, 1.0]).collect::<Vec<_>>()
        };
        let most: Vec<Vec<[f64; 2]>> = (0..self.model.months).map(lifted).collect();
        let mut out = vec![self.alone()];
        if most != out[0] {
            out.push(most);
        }
        if joint::applies(self.model) {
            let mut lost = out.clone();
            for [_, conversions] in lost.iter_mut().flatten().flatten() {
                *conversions = 0.0;
            }
            out.extend(lost);
        }
        out
    }

    /// The plan of a horizon whose creators act on each other.
    pub(super) fn among_each_other(
        &self,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        let started = Instant::now();
        let mut best: Option<(f64, Array2<f64>)> = None;
        let mut tried: Vec<Array2<f64>> = Vec::new();
        let mut first: Option<Plan> = None;
        let mut nodes = 0;
        // Where nobody acts on another is where to begin; the other ends of the range, where there is no plan.
        for corner in self.corners() {
            let mut at = corner;
            for _ in 0..ROUNDS {
                let mut left = remaining(settings, started);
                if cancel.requested() || left.time_limit < LEAST * settings.time_limit {
                    break;
                }
                left.time_limit *= SLICE;
                let found = self.at(&at, &left, cancel, false);
                nodes += found.solver.nodes;
                let usable = found.is_usable();
                let counts = found.counts.clone();
                first.get_or_insert(found);
                if !usable {
                    break;
                }
                if check_plan(self.model, &counts).is_empty()
                    && let Some(value) = self.worth(&counts)
                    && best.as_ref().is_none_or(|(most, _)| value > *most)
                {
                    best = Some((value, counts.clone()));
                }
                if tried.contains(&counts) {
                    break;
                }
                at = self.factors(&counts);
                tried.push(counts);
            }
            if best.is_some() {
                break;
            }
        }
        // Programs at the factors of another plan see no lift that a tier not yet booked would give.
        let looked = if self.model.horizon.cross_promotion.is_some() {
            self.look(best, cancel)
        } else {
            Looked { best, all: false }
        };
        let Some(best) = looked.best else {
            return self.without(first, settings, cancel, explains);
        };
        let (value, counts) = if looked.all {
            best
        } else {
            self.climbed(best, cancel)
        };
        let bound = if looked.all {
            Some(value)
        } else {
            self.bound(settings, cancel)
        };
        let mut plan = self.fixed(&counts, settings, cancel);
        let gap = bound.map(|bound| Gap::new(bound, value, false));
        let proven = gap.is_some_and(|gap| within_gap(gap.bound, value, settings.gap));
        plan.status = if proven {
            PlanStatus::Optimal
        } else {
            PlanStatus::Feasible
        };
        plan.objective = Some(value);
        plan.gap = gap;
        if let Some(first) = first {
            plan.solver = first.solver;
        }
        plan.solver.nodes = nodes;
        if !looked.all {
            plan.warnings.push(
                "creators of a month act on each other, and its months hang together: the plan is the best of those found \
                 by programs solved one after another; the bound is that of all conversions kept"
                    .to_owned(),
            );
        }
        plan
    }

    /// No plan that keeps the rules at its own factors was found: is there any within rules whose every coefficient is the
    /// most favourable?
    fn without(
        &self,
        first: Option<Plan>,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        let any = PlanSettings {
            gap: 1.0,
            ..*settings
        };
        let alone = self.alone();
        let units = units_of(self.model, &self.activities, |m, cell| alone[m][cell]);
        let sums: Vec<UnitValue> = units.iter().map(sum_of).collect();
        let mut rules = self.favourable();
        let found = self.best_within(&sums, &mut rules, &any, cancel, explains);
        if found.status == PlanStatus::Infeasible {
            let mut plan = self.unfolded(found, &rules);
            if let Some(first) = first.filter(|first| !first.is_usable()) {
                // As they were stated.
                plan.constraints = first.constraints;
            }
            return plan;
        }
        let reason = "no plan was found that keeps every rule with what its creators leave each other, and none was \
                      ruled out"
            .to_owned();
        let blank = first.unwrap_or_else(|| self.unfolded(found, &rules));
        Plan {
            counts: Array2::zeros((self.model.months, self.model.cells.len())),
            objective: None,
            gap: None,
            conflict: None,
            status: PlanStatus::Failed { reason },
            ..blank
        }
    }

    /// Rules that every plan keeps that keeps the model's: each coefficient at its most favourable.
    fn favourable(&self) -> Rules {
        let corners = self.corners().into_iter().map(|corner| {
            let units = units_of(self.model, &self.activities, |m, cell| corner[m][cell]);
            self.rules(&units)
        });
        let both = |all: Rules, more: Rules| {
            let mut out = Rules {
                all: Vec::new(),
                names: Vec::new(),
            };
            let pairs = all.all.into_iter().zip(more.all).zip(all.names);
            for ((a, b), name) in pairs {
                out.all.push(favourable_of(a, b));
                out.names.push(name);
            }
            out
        };
        let halved = |rules: Rules| {
            let mut out = Rules {
                all: Vec::new(),
                names: Vec::new(),
            };
            for (rule, name) in rules.all.into_iter().zip(rules.names) {
                for side in sides(rule) {
                    out.all.push(side);
                    out.names.push(name.clone());
                }
            }
            out
        };
        corners.map(halved).reduce(both).unwrap_or(Rules {
            all: Vec::new(),
            names: Vec::new(),
        })
    }

    /// The objective of counts at their own factors.
    pub(super) fn worth(&self, counts: &Array2<f64>) -> Option<f64> {
        let units = valuation::units_of_plan(self.model, counts);
        let totals: Vec<f64> = counts.columns().into_iter().map(|c| c.sum()).collect();
        valuation::objective(&units, &totals, self.model.objective)
    }

    /// A bound on the objective of all plans; `None` if the relaxation has none.
    fn bound(&self, settings: &PlanSettings, cancel: &Cancel) -> Option<f64> {
        let programs: Vec<(Program, Goal)> = self
            .corners()
            .into_iter()
            .map(|corner| {
                let units = units_of(self.model, &self.activities, |m, cell| corner[m][cell]);
                let rules = self.rules(&units);
                let sums: Vec<UnitValue> = units.iter().map(sum_of).collect();
                let program = program_of(&self.flat, &sums, &rules.all);
                (program, Goal::of(&self.flat, &sums))
            })
            .collect();
        let (relaxed, goal) = programs.into_iter().reduce(|(all, goal), (more, other)| {
            let program = Program {
                maximize: each(&all.maximize, &more.maximize, f64::max),
                rows: favourable(&all.rows, &more.rows),
                columns: all.columns,
            };
            (program, best_of(goal, other))
        })?;
        // What the pipeline delivers is the same at every factor.
        let alone = self.alone();
        let units = units_of(self.model, &self.activities, |m, cell| alone[m][cell]);
        let limits = self.rules(&units).all;
        let mut relaxed = relaxed;
        let mut solved = solve_relaxed(&relaxed, &goal, settings, cancel);
        for _ in 0..SUMS {
            let asked = limits.iter().filter_map(|rule| rows_asked(rule, &solved.x));
            let asked: Vec<Row> = asked.collect();
            if !solved.found() || asked.is_empty() {
                break;
            }
            relaxed.rows.extend(asked);
            solved = solve_relaxed(&relaxed, &goal, settings, cancel);
        }
        solved
            .found()
            .then(|| solved.bound.unwrap_or(solved.objective))
    }
}

fn each(a: &[f64], b: &[f64], of: fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(&a, &b)| of(a, b)).collect()
}

/// A rule as rules of one bound each, where what acts on it may move either.
fn sides(rule: Constraint) -> Vec<Constraint> {
    if rule.low.is_none() || rule.high.is_none() {
        return vec![rule];
    }
    let least = Constraint {
        high: None,
        ..rule.clone()
    };
    vec![least, Constraint { low: None, ..rule }]
}

/// One of two figures.
type Pick = fn(f64, f64) -> f64;

/// What is kept wherever either of two rules of one bound is.
fn favourable_of(a: Constraint, b: Constraint) -> Constraint {
    let lower = a.low.is_some();
    let (up, down): (Pick, Pick) = if lower {
        (f64::max, f64::min)
    } else {
        (f64::min, f64::max)
    };
    let form = match (&a.form, b.form) {
        (Form::Sum(x), Form::Sum(y)) => Form::Sum(each(x, &y, up)),
        (
            Form::Ratio {
                numerator: n,
                denominator: d,
            },
            Form::Ratio {
                numerator: m,
                denominator: e,
            },
        ) => Form::Ratio {
            numerator: each(n, &m, up),
            denominator: each(d, &e, down),
        },
        (Form::Largest(x), Form::Largest(y)) => Form::Largest(each(x, &y, f64::min)),
        (form, _) => form.clone(),
    };
    Constraint { form, ..a }
}

/// What is never below either goal.
fn best_of(a: Goal, b: Goal) -> Goal {
    match (a, b) {
        (Goal::Sum(a), Goal::Sum(b)) => Goal::Sum(each(&a, &b, f64::max)),
        (Goal::Ratio { above: a, below: s }, Goal::Ratio { above: b, below: t }) => Goal::Ratio {
            above: each(&a, &b, f64::max),
            below: each(&s, &t, f64::min),
        },
        (goal, _) => goal,
    }
}

/// Rows that hold wherever those of either program do: one side of each row at its most favourable.
fn favourable(a: &[Row], b: &[Row]) -> Vec<Row> {
    let both = |(a, b): (&Row, &Row)| Row {
        coefficients: each(
            &a.coefficients,
            &b.coefficients,
            if a.low.is_some() { f64::max } else { f64::min },
        ),
        low: a.low,
        high: a.high,
    };
    one_sided(a).iter().zip(&one_sided(b)).map(both).collect()
}

/// Rows with one bound each.
fn one_sided(rows: &[Row]) -> Vec<Row> {
    let sides = |row: &Row| {
        let least = row.low.map(|low| Row {
            high: None,
            low: Some(low),
            ..row.clone()
        });
        let most = row.high.map(|high| Row {
            low: None,
            high: Some(high),
            ..row.clone()
        });
        least.into_iter().chain(most).collect::<Vec<_>>()
    };
    rows.iter().flat_map(sides).collect()
}
