//! Tiers booked to their supply on assumed terms.

use crate::model::{Model, Plan};
use crate::units;

/// A tier booked to its supply whose creators come, in part, on assumed terms: more of them would
/// be booked on nothing but the assumption.
pub(super) fn assumed_at_supply(model: &Model, plan: &Plan) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, tier) in model.tiers.iter().enumerate() {
        let Some(supply) = tier.max_creators else {
            continue;
        };
        let own = |cell: &usize| model.cells[*cell].tier == index;
        let booked = |month: usize| -> f64 {
            (0..model.cells.len())
                .filter(own)
                .map(|cell| plan.counts[[month, cell]])
                .sum()
        };
        let most = (0..plan.counts.nrows()).map(booked).fold(0.0, f64::max);
        let full = most >= supply - 1e-6;
        let at = if most > supply + 1e-6 { "above" } else { "to" };
        let mut types: Vec<String> = (0..model.cells.len())
            .filter(own)
            .filter(|&cell| model.cells[cell].assumed && plan.counts.column(cell).sum() > 0.0)
            .map(|cell| {
                model.partnerships[model.cells[cell].partnership]
                    .name
                    .clone()
            })
            .collect();
        // A type may have cells of its own in waves and levels.
        let mut known: Vec<String> = Vec::new();
        types.retain(|name| {
            let new = !known.contains(name);
            known.push(name.clone());
            new
        });
        if supply > 0.0 && full && !types.is_empty() {
            warnings.push(format!(
                "plan {}: {} is booked {at} its supply of {supply}, and its {} terms are assumptions, not figures of yours",
                plan.name,
                tier.name,
                units::listed(&types),
            ));
        }
    }
    warnings
}
