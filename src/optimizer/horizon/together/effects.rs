//! Horizons whose creators act on each other within a month (audiences, shocks to the brand).
//!
//! What a plan leaves of a cell's conversions lies between nothing and all. So a program whose every coefficient is the
//! most favourable over that range bounds all plans. Plans are sought by programs at the factors of the plan before, and the best
//! that keeps all rules at its own factors is kept.

use ndarray::Array2;

use super::{Rules, Together};
use crate::model::valuation::{self, UnitValue};
use crate::model::{Cancel, Gap, Plan, PlanSettings, PlanStatus, joint, sum_of, units_of};
use crate::optimizer::check::check_plan;
use crate::optimizer::goal::{Goal, within_gap};
use crate::optimizer::program::{Program, Row, program_of};
use crate::optimizer::ratio::solve_relaxed;

/// Programs solved at the factors of the plan before.
const ROUNDS: usize = 8;

impl Together<'_> {
    /// Factors on conversions that a plan leaves, by month and cell.
    pub(super) fn factors(&self, counts: &Array2<f64>) -> Vec<Vec<f64>> {
        let rows = counts.rows();
        rows.into_iter()
            .map(|row| joint::conversion_factors(self.model, &row.to_vec()))
            .collect()
    }

    /// The plan of a horizon whose creators act on each other.
    pub(super) fn among_each_other(
        &self,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        let mut at = vec![vec![1.0; self.model.cells.len()]; self.model.months];
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
        let ends: Vec<(Vec<UnitValue>, Rules)> = [1.0, 0.0]
            .iter()
            .map(|&factor| {
                let units = units_of(self.model, &self.activities, |_, _| factor);
                let rules = self.rules(&units);
                (units.iter().map(sum_of).collect(), rules)
            })
            .collect();
        let program =
            |(units, rules): &(Vec<UnitValue>, Rules)| program_of(&self.flat, units, &rules.all);
        let (all, none) = (program(&ends[0]), program(&ends[1]));
        let goal = match (
            Goal::of(&self.flat, &ends[0].0),
            Goal::of(&self.flat, &ends[1].0),
        ) {
            (Goal::Sum(a), Goal::Sum(b)) => Goal::Sum(each(&a, &b, f64::max)),
            (Goal::Ratio { above: a, below: s }, Goal::Ratio { above: b, below: t }) => {
                Goal::Ratio {
                    above: each(&a, &b, f64::max),
                    below: each(&s, &t, f64::min),
                }
            }
            (goal, _) => goal,
        };
        let relaxed = Program {
            maximize: each(&all.maximize, &none.maximize, f64::max),
            rows: all
                .rows
                .iter()
                .zip(&none.rows)
                .flat_map(|(a, b)| favourable(a, b))
                .collect(),
            columns: all.columns,
        };
        let solved = solve_relaxed(&relaxed, &goal, settings, cancel);
        solved
            .found()
            .then(|| solved.bound.unwrap_or(solved.objective))
    }
}

fn each(a: &[f64], b: &[f64], of: fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(&a, &b)| of(a, b)).collect()
}

/// The rows that hold wherever one between two holds.
fn favourable(a: &Row, b: &Row) -> Vec<Row> {
    let most = a.high.map(|high| Row {
        coefficients: each(&a.coefficients, &b.coefficients, f64::min),
        low: None,
        high: Some(high),
    });
    let least = a.low.map(|low| Row {
        coefficients: each(&a.coefficients, &b.coefficients, f64::max),
        low: Some(low),
        high: None,
    });
    most.into_iter().chain(least).collect()
}
