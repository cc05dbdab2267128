//! Prices of a month whose ratio is part of a horizon's.
//!
//! Months that are alike and planned by themselves have one best plan, and what is maximized of ROAS is the ratio of their
//! totals, Σₘ r·xₘ / Σₘ s·xₘ. A rule of one month moves that ratio by less than the month's own: it is solved for with
//! the other n − 1 months beside it, which may answer too. They are alike and the relaxation is convex at every ratio,
//! so that one copy of the month, weighed n − 1 times, stands for all of them.

use super::{Price, prices_of, ranges_of};
use crate::model::valuation::UnitValue;
use crate::model::{Cancel, Constraint, Form, Model, PlanSettings, PriceRange};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, program_of, rows_of};
use crate::optimizer::ratio::solve_relaxed;

/// Price and range of each rule of one month, as the ratio of a horizon of `others` more months alike has them; `None`
/// where the goal is no ratio or the relaxation has no optimum.
pub(crate) fn beside(
    model: &Model,
    units: &[UnitValue],
    rules: &[Constraint],
    others: usize,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<(Vec<Option<Price>>, Vec<PriceRange>)> {
    let Goal::Ratio { above, below } = Goal::of(model, units) else {
        return None;
    };
    let cells = above.len();
    let times = others as f64;
    let both = |own: &[f64]| -> Vec<f64> {
        let more = own.iter().map(|value| times * value);
        own.iter().copied().chain(more).collect()
    };
    let goal = Goal::Ratio {
        above: both(&above),
        below: both(&below),
    };
    let own = rules.iter().map(|rule| within(rule, (0, cells)));
    let theirs = rules.iter().map(|rule| Constraint {
        name: format!("{} of the other months", rule.name),
        // Their budgets stay.
        scales: None,
        ..within(rule, (cells, 0))
    });
    let all: Vec<Constraint> = own.chain(theirs).collect();
    let one = program_of(model, units, rules);
    let program = Program {
        maximize: both(&one.maximize),
        columns: [&one.columns[..], &one.columns[..]].concat(),
        rows: all
            .iter()
            .flat_map(|rule| rows_of(rule, rule.low, rule.high))
            .collect(),
    };
    let solved = solve_relaxed(&program, &goal, settings, cancel);
    if !solved.found() {
        return None;
    }
    let prices = prices_of(
        rules.len(),
        &program,
        &goal,
        &all,
        (&solved.x, solved.objective),
        settings,
        cancel,
    );
    let ranges = ranges_of(rules.len(), &program, &goal, &all, settings, cancel);
    Some((prices, ranges))
}

/// A rule with so many columns before and behind its own.
fn within(rule: &Constraint, (before, behind): (usize, usize)) -> Constraint {
    let padded = |own: &[f64]| -> Vec<f64> {
        let mut out = vec![0.0; before];
        out.extend_from_slice(own);
        out.resize(before + own.len() + behind, 0.0);
        out
    };
    let form = match &rule.form {
        Form::Sum(a) => Form::Sum(padded(a)),
        Form::Ratio {
            numerator,
            denominator,
        } => Form::Ratio {
            numerator: padded(numerator),
            denominator: padded(denominator),
        },
        Form::Largest(a) => Form::Largest(padded(a)),
        // The pipeline's, which ties months together.
        Form::Excess(excess) => Form::Excess(excess.clone()),
    };
    Constraint {
        form,
        ..rule.clone()
    }
}
