//! `[diversity] importance` and `[[constraint]] importance`: which rules to give up last.

use super::keys::{Field, Kind, Shape, leaf};
use super::reader::Reader;
use super::tree::{Node, Value};
use super::value;
use crate::model::Importance;

/// A weight. The range keeps prices of the joint change within what arithmetic tells apart.
pub(super) const WEIGHT: Kind = Kind::Number {
    min: 0.001,
    max: 1000.0,
    open: false,
};

pub(super) const OF_RULES: Field = Field {
    name: "importance",
    doc: "How dear it is to give way, where no plan keeps all rules: a number for all of [diversity], or numbers by key.",
    shape: Shape::LeafOr(WEIGHT, GROUPS),
};

pub(super) const OF_ONE: Field = leaf(
    "importance",
    WEIGHT,
    "How dear it is to give way, where no plan keeps all rules; 1 if left out.",
);

static GROUPS: &[Field] = &[
    leaf("tier_budget_share", WEIGHT, "Of the tiers' bands."),
    leaf("partnership_share", WEIGHT, "Of the types' bands."),
    leaf("category_budget_share", WEIGHT, "Of the categories' bands."),
    leaf("region_budget_share", WEIGHT, "Of the regions' bands."),
    leaf(
        "max_creator_budget_share",
        WEIGHT,
        "Of the cap on one partnership.",
    ),
    leaf("min_creators", WEIGHT, "Of the least number in all."),
    leaf("max_creators", WEIGHT, "Of the largest number in all."),
    leaf("min_spend", WEIGHT, "Of the least spend."),
    leaf("budget", WEIGHT, "Of the budget itself."),
    leaf(
        "supply",
        WEIGHT,
        "Of the tiers' min_creators and max_creators.",
    ),
    leaf("hours", WEIGHT, "Of operations.hours_per_month."),
    leaf("targets", WEIGHT, "Of enforced targets."),
];

/// Rules outside `[diversity]`: one number for `[diversity]` does not speak of them.
const ELSEWHERE: [&str; 4] = ["budget", "supply", "hours", "targets"];

/// The keys that one number for all of `[diversity]` stands for.
pub(super) fn of_diversity() -> impl Iterator<Item = &'static str> {
    let names = GROUPS.iter().map(|group| group.name);
    names.filter(|name| !ELSEWHERE.contains(name))
}

impl Reader<'_> {
    /// The order of importance, but for the user's own rules.
    pub(super) fn importance(&mut self) -> Importance {
        let mut importance = Importance::default();
        let Some(node) = self.node(&["diversity", "importance"]) else {
            return importance;
        };
        for group in GROUPS {
            let weight = if matches!(node.value, Value::Table(_)) {
                self.seen
                    .insert(format!("diversity.importance.{}", group.name));
                node.get(group.name).and_then(weight)
            } else if ELSEWHERE.contains(&group.name) {
                None
            } else {
                weight(node)
            };
            if let Some(weight) = weight {
                importance.set(group.name, weight);
            }
        }
        importance
    }
}

/// A weight that the structure's check has let through.
pub(super) fn weight(node: &Node) -> Option<f64> {
    value::number(node).ok()
}
