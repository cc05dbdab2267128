//! `imatrix pipeline FILE`

use influencer_matrix::engine;
use influencer_matrix::export::pipeline_json;
use influencer_matrix::recruiting::recruiting;
use influencer_matrix::report::text;

use super::args::PipelineArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::description;
use super::interrupt::{CANCEL, at_once};
use super::work::{context, on_threads, plan_settings};

pub(crate) fn run(args: &PipelineArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, None, console)?;
    let model = &scenario.base;
    let Some(pipeline) = &model.horizon.pipeline else {
        return Err(Stop::invalid(format!(
            "{}: the scenario has no [pipeline], so that it takes as many partners as a plan wants to be there; add one, e.g. [pipeline] with identified = 100, vetted = 0.3, contacted = 0.67, response = \"25% to 40%\", partnership = \"40% to 60%\"",
            args.scenario.file.display()
        )));
    };
    let found = at_once(|| recruiting(pipeline, &model.horizon, (args.want, args.with)));
    let plan = if args.no_plan {
        None
    } else {
        on_threads(args.solve.threads, |_| {
            let settings = plan_settings(&args.solve);
            let models = vec![model.clone()];
            Ok(engine::plan_models(models, &settings, &console.bar, &CANCEL)?.pop())
        })?
    };
    let plan = plan.map(|(_, plan)| plan);
    if let Some(plan) = plan.as_ref().filter(|plan| !plan.is_usable()) {
        let status = plan.status.name();
        console.warning(&format!(
            "the scenario can't be planned ({status}), so that what a plan books is left out; imatrix optimize says why"
        ));
    }
    let plan = plan.filter(influencer_matrix::model::Plan::is_usable);
    let name = &scenario.name;
    let plan = plan.as_ref();
    console.show(
        args.format,
        || text::pipeline(name, model, &found, plan, &context(&scenario, console)),
        || pipeline_json(name, model, &found, plan, &description(&scenario)),
    )?;
    Ok(Exit::Done)
}
