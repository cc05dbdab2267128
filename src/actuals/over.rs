//! Rules over the horizon, for the months left of it.
//!
//! With n of S spent (or booked) on a tier so far and D ahead, its share of all is (n + s D)/(S + D): within a band \[l, h\] where s is within
//! \[(l (S + D) − n)/D, (h (S + D) − n)/D\]. D is what the plan before spends of the budget left, so that bands hold exactly where the
//! new plan spends as much, and nearly where it spends a little more or less.

use ndarray::Array2;

use super::there::Booked;
use crate::model::{Actuals, Band, BudgetOver, Cell, Model, Over, valuation};

/// Moves bands, least spend and the largest partnership over the horizon by what happened.
pub(super) fn carry(
    (model, counts): (&Model, &Array2<f64>),
    (actuals, booked): (&Actuals, &Booked),
    left: &mut Model,
    warnings: &mut Vec<String>,
) {
    let gone = actuals.months;
    let horizon = &model.horizon;
    let over = horizon.diversity_over == Over::Horizon;
    let spent: f64 = (0..gone).map(|month| actuals.spend(month)).sum();
    let (whole, ahead) = (model.budget(), left.budget());
    if over || horizon.budget_over != BudgetOver::Month {
        let least = model.rules.min_spend;
        // Where budgets lapse with their months, what lapsed need not be made up for.
        left.rules.min_spend = ((least * whole - spent) / ahead).clamp(0.0, least);
    }
    if !over {
        return;
    }
    if let Some(most) = &mut left.rules.max_creator_budget_share {
        *most *= whole / ahead;
    }
    let released: f64 = (gone..model.months).map(|m| model.budget_of(m)).sum();
    let planned = planned(model, counts, gone);
    let part = |of: f64| if released > 0.0 { of / released } else { 0.0 };
    let used = part(planned.0).min(1.0);
    let money = ahead * if used > 0.0 { used } else { 1.0 };
    let number = planned.1 * part(ahead);
    let sums = |of: &Array2<f64>, size: usize, place: &dyn Fn(&Cell) -> Option<usize>| {
        let mut out = vec![0.0; size];
        for ((_, cell), value) in of.indexed_iter() {
            if let Some(place) = place(&model.cells[cell]) {
                out[place] += value;
            }
        }
        out
    };
    let rules = &mut left.rules;
    let (spend, count) = (&booked.spend, &booked.counts);
    let bands = [
        (
            "tier budget shares",
            sums(spend, model.tiers.len(), &|c| Some(c.tier)),
            &mut rules.tier_budget_share,
            money,
        ),
        (
            "partnership shares",
            sums(count, model.partnerships.len(), &|c| Some(c.partnership)),
            &mut rules.partnership_share,
            number,
        ),
        (
            "category budget shares",
            sums(spend, model.categories.len(), &|c| c.category),
            &mut rules.category_budget_share,
            money,
        ),
        (
            "region budget shares",
            sums(spend, model.regions.len(), &|c| c.region),
            &mut rules.region_budget_share,
            money,
        ),
    ];
    for (name, past, bands, ahead) in bands {
        if !move_bands(bands, &past, ahead) {
            warnings.push(format!(
                "after what happened, the {name} cannot all be within their bands over the horizon any more: the months left come as near as they can"
            ));
        }
    }
}

/// Expected spend and partnerships of the months left in the plan before.
fn planned(model: &Model, counts: &Array2<f64>, gone: usize) -> (f64, f64) {
    let (mut spend, mut number) = (0.0, 0.0);
    for month in gone..model.months {
        let row = counts.row(month).to_vec();
        let units = valuation::units_in_month(model, month, &row);
        spend += row
            .iter()
            .zip(&units)
            .map(|(n, u)| n * u.spend)
            .sum::<f64>();
        number += row.iter().sum::<f64>();
    }
    (spend, number)
}

/// Whether bands of shares over all can still hold; where not, they are widened until the months left can come near.
fn move_bands(bands: &mut [Option<Band>], past: &[f64], ahead: f64) -> bool {
    let so_far: f64 = past.iter().sum();
    if so_far <= 0.0 || ahead <= 0.0 || bands.iter().all(Option::is_none) {
        return true;
    }
    let room = |of: fn(&Band) -> f64, free: f64| -> f64 {
        let sum: f64 = bands.iter().map(|b| b.as_ref().map_or(free, of)).sum();
        (1.0 - sum).abs()
    };
    let (below, above) = (room(|b| b.low, 0.0), room(|b| b.high, 1.0));
    let left = |share: f64, own: f64| (share * (so_far + ahead) - own) / ahead;
    let mut reached = true;
    for (band, own) in bands.iter_mut().zip(past) {
        if let Some(band) = band {
            let (low, high) = (left(band.low, *own), left(band.high, *own));
            reached &= low <= 1.0 && high >= 0.0;
            band.low = low.clamp(0.0, 1.0);
            band.high = high.clamp(0.0, 1.0);
            band.asked = band.asked.map(|asked| left(asked, *own).clamp(0.0, 1.0));
        }
    }
    let low: f64 = bands.iter().flatten().map(|b| b.low).sum();
    let high: f64 = bands
        .iter()
        .map(|b| b.as_ref().map_or(1.0, |b| b.high))
        .sum();
    reached &= low <= 1.0 && high >= 1.0;
    if !reached {
        // As much room as there was before anything happened.
        let less = ((1.0 - below) / low.max(f64::MIN_POSITIVE)).min(1.0);
        let more = (1.0 + above - high).max(0.0) / bands.iter().flatten().count() as f64;
        for band in bands.iter_mut().flatten() {
            band.low *= less;
            band.high = (band.high + more).min(1.0);
        }
    }
    reached
}
