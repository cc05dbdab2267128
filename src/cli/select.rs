//! `imatrix select ROSTER FILE`

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use influencer_matrix::export::roster::{Selected, read_parquet, selection_json, write_selection};
use influencer_matrix::export::{OutputFolder, RunRecord};
use influencer_matrix::model::{Model, PlanStatus, Progress as _, RosterSettings, joint};
use influencer_matrix::optimizer;
use influencer_matrix::report::text;
use influencer_matrix::roster::{self, Roster, RosterError};

use super::args::{Format, SelectArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::Folders;
use super::interrupt::CANCEL;
use super::work::{context, on_threads, plan_settings, shown};

pub(crate) fn run(args: &SelectArgs, console: &Console) -> Result<Exit, Stop> {
    let overrides = files::overrides(Some(&args.set), None);
    let scenario = files::read(&args.file, &overrides, console)?;
    let name = format!("{}-select", scenario.name);
    on_threads(args.solve.threads, |threads| {
        Folders::new(&args.out, false, threads).check(&name)?;
        let model = &scenario.base;
        let roster = read(&args.roster, model, &scenario.roster)?;
        console.bar.start("selecting", 0);
        let settings = plan_settings(&args.solve);
        let selection = optimizer::select(model, &roster.creators, &settings, &CANCEL);
        console.bar.finish();
        if CANCEL.requested() {
            return Err(Stop {
                exit: Exit::Interrupted,
                text: "interrupted".to_owned(),
            });
        }
        let mut warnings = scenario.warnings.clone();
        if model.counts.is_some() {
            warnings.push("the scenario's fixed counts have no effect on a selection".to_owned());
        }
        if model.risk.applies() {
            warnings.push(
                "a selection looks at expectations: [risk] and budget.with are not kept".to_owned(),
            );
        }
        if joint::applies(model) {
            let what =
                "effects of a plan as a whole (audiences shared, incidents) are not part of it";
            warnings.push(format!("a selection adds up creators: {what}"));
        }
        if model.fractional_counts {
            warnings.push("creators are booked whole, whatever fractional_counts says".to_owned());
        }
        let found = Selected {
            scenario: &scenario.name,
            model,
            roster: &roster,
            selection: &selection,
            warnings: &warnings,
            description: scenario.description.as_deref(),
        };
        let record = RunRecord {
            scenario_hash: scenario.text_hash.clone(),
            resolved: scenario.resolved.clone(),
            threads,
        };
        let failed = |error| Stop::internal(format!("{error}"));
        let folder = OutputFolder::create(&args.out, &name).map_err(failed)?;
        write_selection(folder.path(), &found, scenario.seed, &record).map_err(failed)?;
        let folder = folder.finish().map_err(failed)?;
        match args.format {
            Format::Text => console.result(&text::selection(
                &scenario.name,
                model,
                &roster,
                &selection,
                &warnings,
                &context(&scenario, console),
            ))?,
            Format::Json => console.result(&format!("{:#}\n", selection_json(&found)))?,
        }
        console.note(&format!("wrote {}", shown(&folder)));
        Ok(match &selection.plan.status {
            PlanStatus::Infeasible => {
                console.error(&format!("{}: no selection keeps all rules", scenario.name));
                Exit::Infeasible
            }
            PlanStatus::Failed { reason } => {
                console.error(&format!("{}: {reason}", scenario.name));
                Exit::Internal
            }
            PlanStatus::TimeLimit { found: false } => {
                console.error(&format!(
                    "{}: no selection was found in time",
                    scenario.name
                ));
                Exit::Internal
            }
            _ => Exit::Done,
        })
    })
}

fn read(path: &Path, model: &Model, settings: &RosterSettings) -> Result<Roster, Stop> {
    let shown = path.display();
    let invalid = |error: &dyn std::fmt::Display| Stop::invalid(format!("{shown}: {error}"));
    let metadata = std::fs::metadata(path).map_err(|e| invalid(&e))?;
    if !metadata.is_file() {
        return Err(invalid(&"this is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(roster::LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|e| invalid(&e))?;
    if bytes.len() as u64 > roster::LARGEST_FILE {
        let most = RosterError::TooLarge(roster::LARGEST_FILE >> 20);
        return Err(invalid(&most));
    }
    let table = if bytes.starts_with(b"PAR1") {
        drop(bytes);
        read_parquet(path, settings)
            .map_err(|e| Stop::invalid(e.to_string()))?
            .map_err(|e| invalid(&e))?
    } else {
        let (text, encoding) =
            roster::decode(&bytes, settings.encoding).map_err(|e| invalid(&e))?;
        drop(bytes);
        let mut table = roster::parse(&text, settings).map_err(|e| invalid(&e))?;
        table.form = format!("{encoding}, {}", table.form);
        table
    };
    roster::read_table(table, model, settings).map_err(|e| invalid(&e))
}
