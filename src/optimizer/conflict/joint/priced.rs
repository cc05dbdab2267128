//! The true price of letting a plan pass.

use super::Joint;
use super::elastic::{Elastic, price};
use crate::model::Form;
use crate::optimizer::conflict::budgets;
use crate::optimizer::conflict::change::{Change, NUDGE, Side, with_budget};
use crate::optimizer::conflict::filter::is_background;
use crate::optimizer::program::dot;

impl Elastic<'_> {
    /// The bounds that must move for a point, and their price; `None` where no move lets it pass.
    pub(super) fn priced(&self, x: &[f64]) -> Option<Joint> {
        if self.budget_index.is_none() {
            return self.priced_at(x, self.budget);
        }
        let spend = dot(&self.costs, x);
        let need = if spend > self.budget * (1.0 + NUDGE) {
            spend
        } else {
            self.budget
        };
        let mut budgets = vec![need];
        if let Some((constraint, _, high)) = self.cap()
            && let Some(share) = constraint.form.value(x).filter(|&v| v > high)
        {
            // enough for the cap as it stands, or where a little more budget costs as much as a
            // little more of the cap
            budgets.push(need.max(self.budget * share / high));
            budgets.push(need.max(self.even(share)));
        }
        let joints = budgets.into_iter().filter_map(|b| self.priced_at(x, b));
        joints.min_by(|a, b| a.price.total_cmp(&b.price))
    }

    fn priced_at(&self, x: &[f64], budget: f64) -> Option<Joint> {
        let mut changes = Vec::new();
        let mut total = 0.0;
        let budget_index = self.budget_index.filter(|_| budget > self.budget);
        if let Some(index) = budget_index {
            total += self.budget_price * (budget - self.budget) / self.budget;
            let change = Change {
                side: Side::Budget,
                from: self.budget,
                to: budget,
                proven: true,
            };
            changes.push((index, change));
        }
        let mut moved = if budget_index.is_some() {
            with_budget(self.all, self.budget, budget * (1.0 + NUDGE))
        } else {
            self.all.to_vec()
        };
        for &index in &self.months {
            let (value, high) = (self.all[index].form.value(x)?, self.all[index].high?);
            if value > high + 1e-7 * high.abs().max(1e-3) {
                moved[index].high = Some(value);
            }
        }
        budgets::follow(self.all, &mut moved);
        for (index, constraint) in moved.iter().enumerate() {
            if Some(index) == self.budget_index || is_background(constraint) {
                continue;
            }
            // A month's budget is held against what was stated.
            let constraint = if self.months.contains(&index) {
                &self.all[index]
            } else {
                constraint
            };
            let Some(value) = constraint.form.value(x) else {
                continue;
            };
            if !value.is_finite() {
                return None;
            }
            let slack = |bound: f64| 1e-7 * bound.abs().max(1e-3);
            let broken = match (constraint.low, constraint.high) {
                (Some(low), _) if value < low - slack(low) => Some((Side::Low, low)),
                (_, Some(high)) if value > high + slack(high) => Some((Side::High, high)),
                _ => None,
            };
            if let Some((side, from)) = broken {
                // in percent of the bound as it was stated, also where the budget took it along
                let stated = match side {
                    Side::Low => self.all[index].low,
                    _ => self.all[index].high,
                };
                total += price(constraint, stated.unwrap_or(from)) * (value - from).abs();
                let change = Change {
                    side,
                    from,
                    to: value,
                    proven: true,
                };
                changes.push((index, change));
            }
        }
        // a ratio over nothing has no value that a bound could be moved to
        let undefined = self.all.iter().any(|c| match &c.form {
            Form::Ratio {
                numerator,
                denominator,
            } => dot(denominator, x) == 0.0 && dot(numerator, x) != 0.0,
            _ => false,
        });
        (!undefined).then_some(Joint {
            changes,
            price: total,
            proven: true,
        })
    }
}
