//! The one list of keys of a scenario file. Reader, JSON Schema, nearest names, `imatrix show`
//! and `--set` all go by it; a test holds them equal.

use super::commitment_keys::{AMBASSADORS, CROSS_PROMOTION, PIPELINE, WAVE};
use super::horizon_keys::{BUDGET, PAYMENT, TIME};
use super::importance::{OF_ONE, OF_RULES};
use super::risk_keys::{DEPENDENCE, INCIDENTS, RISK};
pub(super) use super::shape::leaf;
pub(super) use super::shape::{Field, Kind, Names, Shape};
use super::shape::{map, table};
use super::stop::STOP;
use super::target_keys::TARGETS;
use crate::model::Objective;

/// Tiers in the glossary's order.
pub(super) const TIERS: &[&str] = &["mega", "macro", "mid", "micro", "nano"];
/// Partnership types in the glossary's order.
pub(super) const TYPES: &[&str] = &["sponsored", "affiliate", "seeding", "ambassador"];
/// Stages.
pub(super) const STAGES: &[&str] = &["awareness", "growth", "maturity", "custom"];
/// Objectives.
pub(super) const OBJECTIVES: &[&str] = &{
    let mut names = [""; Objective::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Objective::ALL[i].name();
        i += 1;
    }
    names
};
/// Sets of incident figures.
pub(super) const INCIDENT_PRESETS: &[&str] = &["none", "cautious"];
/// What shares speak of.
pub(super) const OVER: &[&str] = &["month", "horizon"];
/// Keys that a what-if may not set: they belong to the run as a whole.
pub(super) const NOT_IN_WHAT_IF: &[&str] = &["schema", "seed", "trials", "roster", "what_if"];

/// Largest number accepted anywhere, so that no product overflows.
pub(super) const LARGEST: f64 = 1e15;
/// Most trials.
pub(super) const MOST_TRIALS: u64 = 1_000_000_000;
/// Largest count of one cell.
pub(super) const LARGEST_COUNT: f64 = 1_000_000.0;

/// Most days from a booking to its post: ten years.
pub(super) const MOST_POST_DAYS: u64 = 3650;

/// 0 or more.
pub(super) const AMOUNT: Kind = Kind::Number {
    min: 0.0,
    max: LARGEST,
    open: false,
};
/// Above 0.
pub(super) const POSITIVE: Kind = Kind::Number {
    min: 0.0,
    max: LARGEST,
    open: true,
};
pub(super) const SHARE: Kind = Kind::Number {
    min: 0.0,
    max: 1.0,
    open: false,
};
pub(super) const ANY: Kind = Kind::Number {
    min: -LARGEST,
    max: LARGEST,
    open: false,
};
/// Terms of partnerships and of ambassador levels have it.
pub(super) const POST_DAYS: Field = leaf(
    "post_days",
    Kind::Whole {
        min: 0,
        max: MOST_POST_DAYS,
    },
    "Days from the booking, when products are shipped, to the post.",
);
const RELATIVE_SD: Kind = Kind::Number {
    min: 0.0,
    max: 10.0,
    open: false,
};

/// The keys of the file.
pub(super) static ROOT: &[Field] = &[
    leaf("schema", Kind::Schema, "Version of this contract: 1."),
    leaf(
        "name",
        Kind::Slug,
        "Name of the scenario and of its output folder: a-z, 0-9 and hyphens.",
    ),
    leaf("description", Kind::Text(false), "A sentence for people."),
    leaf("currency", Kind::Currency, "ISO 4217 code."),
    leaf(
        "start",
        Kind::Month,
        "First month, as \"2026-04\"; adds dates to the outputs.",
    ),
    leaf(
        "stage",
        Kind::Word(STAGES),
        "Presets the tier budget shares; custom has none.",
    ),
    Field {
        name: "budget",
        doc: "Currency per month, or a list of months' amounts; expected spend stays within it. As a table: a total, carry-over, a probability.",
        shape: Shape::LeafOr(Kind::Budgets, BUDGET),
    },
    leaf("months", Kind::Months, "Horizon in months, 1 to 24."),
    table(
        "time",
        TIME,
        "What time does: seasons, persistence of the market, how long sales take.",
    ),
    table("payment", PAYMENT, "When money moves, in days."),
    leaf(
        "objective",
        Kind::Word(OBJECTIVES),
        "What the plan maximizes.",
    ),
    leaf("seed", Kind::Seed, "Seed of the random numbers."),
    leaf(
        "fractional_counts",
        Kind::Flag,
        "True: counts need not be whole.",
    ),
    Field {
        name: "trials",
        doc: "Number of trials, or what they are to show: a precision, or the best plan.",
        shape: Shape::LeafOr(Kind::Trials, STOP),
    },
    leaf(
        "counts",
        Kind::Counts,
        "Fixes the plan: partnerships per cell, simulated and not optimized. A table, or a list of one a month.",
    ),
    table(
        "targets",
        TARGETS,
        "Levels that metrics of the whole plan should reach.",
    ),
    table("order", ORDER, "One conversion."),
    table(
        "funnel",
        FUNNEL,
        "The default rates of every tier on the followers basis.",
    ),
    table("tiers", TIER_TABLE, "The creator tiers."),
    table("partnerships", TYPE_TABLE, "The partnership types."),
    table("operations", OPERATIONS, "Handling of partnerships."),
    table(
        "diversity",
        DIVERSITY,
        "Bands and bounds that keep the plan mixed.",
    ),
    Field {
        name: "constraint",
        doc: "Linear rules of your own, per month.",
        shape: Shape::List(CONSTRAINT),
    },
    table(
        "segments",
        SEGMENTS,
        "Optional dimensions; factors multiply the tier's values.",
    ),
    Field {
        name: "uncertainty",
        doc: "Doubt about the averages: relative sd of shared mean-one factors, or \"none\".",
        shape: Shape::LeafOr(Kind::Word(&["none"]), UNCERTAINTY),
    },
    Field {
        name: "audience",
        doc: "Whom posts can reach, for saturation: a table of sizes, or \"none\".",
        shape: Shape::LeafOr(Kind::Word(&["none"]), AUDIENCE),
    },
    table(
        "dependence",
        DEPENDENCE,
        "Correlations within a creator and between tiers (Gaussian copulas).",
    ),
    table(
        "roster",
        super::roster::ROSTER,
        "How the roster of `imatrix select` is read.",
    ),
    Field {
        name: "incidents",
        doc: "Problematic posts and what they cost, \"cautious\" or \"none\" (the default).",
        shape: Shape::LeafOr(Kind::Word(INCIDENT_PRESETS), INCIDENTS),
    },
    Field {
        name: "risk",
        doc: "What the plan must promise beyond its mean, or \"none\".",
        shape: Shape::LeafOr(Kind::Word(&["none"]), RISK),
    },
    map(
        "ambassadors",
        Names::Own,
        &AMBASSADORS,
        "Ambassador levels (bronze, silver, gold or your own names): commitments over months.",
    ),
    Field {
        name: "wave",
        doc: "Campaign waves: bookings within days of their own, beside the always-on plan.",
        shape: Shape::List(WAVE),
    },
    Field {
        name: "pipeline",
        doc: "Where new partners come from and how partners leave, or \"none\".",
        shape: Shape::LeafOr(Kind::Word(&["none"]), PIPELINE),
    },
    Field {
        name: "cross_promotion",
        doc: "Tags of higher tiers that lift the reach of lower ones, or \"none\".",
        shape: Shape::LeafOr(Kind::Word(&["none"]), CROSS_PROMOTION),
    },
    Field {
        name: "what_if",
        doc: "Named changes, planned and simulated beside the base.",
        shape: Shape::WhatIfs,
    },
];

static ORDER: &[Field] = &[
    leaf(
        "value",
        Kind::OrderValue,
        "Currency per order: a number, or mean and sd.",
    ),
    leaf("margin", SHARE, "Contribution margin, share of revenue."),
];

static FUNNEL: &[Field] = &[
    leaf(
        "view_rate",
        Kind::Rate,
        "Impressions per follower and post.",
    ),
    leaf("click_rate", Kind::Rate, "Clicks per engagement."),
    leaf("conversion_rate", Kind::Rate, "Conversions per click."),
];

macro_rules! tier_fields {
    ($($name:literal),*) => {
        &[
            leaf("use", Kind::Some(TIERS), "Tiers to plan with; all five if left out."),
            $(table($name, TIER, "A creator tier; keys left out keep their presets.")),*
        ]
    };
}

static TIER_TABLE: &[Field] = tier_fields!["mega", "macro", "mid", "micro", "nano"];

static TIER: &[Field] = &[
    leaf("followers", Kind::Amount, "Followers of a creator."),
    leaf(
        "fee",
        Kind::Amount,
        "Currency per post, before partnership and segment factors.",
    ),
    leaf(
        "view_rate",
        Kind::Rate,
        "Impressions per follower and post.",
    ),
    leaf("engagement_rate", Kind::Rate, "Engagements per impression."),
    leaf("click_rate", Kind::Rate, "Clicks per engagement."),
    leaf("conversion_rate", Kind::Rate, "Conversions per click."),
    table(
        "benchmark",
        BENCHMARK,
        "What past campaigns yielded, instead of followers and rates.",
    ),
    leaf(
        "partnerships",
        Kind::Some(TYPES),
        "Partnership types offered to this tier.",
    ),
    leaf("min_creators", Kind::Count, "Least partnerships a month."),
    leaf(
        "max_creators",
        Kind::CountOrFree,
        "Supply a month; \"free\" for no bound.",
    ),
    table("targets", TARGETS, "Levels that this tier should reach."),
    table(
        "partnership",
        OWN_TERMS,
        "This tier's own terms by partnership type.",
    ),
];

static BENCHMARK: &[Field] = &[
    leaf("cpm", Kind::CostPer, "Currency per 1,000 impressions."),
    leaf("cpe", Kind::CostPer, "Currency per engagement."),
    leaf("cpc", Kind::CostPer, "Currency per click."),
    leaf("cpa", Kind::CostPer, "Currency per conversion; required."),
    leaf(
        "roas",
        AMOUNT,
        "Revenue per currency unit; without it order.value holds.",
    ),
];

macro_rules! type_fields {
    ($($name:literal),*) => {
        &[
            leaf("use", Kind::Some(TYPES), "Partnership types to plan with; all four if left out."),
            $(table($name, TERMS, "A partnership type; keys left out keep their presets.")),*
        ]
    };
}

static TYPE_TABLE: &[Field] = type_fields!["sponsored", "affiliate", "seeding", "ambassador"];

static OWN_TERMS: &[Field] = &[
    table("sponsored", TERMS, "This tier's own terms."),
    table("affiliate", TERMS, "This tier's own terms."),
    table("seeding", TERMS, "This tier's own terms."),
    table("ambassador", TERMS, "This tier's own terms."),
];

pub(super) static TERMS: &[Field] = &[
    leaf("fee", AMOUNT, "Times the tier's fee, per post."),
    leaf(
        "fee_amount",
        AMOUNT,
        "Currency a month, instead of fee times the tier's fee.",
    ),
    leaf("commission", SHARE, "Share of revenue."),
    leaf(
        "product_cost",
        AMOUNT,
        "Currency per partnership and month.",
    ),
    leaf("posts", AMOUNT, "Posts a month."),
    leaf("delivery", SHARE, "Probability that the content appears."),
    leaf("conversion_lift", AMOUNT, "Times conversions per click."),
    leaf("hours", AMOUNT, "Handling hours a month."),
    POST_DAYS,
];

static OPERATIONS: &[Field] = &[
    leaf(
        "hours_per_month",
        AMOUNT,
        "Cap on handling hours; none if left out.",
    ),
    leaf("hour_cost", AMOUNT, "Currency per handling hour."),
];

static BAND: Shape = Shape::Leaf(Kind::Band);

static DIVERSITY: &[Field] = &[
    leaf("tolerance", SHARE, "Points around stage shares."),
    leaf(
        "share_tolerance",
        SHARE,
        "Points around a share given as one number.",
    ),
    map(
        "tier_budget_share",
        Names::Of(TIERS),
        &BAND,
        "Share of planned spend by tier: a number, [low, high] or \"free\".",
    ),
    map(
        "partnership_share",
        Names::Of(TYPES),
        &BAND,
        "Share of planned partnerships by type: a number, [low, high] or \"free\".",
    ),
    map(
        "category_budget_share",
        Names::Own,
        &BAND,
        "Share of planned spend by category: a number, [low, high] or \"free\".",
    ),
    map(
        "region_budget_share",
        Names::Own,
        &BAND,
        "Share of planned spend by region: a number, [low, high] or \"free\".",
    ),
    leaf(
        "max_creator_budget_share",
        SHARE,
        "No partnership's expected cost above this share of the budget.",
    ),
    leaf(
        "min_creators",
        Kind::Count,
        "Least partnerships a month in all.",
    ),
    leaf(
        "max_creators",
        Kind::CountOrFree,
        "Most partnerships a month in all.",
    ),
    leaf("min_spend", SHARE, "Least spend, as a share of the budget."),
    leaf(
        "over",
        Kind::Word(OVER),
        "What shares and least spend speak of: every month, or the horizon as a whole.",
    ),
    OF_RULES,
];

static CONSTRAINT: &[Field] = &[
    leaf(
        "name",
        Kind::Text(true),
        "Your name for the rule, shown in reports.",
    ),
    leaf(
        "count",
        Kind::Cells(false),
        "Coefficients on counts, by cell key.",
    ),
    leaf(
        "spend",
        Kind::Cells(false),
        "Coefficients on spend, by cell key.",
    ),
    leaf("min", ANY, "Least value."),
    leaf("max", ANY, "Largest value."),
    OF_ONE,
];

static SEGMENT: Shape = Shape::Table(SEGMENT_FIELDS);

static SEGMENTS: &[Field] = &[
    map(
        "categories",
        Names::Own,
        &SEGMENT,
        "Categories by your own names.",
    ),
    map(
        "regions",
        Names::Own,
        &SEGMENT,
        "Regions by your own names.",
    ),
];

static SEGMENT_FIELDS: &[Field] = &[
    leaf(
        "tiers",
        Kind::Some(TIERS),
        "Tiers that offer it; all if left out.",
    ),
    leaf("fee", AMOUNT, "Factor on cost."),
    leaf("view_rate", AMOUNT, "Factor on impressions and all after."),
    leaf(
        "engagement_rate",
        AMOUNT,
        "Factor on engagements and all after.",
    ),
    leaf("click_rate", AMOUNT, "Factor on clicks and all after."),
    leaf("conversion_rate", AMOUNT, "Factor on conversions."),
];

pub(super) static UNCERTAINTY: &[Field] = &[
    leaf("market", RELATIVE_SD, "On conversions, one for all tiers."),
    leaf(
        "platform",
        RELATIVE_SD,
        "On impressions and all after, one for all tiers.",
    ),
    leaf(
        "engagement_rate",
        RELATIVE_SD,
        "On engagements and all after, one per tier (followers basis).",
    ),
    leaf(
        "click_rate",
        RELATIVE_SD,
        "On clicks and all after, one per tier (followers basis).",
    ),
    leaf(
        "conversion_rate",
        RELATIVE_SD,
        "On conversions, one per tier (followers basis).",
    ),
    leaf("order_value", RELATIVE_SD, "On revenue, one per tier."),
    leaf("fee", RELATIVE_SD, "On fees, one per tier."),
    leaf(
        "benchmark",
        RELATIVE_SD,
        "On all yields, one per tier (benchmark basis).",
    ),
];

static AUDIENCE: &[Field] = &[leaf(
    "size",
    Kind::Sizes,
    "People that can be reached: a number, or numbers by region, category or \"category.region\".",
)];

/// The keys that a what-if may set (its own `name` and `description` among them).
pub(super) fn what_if_fields() -> impl Iterator<Item = &'static Field> {
    ROOT.iter().filter(|f| !NOT_IN_WHAT_IF.contains(&f.name))
}
