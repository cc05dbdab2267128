//! The keys of `budget`, `[time]` and `[payment]`: part of the one list.

use super::keys::{POSITIVE, leaf};
use super::shape::{Field, Kind};

/// Most months of a horizon.
pub(super) const MOST_MONTHS: u64 = 24;
/// Largest season factor.
pub(super) const LARGEST_SEASON: f64 = 1000.0;

/// 0 to ten years.
const DAYS: Kind = Kind::Number {
    min: 0.0,
    max: 3650.0,
    open: false,
};

/// The keys of `budget` as a table.
pub(super) static BUDGET: &[Field] = &[
    leaf(
        "amount",
        POSITIVE,
        "Currency per month; expected spend stays within it.",
    ),
    leaf("total", POSITIVE, "Currency for the whole horizon."),
    leaf(
        "months",
        Kind::MonthAmounts,
        "Currency of each month, one amount a month.",
    ),
    leaf(
        "carry_over",
        Kind::Flag,
        "True: what a month leaves can be spent later. False: it is lost.",
    ),
    leaf(
        "with",
        Kind::LevelOrFree,
        "Probability that spend stays within it; \"free\" (the default): expected spend decides alone.",
    ),
];

/// The keys of `[time]`.
pub(super) static TIME: &[Field] = &[
    leaf(
        "seasonality",
        Kind::Seasons,
        "Times expected conversions of what is posted in a month, one factor a month.",
    ),
    leaf(
        "market_persistence",
        Kind::Number {
            min: -1.0,
            max: 1.0,
            open: false,
        },
        "AR(1) coefficient of the market and platform factors, month to month.",
    ),
    leaf(
        "response_half_life_days",
        DAYS,
        "Days after a post by which half of its conversions have come; 0: all at once.",
    ),
];

/// The keys of `[payment]`.
pub(super) static PAYMENT: &[Field] = &[
    leaf(
        "fee_days",
        DAYS,
        "Days from a post to the payment of its fee.",
    ),
    leaf(
        "commission_days",
        DAYS,
        "Days from a sale to the payment of its commission.",
    ),
    leaf(
        "sales_receipt_days",
        DAYS,
        "Days from a sale to the receipt of its revenue.",
    ),
];
