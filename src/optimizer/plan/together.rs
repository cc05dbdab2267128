//! The plan of creators that act on each other, described as any other.

use super::Work;
use crate::model::{Plan, PlanStatus, constraints, valuation};
use crate::optimizer::goal::Goal;
use crate::optimizer::joint::{self, Found, Nothing};
use crate::optimizer::price::prices;
use crate::optimizer::program::{dot, program_of};
use crate::optimizer::whole::Search;

impl Work<'_> {
    /// Plans a model whose creators act on each other.
    pub(super) fn together(&self) -> Plan {
        let search = joint::search(
            self.model,
            self.settings,
            self.relaxations,
            self.cancel,
            self.search.started,
        );
        let found = match search {
            Ok(found) => found,
            Err(Nothing::Proven(solved, conflict)) => {
                return Plan {
                    conflict: Some(*conflict),
                    ..self.without_plan(PlanStatus::Infeasible, &solved)
                };
            }
            Err(Nothing::Solved(nothing)) => {
                return match self.status(&nothing) {
                    Err(plan) => *plan,
                    Ok(status) => self.without_plan(status, &nothing),
                };
            }
        };
        let status = match self.status(&found.solved) {
            Ok(status) => status,
            Err(plan) => return *plan,
        };
        // From here on everything is as it is within the plan found.
        let units = valuation::units_in(self.model, &found.counts);
        let constraints = constraints(self.model, &units);
        let program = program_of(self.model, &units, &constraints);
        let goal = Goal::Sum(found.slopes.clone());
        let within = Work {
            units: &units,
            constraints: &constraints,
            program: &program,
            goal: &goal,
            search: Search {
                program: &program,
                goal: &goal,
                ..self.search
            },
            ..*self
        };
        within.found_together(status, &found)
    }

    fn found_together(&self, status: PlanStatus, found: &Found) -> Plan {
        let counts = &found.counts[..];
        let costs: Vec<f64> = self.units.iter().map(|u| u.spend).collect();
        let goal = Goal::Sum(found.pieces.maximize.clone());
        let prices = match found.optimum {
            Some(optimum) => prices(
                &found.pieces,
                &goal,
                &found.rules,
                (&found.relaxed, optimum),
                self.relaxations,
                self.cancel,
            ),
            None => vec![None; self.constraints.len()],
        };
        let value = self.objective(counts).unwrap_or(found.solved.objective);
        let spend = dot(&costs, &found.relaxed);
        let mut plan = self.described(status, &found.solved, (counts, value), &prices, spend);
        if !found.settled {
            plan.warnings.push(
                "the programs solved one after another did not settle on one plan; this is the best of \
                 those found"
                    .to_owned(),
            );
        }
        self.with_alternatives(plan)
    }
}
