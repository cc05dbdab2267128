//! Why there is no selection: rules that the roster cannot keep together.
//!
//! Without an objective L(λ) below zero proves that no selection, not even of parts of creators, keeps the
//! rows with λ above zero (Farkas' lemma for programs of one choice a creator). Rules are let go
//! one after another as long as the rest is still proven empty: what remains is minimal.

use super::dual::Dual;
use super::linear::{Found, Task};
use super::rows::{Bookings, FEATURES, Weights};
use crate::model::{BudgetScale, Conflict, ConflictMember, Form, Model, Unit};
use crate::optimizer::conflict::words;

/// How far below zero a bound must be to prove anything, in bookings of average weight in a row.
const PROOF: f64 = -1e-7;
/// Programs of a rule's least change.
const DRIVES: usize = 5;
/// Halvings of the range of a rule on single bookings.
const LIMITS: usize = 6;

/// Whether the rows kept are proven to have no selection, and which of them the proof needs.
fn empty(task: &Task<'_>, all: &Bookings, keep: &[bool], none: &Weights) -> Option<Vec<bool>> {
    let dual = Dual::new(all, task.rows, keep, none).boxed();
    let (multipliers, bound) = dual.minimize(None, PROOF, task.cancel);
    (bound < PROOF).then(|| multipliers.iter().map(|&l| l > 1e-9).collect())
}

/// A minimal set of rules that cannot hold together; where only whole creators make it impossible, a sentence
/// that says so.
pub(super) fn explain(task: &Task<'_>, model: &Model) -> Conflict {
    let rows = &task.rows.list;
    let none: Weights = vec![[0.0; FEATURES]; model.cells.len()];
    let proof = |rules: &[usize]| {
        let keep: Vec<bool> = rows.iter().map(|row| rules.contains(&row.rule)).collect();
        let (all, by) = task.all.within(task.rows, |r| rules.contains(&r));
        let used = empty(task, &all, &keep, &none)?;
        let mut needed: Vec<usize> = rows
            .iter()
            .zip(&used)
            .filter(|&(row, &used)| used && rules.contains(&row.rule))
            .map(|(row, _)| row.rule)
            .chain(by)
            .collect();
        needed.sort_unstable();
        needed.dedup();
        Some(needed)
    };
    let everything: Vec<usize> = (0..task.rows.rules.len()).collect();
    let Some(first) = proof(&everything) else {
        return whole();
    };
    // The multipliers that are not zero may name too many, never too few.
    let mut set = proof(&first).unwrap_or(everything);
    let mut at = set.len();
    while at > 0 {
        at -= 1;
        if set.len() == 1 || at >= set.len() {
            continue;
        }
        let rest: Vec<usize> = set.iter().copied().filter(|&r| r != set[at]).collect();
        if let Some(needed) = proof(&rest) {
            set = if proof(&needed).is_some() {
                needed
            } else {
                rest
            };
            at = at.min(set.len());
        }
    }
    let members: Vec<ConflictMember> = set.iter().map(|&r| member(task, model, &set, r)).collect();
    let listed: Vec<String> = members.iter().map(|m| m.stated.clone()).collect();
    let mut sentences = vec![if let [one] = &listed[..] {
        format!("The roster cannot keep this rule: {one}.")
    } else {
        format!(
            "The roster cannot keep these rules together: {}. Any one of them less, and the others can be kept.",
            listed.join("; ")
        )
    }];
    sentences.extend(short(task, model, &set));
    let changes = members.iter().filter(|m| m.changed_to.is_some());
    let changes: Vec<String> = changes.map(|m| format!("{}.", m.words)).collect();
    if !changes.is_empty() {
        sentences.push("The least change found for each, the others as they are:".to_owned());
        sentences.extend(changes);
    }
    let members_alone = !members.iter().any(|m| m.enough_alone);
    Conflict {
        members,
        none_alone_is_enough: members_alone,
        sentences,
        ..Conflict::default()
    }
}

/// A rule of the set, with the least change that lets a selection of whole creators exist: one that was found.
fn member(task: &Task<'_>, model: &Model, set: &[usize], r: usize) -> ConflictMember {
    let rule = &task.rows.rules[r];
    let stated = words::stated(rule, &model.currency);
    let everything: Vec<usize> = (0..task.rows.rules.len()).collect();
    let alone = least_change(task, &everything, r);
    let enough_alone = alone.is_some();
    let change = alone.or_else(|| least_change(task, set, r));
    let text = change.map_or_else(
        || stated.clone(),
        |(upper, from, to)| {
            let rounding = if upper {
                words::Rounding::Up
            } else {
                words::Rounding::Down
            };
            let show = |v, rounding| words::amount(v, rule.unit, &model.currency, rounding);
            let side = if upper { "at most" } else { "at least" };
            let rest = if enough_alone {
                "enough alone"
            } else {
                "enough for these, not for all rules"
            };
            format!(
                "{} {side} {} instead of {}: {rest}",
                words::quoted(&rule.name),
                show(to, rounding),
                show(from, words::Rounding::Exact)
            )
        },
    );
    ConflictMember {
        constraint: rule.name.clone(),
        kind: rule.kind,
        origin: rule.origin.clone(),
        words: text,
        stated,
        least_change: change.map(|(_, from, to)| (to - from).abs()),
        changed_to: change.map(|(_, _, to)| to),
        unit: rule.unit,
        enough_alone,
    }
}

/// How far a rule's bound must give way for a selection that keeps the other rules given: the best
/// value that such a selection was found to have, by Dinkelbach's method where it is a share. The side, the
/// bound, and that value.
fn least_change(task: &Task<'_>, rules: &[usize], r: usize) -> Option<(bool, f64, f64)> {
    let rule = &task.rows.rules[r];
    // Rows cannot say what a single booking may have at most.
    let (all, _) = task.all.within(task.rows, |k| rules.contains(&k) && k != r);
    let task = &Task { all: &all, ..*task };
    if matches!(rule.form, Form::Largest(_)) {
        let (from, to) = least_limit(task, rules, r)?;
        return Some((true, from, to));
    }
    let sides = [(false, rule.low), (true, rule.high)];
    let stated = |(upper, bound): (bool, Option<f64>)| Some((upper, bound?));
    sides
        .into_iter()
        .filter_map(stated)
        .find_map(|(upper, from)| {
            // What is a share of the budget moves with it.
            let moves = |k: usize| {
                rule.scales == Some(BudgetScale::Budget)
                    && matches!(task.rows.rules[k].scales, Some(BudgetScale::LowShare(_)))
            };
            let keep =
                |k: usize, side: bool| rules.contains(&k) && (k, side) != (r, upper) && !moves(k);
            let rows = task.rows.only(keep);
            let task = Task {
                rows: &rows,
                quick: true,
                ..*task
            };
            let sign = if upper { -1.0 } else { 1.0 };
            let (above, below) = &task.rows.values[r];
            let mut at = from;
            let mut found: Option<Found> = None;
            let mut reached: Option<f64> = None;
            for _ in 0..DRIVES {
                let mut objective = above.clone();
                for (cell, weights) in objective.iter_mut().enumerate() {
                    for (k, weight) in weights.iter_mut().enumerate() {
                        let under = below.as_ref().map_or(0.0, |below| below[cell][k]);
                        *weight = sign * (*weight - at * under);
                    }
                }
                let next = task.best(&objective, found.as_ref());
                let made: Vec<usize> = next.choice.iter().flatten().flatten().copied().collect();
                if made.is_empty() {
                    break;
                }
                let value = task.rows.value(r, task.all, &made)?;
                let better = reached.is_none_or(|best| sign * (value - best) > 1e-9 * best.abs());
                found = Some(next);
                if !better {
                    break;
                }
                (at, reached) = (value, Some(value));
                if below.is_none() {
                    break;
                }
            }
            // A bound that was no obstacle is not this conflict's side.
            let to = reached.filter(|to| sign * (from - to) > 0.0)?;
            Some((upper, from, to))
        })
}

/// The same of a rule on what a single booking may have: halves the range between its bound and the largest of a
/// selection that was found.
fn least_limit(task: &Task<'_>, rules: &[usize], r: usize) -> Option<(f64, f64)> {
    let mut low = task.rows.rules[r].high?;
    let from = low;
    let rows = task.rows.only(|k, _| rules.contains(&k));
    let weights = &task.rows.values[r].0;
    let smallest: Weights = weights.iter().map(|w| w.map(|v| -v)).collect();
    let mut reached: Option<f64> = None;
    for _ in 0..=LIMITS {
        let most = reached.map_or(f64::INFINITY, |high| f64::midpoint(low, high));
        let all = task.all.up_to(weights, most);
        let own = Task {
            all: &all,
            rows: &rows,
            quick: true,
            ..*task
        };
        let found = own.best(&smallest, None);
        let made: Vec<usize> = found.choice.iter().flatten().flatten().copied().collect();
        let largest = task.rows.value(r, &all, &made);
        match (largest, reached) {
            (Some(largest), _) => reached = Some(largest),
            (None, Some(_)) => low = most,
            (None, None) => return None,
        }
    }
    reached.filter(|to| *to > from).map(|to| (from, to))
}

/// What the roster has at most of each rule that asks for a least number.
fn short(task: &Task<'_>, model: &Model, set: &[usize]) -> Vec<String> {
    let mut out = Vec::new();
    let (all, _) = task.all.within(task.rows, |r| set.contains(&r));
    let task = &Task { all: &all, ..*task };
    for &r in set {
        let rule = &task.rows.rules[r];
        let (Some(low), Unit::Count | Unit::Money) = (rule.low, rule.unit) else {
            continue;
        };
        let (weights, None) = &task.rows.values[r] else {
            continue;
        };
        let most: f64 = (0..task.all.creators())
            .map(|i| {
                let each = task.all.of_creator(i).map(|j| task.all.weigh(weights, j));
                each.fold(0.0, f64::max)
            })
            .sum();
        if most < low {
            let word = |v: f64| crate::optimizer::words::amount(v, rule.unit, &model.currency);
            out.push(format!(
                "All creators that may be booked make {} of the {} that {} asks for.",
                word(most),
                word(low),
                words::quoted(&rule.name)
            ));
        }
    }
    out
}

/// Parts of creators would do.
fn whole() -> Conflict {
    Conflict {
        sentences: vec![
            "No selection of whole creators keeps all rules together, though parts of creators would: \
             leave the bands more room, or the roster more creators."
                .to_owned(),
        ],
        ..Conflict::default()
    }
}
