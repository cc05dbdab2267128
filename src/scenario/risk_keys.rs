//! The keys of `[dependence]` and `[incidents]`: part of the one list.

use super::keys::{AMOUNT, SHARE};
use super::shape::{Field, Kind, leaf};

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
