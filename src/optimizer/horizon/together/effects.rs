//! Horizons whose creators act on each other within a month (audiences, shocks to the brand, cross-promotion).
//!
//! What a plan leaves of a cell's conversions lies between nothing and all, what tags make of its reach between as much and
//! the whole lift more. So a program whose every coefficient is the
//! most favourable over that range bounds all plans. Plans are sought by programs at the factors of the plan before, and the best
//! that keeps all rules at its own factors is kept.

use ndarray::Array2;

use super::Together;
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    Cancel, Gap, Plan, PlanSettings, PlanStatus, joint, reach_factors, sum_of, units_of,
};
use crate::optimizer::check::check_plan;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::{Program, Row, program_of};
use crate::optimizer::ratio::solve_relaxed;

/// Programs solved at the factors of the plan before.
const ROUNDS: usize = 8;

impl Together<'_> {
    /// Factors on reach and conversions that a plan leaves, by month and cell.
    pub(super) fn factors(&self, counts: &Array2<f64>) -> Vec<Vec<[f64; 2]>> {
        let rows = counts.rows().into_iter();
        rows.map(|row| {
            let row = row.to_vec();
            let reach = reach_factors(self.model, &row).into_iter();
            let conversions = joint::conversion_factors(self.model, &row);
            reach.zip(conversions).map(|(r, c)| [r, c]).collect()
        })
        .collect()
    }

    /// The corners of the range of both factors; a coefficient is linear in each, so it is largest and least there.
    fn corners(&self) -> Vec<[f64; 2]> {
        let promotion = self.model.horizon.cross_promotion.as_ref();
        let most = promotion.map_or(1.0, |promotion| 1.0 + promotion.reach_lift);
        let mut out = vec![[1.0, 1.0]];
        if most != 1.0 {
            out.push([most, 1.0]);
        }
        if joint::applies(self.model) {
            out.extend(out.clone().iter().map(|[reach, _]| [*reach, 0.0]));
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
        let mut at = self.alone();
        let mut best: Option<(f64, Array2<f64>)> = None;
        let mut tried: Vec<Array2<f64>> = Vec::new();
        let mut first = None;
        let mut nodes = 0;
        for round in 0..ROUNDS {
            let found = self.at(&at, settings, cancel, explains && round == 0);
            nodes += found.solver.nodes;
            let usable = found.is_usable();
            let counts = found.counts.clone();
            first.get_or_insert(found);
            if !usable || cancel.requested() {
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
        let bound = self.bound(settings, cancel);
        let Some((value, counts)) = best else {
            return self.without(first, bound.is_none());
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
        plan.warnings.push(
            "creators of a month act on each other, and its months hang together: the plan is the best of those found \
             by programs solved one after another; the bound is that of all conversions kept"
                .to_owned(),
        );
        plan
    }

    /// No plan that keeps the rules at its own factors was found.
    fn without(&self, first: Option<Plan>, none: bool) -> Plan {
        let reason = "no plan was found that keeps every rule with what its creators leave each other, and none was \
                      ruled out"
            .to_owned();
        match first {
            Some(plan) if !plan.is_usable() && none => plan,
            Some(plan) => {
                let blank = Plan {
                    counts: Array2::zeros(plan.counts.dim()),
                    objective: None,
                    gap: None,
                    ..plan
                };
                Plan {
                    status: PlanStatus::Failed { reason },
                    ..blank
                }
            }
            None => self.fixed(
                &Array2::zeros((self.model.months, self.model.cells.len())),
                &PlanSettings::default(),
                &Cancel::new(),
            ),
        }
    }

    /// The objective of counts at their own factors.
    fn worth(&self, counts: &Array2<f64>) -> Option<f64> {
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
                let units = units_of(self.model, &self.activities, |_, _| corner);
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
        let solved = solve_relaxed(&relaxed, &goal, settings, cancel);
        solved
            .found()
            .then(|| solved.bound.unwrap_or(solved.objective))
    }
}

fn each(a: &[f64], b: &[f64], of: fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(&a, &b)| of(a, b)).collect()
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
