//! The keys of `[[wave]]`, `[ambassadors]`, `[pipeline]` and `[cross_promotion]`: part of the one list.

use super::keys::{AMOUNT, POST_DAYS, SHARE, TIERS, TYPES, leaf};
use super::shape::{Field, Kind, Names, Shape, map};

/// Kinds of waves.
pub(super) const WAVE_KINDS: &[&str] = &["tease", "launch", "sustain"];
/// On which days of a wave its tiers post.
pub(super) const SCHEDULES: &[&str] = &["launch", "week", "even"];

/// Most days after a tag: two years.
pub(super) const MOST_TAG_DAYS: u64 = 731;
/// Most weeks: two years.
const WEEKS: u64 = 105;

/// 0 to 1,000.
const FACTOR: Kind = Kind::Number {
    min: 0.0,
    max: 1000.0,
    open: false,
};

/// The keys of a wave.
pub(super) static WAVE: &[Field] = &[
    leaf(
        "name",
        Kind::Text(true),
        "Your name for it, which cell keys use: \"mid.sponsored@launch\".",
    ),
    leaf("kind", Kind::Word(WAVE_KINDS), "What it is for."),
    leaf(
        "start",
        Kind::Day,
        "First day, as \"2026-08-03\"; needs the file's start.",
    ),
    leaf(
        "week",
        Kind::Whole { min: 1, max: WEEKS },
        "Or the week it starts in, 1 being the first seven days of the horizon.",
    ),
    leaf(
        "days",
        Kind::Whole { min: 1, max: 731 },
        "Days it lasts; it ends within the horizon.",
    ),
    leaf(
        "tiers",
        Kind::Some(TIERS),
        "Tiers in it; those that count names if left out.",
    ),
    leaf(
        "partnerships",
        Kind::Some(TYPES),
        "Partnership types in it; those that count names if left out.",
    ),
    leaf(
        "count",
        Kind::CellRanges,
        "Partnerships over the whole wave by cell key: a number or [least, most].",
    ),
    leaf(
        "budget",
        Kind::Range,
        "Expected spend of the whole wave: the most, or [least, most].",
    ),
    leaf(
        "conversion_lift",
        FACTOR,
        "Factor on conversions of its posts.",
    ),
    leaf(
        "view_rate",
        FACTOR,
        "Factor on impressions of its posts and all after.",
    ),
    leaf(
        "engagement_rate",
        FACTOR,
        "Factor on engagements of its posts and all after.",
    ),
    leaf(
        "click_rate",
        FACTOR,
        "Factor on clicks of its posts and all after.",
    ),
    leaf("fee", FACTOR, "Factor on cost."),
    leaf(
        "schedule",
        Kind::Word(SCHEDULES),
        "On which of its days its tiers post; orders the calendar only.",
    ),
];

/// An ambassador level, or "none".
pub(super) static AMBASSADORS: Shape = Shape::LeafOr(Kind::Word(&["none"]), LEVEL);

static LEVEL: &[Field] = &[
    leaf("tiers", Kind::Some(TIERS), "Tiers it is offered to."),
    leaf("retainer", AMOUNT, "Currency a month."),
    leaf("commission", SHARE, "Share of revenue."),
    leaf("product_cost", AMOUNT, "Currency per month."),
    leaf("posts", AMOUNT, "Posts a month."),
    leaf("delivery", SHARE, "Probability that the content appears."),
    leaf("conversion_lift", AMOUNT, "Times conversions per click."),
    leaf("hours", AMOUNT, "Handling hours a month."),
    POST_DAYS,
    leaf(
        "term_months",
        Kind::Whole { min: 1, max: 120 },
        "Least months from the start.",
    ),
    leaf(
        "tenure_lift",
        FACTOR,
        "Added to the factor on conversions by every month of tenure.",
    ),
    leaf("tenure_lift_max", FACTOR, "Most that tenure adds."),
];

/// The keys of `[pipeline]`.
pub(super) static PIPELINE: &[Field] = &[
    leaf("identified", Kind::Amount, "Creators identified a month."),
    leaf(
        "vetted",
        Kind::Rate,
        "Share of the identified that are vetted.",
    ),
    leaf(
        "contacted",
        Kind::Rate,
        "Share of the vetted that are contacted.",
    ),
    leaf(
        "response",
        Kind::Rate,
        "Share of the contacted that respond.",
    ),
    leaf(
        "partnership",
        Kind::Rate,
        "Share of those who respond that become partners.",
    ),
    leaf(
        "repeat",
        Kind::Rate,
        "Share of partners that work again in the next month when asked to.",
    ),
    leaf(
        "lead_weeks",
        Kind::Amount,
        "Weeks from being identified to the first post.",
    ),
    leaf(
        "contact_weeks",
        Kind::Amount,
        "Weeks from being identified to being contacted; the steps in place of lead_weeks.",
    ),
    leaf(
        "partnership_weeks",
        Kind::Amount,
        "Weeks from contact to partnership.",
    ),
    leaf(
        "content_weeks",
        Kind::Amount,
        "Weeks from partnership to the first post.",
    ),
    leaf(
        "churn",
        Kind::Rate,
        "Probability that a partner leaves at the end of a month.",
    ),
    leaf(
        "starting_creators",
        Kind::Cells(true),
        "Partners at the beginning, by cell key.",
    ),
    leaf(
        "with",
        Kind::LevelOrFree,
        "Probability with which a month's new partnerships are there; \"free\" (the default): in expectation.",
    ),
];

static FAN_OUT: Shape = Shape::Leaf(Kind::Number {
    min: 0.0,
    max: 10_000.0,
    open: false,
});

/// The keys of `[cross_promotion]`.
pub(super) static CROSS_PROMOTION: &[Field] = &[
    map(
        "fan_out",
        Names::Of(TIERS),
        &FAN_OUT,
        "Creators of the next lower tier that each creator of a tier tags.",
    ),
    leaf(
        "reach_lift",
        FACTOR,
        "Added to the factor on the reach of a tagged creator's posts.",
    ),
    leaf(
        "days",
        Kind::Whole {
            min: 0,
            max: MOST_TAG_DAYS,
        },
        "Only posts within so many days after the tagging one are lifted, 0 being its own day; if left out, all posts of the month.",
    ),
];
