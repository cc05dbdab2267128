//! `imatrix explain FILE`

use influencer_matrix::batch::plan_cases;
use influencer_matrix::engine;
use influencer_matrix::export::{RunRecord, explanation_json, write_explanation};
use influencer_matrix::report::text;

use super::args::{ExplainArgs, Format};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::{description, open, stop};
use super::interrupt::CANCEL;
use super::work::{context, on_threads, plan_settings, shown, tell_failures};

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Exit, Stop> {
    let mut overrides = files::overrides(Some(&args.set), None);
    overrides.seed = args.seed.seed;
    let scenario = files::read(&args.file, &overrides, console)?;
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
        let run = &mut explanation.run;
        run.seconds.insert(0, ("planning", planning));
        run.warnings.splice(0..0, scenario.warnings.iter().cloned());

        let record = RunRecord {
            scenario_hash: scenario.text_hash.clone(),
            resolved: scenario.resolved.clone(),
            threads,
        };
        let about = description(&scenario);
        write_explanation(folder.path(), &explanation, &about, &record)
            .map_err(|error| stop(&error))?;
        let written = folder.finish().map_err(|error| stop(&error))?;
        match args.format {
            Format::Text => {
                let context = context(&scenario, console);
                console.result(&text::explanation(&explanation, &context))?;
            }
            Format::Json => {
                let json = explanation_json(&explanation, &about);
                console.result(&format!("{json:#}\n"))?;
            }
        }
        console.note(&format!("wrote {}", shown(&written)));
        let cases = plan_cases(&explanation.run, true);
        Ok(tell_failures(&scenario.name, &cases, console))
    })
}
