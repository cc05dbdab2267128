//! Why there is no selection: rules that the roster cannot keep together.
//!
//! Without an objective L(λ) below zero proves that no selection, not even of parts of creators, keeps the
//! rows with λ above zero (Farkas' lemma for programs of one choice a creator). Rules are let go
//! one after another as long as the rest is still proven empty: what remains is minimal.

use super::dual::Dual;
use super::linear::Task;
use super::rows::{FEATURES, Weights};
use crate::model::{Conflict, ConflictMember, Model, Unit};
use crate::optimizer::conflict::words;

/// How far below zero a bound must be to prove anything, in bookings of average weight in a row.
const PROOF: f64 = -1e-7;

/// Whether the rows kept are proven to have no selection, and which of them the proof needs.
fn empty(task: &Task<'_>, keep: &[bool], none: &Weights) -> Option<Vec<bool>> {
    let dual = Dual::new(task.all, task.rows, keep, none).boxed();
    let (multipliers, bound) = dual.minimize(None, PROOF, task.cancel);
    (bound < PROOF).then(|| multipliers.iter().map(|&l| l > 1e-9).collect())
}

/// A minimal set of rules that cannot hold together; where only whole creators make it impossible, a sentence
/// that says so.
pub(super) fn explain(task: &Task<'_>, model: &Model) -> Option<Conflict> {
    let rows = &task.rows.rows;
    let none: Weights = vec![[0.0; FEATURES]; model.cells.len()];
    let proof = |rules: &[usize]| {
        let keep: Vec<bool> = rows.iter().map(|row| rules.contains(&row.rule)).collect();
        let used = empty(task, &keep, &none)?;
        let mut needed: Vec<usize> = rows
            .iter()
            .zip(&used)
            .filter(|&(row, &used)| used && rules.contains(&row.rule))
            .map(|(row, _)| row.rule)
            .collect();
        needed.dedup();
        Some(needed)
    };
    let everything: Vec<usize> = (0..task.rows.rules.len()).collect();
    let Some(first) = proof(&everything) else {
        return Some(whole(task));
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
    let currency = &model.currency;
    let members: Vec<ConflictMember> = set
        .iter()
        .map(|&r| {
            let rule = &task.rows.rules[r];
            let stated = words::stated(rule, currency);
            ConflictMember {
                constraint: rule.name.clone(),
                kind: rule.kind,
                origin: rule.origin.clone(),
                words: stated.clone(),
                stated,
                least_change: None,
                changed_to: None,
                unit: rule.unit,
                enough_alone: false,
            }
        })
        .collect();
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
    Some(Conflict {
        members,
        sentences,
        ..Conflict::default()
    })
}

/// What the roster has at most of each rule that asks for a least number.
fn short(task: &Task<'_>, model: &Model, set: &[usize]) -> Vec<String> {
    let mut out = Vec::new();
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
                let each = task.all.of_creator(i).map(|j| {
                    super::rows::dot(&weights[task.all.cell[j] as usize], &task.all.features[j])
                });
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
fn whole(task: &Task<'_>) -> Conflict {
    let _ = task;
    Conflict {
        sentences: vec![
            "No selection of whole creators keeps all rules together, though parts of creators would: \
             leave the bands more room, or the roster more creators."
                .to_owned(),
        ],
        ..Conflict::default()
    }
}
