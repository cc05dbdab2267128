//! Cross-promotion: creators of higher tiers tag creators of lower ones.

/// Who tags whom, and what a tag does. Creators of a tier tag creators of the next lower tier in use,
/// each at most once a month; a tagged creator's reach in the days after is lifted.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossPromotion {
    /// Lower-tier creators that each creator of a tier tags, one a tier of the model.
    pub fan_out: Vec<f64>,
    /// Added to the factor on the reach of a tagged creator's posts.
    pub reach_lift: f64,
}
