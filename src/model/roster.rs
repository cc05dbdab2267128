//! Rosters: creators one by one, and what is known of each.
//!
//! What a creator's own figures say replaces the tier's distribution, what they leave open stays
//! the tier's. Cost and yield are still those of [`CellLaw`]: there is no second definition.

use super::Model;
use super::market::{Basis, Followers};
use super::valuation::{self, CellLaw, UnitValue};
use crate::distribution::Distribution;

/// One creator of a roster.
#[derive(Debug, Clone, PartialEq)]
pub struct Creator {
    /// Row of the file, from 1, the header counted.
    pub row: usize,
    /// What tells it from all others.
    pub id: String,
    /// Name for people.
    pub name: Option<String>,
    /// Index into [`Model::tiers`].
    pub tier: usize,
    /// Index into [`Model::categories`]; `None` exactly when the scenario has none.
    pub category: Option<usize>,
    /// Index into [`Model::regions`]; `None` exactly when the scenario has none.
    pub region: Option<usize>,
    /// Followers, if known.
    pub followers: Option<f64>,
    /// Fee per post in currency, if known.
    pub fee: Option<f64>,
    /// Engagements per impression, if known.
    pub engagement_rate: Option<f64>,
    /// What it yielded before, if known.
    pub past: Option<Past>,
}

/// Past results of a creator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Past {
    /// Posts that appeared.
    pub posts: f64,
    /// Orders that they brought in all.
    pub conversions: f64,
}

/// A creator's own figures in the place of its tier's.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnLaw {
    /// Fee per post.
    pub fee: Distribution,
    /// Yield basis.
    pub basis: Basis,
    /// Factor on conversions that past results suggest; 1 without any.
    pub conversions: f64,
}

impl OwnLaw {
    /// The figures of a creator: known ones certain, unknown ones the tier's distribution.
    #[must_use]
    pub fn of(model: &Model, creator: &Creator) -> Self {
        let tier = &model.tiers[creator.tier];
        let known =
            |value: Option<f64>, tiers: Distribution| value.map_or(tiers, Distribution::Certain);
        let basis = match &tier.basis {
            Basis::Followers(f) => Basis::Followers(Followers {
                followers: known(creator.followers, f.followers),
                engagement_rate: known(creator.engagement_rate, f.engagement_rate),
                ..f.clone()
            }),
            Basis::Benchmark(b) => Basis::Benchmark(b.clone()),
        };
        let conversions = match (&basis, creator.past) {
            (Basis::Followers(f), Some(past)) => learned(model, creator, f, past),
            _ => 1.0,
        };
        Self {
            fee: known(creator.fee, tier.fee),
            basis,
            conversions,
        }
    }

    /// The law of the creator in a cell, from the cell's own.
    #[must_use]
    pub fn law<'a>(&'a self, cell: &CellLaw<'a>) -> CellLaw<'a> {
        let mut factors = cell.factors;
        factors.conversion_rate *= self.conversions;
        CellLaw {
            fee: &self.fee,
            basis: &self.basis,
            factors,
            ..cell.clone()
        }
    }
}

/// The factor on conversions that past results suggest: with λ the creator's conversions per post,
/// gamma with the mean m that its figures give and the relative variance v of the tier's conversions
/// per post, and y conversions in n posts Poisson with mean nλ, the posterior mean of λ is
/// `(a + y) / (a/m + n)`, a = 1/v; the factor is that over m, `(a + y) / (a + n·m)` (Gelman et al.,
/// *Bayesian Data Analysis*, 2.6). How far creators of the tier differ is all that a scenario knows of how
/// far one may be off, whichever of its figures are known: rates are the tier's, and certain in the presets.
fn learned(model: &Model, creator: &Creator, f: &Followers, past: Past) -> f64 {
    let segment = |list: &[super::Segment], i: Option<usize>| {
        i.map_or(super::Factors::ONE, |i| list[i].factors)
    };
    let factors =
        segment(&model.categories, creator.category).times(segment(&model.regions, creator.region));
    let mean = parts(f).iter().map(|d| d.mean()).product::<f64>()
        * factors.view_rate
        * factors.engagement_rate
        * factors.click_rate
        * factors.conversion_rate;
    match tier_spread(model, creator.tier) {
        Some(spread) if mean > 0.0 => {
            let a = 1.0 / spread;
            (a + past.conversions) / (a + past.posts * mean)
        }
        _ => 1.0,
    }
}

/// What conversions of a post are the product of.
fn parts(f: &Followers) -> [&Distribution; 5] {
    [
        &f.followers,
        &f.view_rate,
        &f.engagement_rate,
        &f.click_rate,
        &f.conversion_rate,
    ]
}

/// Relative variance of the conversions per post of a tier's creators, `Π(1 + vᵢ) − 1` of their
/// independent factors; `None` unless it is positive and finite.
fn tier_spread(model: &Model, tier: usize) -> Option<f64> {
    let Basis::Followers(f) = &model.tiers[tier].basis else {
        return None;
    };
    let spread = parts(f)
        .iter()
        .map(|d| 1.0 + d.variance() / (d.mean() * d.mean()))
        .product::<f64>()
        - 1.0;
    (spread.is_finite() && spread > 0.0).then_some(spread)
}

/// Why past results of a creator change nothing; `None` if they count, or if there are none.
#[must_use]
pub fn past_ignored(model: &Model, creator: &Creator) -> Option<&'static str> {
    creator.past?;
    let Basis::Followers(_) = &model.tiers[creator.tier].basis else {
        return Some("their tier is known by its benchmark");
    };
    match tier_spread(model, creator.tier) {
        None => Some("all figures of their tier are certain, so that creators do not differ"),
        Some(_) => None,
    }
}

/// Expected cost and yields of a creator in a cell.
#[must_use]
pub fn creator_value(model: &Model, creator: &Creator, cell: usize) -> UnitValue {
    let own = OwnLaw::of(model, creator);
    own.law(&valuation::law(model, cell)).expected()
}

/// How a roster file is to be read: `[roster]` of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterSettings {
    /// Header names by field, where the user stated them.
    pub columns: Vec<(RosterField, String)>,
    /// What separates fields; recognized if left out.
    pub delimiter: Option<char>,
    /// Whether a comma is the decimal mark; decided for each column if left out.
    pub decimal_comma: Option<bool>,
    /// Encoding label; recognized if left out.
    pub encoding: Option<&'static str>,
    /// Engagement rates are per follower, not per impression.
    pub engagement_per_follower: bool,
}

/// What a column of a roster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RosterField {
    /// What tells creators apart.
    Id,
    /// Name for people.
    Name,
    /// Tier by name.
    Tier,
    /// Followers.
    Followers,
    /// Fee per post.
    Fee,
    /// Engagement rate.
    EngagementRate,
    /// Category.
    Category,
    /// Region.
    Region,
    /// Whether it can be booked.
    Status,
    /// Posts of the past.
    PastPosts,
    /// Conversions of those posts.
    PastConversions,
}

impl RosterField {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::Name,
        Self::Tier,
        Self::Followers,
        Self::Fee,
        Self::EngagementRate,
        Self::Category,
        Self::Region,
        Self::Status,
        Self::PastPosts,
        Self::PastConversions,
    ];

    /// Name in scenario files and outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Tier => "tier",
            Self::Followers => "followers",
            Self::Fee => "fee",
            Self::EngagementRate => "engagement_rate",
            Self::Category => "category",
            Self::Region => "region",
            Self::Status => "status",
            Self::PastPosts => "past_posts",
            Self::PastConversions => "past_conversions",
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}
