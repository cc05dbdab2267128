//! What a plan's rules cost, what its unused cells lack, and plans that are as good.

use super::Work;
use crate::model::valuation::{self, UnitValue};
use crate::model::{Cancel, Constraint, Model, Plan, PlanSettings, constraints, joint};
use crate::optimizer::alternatives::{APART, Among, alternatives, no_alternatives};
use crate::optimizer::price::{Columns, ranges, unused};
use crate::units::significant;

/// The cells of one month.
struct Cells<'a>(&'a Model);

impl Columns for Cells<'_> {
    fn model(&self) -> &Model {
        self.0
    }

    fn over_months(&self) -> bool {
        false
    }

    fn cell(&self, column: usize) -> usize {
        column
    }

    fn of(&self, model: &Model) -> (Vec<UnitValue>, Vec<Constraint>) {
        let units = valuation::units(model);
        let rules = constraints(model, &units);
        (units, rules)
    }

    fn unit(&self, model: &Model, column: usize) -> UnitValue {
        valuation::law(model, column).expected()
    }
}

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
            // What an unused cell lacks, and other plans, are asked in the words of months.
            return plan;
        }
        let counts = plan.counts.row(0).to_vec();
        let idle = (0..counts.len()).filter(|&cell| counts[cell] <= 0.0);
        let idle: Vec<Vec<usize>> = idle.map(|cell| vec![cell]).collect();
        plan.unused = unused(
            &Cells(self.model),
            self.constraints,
            &idle,
            self.relaxations,
            self.cancel,
        )
        .into_iter()
        .map(|(_, unused)| unused)
        .collect();
        self.with_alternatives(plan)
    }

    /// Adds the alternatives asked for.
    pub(super) fn with_alternatives(&self, mut plan: Plan) -> Plan {
        let counts = plan.counts.row(0).to_vec();
        let best = match plan.objective {
            Some(objective) if joint::applies(self.model) => objective,
            _ => self.goal.value(&counts),
        };
        let among = Among::month(self.model, self.program, self.goal);
        if self.settings.alternatives > 0 && no_alternatives(self.model).is_none() {
            add_alternatives(
                &mut plan,
                &among,
                (counts, best),
                self.settings,
                self.cancel,
            );
        }
        plan
    }
}

/// Adds the alternatives asked for to a plan, a point of a program with its worth.
pub(in crate::optimizer) fn add_alternatives(
    plan: &mut Plan,
    among: &Among<'_>,
    at: (Vec<f64>, f64),
    settings: &PlanSettings,
    cancel: &Cancel,
) {
    if settings.alternatives == 0 || !plan.is_usable() {
        return;
    }
    let (found, clocked) = alternatives(among, at, settings, cancel);
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
            significant(100.0 * settings.gap, 2),
            significant(100.0 * APART, 2),
        ));
    }
    plan.alternatives = found;
}
