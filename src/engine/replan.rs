//! Plan again after months that happened.

use ndarray::Array2;

use super::{
    Drawn, EngineError, RunResult, SimulationSettings, Source, draw, plans_so_far, stop_if,
    unsimulated,
};
use crate::actuals::{self, Past, Remaining};
use crate::judging;
use crate::model::{
    Actuals, Cancel, Model, Plan, PlanSettings, Progress, Target, TargetScope, TrialSink, valuation,
};
use crate::simulator::{PlanInput, Simulator};
use crate::summary::{ScopeKey, SummaryRow};

/// A plan whose first months happened.
#[derive(Debug, Clone)]
pub struct Replanned {
    /// The problem and its plan before.
    pub before: (Model, Plan),
    /// The problem with what is believed now, and the whole plan: what was booked in the months that happened, and what is planned for
    /// those to come. Not usable if either plan is not.
    pub now: (Model, Plan),
    /// The problem of the months to come and its plan; `None` where there was no plan before.
    pub to_come: Option<(Remaining, Plan)>,
    /// The months that happened; `None` where there was no plan before.
    past: Option<Past>,
}

/// Plans models as if nothing had happened, learns from the actuals, and plans the months to come with what is left and
/// what is believed now.
///
/// # Errors
/// [`EngineError::Actuals`] if no month or no budget is left, and the errors of [`super::plan_models`].
pub fn replan(
    models: Vec<Model>,
    actuals: &Actuals,
    settings: &PlanSettings,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<Replanned>, EngineError> {
    let before = plans_so_far(models, settings, progress, cancel)?;
    stop_if(cancel)?;
    let mut left = Vec::new();
    for (model, plan) in &before {
        left.push(if plan.is_usable() {
            let belief = actuals::posterior(model, &plan.counts, actuals);
            Some(actuals::remaining(model, &plan.counts, actuals, &belief)?)
        } else {
            None
        });
    }
    let open = left.iter().flatten().map(|left| left.model.clone());
    let mut planned = plans_so_far(open.collect(), settings, progress, cancel)?.into_iter();
    stop_if(cancel)?;
    let together = before.into_iter().zip(left).map(|(before, left)| {
        let (Some(left), true) = (left, before.1.is_usable()) else {
            return Replanned {
                now: before.clone(),
                before,
                to_come: None,
                past: None,
            };
        };
        let past = Past::new(&before.0, &before.1.counts, actuals, &left);
        let Some((_, to_come)) = planned.next() else {
            return Replanned {
                now: before.clone(),
                before,
                to_come: None,
                past: None,
            };
        };
        let mut model = before.0.clone();
        model.belief = Some(actuals::posterior(&before.0, &before.1.counts, actuals));
        model.happened = past.units(&before.0);
        let mut plan = whole(&before.1, &to_come, (&left, &past), actuals.months);
        if plan.is_usable() {
            plan.unspent = unspent(&model, &plan);
        }
        Replanned {
            now: (model, plan),
            before,
            to_come: Some((left, to_come)),
            past: Some(past),
        }
    });
    Ok(together.collect())
}

/// The plan of all months from that of the months to come.
fn whole(before: &Plan, to_come: &Plan, (left, past): (&Remaining, &Past), gone: usize) -> Plan {
    let mut plan = to_come.clone();
    plan.name.clone_from(&before.name);
    actuals::count_from_the_first(&mut plan, &left.model, gone);
    plan.counts = if to_come.is_usable() {
        past.and(&to_come.counts)
    } else {
        Array2::zeros(before.counts.dim())
    };
    for state in &mut plan.constraints {
        state.month = state.month.map(|month| month + gone);
    }
    for unused in &mut plan.unused {
        unused.month = unused.month.map(|month| month + gone);
        unused.until = unused.until.map(|month| month + gone);
        unused.cell = left.cells[unused.cell];
    }
    plan.alternatives.clear();
    plan.warnings.extend(left.warnings.iter().cloned());
    plan
}

/// Budget of all months less what was spent and what is planned.
fn unspent(model: &Model, plan: &Plan) -> f64 {
    let rows = plan.counts.rows().into_iter().enumerate();
    let spend = rows.map(|(month, row)| {
        let row = row.to_vec();
        let units = valuation::units_in_month(model, month, &row);
        row.iter()
            .zip(&units)
            .map(|(n, unit)| n * unit.spend)
            .sum::<f64>()
    });
    model.budget() - spend.sum::<f64>()
}

/// Simulates the months to come behind the months that happened, which are the same in every trial, and sets plan, actuals
/// and forecast beside each other.
///
/// # Errors
/// As [`super::simulate_plans`].
pub fn simulate_replanned(
    scenario: &str,
    replanned: &[Replanned],
    actuals: &Actuals,
    settings: &SimulationSettings,
    ports: (Option<&mut dyn TrialSink>, &dyn Progress),
    cancel: &Cancel,
) -> Result<RunResult, EngineError> {
    let usable = || replanned.iter().filter(|r| r.now.1.is_usable());
    let inputs: Vec<PlanInput<'_>> = usable()
        .filter_map(|r| r.to_come.as_ref())
        .map(|(left, plan)| PlanInput {
            model: &left.model,
            counts: plan.counts.view(),
        })
        .collect();
    let pasts: Vec<Past> = usable().filter_map(|r| r.past.clone()).collect();
    let simulator = Simulator::new(&inputs, settings.seed).map_err(|error| unsimulated(&error))?;
    let source = Source {
        simulator: &simulator,
        pasts: &pasts,
    };
    let planned: Vec<(Model, Plan)> = replanned.iter().map(|r| r.now.clone()).collect();
    let drawn: Drawn = draw(scenario, &planned, &source, settings, ports, cancel)?;
    let judge = |_: usize, model: &Model, plan: &Plan, summary: &[SummaryRow]| {
        judging::judge_by(model, plan, summary, |target| {
            estimated(model, plan, summary, target)
        })
    };
    let mut result = drawn.judged(planned, judge, cancel)?;
    for found in usable() {
        let (model, plan) = &found.before;
        let rows = actuals::variance((model, plan), actuals, &result.summary);
        result.variance.extend(rows);
        if let Some(belief) = &found.now.0.belief {
            let learned = actuals::learned(&plan.name, model, belief);
            result.learned.extend(learned);
        }
    }
    Ok(result)
}

/// A target's figure over actuals and forecast: from trials, since no closed form has both.
fn estimated(model: &Model, plan: &Plan, summary: &[SummaryRow], target: &Target) -> Option<f64> {
    let scope = match target.scope {
        TargetScope::Total => ScopeKey::total(),
        TargetScope::Tier(tier) => ScopeKey::tier(&model.tiers[tier].name),
    };
    let own = |row: &&SummaryRow| {
        row.month.is_none()
            && row.plan == plan.name
            && row.scope == scope
            && row.metric == target.metric
    };
    summary.iter().find(own)?.estimate.headline()
}
