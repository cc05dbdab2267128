//! `imatrix select ROSTER FILE`

use std::path::Path;
use std::time::Instant;

use influencer_matrix::batch::{plan_cases, target_cases};
use influencer_matrix::engine::{self, RunResult, SelectedPlan, SimulationSettings};
use influencer_matrix::export::roster::read_parquet;
use influencer_matrix::export::selection::{Selected, selection_json, write_selection};
use influencer_matrix::export::{TrialWriter, names};
use influencer_matrix::model::{
    BASE, Model, Plan, Progress as _, RosterSettings, TrialSink, joint, past_ignored,
};
use influencer_matrix::optimizer;
use influencer_matrix::report::text;
use influencer_matrix::roster::{self, RawTable, Roster, RosterError};
use influencer_matrix::scenario::Scenario;
use influencer_matrix::units::count;

use super::args::SelectArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::{description, fill, open, record, stop};
use super::interrupt::CANCEL;
use super::work::{BLOCK, context, on_threads, plan_settings, shown, tell_failures};

pub(crate) fn run(args: &SelectArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, Some(&args.work.draws), console)?;
    one_month(&scenario)?;
    let begun = Instant::now();
    let table = table(&args.roster, &scenario.roster)?;
    let of_base = read(&args.roster, &table, &scenario, &scenario.base)?;
    let reading = begun.elapsed().as_secs_f64();
    // After what may be wrong with the files, so that nothing is left behind then. A run's folder of the same
    // scenario stays as it is.
    let folder = open(&args.work.output.out, &format!("{}-select", scenario.name))?;
    on_threads(args.work.solve.threads, |threads| {
        let begun = Instant::now();
        let selected = select(args, &scenario, (&table, &of_base), console)?;
        let selecting = begun.elapsed().as_secs_f64();

        let trials = args.work.output.clone();
        let planned: Vec<(Model, Plan)> = selected.iter().map(SelectedPlan::planned).collect();
        let failed = |error| stop(&error);
        let mut writer = (!trials.no_trials)
            .then(|| TrialWriter::create(&folder.path().join(names::TRIALS), &planned))
            .transpose()
            .map_err(failed)?;
        let settings = SimulationSettings {
            seed: scenario.seed,
            trials: scenario.trials,
            scopes: trials.scopes.into(),
            block: BLOCK,
        };
        let sink = writer.as_mut().map(|writer| writer as &mut dyn TrialSink);
        let name = &scenario.name;
        let mut run =
            engine::simulate_selections(name, &selected, &settings, sink, &console.bar, &CANCEL)?;
        if let Some(writer) = writer {
            writer.finish().map_err(failed)?;
        }
        let phases = [("reading", reading), ("selection", selecting)];
        run.seconds.splice(0..0, phases);
        run.warnings.splice(0..0, warnings(&scenario));
        run.warnings.extend(unused_past(&of_base, &scenario.base));

        let found = Selected {
            roster: &of_base,
            selected: &selected,
            run: &run,
        };
        let (about, record) = (description(&scenario), record(&scenario, threads));
        let written = fill(folder, |path| {
            write_selection(path, &found, &about, &record)
        })?;
        console.show(
            args.work.format,
            || text::selection(&of_base, &selected, &run, &context(&scenario, console)),
            || selection_json(&found, &about),
        )?;
        console.note(&format!("wrote {}", shown(&written)));
        Ok(judge(args, &run, console))
    })
}

/// A roster's creators are booked for a month: what goes over months has no creators of its own to book.
fn one_month(scenario: &Scenario) -> Result<(), Stop> {
    let horizon = &scenario.base.horizon;
    let found = if scenario.base.months > 1 {
        format!("{} months", scenario.base.months)
    } else if !horizon.waves.is_empty() {
        "waves".to_owned()
    } else if !horizon.levels.is_empty() {
        "levels of ambassadors".to_owned()
    } else if horizon.pipeline.is_some() {
        "a pipeline".to_owned()
    } else {
        return Ok(());
    };
    Err(Stop::invalid(format!(
        "{} has {found}: select books the creators of a roster for one month; give it a scenario of one month without waves, levels and pipeline, or plan the horizon with `imatrix optimize`",
        scenario.name
    )))
}

/// Selects for the base and every what-if, one after another, each side by side within.
fn select(
    args: &SelectArgs,
    scenario: &Scenario,
    (table, of_base): (&RawTable, &Roster),
    console: &Console,
) -> Result<Vec<SelectedPlan>, Stop> {
    let models: Vec<&Model> = models(scenario).collect();
    let settings = plan_settings(&args.work.solve);
    console.bar.start("selecting", models.len() as u64);
    let mut selected = Vec::new();
    for (number, model) in models.into_iter().enumerate() {
        let creators = if number == 0 {
            of_base.creators.clone()
        } else {
            read(&args.roster, table, scenario, model)?.creators
        };
        let selection = optimizer::select(model, &creators, &settings, &CANCEL);
        if CANCEL.requested() {
            return Err(Stop {
                exit: Exit::Interrupted,
                text: "interrupted".to_owned(),
            });
        }
        console.bar.advance(1);
        selected.push(SelectedPlan {
            model: model.clone(),
            creators,
            selection,
        });
    }
    console.bar.finish();
    Ok(selected)
}

/// The base and the what-ifs that leave something to select.
fn models(scenario: &Scenario) -> impl Iterator<Item = &Model> {
    let open = |model: &&Model| model.name == BASE || model.counts.is_none();
    scenario.models().filter(open)
}

fn warnings(scenario: &Scenario) -> Vec<String> {
    let mut out = scenario.warnings.clone();
    if scenario.base.counts.is_some() {
        out.push("the scenario's fixed counts have no effect on a selection".to_owned());
    }
    for model in scenario.models().skip(1).filter(|m| m.counts.is_some()) {
        let name = &model.name;
        out.push(format!(
            "the what-if {name} fixes counts, which a selection has none of, and is left out"
        ));
    }
    if scenario.models().any(|model| model.risk.applies()) {
        out.push(
            "a selection looks at expectations: [risk] and budget.with are not kept".to_owned(),
        );
    }
    if scenario.models().any(joint::applies) {
        out.push(
            "a selection adds up creators: effects of a plan as a whole (audiences shared, shocks to the brand) are not part of it"
                .to_owned(),
        );
    }
    let tagged = |model: &Model| model.horizon.cross_promotion.is_some();
    if scenario.models().any(tagged) {
        out.push(
            "a selection looks at creators by themselves: [cross_promotion] lifts nobody's reach in it"
                .to_owned(),
        );
    }
    if scenario.base.fractional_counts {
        out.push("creators are booked whole, whatever fractional_counts says".to_owned());
    }
    out
}

/// Past results that change nothing, counted by reason.
fn unused_past(roster: &Roster, model: &Model) -> Vec<String> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for reason in roster
        .creators
        .iter()
        .filter_map(|c| past_ignored(model, c))
    {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, creators)) => *creators += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let line = |(reason, creators)| {
        let creators = match creators {
            1 => "one creator".to_owned(),
            many => format!("{} creators", count(many as f64)),
        };
        format!("past results of {creators} change nothing: {reason}")
    };
    reasons.into_iter().map(line).collect()
}

/// Says what failed, and how bad that is.
fn judge(args: &SelectArgs, run: &RunResult, console: &Console) -> Exit {
    let mut cases = plan_cases(run, true);
    if args.work.output.require_targets {
        cases.extend(target_cases(run));
    }
    tell_failures(&run.scenario, &cases, console)
}

fn read(path: &Path, table: &RawTable, scenario: &Scenario, model: &Model) -> Result<Roster, Stop> {
    roster::read_table(table, model, &scenario.roster).map_err(|error| {
        let whose = if model.name == BASE {
            String::new()
        } else {
            format!("what-if {}: ", model.name)
        };
        Stop::invalid(format!("{}: {whose}{error}", path.display()))
    })
}

fn table(path: &Path, settings: &RosterSettings) -> Result<RawTable, Stop> {
    let shown = path.display();
    let invalid = |error: &dyn std::fmt::Display| Stop::invalid(format!("{shown}: {error}"));
    let bytes = files::bytes(path, roster::LARGEST_FILE).map_err(|e| invalid(&e))?;
    let Some(bytes) = bytes else {
        let most = RosterError::TooLarge(roster::LARGEST_FILE >> 20);
        return Err(invalid(&most));
    };
    if bytes.starts_with(b"PAR1") {
        drop(bytes);
        read_parquet(path, settings)
            .map_err(|e| Stop::invalid(e.to_string()))?
            .map_err(|e| invalid(&e))
    } else {
        let (text, encoding) =
            roster::decode(&bytes, settings.encoding).map_err(|e| invalid(&e))?;
        drop(bytes);
        let mut table = roster::parse(&text, settings).map_err(|e| invalid(&e))?;
        table.form = format!("{encoding}, {}", table.form);
        Ok(table)
    }
}
