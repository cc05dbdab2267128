//! Plans of several months, or of one whose bookings hang together.
//!
//! Where nothing ties months together ([`hang_together`] is false), every month is a program of its own, equal
//! months one, and the plan of the horizon is put together from theirs.

mod assembly;
mod together;

use std::time::Instant;

use rayon::prelude::*;

use self::assembly::assemble;
use self::together::Together;
use crate::model::{Cancel, Model, Objective, Plan, PlanSettings};
#[cfg(all(test, feature = "highs"))]
use crate::model::{Constraint, valuation::UnitValue};
use crate::optimizer::plan::{month as plan_month, price_beside};

/// Whether a model is a single month without anything that time does: its program is the month's own.
pub(crate) fn is_one_month(model: &Model) -> bool {
    let horizon = &model.horizon;
    model.months <= 1
        && !hang_together(model)
        && horizon
            .months
            .first()
            .is_none_or(|month| month.budget_share == 1.0 && month.seasonality == 1.0)
        && model.belief.is_none()
}

/// Whether the months of a horizon have to be planned together: by budgets, shares over the horizon, waves,
/// commitments or a pipeline ([`crate::model::Horizon::is_separable`]), by enforced targets, which are judged over
/// the horizon, because a ratio over unequal months is maximized or a month has no budget.
#[must_use]
pub fn hang_together(model: &Model) -> bool {
    let horizon = &model.horizon;
    !horizon.is_separable()
        || model.months > 1
            && ((0..model.months).any(|month| model.budget_of(month) <= 0.0)
                || model.targets.iter().any(|target| target.enforce)
                || model.objective == Objective::Roas && kinds(model).len() > 1)
}

/// Whether one month's program says all: a single month, or months that are alike and planned by themselves.
pub(crate) fn is_one_program(model: &Model) -> bool {
    is_one_month(model) || !hang_together(model) && kinds(model).len() == 1
}

/// Plans a model of any horizon.
pub(super) fn plan(model: &Model, settings: &PlanSettings, cancel: &Cancel) -> Plan {
    if !hang_together(model) {
        return apart(model, settings, cancel, true);
    }
    let together = Together::new(model);
    match &model.counts {
        Some(counts) => together.fixed(counts, settings, cancel),
        None => together.plan(settings, cancel, true),
    }
}

/// The program of months that hang together, for another solver: a model of one month with an activity a cell,
/// its values and rules.
#[cfg(all(test, feature = "highs"))]
pub(super) fn posed_together(model: &Model) -> (Model, Vec<UnitValue>, Vec<Constraint>) {
    Together::new(model).posed()
}

/// Whether there is a plan.
pub(super) fn is_feasible(model: &Model, settings: &PlanSettings, cancel: &Cancel) -> bool {
    if hang_together(model) && model.counts.is_none() {
        let together = Together::new(model);
        return together.plan(settings, cancel, false).is_usable();
    }
    apart(model, settings, cancel, false).is_usable()
}

fn apart(model: &Model, settings: &PlanSettings, cancel: &Cancel, explains: bool) -> Plan {
    let others = model.months.max(1) - 1;
    let each = |month: &Model, settings: &PlanSettings| -> Result<Plan, std::convert::Infallible> {
        let mut plan = plan_month(month, settings, cancel, explains);
        if explains {
            price_beside(month, &mut plan, others, settings, cancel);
        }
        Ok(plan)
    };
    let mut plan = match by_month(model, settings, each) {
        Ok(plan) => plan,
        Err(never) => match never {},
    };
    if explains && kinds(model).len() > 1 && plan.is_usable() {
        Together::new(model).add_others_to(&mut plan, settings, cancel);
    }
    plan
}

/// Plans every month of a horizon by itself, equal months once, and puts the plan of the horizon together:
/// counts and rules by month, objective and bound as sums of the months' (for ROAS, of which months are equal,
/// the ratio of their totals).
///
/// # Errors
/// The first month's that `each` fails on.
pub fn by_month<E: Send>(
    model: &Model,
    settings: &PlanSettings,
    each: impl Fn(&Model, &PlanSettings) -> Result<Plan, E> + Sync,
) -> Result<Plan, E> {
    let started = Instant::now();
    let kinds = kinds(model);
    // The clock is one for all of them.
    let rounds = kinds.len().div_ceil(rayon::current_num_threads().max(1));
    let settings = PlanSettings {
        time_limit: settings.time_limit / rounds.max(1) as f64,
        alternatives: if kinds.len() == 1 {
            settings.alternatives
        } else {
            0
        },
        ..*settings
    };
    let plans: Vec<Plan> = kinds
        .par_iter()
        .map(|&month| each(&model.month(month), &settings))
        .collect::<Result<_, E>>()?;
    let of: Vec<usize> = (0..model.months.max(1))
        .map(|month| kind_of(model, &kinds, month))
        .collect();
    let mut plan = assemble(model, &plans, &of, settings.gap);
    plan.solver.seconds = started.elapsed().as_secs_f64();
    Ok(plan)
}

/// The first month of each kind: months of one kind have the same program.
fn kinds(model: &Model) -> Vec<usize> {
    let mut kinds: Vec<usize> = Vec::new();
    for month in 0..model.months.max(1) {
        if !kinds.iter().any(|&kind| alike(model, kind, month)) {
            kinds.push(month);
        }
    }
    kinds
}

fn kind_of(model: &Model, kinds: &[usize], month: usize) -> usize {
    kinds
        .iter()
        .position(|&kind| alike(model, kind, month))
        .unwrap_or(0)
}

fn alike(model: &Model, a: usize, b: usize) -> bool {
    if model.belief.is_some() {
        // What is believed of the market differs from month to month.
        return a == b;
    }
    let equal = |counts: &ndarray::Array2<f64>| counts.row(a) == counts.row(b);
    let same_counts = model.counts.as_ref().is_none_or(equal);
    let share = |month: usize| model.horizon.months[month].budget_share.to_bits();
    same_counts && share(a) == share(b) && model.same_season(a, b)
}
