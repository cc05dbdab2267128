//! The user's order of importance: how dear it is to give way at a rule.

use std::collections::BTreeMap;

use super::constraint::ConstraintKind;

/// Weights of rules, 1 where nothing is said. They steer the cheapest joint change of an
/// infeasible scenario and nothing else: a rule of weight w gives way at w times its price.
///
/// ```
/// use influencer_matrix::model::{ConstraintKind, Importance};
///
/// let mut importance = Importance::default();
/// importance.set("tier_budget_share", 3.0);
/// let mega = "diversity.tier_budget_share.mega";
/// assert_eq!(importance.of(mega, ConstraintKind::Band), 3.0);
/// assert_eq!(importance.of("budget", ConstraintKind::Budget), 1.0);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Importance {
    groups: BTreeMap<String, f64>,
    own: BTreeMap<String, f64>,
}

impl Importance {
    /// Sets the weight of a group: a key of `[diversity]`, `budget`, `supply`, `hours` or `targets`.
    pub fn set(&mut self, group: &str, weight: f64) {
        self.groups.insert(group.to_owned(), weight);
    }

    /// Sets the weight of a rule of the user's own, by its name.
    pub fn set_own(&mut self, name: &str, weight: f64) {
        self.own.insert(name.to_owned(), weight);
    }

    /// The weight of a constraint by its name and kind.
    #[must_use]
    pub fn of(&self, name: &str, kind: ConstraintKind) -> f64 {
        let group = match kind {
            ConstraintKind::User => return self.own.get(name).copied().unwrap_or(1.0),
            // Rules of risk are no part of a joint change.
            ConstraintKind::Risk => return 1.0,
            ConstraintKind::Hours => "hours",
            ConstraintKind::Target => "targets",
            ConstraintKind::Budget | ConstraintKind::Band | ConstraintKind::Supply => {
                match name.strip_prefix("diversity.") {
                    Some(key) => key.split('.').next().unwrap_or(key),
                    None if kind == ConstraintKind::Budget => "budget",
                    None => "supply",
                }
            }
        };
        self.groups.get(group).copied().unwrap_or(1.0)
    }
}
