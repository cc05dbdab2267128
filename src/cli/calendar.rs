//! `imatrix calendar FILE`

use influencer_matrix::batch::plan_cases;
use influencer_matrix::engine;
use influencer_matrix::export::{self, PlanPosts};
use influencer_matrix::posting;
use influencer_matrix::report::text;

use super::args::{CalendarArgs, CalendarFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::interrupt::CANCEL;
use super::work::{context, on_threads, plan_settings, plans_only, tell_failures};

pub(crate) fn run(args: &CalendarArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, None, console)?;
    let invalid = |text: String| Stop::invalid(format!("{}: {text}", scenario.name));
    let Some(model) = scenario.models().find(|model| model.name == args.plan) else {
        let names: Vec<&str> = scenario.models().map(|m| m.name.as_str()).collect();
        return Err(invalid(format!(
            "--plan {:?}: no plan has this name; there are {}",
            args.plan,
            names.join(", ")
        )));
    };
    if args.format == CalendarFormat::Ics && model.start.is_none() {
        return Err(invalid(
            "--format ics needs dates: name the first month in the file, e.g. start = \"2026-08\""
                .to_owned(),
        ));
    }
    on_threads(args.solve.threads, |_| {
        let settings = plan_settings(&args.solve);
        let mut planned =
            engine::plan_models(vec![model.clone()], &settings, &console.bar, &CANCEL)?;
        engine::find_remedies(&scenario, &mut planned, &settings, &CANCEL)?;
        let cases = plan_cases(&plans_only(&scenario, &planned), true);
        let exit = tell_failures(&scenario.name, &cases, console);
        let Some((model, plan)) = planned.first().filter(|(_, plan)| plan.is_usable()) else {
            return Ok(exit);
        };
        let posts = posting::calendar(model, plan).map_err(|error| invalid(format!("{error}")))?;
        let plan = PlanPosts {
            model,
            plan,
            posts: &posts,
        };
        let printed = match args.format {
            CalendarFormat::Text => text::calendar(
                &scenario.name,
                model,
                plan.plan,
                &posts,
                &context(&scenario, console),
            ),
            CalendarFormat::Csv => export::calendar_csv(plan),
            CalendarFormat::Ics => export::calendar_ics(&scenario.name, plan).unwrap_or_default(),
        };
        console.result(&printed)?;
        Ok(exit)
    })
}
