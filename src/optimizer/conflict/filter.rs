//! The deletion filter: a minimal set of rules that no plan keeps.

use super::probe::{Answer, Prober};
use crate::model::{Constraint, ConstraintKind, Rule};

/// A minimal set: indices into the constraints, in their order.
pub(super) type Set = Vec<usize>;

/// Where a rule stands in the order of dropping: low goes first. What the user may give up most
/// easily is dropped first, so that the set which remains speaks of the plan's outline.
fn rank(constraint: &Constraint) -> usize {
    match constraint.kind {
        ConstraintKind::User | ConstraintKind::Risk => 0,
        ConstraintKind::Target => 1,
        ConstraintKind::Hours => 2,
        ConstraintKind::Supply => 3,
        ConstraintKind::Band if !constraint.stage_band => 4,
        ConstraintKind::Budget => 5,
        ConstraintKind::Band => 6,
    }
}

const RANKS: usize = 7;

/// Whether it only says what a plan is: nothing that could be given up.
pub(super) fn is_background(constraint: &Constraint) -> bool {
    constraint.rule == Rule::OnePartnership
}

/// A minimal set among `candidates`, which must be infeasible together. Within a rank later
/// rules are dropped first. A question left open keeps the rule.
pub(super) fn minimal(prober: &mut Prober, all: &[Constraint], candidates: &[usize]) -> Set {
    let mut kept: Set = candidates.to_vec();
    for level in 0..RANKS {
        let group: Set = kept
            .iter()
            .copied()
            .filter(|&i| rank(&all[i]) == level)
            .collect();
        if group.len() > 1 && drop_all(prober, all, &mut kept, &group) {
            continue;
        }
        for &i in group.iter().rev() {
            drop_all(prober, all, &mut kept, &[i]);
        }
    }
    kept
}

/// Drops rules if the rest is still infeasible.
fn drop_all(prober: &mut Prober, all: &[Constraint], kept: &mut Set, gone: &[usize]) -> bool {
    let rest: Set = kept.iter().copied().filter(|i| !gone.contains(i)).collect();
    let dropped = prober.feasible(rest.iter().map(|&i| &all[i])) == Answer::Nothing;
    if dropped {
        *kept = rest;
    }
    dropped
}

/// The sets found, and what was left open about them.
pub(super) struct Sets {
    pub(super) found: Vec<Set>,
    /// Whether a member may be one too many.
    pub(super) unsettled: bool,
    /// Whether there may be further sets.
    pub(super) more: bool,
}

/// All minimal sets: one, and further ones found after letting go of all members but the budget's
/// of those before, until what is left has a plan. None if the rules are not proven infeasible;
/// `known` says that somebody else has proven it.
pub(super) fn sets(prober: &mut Prober, all: &[Constraint], known: bool) -> Sets {
    let mut candidates: Set = (0..all.len())
        .filter(|&i| !is_background(&all[i]))
        .collect();
    let mut out = Sets {
        found: Vec::new(),
        unsettled: false,
        more: false,
    };
    loop {
        prober.open = false;
        match prober.feasible(candidates.iter().map(|&i| &all[i])) {
            Answer::Nothing => {}
            Answer::Point(_) => break,
            Answer::Open if known && out.found.is_empty() => prober.insist(),
            Answer::Open => {
                out.more = true;
                break;
            }
        }
        prober.open = false;
        let set = minimal(prober, all, &candidates);
        prober.confirm(set.iter().map(|&i| &all[i]));
        out.unsettled |= prober.open;
        let before = candidates.len();
        candidates.retain(|i| !set.contains(i) || all[*i].kind == ConstraintKind::Budget);
        out.found.push(set);
        if candidates.len() == before {
            break;
        }
    }
    prober.open = out.unsettled || out.more;
    out
}
