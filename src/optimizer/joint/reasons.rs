//! Why no plan keeps the rules, where that depends on what audiences and shocks leave of a plan.

use super::Run;
use super::affine::Aim;
use super::boxes::Boxes;
use crate::model::{Conflict, ConflictMember, Constraint, Rule};
use crate::optimizer::conflict::words::{Rounding, amount, quoted, stated};
use crate::optimizer::state::keeps;

/// Part of the effort of a plan's search that one question may take.
const PART: f64 = 0.25;

/// What proves that there is no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// A search over all plans.
    Boxes,
    /// The majorant's program, of whole counts or not.
    Program { whole: bool },
}

/// A rule without which the rest allows plans, and a change that does, if one was found.
struct Finding {
    rule: usize,
    change: Option<Change>,
}

/// A moved bound with which a plan exists.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// The lower bound, not the upper one.
    lower: bool,
    /// Its new value.
    to: f64,
    /// Whether no smaller change is enough.
    least: bool,
}

/// A set of rules that no plan keeps together, and for each the least change of its bound that lets a plan exist,
/// others as they are, where a search over all plans proves it; by a linear program changes are not known.
pub(super) fn conflict(run: &Run<'_>, proof: Proof) -> Conflict {
    let cells = run.model.cells.len();
    let constraints = run.values.constraints(&run.values.units(&vec![1.0; cells]));
    let mut sides = run.sides.to_vec();
    for rule in 0..sides.len() {
        // That a plan books somebody is never in question.
        if constraints[rule].rule == Rule::OnePartnership {
            continue;
        }
        let before = std::mem::take(&mut sides[rule]);
        if !nothing(run, &sides, proof) {
            sides[rule] = before;
        }
    }
    let members: Vec<usize> = (0..sides.len())
        .filter(|&rule| sides[rule] != [false; 2] && constraints[rule].rule != Rule::OnePartnership)
        .collect();
    let findings: Vec<Finding> = members
        .iter()
        .map(|&rule| Finding {
            rule,
            change: (proof == Proof::Boxes)
                .then(|| change(run, &constraints[rule], rule))
                .flatten(),
        })
        .collect();
    written(run, &constraints, &findings)
}

/// Whether it is proven that no plan keeps these sides of rules.
fn nothing(run: &Run<'_>, sides: &[[bool; 2]], proof: Proof) -> bool {
    if let Proof::Program { whole } = proof {
        return run.ruled_out(sides, whole);
    }
    let boxes = Boxes {
        sides,
        any: true,
        part: PART,
        ..of(run, run.aim)
    };
    let found = boxes.search(None);
    // Without a limit on counts there is no first box; the program may still rule all plans out.
    found.best.is_none() && (found.complete || run.ruled_out(sides, false))
}

fn of<'a>(run: &'a Run<'_>, aim: &'a Aim) -> Boxes<'a> {
    Boxes {
        values: run.values,
        limits: run.limits,
        aim,
        sides: run.sides,
        any: false,
        part: PART,
        settings: run.settings,
        cancel: run.cancel,
        started: run.started,
    }
}

/// A change of one bound with which a plan exists: the best value of the rule over all plans that keep
/// the others, or the best found where the search ends before.
fn change(run: &Run<'_>, constraint: &Constraint, rule: usize) -> Option<Change> {
    let ends = [(false, constraint.high), (true, constraint.low)];
    let mut best: Option<(f64, Change)> = None;
    for (lower, bound) in ends {
        let Some(bound) = bound else { continue };
        let Some(aim) = Aim::of_rule(run.values, rule, lower) else {
            continue;
        };
        let mut sides = run.sides.to_vec();
        sides[rule][usize::from(lower)] = false;
        let boxes = Boxes {
            sides: &sides,
            ..of(run, &aim)
        };
        let found = boxes.search(None);
        let Some((value, x)) = found.best else {
            continue;
        };
        let to = if lower { value } else { -value };
        let size = (to - bound).abs();
        if enough(run, constraint, rule, (lower, to), &x) && best.is_none_or(|b| size < b.0) {
            let least = found.complete;
            best = Some((size, Change { lower, to, least }));
        }
    }
    best.map(|(_, change)| change)
}

/// Whether a plan keeps all rules once a bound is moved: shares of a budget move with it.
fn enough(
    run: &Run<'_>,
    constraint: &Constraint,
    rule: usize,
    (lower, to): (bool, f64),
    x: &[f64],
) -> bool {
    let mut model = run.model.clone();
    let budget = constraint.rule == Rule::Budget;
    if budget {
        model.rules.budget = to * (1.0 + 1e-9);
    }
    let units = run.values.units(&run.values.factors(x));
    let mut all = crate::model::constraints(&model, &units);
    if !budget {
        let bound = if lower {
            &mut all[rule].low
        } else {
            &mut all[rule].high
        };
        *bound = Some(to);
    }
    all.iter().all(|c| keeps(c, x))
}

fn written(run: &Run<'_>, constraints: &[Constraint], findings: &[Finding]) -> Conflict {
    let currency = &run.model.currency;
    let left = match (run.model.audiences.is_empty(), run.model.incidents.shocks()) {
        (true, _) => "shocks",
        (_, false) => "audiences",
        _ => "audiences and shocks",
    };
    let members: Vec<ConflictMember> = findings
        .iter()
        .map(|finding| {
            let constraint = &constraints[finding.rule];
            let stated = stated(constraint, currency);
            let size = finding.change.map(|change| {
                let from = if change.lower {
                    constraint.low
                } else {
                    constraint.high
                };
                (change.to - from.unwrap_or(change.to)).abs()
            });
            let words = match finding.change {
                None => stated.clone(),
                Some(Change { lower, to, least }) => {
                    let (end, rounding) = if lower {
                        ("at least", Rounding::Down)
                    } else {
                        ("at most", Rounding::Up)
                    };
                    let to = amount(to, constraint.unit, currency, rounding);
                    let less = if least {
                        ""
                    } else {
                        ", and perhaps a smaller change"
                    };
                    format!("{stated}; {end} {to} would be enough{less}")
                }
            };
            ConflictMember {
                constraint: constraint.name.clone(),
                kind: constraint.kind,
                origin: constraint.origin.clone(),
                stated,
                least_change: size,
                changed_to: finding.change.map(|change| change.to),
                unit: constraint.unit,
                words,
                enough_alone: finding.change.is_some(),
            }
        })
        .collect();
    let names: Vec<String> = members.iter().map(|m| quoted(&m.constraint)).collect();
    let mut sentences = vec![format!(
        "No plan keeps {}, with what {left} leave of each plan's conversions.",
        listed(&names)
    )];
    sentences.extend(members.iter().map(|m| format!("{}.", m.words)));
    let known = members.iter().filter(|m| m.enough_alone).count();
    if known > 0 {
        sentences.push(
            "Each change named lets a plan exist while all other rules stay; it is the least unless the words say otherwise."
                .to_owned(),
        );
    }
    if known < members.len() {
        sentences.push(
            "How far a rule without a change beside it would have to move is not known: it depends on the plan that would follow."
                .to_owned(),
        );
    }
    Conflict {
        members,
        others: Vec::new(),
        none_alone_is_enough: false,
        joint_change: Vec::new(),
        open: Vec::new(),
        set_line: None,
        sentences,
    }
}

/// `a`, `a and b`, `a, b and c`; of many only their number.
fn listed(names: &[String]) -> String {
    match names {
        [] => "the rules".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if first.len() < 6 => {
            format!("{} and {last} together", first.join(", "))
        }
        _ => format!("these {} rules together", names.len()),
    }
}
