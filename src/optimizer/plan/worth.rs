//! What a plan's rules cost, what its unused cells lack, and plans that are as good.

use super::Work;
use crate::model::Plan;
use crate::optimizer::alternatives::{APART, alternatives, no_alternatives};
use crate::optimizer::price::{ranges, unused};
use crate::units::significant;

impl Work<'_> {
    /// Adds what the relaxation says of rules and cells, and the alternatives asked for.
    pub(super) fn weighed(&self, mut plan: Plan) -> Plan {
        // What a promise about risk costs is no matter of expectations.
        if !plan.is_usable() || self.model.risk.applies() {
            return plan;
        }
        let ranges = ranges(
            self.program,
            self.goal,
            self.constraints,
            self.relaxations,
            self.cancel,
        );
        for (state, range) in plan.constraints.iter_mut().zip(ranges) {
            state.range = range;
        }
        if self.over_months {
            // What an unused cell lacks, and other plans, are questions of one month.
            return plan;
        }
        let counts = plan.counts.row(0).to_vec();
        plan.unused = unused(
            self.model,
            self.constraints,
            &counts,
            self.relaxations,
            self.cancel,
        );
        self.with_alternatives(plan)
    }

    /// Adds the alternatives asked for.
    pub(super) fn with_alternatives(&self, mut plan: Plan) -> Plan {
        if self.settings.alternatives == 0
            || !plan.is_usable()
            || no_alternatives(self.model).is_some()
        {
            return plan;
        }
        let (found, clocked) = alternatives(
            self.model,
            self.program,
            self.goal,
            &plan,
            self.settings,
            self.cancel,
        );
        if clocked {
            plan.warnings.push(
                "the clock ended the search for alternatives, so another run may find others"
                    .to_owned(),
            );
            plan.solver.reproducible = false;
        }
        if found.is_empty() {
            plan.warnings.push(format!(
                "no other plan was found that is as good within {} % and differs in at least {} % of its partnerships; \
                 a wider --gap may give some",
                significant(100.0 * self.settings.gap, 2),
                significant(100.0 * APART, 2),
            ));
        }
        plan.alternatives = found;
        plan
    }
}
