//! The rules of a plan as the user stated them. [`super::constraints`] turns
//! them into linear forms; the optimizer's plan checker reads them here directly.

use super::cell::CellPattern;
use super::importance::Importance;
use super::origin::Origin;

/// Budget, diversity, operations and the user's own rules, per month.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Expected spend stays within it, in currency.
    pub budget: f64,
    /// Where the budget was written.
    pub budget_origin: Origin,
    /// Least spend, as a share of the budget.
    pub min_spend: f64,
    /// Where it came from.
    pub min_spend_origin: Origin,
    /// Bands on shares of planned spend, one a tier of the model, `None` if free.
    pub tier_budget_share: Vec<Option<Band>>,
    /// Bands on shares of planned partnerships, one a partnership type, `None` if free.
    pub partnership_share: Vec<Option<Band>>,
    /// Bands on shares of planned spend, one a category.
    pub category_budget_share: Vec<Option<Band>>,
    /// Bands on shares of planned spend, one a region.
    pub region_budget_share: Vec<Option<Band>>,
    /// No partnership's expected cost above this share of the budget.
    pub max_creator_budget_share: Option<f64>,
    /// Where it came from.
    pub max_creator_budget_share_origin: Origin,
    /// Least partnerships in all.
    pub min_creators: Option<f64>,
    /// Where it came from.
    pub min_creators_origin: Origin,
    /// Most partnerships in all.
    pub max_creators: Option<f64>,
    /// Where it came from.
    pub max_creators_origin: Origin,
    /// Least per tier, origins of `Tier::min_creators`.
    pub tier_min_creators_origin: Vec<Origin>,
    /// Supply per tier, origins of `Tier::max_creators`.
    pub tier_max_creators_origin: Vec<Origin>,
    /// Cap on handling hours.
    pub hours_per_month: Option<f64>,
    /// Where it came from.
    pub hours_origin: Origin,
    /// The user's own linear rules.
    pub user: Vec<UserRule>,
    /// What to give up last where they cannot all hold.
    pub importance: Importance,
}

impl Rules {
    /// A budget and nothing else, for so many tiers, partnership types, categories and regions.
    #[must_use]
    pub fn of_budget(budget: f64, [tiers, partnerships, categories, regions]: [usize; 4]) -> Self {
        Self {
            budget,
            budget_origin: Origin::Default,
            min_spend: 0.0,
            min_spend_origin: Origin::Default,
            tier_budget_share: vec![None; tiers],
            partnership_share: vec![None; partnerships],
            category_budget_share: vec![None; categories],
            region_budget_share: vec![None; regions],
            max_creator_budget_share: None,
            max_creator_budget_share_origin: Origin::Default,
            min_creators: None,
            min_creators_origin: Origin::Default,
            max_creators: None,
            max_creators_origin: Origin::Default,
            tier_min_creators_origin: vec![Origin::Default; tiers],
            tier_max_creators_origin: vec![Origin::Default; tiers],
            hours_per_month: None,
            hours_origin: Origin::Default,
            user: Vec::new(),
            importance: Importance::default(),
        }
    }
}

/// A band on a share, after tolerance. Shares are in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Least share.
    pub low: f64,
    /// Largest share.
    pub high: f64,
    /// The single number asked for, before tolerance (stage share or the user's number).
    pub asked: Option<f64>,
    /// Whether the stage or the user set it.
    pub source: BandSource,
    /// Where it came from: the `stage` key for stage bands.
    pub origin: Origin,
}

/// Who set a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BandSource {
    /// The stage's preset shares.
    Stage,
    /// The user, for this very tier, type, category or region.
    User,
}

/// A linear rule of the user's own: `[[constraint]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRule {
    /// The user's name for it.
    pub name: String,
    /// What the coefficients multiply.
    pub amount: UserAmount,
    /// Pattern and coefficient; a partial key sums over the cells it names.
    pub terms: Vec<(CellPattern, f64)>,
    /// Least value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Where it was written.
    pub origin: Origin,
}

/// What a user rule's coefficients multiply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserAmount {
    /// Planned partnerships.
    Count,
    /// Planned spend, in currency.
    Spend,
}
