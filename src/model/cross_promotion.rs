//! Cross-promotion: creators of higher tiers tag creators of lower ones.

use super::Model;

/// Who tags whom, and what a tag does. Creators of a tier tag creators of the next lower tier in use,
/// each at most once a month; a tagged creator's reach in the days after is lifted.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossPromotion {
    /// Lower-tier creators that each creator of a tier tags, one a tier of the model.
    pub fan_out: Vec<f64>,
    /// Added to the factor on the reach of a tagged creator's posts.
    pub reach_lift: f64,
}

impl CrossPromotion {
    /// Share of a tier's `booked` creators who are tagged by so many creators of the next higher tier: min(1, f·h / n)
    /// with fan-out f, as many tags going to each creator as to any other.
    #[must_use]
    pub fn tagged(&self, higher: usize, creators: f64, booked: f64) -> f64 {
        let tags = self.fan_out.get(higher).copied().unwrap_or(0.0) * creators;
        if booked > 0.0 {
            (tags / booked).min(1.0)
        } else {
            0.0
        }
    }
}

/// Factors on the reach of all cells' creators in a month's plan of these counts (one a cell): on impressions, engagements, clicks and
/// conversions. 1 + lift × the tagged share of the cell's tier ([`CrossPromotion::tagged`]); exactly 1 without cross-promotion.
///
/// It is the mean over the tier's creators: who of them is tagged is not told apart.
#[must_use]
pub fn reach_factors(model: &Model, counts: &[f64]) -> Vec<f64> {
    let Some(promotion) = &model.horizon.cross_promotion else {
        return vec![1.0; counts.len()];
    };
    let mut booked = vec![0.0; model.tiers.len()];
    for (cell, count) in model.cells.iter().zip(counts) {
        booked[cell.tier] += count;
    }
    let factor = |tier: usize| {
        let Some(higher) = tier.checked_sub(1) else {
            return 1.0;
        };
        1.0 + promotion.reach_lift * promotion.tagged(higher, booked[higher], booked[tier])
    };
    model.cells.iter().map(|cell| factor(cell.tier)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn tags_go_to_the_next_lower_tier_up_to_all_of_it() {
        let mut model = fixture::model("base", false);
        let counts: Vec<f64> = (0..model.cells.len()).map(|i| 1.0 + i as f64).collect();
        assert!(reach_factors(&model, &counts).iter().all(|&f| f == 1.0));
        model.horizon.cross_promotion = Some(CrossPromotion {
            fan_out: vec![2.0; model.tiers.len()],
            reach_lift: 0.05,
        });
        let booked = |tier: usize| -> f64 {
            let cells = model.cells.iter().zip(&counts);
            cells.filter(|(c, _)| c.tier == tier).map(|(_, n)| n).sum()
        };
        for (cell, factor) in model.cells.iter().zip(reach_factors(&model, &counts)) {
            let wanted = if cell.tier == 0 {
                1.0
            } else {
                let tags = 2.0 * booked(cell.tier - 1);
                1.0 + 0.05 * (tags / booked(cell.tier)).min(1.0)
            };
            assert_eq!(factor, wanted);
        }
        let nobody = vec![0.0; counts.len()];
        assert!(reach_factors(&model, &nobody).iter().all(|&f| f == 1.0));
    }
}
