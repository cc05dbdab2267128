//! `imatrix explain FILE`

use influencer_matrix::batch::plan_cases;
use influencer_matrix::engine;
use influencer_matrix::export::{explanation_json, write_explanation};
use influencer_matrix::report::text;

use super::args::ExplainArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::{description, fill, open, record};
use super::interrupt::CANCEL;
use super::work::{context, on_threads, plan_settings, preceded, shown, tell_failures};

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Exit, Stop> {
    let mut overrides = files::overrides(Some(&args.scenario.set), None);
    overrides.seed = args.seed.seed;
    let scenario = files::read(&args.scenario.file, &overrides, console)?;
    // A run's folder of the same scenario stays as it is.
    let folder = open(&args.out, &format!("{}-explain", scenario.name))?;
    on_threads(args.solve.threads, |threads| {
        let bar = &console.bar;
        let settings = plan_settings(&args.solve);
        let begun = std::time::Instant::now();
        let models = scenario.models().cloned().collect();
        let planned = engine::plan_models(models, &settings, bar, &CANCEL)?;
        let planning = begun.elapsed().as_secs_f64();
        let mut explanation = engine::explain_plans(
            &scenario.name,
            planned,
            scenario.seed,
            args.trials,
            bar,
            &CANCEL,
        )?;
        preceded(&mut explanation.run, &scenario, planning);

        let (about, record) = (description(&scenario), record(&scenario, threads));
        let written = fill(folder, |path| {
            write_explanation(path, &explanation, &about, &record)
        })?;
        console.show(
            args.format,
            || text::explanation(&explanation, &context(&scenario, console)),
            || explanation_json(&explanation, &about),
        )?;
        console.note(&format!("wrote {}", shown(&written)));
        let cases = plan_cases(&explanation.run, true);
        Ok(tell_failures(&scenario.name, &cases, console))
    })
}
