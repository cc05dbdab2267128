//! `imatrix optimize FILE`

use influencer_matrix::batch::plan_cases;
use influencer_matrix::engine::{self, EngineError};
use influencer_matrix::export::result_json;
use influencer_matrix::model::PlanSettings;
use influencer_matrix::report::text;

use super::actuals;
use super::args::OptimizeArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::description;
use super::interrupt::CANCEL;
use super::work::{
    context, on_threads, plan_settings, plans_only, refuse_alternatives, tell_failures,
};

pub(crate) fn run(args: &OptimizeArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, None, console)?;
    let wanted = args.alternatives.alternatives.unwrap_or(0);
    refuse_alternatives(&scenario, wanted)?;
    let actuals = actuals::read(args.actuals.actuals.as_deref(), &scenario)?;
    on_threads(args.solve.threads, |_| {
        let settings = PlanSettings {
            alternatives: wanted,
            ..plan_settings(&args.solve)
        };
        let models = scenario.models().cloned().collect();
        let mut planned = match &actuals {
            Some(actuals) => engine::replan(models, actuals, &settings, &console.bar, &CANCEL)?
                .into_iter()
                .map(|found| match found.to_come {
                    Some((left, plan)) => (left.model, plan),
                    None => found.before,
                })
                .collect(),
            None => engine::plans_so_far(models, &settings, &console.bar, &CANCEL)?,
        };
        let stopped = CANCEL.requested();
        if stopped {
            // What there is by then is worth seeing.
            planned.retain(|(_, plan)| plan.is_usable());
            if planned.is_empty() {
                return Err(EngineError::Interrupted.into());
            }
        }
        if !stopped && actuals.is_none() {
            engine::find_remedies(&scenario, &mut planned, &settings, &CANCEL)?;
        }
        let result = plans_only(&scenario, &planned);
        console.show(
            args.format,
            || text::plan_only(&scenario.name, &planned, &context(&scenario, console)),
            || result_json(&result, &description(&scenario)),
        )?;
        if stopped {
            return Err(Stop {
                exit: Exit::Interrupted,
                text: "interrupted; the plans shown are the best found until then".to_owned(),
            });
        }
        let cases = plan_cases(&result, true);
        Ok(tell_failures(&result.scenario, &cases, console))
    })
}
