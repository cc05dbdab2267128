//! No plan: why, what is known all the same, and what would have to change.

use super::Work;
use crate::model::{Plan, PlanStatus};
use crate::optimizer::confirm::confirms_empty;
use crate::optimizer::conflict::{self, Explained, Settled};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

impl Work<'_> {
    pub(super) fn infeasible(&self, solved: &Solved) -> Plan {
        if !confirms_empty(self.program, self.settings, self.cancel) {
            let reason = if self.cancel.requested() {
                INTERRUPTED.to_owned()
            } else {
                "one solve found no plan, a second one could not confirm it".to_owned()
            };
            return self.without_plan(PlanStatus::Failed { reason }, solved);
        }
        if !self.explains {
            return self.without_plan(PlanStatus::Infeasible, solved);
        }
        let explained = conflict::explain(
            self.model,
            self.units,
            self.constraints,
            self.settings,
            true,
            self.cancel,
        );
        let mut plan = Plan {
            conflict: explained.conflict,
            ..self.without_plan(PlanStatus::Infeasible, solved)
        };
        plan.solver.reproducible &= explained.reproducible;
        plan
    }

    /// The search for the best plan ended without any: searches for just some plan may know more.
    pub(super) fn second_look(&self, solved: Solved, relaxed: &Solved) -> Solved {
        let rules = self.constraints;
        match conflict::settle(self.units, rules, self.model, self.settings, self.cancel) {
            Some(Settled::Plan(x)) => Solved {
                verdict: Verdict::Feasible,
                objective: self.goal.value(&x),
                bound: relaxed.bound,
                x,
                ..solved
            },
            Some(Settled::Nothing) => Solved {
                verdict: Verdict::Infeasible,
                ..solved
            },
            None => solved,
        }
    }

    /// Neither found nor ruled out: what is nearest to the rules.
    pub(super) fn undecided(&self, solved: &Solved) -> Plan {
        let reason = format!(
            "no plan was found within {} nodes, and none was ruled out{}",
            self.settings.node_limit,
            self.knife_edges()
        );
        let nearest = if self.explains {
            conflict::nearest(
                (self.model, self.units, self.constraints),
                &reason,
                self.settings,
                self.cancel,
            )
        } else {
            Explained::default()
        };
        let mut plan = Plan {
            conflict: nearest.conflict,
            ..self.without_plan(PlanStatus::Failed { reason }, solved)
        };
        plan.solver.reproducible &= nearest.reproducible;
        plan
    }

    /// Advice on the rules that whole partnerships can hardly meet: those met at one value only.
    fn knife_edges(&self) -> String {
        if self.model.fractional_counts {
            return String::new();
        }
        let edges: Vec<&str> = self
            .constraints
            .iter()
            .filter(|c| conflict::is_knife_edge(c))
            .map(|c| c.name.as_str())
            .collect();
        if edges.is_empty() {
            return String::new();
        }
        format!(
            "; {} {} an exact value, which whole partnerships hardly ever meet: leave some room, or \
             set fractional_counts = true",
            edges.join(", "),
            if edges.len() == 1 {
                "asks for"
            } else {
                "each ask for"
            }
        )
    }
}
