//! What rules of risk could reach where no plan keeps them.

use crate::model::conditional::Gain;
use crate::model::{
    Bound, Conflict, ConflictMember, ConstraintKind, Metric, Model, RiskMeasure, RiskRule, Unit,
};
use crate::optimizer::goal::Goal;
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::most::most_probable;
use crate::optimizer::risk::planes::{Case, Worth};
use crate::optimizer::risk::rules::{Measure, Rule};
use crate::optimizer::risk::search::Run;
use crate::optimizer::risk::{Sampled, sign};
use crate::optimizer::solver::Solved;
use crate::optimizer::words::{amount, apart};

/// Halvings in search of the level of a ratio that a plan keeps.
const HALVINGS: usize = 40;

/// Why rules of risk leave no plan.
pub(crate) struct Beyond {
    /// Whether a rule was shown to be out of reach of every plan.
    pub(crate) proven: bool,
    pub(crate) conflict: Conflict,
    /// A plan that keeps every rule all the same, if one was met.
    pub(crate) kept: Option<Vec<f64>>,
}

/// The best that plans can do for one rule, with no other rule of risk.
struct Reach {
    /// No plan's measure is above it: a gain, or for a probability rule a probability.
    most: Option<f64>,
    /// The safest plan found.
    plan: Option<Vec<f64>>,
}

/// Finds out what each rule could reach. `shown` says that the rules together were shown to leave
/// no plan.
pub(crate) fn beyond(
    run: &Run<'_>,
    model: &Model,
    sampled: &Sampled<'_>,
    tightened: &[f64],
    shown: bool,
) -> Beyond {
    let mut alone: Vec<(usize, bool, ConflictMember)> = Vec::new();
    let mut kept: Option<Vec<f64>> = None;
    for (k, rule) in model.risk.rules.iter().enumerate() {
        let own = &run.case.rules[k];
        let reach = reach(run, k, false);
        let out = reach.most.is_some_and(|most| match own.measure {
            // A hair more than solvers promise.
            Measure::Tail(_) => most < own.least - 1e-6 * own.scale,
            Measure::Quantile(p) => most < p,
        });
        if kept.is_none() && !shown {
            kept = reach.plan.clone().filter(|plan| run.case.keeps(plan));
        }
        let level = reach
            .plan
            .and_then(|plan| level(model, sampled, rule, own, &plan));
        let tightened = tightened.get(k).copied().unwrap_or(0.0);
        alone.push((k, out, member(model, rule, level, tightened, out)));
    }
    let single = alone.iter().any(|(_, out, _)| *out);
    let several = alone.len() > 1;
    let mut sentences: Vec<String> = Vec::new();
    let mut sets: Vec<Vec<ConflictMember>> = Vec::new();
    if single {
        for (_, _, member) in alone.into_iter().filter(|a| a.1) {
            sentences.push(format!("No plan keeps {}.", member.words));
            sets.push(vec![member]);
        }
    } else {
        let names: Vec<String> = alone.iter().map(|a| a.2.constraint.clone()).collect();
        let mut members: Vec<ConflictMember> = alone.into_iter().map(|a| a.2).collect();
        let beside = if shown && several {
            beside(run, model, sampled, tightened)
        } else {
            None
        };
        if several {
            let each = if beside.is_some() {
                "With all others kept"
            } else {
                "Each by itself"
            };
            sentences.push(format!(
                "{} cannot all be kept by one plan. {each}:",
                names.join(", ")
            ));
        }
        if let Some(beside) = beside {
            members = beside;
        }
        sentences.extend(members.iter().map(|m| format!("{}.", m.words)));
        sets.push(members);
    }
    let none_alone_is_enough = sets.iter().map(Vec::len).sum::<usize>() > 1
        && !sets.iter().flatten().any(|member| member.enough_alone);
    let mut sets = sets.into_iter();
    Beyond {
        kept,
        proven: single || shown,
        conflict: Conflict {
            members: sets.next().unwrap_or_default(),
            others: sets.collect(),
            none_alone_is_enough,
            joint_change: Vec::new(),
            open: Vec::new(),
            set_line: None,
            sentences,
        },
    }
}

/// What a change of each rule would have to be if all others stay: the level it reaches in a plan that keeps them. `None`
/// where one of them finds no such plan, or one that makes the rule no easier.
fn beside(
    run: &Run<'_>,
    model: &Model,
    sampled: &Sampled<'_>,
    tightened: &[f64],
) -> Option<Vec<ConflictMember>> {
    let rules = model.risk.rules.iter().enumerate();
    rules
        .map(|(k, rule)| {
            let plan = reach(run, k, true).plan?;
            let level = level(model, sampled, rule, &run.case.rules[k], &plan)?;
            let tightened = tightened.get(k).copied().unwrap_or(0.0);
            Some(member(model, rule, Some(level), tightened, true))
        })
        .collect()
}

/// The measure as an objective of its own, by the search for such plans, with or without all other rules.
fn reach(run: &Run<'_>, k: usize, beside: bool) -> Reach {
    let rule = &run.case.rules[k];
    let zero = Goal::Sum(vec![0.0; run.case.cells()]);
    let others = run.case.rules.iter().enumerate().filter(|(i, _)| *i != k);
    let alone = Case {
        goal: &zero,
        rules: if beside {
            others.map(|(_, rule)| rule.clone()).collect()
        } else {
            Vec::new()
        },
        worth: Some(Worth {
            mean: 0.0,
            cvar: 1.0,
            tail: rule.clone(),
        }),
        ..*run.case
    };
    let means: Vec<f64> = rule.field.plain().iter().map(|p| p.0).collect();
    let start = solve_relaxed(
        run.case.program,
        &Goal::Sum(means),
        run.case.relaxations,
        run.case.cancel,
    );
    let tail = rule.is_tail();
    let probable = || match rule.measure {
        Measure::Quantile(p) => Some(most_probable(run, rule, p)),
        Measure::Tail(_) => None,
    };
    if !start.found() {
        return Reach {
            most: probable(),
            plan: None,
        };
    }
    let sub = Run {
        case: &alone,
        settings: run.settings,
        fractional: run.fractional,
    };
    let found = sub.best(&start).ok().map(|found| found.solved);
    Reach {
        most: if tail {
            found.as_ref().and_then(|solved| solved.bound)
        } else {
            probable()
        },
        plan: found.filter(Solved::found).map(|solved| solved.x),
    }
}

/// The level that a plan keeps, in the unit in which the rule states its own: a probability for
/// probability rules.
fn level(
    model: &Model,
    sampled: &Sampled<'_>,
    rule: &RiskRule,
    own: &Rule<'_>,
    plan: &[f64],
) -> Option<f64> {
    match rule.measure {
        RiskMeasure::Probability { .. } => Some(own.probability(plan).0),
        RiskMeasure::Cvar { .. } if rule.metric.denominator().is_none() => {
            Some(sign(rule) * own.value(plan).value)
        }
        RiskMeasure::Cvar { .. } => {
            // The measure falls as the level gets harder: halve between one kept and one not.
            let hard = rule.bound.value();
            let at = |level: f64| -> Option<bool> {
                let bound = match rule.bound {
                    Bound::AtLeast(_) => Bound::AtLeast(level),
                    Bound::AtMost(_) => Bound::AtMost(level),
                };
                Gain::bounded(rule.metric, bound, model.order.margin)?;
                let moved = RiskRule {
                    bound,
                    ..rule.clone()
                };
                let own = sampled.of(&moved, 0.0, plan).ok()?;
                Some(own.value(plan).value >= 0.0)
            };
            let (mut kept, mut broken) = match rule.bound {
                Bound::AtLeast(_) => (0.0, hard),
                Bound::AtMost(_) => (100.0 * hard.abs(), hard),
            };
            if !at(kept)? {
                return None;
            }
            for _ in 0..HALVINGS {
                let middle = 0.5 * (kept + broken);
                if at(middle)? {
                    kept = middle;
                } else {
                    broken = middle;
                }
            }
            Some(kept)
        }
    }
}

fn shown(metric: Metric) -> String {
    match metric {
        Metric::Roas | Metric::Roi | Metric::Cpa => metric.name().to_uppercase(),
        _ => metric.name().to_owned(),
    }
}

/// A rule as written, in words.
pub(crate) fn stated(rule: &RiskRule, currency: &str) -> String {
    let (asked, unit) = asked(rule);
    worded(rule, &amount(asked, unit, currency), currency)
}

/// What is asked, in its unit: a probability, or the level of a tail mean.
fn asked(rule: &RiskRule) -> (f64, Unit) {
    match rule.measure {
        RiskMeasure::Probability { with } => (with, Unit::Share),
        RiskMeasure::Cvar { .. } => (rule.bound.value(), Unit::Metric(rule.metric)),
    }
}

/// A rule in words, with what is asked as it is to be shown.
fn worded(rule: &RiskRule, asked: &str, currency: &str) -> String {
    let side = match rule.bound {
        Bound::AtLeast(_) => "at least",
        Bound::AtMost(_) => "at most",
    };
    let metric = shown(rule.metric);
    match rule.measure {
        RiskMeasure::Probability { .. } => {
            let bound = amount(rule.bound.value(), Unit::Metric(rule.metric), currency);
            format!("{metric} {side} {bound} with probability {asked}")
        }
        RiskMeasure::Cvar { level } => {
            let worst = if sign(rule) < 0.0 { "largest" } else { "worst" };
            let tail = amount(1.0 - level, Unit::Share, currency);
            format!("{metric} {side} {asked} on average over the {worst} {tail} of trials")
        }
    }
}

/// By how much a rule is tightened, in words; nothing where it is not.
pub(crate) fn tightness(rule: &RiskRule, tightened: f64, currency: &str) -> String {
    if tightened <= 0.0 {
        return String::new();
    }
    let unit = match rule.measure {
        RiskMeasure::Probability { .. } => Unit::Share,
        RiskMeasure::Cvar { .. } if rule.metric.denominator().is_none() => {
            Unit::Metric(rule.metric)
        }
        RiskMeasure::Cvar { .. } => Unit::Money,
    };
    let by = amount(tightened, unit, currency);
    format!(" (tightened by {by} for fresh trials)")
}

fn member(
    model: &Model,
    rule: &RiskRule,
    level: Option<f64>,
    tightened: f64,
    alone: bool,
) -> ConflictMember {
    let currency = &model.currency;
    let (asked, unit) = asked(rule);
    let tightness = tightness(rule, tightened, currency);
    let (stated, best) = match level {
        None => (
            stated(rule, currency),
            "no plan was found that comes near".to_owned(),
        ),
        Some(level) => {
            let (asked, reached) = apart(asked, level, unit, currency);
            let best = format!("the best plan found reaches {reached}");
            (worded(rule, &asked, currency), best)
        }
    };
    ConflictMember {
        constraint: rule.key.clone(),
        kind: ConstraintKind::Risk,
        origin: rule.origin.clone(),
        words: format!("{}, {stated}{tightness}: {best}", rule.key),
        stated,
        least_change: level.map(|level| (asked - level).abs()),
        changed_to: level,
        unit,
        enough_alone: alone,
    }
}
