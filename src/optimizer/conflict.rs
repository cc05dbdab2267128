//! Why there is no plan: a minimal set of rules that cannot hold together, the least change of
//! each that lets the set hold, and the cheapest joint change that lets a plan exist.
//!
//! A set is minimal in the sense of the deletion filter: no plan of at least one partnership keeps
//! all of its members, and dropping any one makes the rest satisfiable. All questions are asked of
//! the integer program, since it is usually wholeness that makes shares of a small budget
//! impossible. That a plan has at least one partnership and no negative counts is never in
//! question, and no bound on a count outlives the rule it came from.

mod budgets;
mod change;
mod filter;
mod joint;
mod probe;
mod story;
pub(crate) mod words;

use std::collections::BTreeMap;

use change::Change;
use probe::{Answer, Prober};
use story::{Open, Story};

use crate::model::valuation::UnitValue;
use crate::model::{
    BudgetScale, Cancel, Conflict, ConflictMember, Constraint, JointChange, Model, PlanSettings,
    Unit,
};

/// Work for each part of an explanation: nodes of branch and bound times rows and columns of their
/// programs. No clock takes part, so that the same file gets the same explanation everywhere.
const WORK: u64 = 400_000_000;

/// The same where rules are of more than one month: each question is dearer there, and there are more of them.
const WORK_OVER_MONTHS: u64 = 40_000_000;

fn work(constraints: &[Constraint]) -> u64 {
    if constraints.iter().all(|rule| rule.month == Some(0)) {
        WORK
    } else {
        WORK_OVER_MONTHS
    }
}

/// Bounds so close relative to themselves are told as one: the solvers tell them apart no better.
const SAME: f64 = 2e-6;

/// One member of a set, with what was found out about it.
struct Finding {
    /// Index into the constraints.
    index: usize,
    /// Least change for each side of its bound that lets its set hold, least first.
    changes: Vec<Change>,
    /// Whether the solvers left it open how far a bound has to move, or what that is enough for.
    undecided: bool,
    /// Whether the first of them makes the whole program feasible.
    enough_alone: bool,
    /// If not: the least change that does, for each side, if there is one.
    whole: Vec<Change>,
}

/// An explanation, and whether it is the same on every run.
pub(crate) struct Explained {
    pub(crate) conflict: Option<Conflict>,
    pub(crate) reproducible: bool,
}

impl Default for Explained {
    fn default() -> Self {
        Self {
            conflict: None,
            reproducible: true,
        }
    }
}

/// What searches for just some plan found out.
pub(crate) enum Settled {
    /// There is one.
    Plan(Vec<f64>),
    /// There is none; not confirmed yet.
    Nothing,
}

/// Whether the rules have a plan, where the search for the best one left it open.
pub(crate) fn settle(
    units: &[UnitValue],
    constraints: &[Constraint],
    model: &Model,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<Settled> {
    let costs: Vec<f64> = units.iter().map(|u| u.spend).collect();
    let mut prober =
        Prober::new(units.len(), model.fractional_counts, settings, cancel).cheaply(&costs);
    prober.allow(WORK);
    match prober.feasible(constraints) {
        Answer::Point(x) => Some(Settled::Plan(x)),
        Answer::Nothing => Some(Settled::Nothing),
        Answer::Open => None,
    }
}

/// Bounds so close, relative to themselves, leave one value.
const KNIFE_EDGE: f64 = 1e-4;

/// How much more important all other rules are where some ask for an exact value.
const STAYS: f64 = 1000.0;

/// Whether a rule asks for one exact value of what is not a count of creators.
pub(crate) fn is_knife_edge(constraint: &Constraint) -> bool {
    let one_value = match (constraint.low, constraint.high, constraint.scales) {
        (Some(low), Some(high), _) => high - low <= KNIFE_EDGE * high.abs(),
        (_, _, Some(BudgetScale::LowShare(share))) => share >= 1.0 - KNIFE_EDGE,
        _ => false,
    };
    one_value && constraint.unit != Unit::Count
}

/// The cheapest joint change for rules that may or may not have a plan.
pub(crate) fn nearest(
    (model, units, constraints): (&Model, &[UnitValue], &[Constraint]),
    reason: &str,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Explained {
    let costs: Vec<f64> = units.iter().map(|u| u.spend).collect();
    let mut prober =
        Prober::new(units.len(), model.fractional_counts, settings, cancel).cheaply(&costs);
    prober.allow(WORK);
    // what asks for one exact value is what has to give way, if anything does
    let mut weighted = constraints.to_vec();
    for rule in weighted.iter_mut().filter(|c| !is_knife_edge(c)) {
        rule.importance *= STAYS;
    }
    let joint = joint::cheapest(&mut prober, &weighted).filter(|j| !j.changes.is_empty());
    let conflict = joint.filter(|_| !cancel.requested()).map(|joint| {
        let story = Story {
            model,
            units,
            constraints,
            findings: &[],
            fractions_would_do: &[],
            joint: Some(&joint),
            open: Open {
                unsettled: false,
                more: false,
            },
        };
        let mut sentences = vec![story::undecided(reason)];
        sentences.extend(story.joint_story());
        Conflict {
            joint_change: joint_change(&story),
            open: vec![sentences[0].clone()],
            sentences,
            ..Conflict::default()
        }
    });
    Explained {
        conflict,
        reproducible: prober.reproducible(),
    }
}

/// Explains a model that was proven infeasible (`known`), or finds out whether it is.
///
/// `constraints` are those of [`crate::model::constraints`]. In a member, `least_change` is the
/// distance from the nearer of its bounds to `changed_to`, in the constraint's own unit.
pub(crate) fn explain(
    model: &Model,
    units: &[UnitValue],
    constraints: &[Constraint],
    settings: &PlanSettings,
    known: bool,
    cancel: &Cancel,
) -> Explained {
    let costs: Vec<f64> = units.iter().map(|u| u.spend).collect();
    let mut prober =
        Prober::new(units.len(), model.fractional_counts, settings, cancel).cheaply(&costs);
    let conflict = if cancel.requested() {
        None
    } else {
        conflict(&mut prober, model, units, constraints, known)
    };
    Explained {
        conflict: conflict.filter(|_| !cancel.requested()),
        reproducible: prober.reproducible(),
    }
}

fn conflict(
    prober: &mut Prober,
    model: &Model,
    units: &[UnitValue],
    constraints: &[Constraint],
    known: bool,
) -> Option<Conflict> {
    prober.allow(work(constraints));
    let filter::Sets {
        found: sets,
        unsettled,
        more,
    } = filter::sets(prober, constraints, known);
    if sets.is_empty() {
        return None;
    }
    prober.allow(work(constraints));
    let mut wholes = BTreeMap::new();
    let findings: Vec<Vec<Finding>> = sets
        .iter()
        .map(|set| {
            set.iter()
                .map(|&index| find(prober, constraints, &sets, set, index, &mut wholes))
                .collect()
        })
        .collect();
    let enough = findings.iter().flatten().flat_map(|finding| {
        let own = finding
            .changes
            .iter()
            .take(usize::from(finding.enough_alone));
        own.chain(&finding.whole)
            .map(|change| (finding.index, *change))
    });
    prober.allow(work(constraints));
    let joint = joint::or_single(joint::cheapest(prober, constraints), constraints, enough);
    prober.allow(work(constraints));
    let fractions_would_do: Vec<bool> = sets
        .iter()
        .map(|set| prober.fractions_would_do(set.iter().map(|&i| &constraints[i])))
        .collect();
    let story = Story {
        model,
        units,
        constraints,
        findings: &findings,
        fractions_would_do: &fractions_would_do,
        joint: joint.as_ref(),
        open: Open { unsettled, more },
    };
    let none_alone_is_enough = story.none_alone_is_enough();
    let sentences = story.sentences();
    let mut members = findings.iter().map(|set| {
        set.iter()
            .map(|finding| member(&story, set, finding))
            .collect::<Vec<ConflictMember>>()
    });
    Some(Conflict {
        members: members.next().unwrap_or_default(),
        others: members.collect(),
        none_alone_is_enough,
        joint_change: joint_change(&story),
        open: story.left_open(),
        sentences,
        set_line: None,
    })
}

fn joint_change(story: &Story) -> Vec<JointChange> {
    let changes = story.joint.iter().flat_map(|j| &j.changes);
    changes
        .map(|(index, change)| {
            let constraint = &story.constraints[*index];
            JointChange {
                constraint: constraint.name.clone(),
                kind: constraint.kind,
                month: constraint.month,
                from: change.from,
                to: change.to,
                unit: constraint.unit,
                words: story.joint_words(*index, change),
            }
        })
        .collect()
}

/// Finds out about one member of a set; `wholes` keeps what was found for the whole program.
fn find(
    prober: &mut Prober,
    all: &[Constraint],
    sets: &[Vec<usize>],
    set: &[usize],
    index: usize,
    wholes: &mut BTreeMap<usize, Vec<Change>>,
) -> Finding {
    let own: Vec<Constraint> = set.iter().map(|&i| all[i].clone()).collect();
    let place = set.iter().position(|&i| i == index).unwrap_or(0);
    let before = std::mem::replace(&mut prober.open, false);
    let mut changes = change::least(prober, &own, place);
    let mut whole = Vec::new();
    let mut enough_alone = false;
    // a set without it stays infeasible, however it changes
    if sets.iter().all(|s| s.contains(&index)) {
        whole.clone_from(
            wholes
                .entry(index)
                .or_insert_with(|| change::least(prober, all, index)),
        );
        // what is enough for all rules is enough for these: never more is needed here than there
        for change in &mut changes {
            let other = whole.iter().find(|w| w.side == change.side);
            let close = |w: &&Change| w.size() <= change.size() + SAME * w.to.abs();
            if let Some(other) = other.filter(close) {
                *change = *other;
            }
        }
        if changes.is_empty() {
            changes.extend(&whole);
        }
        changes.sort_by(|a, b| a.size().total_cmp(&b.size()));
        enough_alone = changes.first().is_some_and(|least| {
            let moved = change::changed(all, index, least);
            whole.contains(least) || matches!(prober.feasible(&moved), Answer::Point(_))
        });
        if enough_alone {
            whole.clear();
        }
    }
    let undecided = prober.open;
    prober.open |= before;
    Finding {
        index,
        changes,
        undecided,
        enough_alone,
        whole,
    }
}

fn member(story: &Story, set: &[Finding], finding: &Finding) -> ConflictMember {
    let constraint = &story.constraints[finding.index];
    let least = finding.changes.first();
    ConflictMember {
        constraint: constraint.name.clone(),
        kind: constraint.kind,
        origin: constraint.origin.clone(),
        stated: words::stated(constraint, &story.model.currency),
        least_change: least.map(Change::size),
        changed_to: least.map(|change| change.to),
        unit: constraint.unit,
        words: story.member_words(set, finding),
        enough_alone: finding.enough_alone,
    }
}

#[cfg(test)]
mod tests;
