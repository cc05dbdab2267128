//! The keys of `[targets]`: part of the one list.

use super::keys::{ANY, SHARE, leaf};
use super::shape::{Field, Kind, Shape};

macro_rules! targets {
    ($($name:literal),*) => {
        &[$(Field {
            name: $name,
            doc: "A level: at most for spend and the cost-per metrics, at least for the others; or a table.",
            shape: Shape::LeafOr(ANY, TARGET_FIELDS),
        }),*]
    };
}

pub(super) static TARGETS: &[Field] = targets![
    "spend",
    "revenue",
    "profit",
    "impressions",
    "engagements",
    "clicks",
    "conversions",
    "roas",
    "roi",
    "cpm",
    "cpe",
    "cpa",
    "net_reach",
    "frequency"
];

static TARGET_FIELDS: &[Field] = &[
    leaf("at_least", ANY, "Met when the value is no less."),
    leaf("at_most", ANY, "Met when the value is no more."),
    leaf(
        "with",
        SHARE,
        "Probability wanted; without it the ratio of expected totals decides.",
    ),
    leaf(
        "enforce",
        Kind::Flag,
        "True: a constraint of the program, on expected totals.",
    ),
];
