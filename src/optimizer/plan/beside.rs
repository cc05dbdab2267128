//! Prices of one of several months that are alike, where what is maximized is a ratio of the horizon's totals.

use super::PATIENCE;
use crate::model::{Cancel, Model, Objective, Plan, PlanSettings, constraints, joint, valuation};
use crate::optimizer::price::beside;

/// Puts the horizon's prices in place of the month's own: those of the ratio over the month planned and `others` more
/// months alike. Where creators act on each other, or risk is promised, they stay the month's own.
pub(in crate::optimizer) fn price_beside(
    model: &Model,
    plan: &mut Plan,
    others: usize,
    settings: &PlanSettings,
    cancel: &Cancel,
) {
    let own = model.objective != Objective::Roas
        || model.counts.is_some()
        || model.risk.applies()
        || joint::applies(model);
    if own || others == 0 || !plan.is_usable() {
        return;
    }
    let units = valuation::units(model);
    let rules = constraints(model, &units);
    let relaxations = PlanSettings {
        time_limit: settings.time_limit.max(PATIENCE),
        ..*settings
    };
    let Some((prices, ranges)) = beside(model, &units, &rules, others, &relaxations, cancel) else {
        return;
    };
    let states = plan.constraints.iter_mut().zip(prices).zip(ranges);
    for ((state, price), range) in states {
        state.shadow_price = price.map(|price| price.change);
        state.price_is_back = price.is_some_and(|price| price.back);
        state.range = range;
    }
}
