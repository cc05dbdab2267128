//! The keys of `[targets]`: part of the one list.

use super::keys::{ANY, SHARE, leaf};
use super::shape::{Field, Kind, Shape};
use crate::model::Metric;

/// A key for each metric.
pub(super) static TARGETS: &[Field] = &{
    let mut fields = [target(Metric::Spend); Metric::ALL.len()];
    let mut i = 0;
    while i < fields.len() {
        fields[i] = target(Metric::ALL[i]);
        i += 1;
    }
    fields
};

const fn target(metric: Metric) -> Field {
    Field {
        name: metric.name(),
        doc: "A level: at most for spend and the cost-per metrics, at least for the others; or a table.",
        shape: Shape::LeafOr(ANY, TARGET_FIELDS),
    }
}

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
