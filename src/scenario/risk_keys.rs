//! The keys of `[dependence]`, `[incidents]` and `[risk]`: part of the one list.

use super::keys::{AMOUNT, ANY, SHARE};
use super::shape::{Field, Kind, Shape, leaf};
use crate::model::{Metric, metric_names};

/// Most rules of one kind.
pub(super) const MOST_RULES: usize = 10;

/// What risk rules speak of: what the shared factors of a trial decide.
pub(super) const RISK_METRICS: &[&str] = &metric_names([
    Metric::Revenue,
    Metric::Profit,
    Metric::Conversions,
    Metric::Spend,
    Metric::Roas,
    Metric::Roi,
    Metric::Cpa,
]);

/// Strictly between 0 and 1.
const LEVEL: Kind = Kind::Number {
    min: 0.0,
    max: 1.0,
    open: true,
};

/// 0 to 1,000.
const WEIGHT: Kind = Kind::Number {
    min: 0.0,
    max: 1000.0,
    open: false,
};

/// The keys of `[risk]`.
pub(super) static RISK: &[Field] = &[
    Field {
        name: "cvar",
        doc: "A bound on the mean of the worst trials; one table, a list of them, or \"none\".",
        shape: Shape::TableOrList(CVAR),
    },
    Field {
        name: "probability",
        doc: "A level reached with a probability; one table, a list of them, or \"none\".",
        shape: Shape::TableOrList(PROBABILITY),
    },
    Field {
        name: "objective",
        doc: "Weights of the mean and of the mean of the worst trials in what is maximized.",
        shape: Shape::LeafOr(Kind::Word(&["none"]), RISK_OBJECTIVE),
    },
    leaf(
        "trials",
        Kind::Whole {
            min: 1_000,
            max: 1_000_000,
        },
        "Trials of the sampled program.",
    ),
];

static CVAR: &[Field] = &[
    leaf("metric", Kind::Word(RISK_METRICS), "Of what."),
    leaf(
        "level",
        LEVEL,
        "The worst 1 − level of the trials count; 0.9 if left out.",
    ),
    leaf("at_least", ANY, "Least mean of the worst trials."),
    leaf("at_most", ANY, "Largest mean of the worst trials."),
];

static PROBABILITY: &[Field] = &[
    leaf("metric", Kind::Word(RISK_METRICS), "Of what."),
    leaf("at_least", ANY, "Met when the value is no less."),
    leaf("at_most", ANY, "Met when the value is no more."),
    leaf("with", LEVEL, "Least probability of meeting it."),
];

static RISK_OBJECTIVE: &[Field] = &[
    leaf("mean", WEIGHT, "Weight of the mean; 1 if left out."),
    leaf("cvar", WEIGHT, "Weight of the mean of the worst trials."),
    leaf(
        "level",
        LEVEL,
        "The worst 1 − level of the trials count; 0.9 if left out.",
    ),
];

const CORRELATION: Kind = Kind::Number {
    min: -1.0,
    max: 1.0,
    open: true,
};

macro_rules! dependence_fields {
    ($($name:literal: $of:literal),* $(,)?) => {
        &[
            $(leaf($name, CORRELATION, concat!("Latent normal correlation of a creator's ", $of, "."))),*,
            leaf(
                "tiers",
                SHARE,
                "Latent normal correlation between tiers of the shared factors of one kind.",
            ),
        ]
    };
}

/// The keys of `[dependence]`.
pub(super) static DEPENDENCE: &[Field] = dependence_fields![
    "followers_fee": "followers and fee",
    "followers_engagement_rate": "followers and engagement rate",
    "followers_view_rate": "followers and view rate",
    "followers_click_rate": "followers and click rate",
    "followers_conversion_rate": "followers and conversion rate",
    "fee_engagement_rate": "fee and engagement rate",
    "fee_view_rate": "fee and view rate",
    "fee_click_rate": "fee and click rate",
    "fee_conversion_rate": "fee and conversion rate",
    "engagement_rate_view_rate": "engagement rate and view rate",
    "engagement_rate_click_rate": "engagement rate and click rate",
    "engagement_rate_conversion_rate": "engagement rate and conversion rate",
    "view_rate_click_rate": "view rate and click rate",
    "view_rate_conversion_rate": "view rate and conversion rate",
    "click_rate_conversion_rate": "click rate and conversion rate",
];

/// The keys of `[incidents]`.
pub(super) static INCIDENTS: &[Field] = &[
    leaf(
        "probability",
        SHARE,
        "Probability of an incident, per partnership and month.",
    ),
    leaf(
        "yield_lost",
        SHARE,
        "Share of the partnership's yields of the month that an incident loses.",
    ),
    leaf("cleanup_cost", AMOUNT, "Currency per incident."),
    leaf(
        "shock_probability",
        SHARE,
        "Probability that an incident harms the whole brand.",
    ),
    leaf(
        "shock",
        SHARE,
        "Share of the plan's conversions lost in a month with such an incident.",
    ),
];
