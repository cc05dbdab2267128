//! The plan of creators that act on each other, described as any other.

use super::Work;
use crate::model::{Plan, PlanStatus, constraints, valuation};
use crate::optimizer::goal::Goal;
use crate::optimizer::joint::{self, Found};
use crate::optimizer::price::prices;
use crate::optimizer::program::{dot, program_of};
use crate::optimizer::whole::Search;

/// Said where rules leave no plan of creators that act on each other.
const BEFORE_AUDIENCES: &str = "rules on cost and value are judged here with the conversions of creators one by one, \
                                before audiences saturate";

/// The same without audiences.
const BEFORE_SHOCKS: &str = "rules on cost and value are judged here with the conversions of creators one by one, \
                             before shocks to the brand";

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
            Err(nothing) => {
                return match self.status(&nothing) {
                    Err(mut plan) => {
                        if plan.status == PlanStatus::Infeasible {
                            plan.warnings.push(self.apart().to_owned());
                        }
                        *plan
                    }
                    Ok(status) => self.without_plan(status, &nothing),
                };
            }
        };
        let status = match self.status(&found.solved) {
            Ok(status) => status,
            Err(mut plan) => {
                if plan.status == PlanStatus::Infeasible {
                    plan.warnings.push(self.apart().to_owned());
                }
                return *plan;
            }
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

    fn apart(&self) -> &'static str {
        if self.model.audiences.is_empty() {
            BEFORE_SHOCKS
        } else {
            BEFORE_AUDIENCES
        }
    }

    fn found_together(&self, status: PlanStatus, found: &Found) -> Plan {
        let counts = &found.counts[..];
        let costs: Vec<f64> = self.units.iter().map(|u| u.spend).collect();
        let goal = Goal::Sum(found.pieces.maximize.clone());
        let prices = prices(
            &found.pieces,
            &goal,
            &found.rules,
            (&found.relaxed, found.optimum),
            self.relaxations,
            self.cancel,
        );
        let value = self.objective(counts).unwrap_or(found.solved.objective);
        let spend = dot(&costs, &found.relaxed);
        let mut plan = self.described(status, &found.solved, (counts, value), &prices, spend);
        if !found.settled {
            plan.warnings.push(
                "the programs solved one after another did not settle on one plan; this is the best of \
                 those found, and its gap is only indicative"
                    .to_owned(),
            );
        }
        plan
    }
}
