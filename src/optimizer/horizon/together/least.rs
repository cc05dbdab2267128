//! The least budget at which one creator of a tier fits the rules.

use super::Together;
use crate::model::valuation::UnitValue;
use crate::model::{BudgetOver, Cancel, Form, Over, Plan, PlanSettings, sum_of, units_of};
use crate::optimizer::program::{Column, Program, Row, rows_of};
use crate::optimizer::solver::solve;
use crate::optimizer::words::money;

/// A budget that has to grow by less is enough.
const ENOUGH: f64 = 1e-6;

impl Together<'_> {
    /// Says of every tier with a share over the horizon and without a creator what budget one takes at least.
    pub(super) fn say_least_budgets(
        &self,
        plan: &mut Plan,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) {
        let model = self.model;
        let rules = &model.rules;
        if model.horizon.diversity_over == Over::Month || rules.max_creator_budget_share.is_some() {
            return;
        }
        for (index, tier) in model.tiers.iter().enumerate() {
            let cells = model.cells.iter().zip(plan.counts.columns());
            let booked: f64 = cells
                .filter(|(cell, _)| cell.tier == index)
                .map(|(_, counts)| counts.sum())
                .sum();
            if rules.tier_budget_share[index].is_none() || booked > 0.0 {
                continue;
            }
            let Some(times) = self.least_budget(index, settings, cancel) else {
                continue;
            };
            if times > 1.0 + ENOUGH {
                let all = money(times * model.budget(), &model.currency, 0);
                let amount = match model.horizon.budget_over {
                    BudgetOver::Month if model.months > 1 => {
                        let mean = money(times * rules.budget, &model.currency, 0);
                        format!("{mean} a month ({all} in all)")
                    }
                    _ => format!("{all} over the horizon"),
                };
                let fractions = if model.fractional_counts {
                    ""
                } else {
                    " in fractional counts; whole partnerships may take more"
                };
                plan.warnings.push(format!(
                    "no {} creator is booked: under these rules one takes a budget of at least {amount}{fractions}",
                    tier.name
                ));
            }
        }
    }

    /// The least multiple of all budgets at which fractional counts, at least one of them of the tier, keep the rules.
    fn least_budget(&self, tier: usize, settings: &PlanSettings, cancel: &Cancel) -> Option<f64> {
        let all = self.alone();
        let units = units_of(self.model, &self.activities, |m, cell| all[m][cell]);
        let sums: Vec<UnitValue> = units.iter().map(sum_of).collect();
        let columns = sums.len();
        let mut rows: Vec<Row> = Vec::new();
        for rule in &self.rules(&units).all {
            if let (true, Form::Sum(costs)) = (rule.rule.is_of_budget(), &rule.form) {
                // Both sides are multiples of the budgets.
                for (bound, low) in [(rule.high, false), (rule.low, true)] {
                    let Some(bound) = bound else { continue };
                    let mut coefficients = costs.clone();
                    coefficients.push(-bound);
                    rows.push(Row {
                        coefficients,
                        low: low.then_some(0.0),
                        high: (!low).then_some(0.0),
                    });
                }
                continue;
            }
            for mut row in rows_of(rule, rule.low, rule.high) {
                row.coefficients.push(0.0);
                rows.push(row);
            }
        }
        let own = |a: &crate::model::Activity| self.model.cells[a.cell].tier == tier;
        let mut one: Vec<f64> = self
            .activities
            .iter()
            .map(|a| f64::from(u8::from(own(a))))
            .collect();
        one.push(0.0);
        rows.push(Row {
            coefficients: one,
            low: Some(1.0),
            high: None,
        });
        let free = Column {
            low: 0.0,
            high: f64::INFINITY,
            integer: false,
        };
        let mut maximize = vec![0.0; columns + 1];
        maximize[columns] = -1.0;
        let program = Program {
            maximize,
            columns: vec![free; columns + 1],
            rows,
        };
        let solved = solve(&program, settings, cancel);
        solved.found().then(|| solved.x[columns])
    }
}
