//! Choices for creators that are alike.
//!
//! Creators of the same figures sit on the same multipliers, so that the best choice is all of them or none. What the
//! rows want is a share of each kind: the smooth dual's weights say which. They are rounded one creator after another, what
//! one leaves over being passed on to the next of its cells (error diffusion; Floyd and Steinberg 1976), so that every
//! cell's count is off by less than its number of choices.

use std::collections::HashMap;

use super::rows::Bookings;

/// Choices of less weight are not made.
const LEAST: f64 = 0.02;

/// A booking, or none, for every creator by weights exp(gain/temperature), spread over creators alike.
pub(super) fn spread(all: &Bookings, gains: &[f64], temperature: f64) -> Vec<Option<usize>> {
    // Left over by cell, and for nothing by first cell.
    let mut left: HashMap<(u32, bool), f64> = HashMap::new();
    (0..all.creators())
        .map(|creator| {
            let offers = all.of_creator(creator);
            let kind = all.cell[offers.clone().next()?];
            let best = offers.clone().map(|j| gains[j]).fold(0.0, f64::max);
            let weight = |gain: f64| libm::exp((gain - best) / temperature);
            let total = weight(0.0) + offers.clone().map(|j| weight(gains[j])).sum::<f64>();
            let mut made: Option<(f64, Option<usize>, (u32, bool))> = None;
            let choices = std::iter::once((None, 0.0, (kind, false)))
                .chain(offers.map(|j| (Some(j), gains[j], (all.cell[j], true))));
            for (choice, gain, place) in choices {
                let share = weight(gain) / total;
                let own = left.entry(place).or_insert(0.0);
                *own += share;
                if share >= LEAST && made.is_none_or(|(most, ..)| *own > most) {
                    made = Some((*own, choice, place));
                }
            }
            let (_, choice, place) = made?;
            *left.entry(place).or_insert(0.0) -= 1.0;
            choice
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::{Cancel, Creator, PlanSettings};
    use crate::optimizer::sample::maturity;
    use crate::optimizer::{check_selection, plan, select};

    /// As many creators of each tier as its supply, all alike: what to book is a matter of counts, and the
    /// program over counts says how much there is.
    #[test]
    fn creators_alike_are_booked_as_the_program_over_counts_says() {
        let model = maturity(1_500_000.0);
        let mut creators: Vec<Creator> = Vec::new();
        for (tier, law) in model.tiers.iter().enumerate() {
            for _ in 0..law.max_creators.unwrap() as usize {
                creators.push(Creator {
                    row: creators.len() + 2,
                    id: format!("c{}", creators.len()),
                    name: None,
                    tier,
                    category: None,
                    region: None,
                    followers: None,
                    fee: None,
                    engagement_rate: None,
                    past: None,
                });
            }
        }
        let settings = PlanSettings {
            gap: 0.001,
            ..PlanSettings::default()
        };
        let counts = plan(&model, &settings, &Cancel::new());
        let most = counts.gap.unwrap().bound;
        let found = select(&model, &creators, &settings, &Cancel::new());
        assert!(found.plan.is_usable(), "{:?}", found.plan.status);
        assert!(check_selection(&model, &creators, &found.bookings).is_empty());
        let value = found.plan.objective.unwrap();
        assert!(
            (0.997 * most..=most * (1.0 + 1e-9)).contains(&value),
            "{value} of {most}"
        );
        assert!(found.plan.gap.unwrap().bound >= counts.objective.unwrap() * (1.0 - 1e-9));
    }
}
