//! What it would take to book what a horizon's plan leaves out, and other plans that are as good.

use super::Together;
use crate::model::valuation::UnitValue;
use crate::model::{
    Activity, BookedAs, Cancel, Constraint, Model, Plan, PlanSettings, UnusedCell,
    constraints_over, sum_of, units_of,
};
use crate::optimizer::alternatives::{Among, no_alternatives};
use crate::optimizer::goal::Goal;
use crate::optimizer::plan::{PATIENCE, add_alternatives};
use crate::optimizer::price::{Columns, unused};
use crate::optimizer::program::program_of;

impl Columns for Together<'_> {
    fn model(&self) -> &Model {
        self.model
    }

    fn over_months(&self) -> bool {
        true
    }

    fn cell(&self, column: usize) -> usize {
        self.activities[column].cell
    }

    fn of(&self, model: &Model) -> (Vec<UnitValue>, Vec<Constraint>) {
        let units = units_of(model, &self.activities, |_, _| [1.0; 2]);
        let sums = units.iter().map(sum_of).collect();
        let mut rules = constraints_over(model, &self.activities, &units);
        // What the pipeline delivers follows no terms: the sums are those of the rules at hand.
        rules.extend(self.limits());
        (sums, rules)
    }

    fn unit(&self, model: &Model, column: usize) -> UnitValue {
        let own = &self.activities[column..=column];
        let units = units_of(model, own, |_, _| [1.0; 2]);
        sum_of(units.iter().flatten())
    }
}

impl Together<'_> {
    /// Adds what unused cells lack to a plan of activities, and the alternatives asked for.
    pub(super) fn weigh(
        &self,
        plan: &mut Plan,
        (sums, rules): (&[UnitValue], &[Constraint]),
        settings: &PlanSettings,
        cancel: &Cancel,
    ) {
        if !plan.is_usable() || self.model.risk.applies() {
            return;
        }
        let amounts = plan.counts.row(0).to_vec();
        let relaxations = PlanSettings {
            time_limit: settings.time_limit.max(PATIENCE),
            ..*settings
        };
        let idle = self.idle(&amounts);
        let found = unused(self, rules, &idle, &relaxations, cancel);
        plan.unused = found
            .into_iter()
            .map(|(column, unused)| self.told(column, unused))
            .collect();
        self.add_others(plan, amounts, (sums, rules), settings, cancel);
    }

    /// Adds other plans that are as good to one at amounts of activities.
    pub(super) fn add_others(
        &self,
        plan: &mut Plan,
        amounts: Vec<f64>,
        (sums, rules): (&[UnitValue], &[Constraint]),
        settings: &PlanSettings,
        cancel: &Cancel,
    ) {
        if settings.alternatives == 0 || no_alternatives(self.model).is_some() {
            return;
        }
        let program = program_of(&self.flat, sums, rules);
        let goal = Goal::of(&self.flat, sums);
        let among = Among::months(self.model, &self.activities, sums, rules, (&program, &goal));
        let best = goal.value(&amounts);
        add_alternatives(plan, &among, (amounts, best), settings, cancel);
    }

    /// Adds other plans that are as good to one whose months differ and were planned by themselves.
    pub(in crate::optimizer::horizon) fn add_others_to(
        &self,
        plan: &mut Plan,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) {
        if settings.alternatives == 0 || self.model.risk.applies() {
            return;
        }
        let (sums, rules) = self.of(self.model);
        let amounts = self.amounts(&plan.counts);
        self.add_others(plan, amounts, (&sums, &rules), settings, cancel);
    }

    /// What is not booked: open cells and waves' by month, commitments with all their ends.
    fn idle(&self, amounts: &[f64]) -> Vec<Vec<usize>> {
        let mut out: Vec<Vec<usize>> = Vec::new();
        let all = self.activities.iter().enumerate();
        for (column, activity) in all.clone() {
            let same = |other: usize| {
                let other = &self.activities[other];
                other.cell == activity.cell
                    && (self.is_level(activity) || other.months.start == activity.months.start)
            };
            match out.iter_mut().find(|group| same(group[0])) {
                Some(group) => group.push(column),
                None => out.push(vec![column]),
            }
        }
        out.retain(|group| group.iter().all(|&column| amounts[column] <= 0.0));
        out
    }

    fn is_level(&self, activity: &Activity) -> bool {
        let booked_as = self.model.cells[activity.cell].booked_as;
        matches!(booked_as, BookedAs::Level { .. })
    }

    /// What is told of a column, in its months.
    fn told(&self, column: usize, unused: UnusedCell) -> UnusedCell {
        let activity = &self.activities[column];
        UnusedCell {
            month: Some(activity.months.start),
            until: self.is_level(activity).then(|| activity.months.end - 1),
            ..unused
        }
    }
}
