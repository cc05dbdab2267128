//! The budgets of a horizon as one key.

use super::{Fineness, Setting, rounded};
use crate::model::{BudgetOver, ConstraintKind, JointChange, Model, Unit};
use crate::scenario::Scenario;

/// Budgets that let more be spent.
pub(super) struct Budgets {
    /// As it is written; `None` once it was taken, or where no budget changes.
    pub(super) setting: Option<Setting>,
    /// What the horizon needs of what the setting gives it: a share of the one is so much less of the other.
    pub(super) rounding: f64,
}

impl Budgets {
    pub(super) fn of(
        scenario: &Scenario,
        model: &Model,
        changes: &[JointChange],
        fineness: Fineness,
    ) -> Self {
        let own = |c: &&JointChange| c.constraint == "budget" && c.kind == ConstraintKind::Budget;
        let changes: Vec<&JointChange> = changes.iter().filter(own).collect();
        let Some(first) = changes.first() else {
            return Self {
                setting: None,
                rounding: 1.0,
            };
        };
        let up = |value: f64| rounded(value, true, Unit::Money, fineness);
        let months = model.months;
        let has = |key: &str| scenario.entries().iter().any(|entry| entry.key == key);
        let exact: Vec<f64> = match model.horizon.budget_over {
            BudgetOver::Horizon => vec![first.to],
            BudgetOver::Month => of_months(model, &changes),
            BudgetOver::CarryOver => released(model, &changes),
        };
        let before = |month: usize| match model.horizon.budget_over {
            BudgetOver::Horizon => model.budget(),
            _ => model.budget_of(month),
        };
        let given: Vec<f64> = exact
            .iter()
            .enumerate()
            .map(|(month, &value)| {
                if value == before(month) {
                    value
                } else {
                    up(value)
                }
            })
            .collect();
        // What is released until every month, in equal parts.
        let equal = |cumulative: bool| {
            let mut sum = 0.0;
            let parts = given.iter().enumerate().map(|(month, &value)| {
                sum += value;
                if cumulative {
                    sum / (month + 1) as f64
                } else {
                    value
                }
            });
            parts.fold(0.0, f64::max)
        };
        let carried = model.horizon.budget_over == BudgetOver::CarryOver;
        let (key, value, sum) = if has("budget.total") {
            let total = match model.horizon.budget_over {
                BudgetOver::Horizon => given[0],
                _ => up(months as f64 * equal(carried)),
            };
            ("budget.total", total.to_string(), total)
        } else if has("budget.amount") {
            let amount = up(equal(carried));
            ("budget.amount", amount.to_string(), months as f64 * amount)
        } else {
            let key = if has("budget.months") {
                "budget.months"
            } else {
                "budget"
            };
            let sum = given.iter().sum();
            let number = given.iter().all(|value| *value == given[0]) && key == "budget";
            let value = if number {
                given[0].to_string()
            } else {
                let list: Vec<String> = given.iter().map(f64::to_string).collect();
                format!("[{}]", list.join(", "))
            };
            (key, value, sum)
        };
        Self {
            setting: Some(Setting {
                key: key.to_owned(),
                value,
            }),
            rounding: (exact.iter().sum::<f64>() / sum).min(1.0),
        }
    }
}

/// Every month's budget, raised where a change says so.
fn of_months(model: &Model, changes: &[&JointChange]) -> Vec<f64> {
    let to = |month: usize| {
        let own = changes.iter().filter(|c| c.month == Some(month));
        own.fold(model.budget_of(month), |most, c| most.max(c.to))
    };
    (0..model.months).map(to).collect()
}

/// Every month's budget where changes are of what was released until a month: what is released earlier is not released later.
fn released(model: &Model, changes: &[&JointChange]) -> Vec<f64> {
    let (mut stated, mut until) = (0.0, 0.0);
    let part = |month: usize| {
        stated += model.budget_of(month);
        let own = changes.iter().filter(|c| c.month == Some(month));
        let to = own.fold(stated, |most: f64, c| most.max(c.to));
        let part = f64::max(0.0, to - until);
        until += part;
        part
    };
    (0..model.months).map(part).collect()
}
