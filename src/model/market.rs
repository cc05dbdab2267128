//! The market a plan buys from: tiers, partnership types, segments, orders,
//! and the two kinds of doubt about them.

use super::cell::Factors;
use crate::distribution::Distribution;

/// Campaign stage; presets the tier budget shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reach first.
    Awareness,
    /// Balanced.
    Growth,
    /// Conversion first.
    Maturity,
    /// No preset shares.
    Custom,
}

impl Stage {
    /// Name in scenario files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Awareness => "awareness",
            Self::Growth => "growth",
            Self::Maturity => "maturity",
            Self::Custom => "custom",
        }
    }
}

/// A creator tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// mega, macro, mid, micro or nano.
    pub name: String,
    /// Fee per post, in currency, before partnership and segment factors.
    pub fee: Distribution,
    /// What a post yields.
    pub basis: Basis,
    /// Least partnerships a month.
    pub min_creators: f64,
    /// Supply a month; `None` if the file lifts it.
    pub max_creators: Option<f64>,
}

/// How a tier's yield is described.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Followers × rates.
    Followers(Followers),
    /// Costs per result of past campaigns.
    Benchmark(Benchmark),
}

/// The followers funnel of a tier, each drawn once a creator.
#[derive(Debug, Clone, PartialEq)]
pub struct Followers {
    /// Followers.
    pub followers: Distribution,
    /// Impressions per follower and post.
    pub view_rate: Distribution,
    /// Engagements per impression.
    pub engagement_rate: Distribution,
    /// Clicks per engagement.
    pub click_rate: Distribution,
    /// Conversions per click.
    pub conversion_rate: Distribution,
}

/// Benchmarks of a tier: what a yuan of market price yielded.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// Currency per 1,000 impressions.
    pub cpm: Option<Distribution>,
    /// Currency per engagement.
    pub cpe: Option<Distribution>,
    /// Currency per click.
    pub cpc: Option<Distribution>,
    /// Currency per conversion.
    pub cpa: Distribution,
    /// Revenue per currency unit; replaces the order value's mean for this tier.
    pub roas: Option<f64>,
}

/// A partnership type in use. Its terms are on the cells, since a tier may have its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partnership {
    /// sponsored, affiliate, seeding or ambassador.
    pub name: String,
}

/// A category or a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The user's name for it.
    pub name: String,
    /// Factors on the tier's values.
    pub factors: Factors,
    /// Indices of the tiers that offer it; `None` for all.
    pub tiers: Option<Vec<usize>>,
}

/// One conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// Mean order value, in currency.
    pub mean: f64,
    /// Standard deviation of order values, in currency.
    pub sd: f64,
    /// Contribution margin, share of revenue.
    pub margin: f64,
}

/// Relative standard deviations of the shared mean-one lognormal factors; 0 turns one off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncertainty {
    /// On conversions, one for all tiers.
    pub market: f64,
    /// On impressions and all after, one for all tiers.
    pub platform: f64,
    /// On engagements and all after (followers basis), one a tier.
    pub engagement_rate: f64,
    /// On clicks and all after (followers basis), one a tier.
    pub click_rate: f64,
    /// On conversions (followers basis), one a tier.
    pub conversion_rate: f64,
    /// On revenue, one a tier.
    pub order_value: f64,
    /// On fees, one a tier.
    pub fee: f64,
    /// On all yields (benchmark basis), one a tier.
    pub benchmark: f64,
}

impl Uncertainty {
    /// No doubt about the averages.
    pub const NONE: Self = Self {
        market: 0.0,
        platform: 0.0,
        engagement_rate: 0.0,
        click_rate: 0.0,
        conversion_rate: 0.0,
        order_value: 0.0,
        fee: 0.0,
        benchmark: 0.0,
    };
}
