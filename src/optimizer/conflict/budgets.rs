//! Budgets of months, each a bound of its own, and the least spends that are shares of them.
//!
//! A single budget takes along what scales with it ([`BudgetScale`]). Of several, the budget of a month takes along
//! the least spend of that month, and every one of them that of the horizon.

use crate::model::{BudgetScale, Constraint, Form, Rule};

/// The rules that are the budget of a month, or what was released until one: none where one budget scales.
pub(super) fn of_months(all: &[Constraint]) -> Vec<usize> {
    if all.iter().any(|c| c.scales == Some(BudgetScale::Budget)) {
        return Vec::new();
    }
    let own = |c: &Constraint| {
        let budget = matches!(c.rule, Rule::Budget | Rule::BudgetUntil);
        budget && c.high.is_some() && matches!(c.form, Form::Sum(_))
    };
    (0..all.len()).filter(|&i| own(&all[i])).collect()
}

/// Whether budgets are released month by month: each speaks of all months until its own.
fn released(all: &[Constraint], budgets: &[usize]) -> bool {
    budgets.iter().any(|&i| all[i].rule == Rule::BudgetUntil)
}

/// What the horizon's partnerships cost, one a column, and what it may spend.
pub(super) fn whole(all: &[Constraint], budgets: &[usize]) -> Option<(Vec<f64>, f64)> {
    let last = *budgets.last()?;
    let taken: &[usize] = if released(all, budgets) {
        &[last]
    } else {
        budgets
    };
    let mut costs: Vec<f64> = Vec::new();
    let mut sum = 0.0;
    for &i in taken {
        let Form::Sum(own) = &all[i].form else {
            continue;
        };
        costs.resize(own.len(), 0.0);
        costs.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        sum += all[i].high.unwrap_or(0.0);
    }
    Some((costs, sum))
}

/// The budgets that a least spend is a share of, and the share.
pub(super) fn of_least(
    all: &[Constraint],
    budgets: &[usize],
    i: usize,
) -> Option<(Vec<usize>, f64)> {
    let rule = &all[i];
    if rule.rule != Rule::LeastSpend {
        return None;
    }
    let (low, last) = (rule.low?, *budgets.last()?);
    let of = match rule.month {
        Some(month) => budgets
            .iter()
            .copied()
            .filter(|&b| all[b].month == Some(month))
            .collect(),
        None if released(all, budgets) => vec![last],
        None => budgets.to_vec(),
    };
    let sum: f64 = of.iter().filter_map(|&b| all[b].high).sum();
    (sum > 0.0).then(|| (of, low / sum))
}

/// Moves the least spends that are shares of budgets to where those of `after` have them.
pub(super) fn follow(before: &[Constraint], after: &mut [Constraint]) {
    let budgets = of_months(before);
    for i in 0..before.len() {
        if let Some((of, share)) = of_least(before, &budgets, i) {
            let sum = |all: &[Constraint]| of.iter().filter_map(|&b| all[b].high).sum::<f64>();
            let (old, new) = (sum(before), sum(after));
            if new != old {
                after[i].low = Some(share * new);
            }
        }
    }
}
