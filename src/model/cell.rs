//! Cells: tier × partnership (× category × region), and the keys that name them.

use std::fmt;

/// One offered combination of tier, partnership type and, if the scenario has
/// them, category and region.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Index into `Model::tiers`.
    pub tier: usize,
    /// Index into `Model::partnerships`.
    pub partnership: usize,
    /// Index into `Model::categories`; `None` exactly when the scenario has no categories.
    pub category: Option<usize>,
    /// Index into `Model::regions`; `None` exactly when the scenario has no regions.
    pub region: Option<usize>,
    /// Terms of the partnership for this tier.
    pub terms: Terms,
    /// Product of the category's and the region's factors.
    pub factors: Factors,
    /// Whether a term that decides its cost or yield is an assumed preset.
    pub assumed: bool,
    /// How it is booked.
    pub booked_as: BookedAs,
}

/// How partnerships of a cell are booked: which months, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BookedAs {
    /// Month by month, in any month.
    #[default]
    Open,
    /// Within a campaign wave: index into `Horizon::waves`.
    Wave(usize),
    /// As ambassadors of a level who start in one month.
    Level {
        /// Index into `Horizon::levels`.
        level: usize,
        /// The month they start in, from 0.
        start: usize,
    },
}

/// Terms of a partnership type as offered to one tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Multiplies the tier's fee per post.
    pub fee: f64,
    /// Currency a month, instead of `fee` × the tier's fee × posts.
    pub fee_amount: Option<f64>,
    /// Share of revenue paid to the creator, in [0, 1].
    pub commission: f64,
    /// Currency per partnership and month, also when nothing appears.
    pub product_cost: f64,
    /// Posts a month.
    pub posts: f64,
    /// Probability that the content appears, in [0, 1].
    pub delivery: f64,
    /// Multiplies conversions per click.
    pub conversion_lift: f64,
    /// Handling hours a month.
    pub hours: f64,
    /// Days from the booking, when products are shipped, to the post.
    pub post_days: u32,
}

/// Factors of a segment on the tier's values; 1 where left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    /// On cost only.
    pub fee: f64,
    /// On impressions and all after.
    pub view_rate: f64,
    /// On engagements and all after.
    pub engagement_rate: f64,
    /// On clicks and all after.
    pub click_rate: f64,
    /// On conversions.
    pub conversion_rate: f64,
}

impl Factors {
    /// No change.
    pub const ONE: Self = Self {
        fee: 1.0,
        view_rate: 1.0,
        engagement_rate: 1.0,
        click_rate: 1.0,
        conversion_rate: 1.0,
    };

    /// Factor by factor product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self {
            fee: self.fee * other.fee,
            view_rate: self.view_rate * other.view_rate,
            engagement_rate: self.engagement_rate * other.engagement_rate,
            click_rate: self.click_rate * other.click_rate,
            conversion_rate: self.conversion_rate * other.conversion_rate,
        }
    }
}

/// The names of a cell. Its display form is the key used in scenario files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    /// Tier name.
    pub tier: String,
    /// Partnership type name.
    pub partnership: String,
    /// Category name, if the scenario has categories.
    pub category: Option<String>,
    /// Region name, if the scenario has regions.
    pub region: Option<String>,
    /// Name of the wave or level and the month it starts in (from 1, levels only), if it is booked as one.
    pub booked_as: Option<(String, Option<usize>)>,
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tier, self.partnership)?;
        match (&self.category, &self.region) {
            (Some(c), Some(r)) => write!(f, ".{c}.{r}")?,
            (Some(c), None) => write!(f, ".{c}")?,
            (None, Some(r)) => write!(f, ".*.{r}")?,
            (None, None) => {}
        }
        match &self.booked_as {
            Some((name, Some(start))) => write!(f, "@{name}+{start}"),
            Some((name, None)) => write!(f, "@{name}"),
            None => Ok(()),
        }
    }
}

/// `tier.partnership.category.region`, each a name or `*` for any (`None` here), with `@name` of a wave or level and
/// `+month` of a level's start behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellPattern {
    /// Tier name or any.
    pub tier: Option<String>,
    /// Partnership type name or any.
    pub partnership: Option<String>,
    /// Category name or any.
    pub category: Option<String>,
    /// Region name or any.
    pub region: Option<String>,
    /// Name of a wave or level, and the month it starts in (from 1) or any; `None`: however it is booked.
    pub booked_as: Option<(String, Option<usize>)>,
}

impl CellPattern {
    /// Whether a cell of these names is meant.
    #[must_use]
    pub fn matches(&self, key: &CellKey) -> bool {
        fn fits(want: Option<&String>, have: Option<&String>) -> bool {
            want.is_none_or(|w| have == Some(w))
        }
        fits(self.tier.as_ref(), Some(&key.tier))
            && fits(self.partnership.as_ref(), Some(&key.partnership))
            && fits(self.category.as_ref(), key.category.as_ref())
            && fits(self.region.as_ref(), key.region.as_ref())
            && self.booked_as.as_ref().is_none_or(|(name, start)| {
                key.booked_as
                    .as_ref()
                    .is_some_and(|(own, month)| own == name && (start.is_none() || start == month))
            })
    }
}
