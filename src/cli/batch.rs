//! `imatrix batch DIR`

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use influencer_matrix::batch::{
    self, Baseline, BatchSettings, Case, Entry, Failure, ScenarioReport, Verdict,
};
use influencer_matrix::engine::RunResult;
use influencer_matrix::export::{self, ExportError, junit, names};
use influencer_matrix::report::text::{self, BatchLine};
use influencer_matrix::summary::{ScopeKind, SummaryRow};
use serde_json::{Map, Value, json};

use super::args::BatchArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::Folders;
use super::interrupt::CANCEL;
use super::work::{BLOCK, on_threads, plan_settings};

/// Drifted, missing or new rows that are listed one by one on stderr; the `JUnit` file has all drifts.
const LISTED: usize = 20;

pub(crate) fn run(args: &BatchArgs, console: &Console) -> Result<Exit, Stop> {
    let found = batch::find(&args.folder).map_err(|error| Stop::invalid(error.to_string()))?;
    check_junit(args.junit.as_deref())?;
    // Read first: the baseline may stand where this run writes.
    let baseline = args
        .baseline
        .as_deref()
        .map(|folder| read_baseline(folder).map(|rows| Baseline::new(rows, args.tolerance)));
    let baseline = baseline.transpose()?;
    on_threads(args.solve.threads, |threads| {
        let overrides = files::overrides(None, Some(&args.draws));
        let entries = batch::check(found, &overrides);
        tell_problems(&entries, console);
        if files::tell_duplicates(&entries, console) {
            return Err(Stop::told(Exit::Invalid));
        }
        check_out(&args.out)?;
        let mut folders = Folders::new(&args.out, args.trial_rows, threads);
        let settings = BatchSettings {
            plan: plan_settings(&args.solve),
            scopes: args.scopes.into(),
            block: BLOCK,
            side_by_side: 2 * threads,
            fail_fast: args.fail_fast,
            require_targets: args.require_targets,
            allow_time_limit: args.allow_time_limit,
        };
        let reports = batch::run(
            entries,
            &settings,
            baseline.as_ref(),
            &mut folders,
            &console.bar,
            &CANCEL,
        )?;
        finish(args, console, &reports, baseline.as_ref())
    })
}

/// Finds out before the work is done whether the folder of the outputs can be written to.
fn check_out(out: &Path) -> Result<(), Stop> {
    let made = !out.exists();
    let probe = || {
        fs::create_dir_all(out)?;
        tempfile::Builder::new().prefix(".batch.").tempdir_in(out)
    };
    let found = probe().map(drop).map_err(|error| {
        Stop::invalid(format!("--out: cannot write to {}: {error}", out.display()))
    });
    if made {
        // The first output makes it again; what is not empty stays.
        let _ = fs::remove_dir(out);
    }
    found
}

/// Finds out before the work is done whether the `JUnit` file's folder is there.
fn check_junit(file: Option<&Path>) -> Result<(), Stop> {
    let folder = file.and_then(Path::parent);
    match folder.filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Stop::invalid(format!(
            "--junit: there is no folder {}",
            folder.display()
        ))),
    }
}

/// Writes what speaks of all scenarios, prints the table and says how bad it is.
fn finish(
    args: &BatchArgs,
    console: &Console,
    reports: &[ScenarioReport],
    baseline: Option<&Baseline>,
) -> Result<Exit, Stop> {
    write_combined(&args.out, reports).map_err(|error| Stop::internal(error.to_string()))?;
    if let Some(file) = &args.junit {
        junit::write(file, "imatrix batch", &suites(reports))
            .map_err(|error| Stop::internal(error.to_string()))?;
    }
    let mut exit = Exit::Done;
    for (failure, _) in reports
        .iter()
        .flat_map(|r| r.failures(args.require_targets))
    {
        exit = exit.max(failure.into());
    }
    console.show(
        args.format,
        || table(reports, console),
        || to_json(reports, exit),
    )?;
    if let Some(baseline) = baseline {
        exit = exit.max(tell_drift(baseline, reports, console));
    }
    console.note(&tally(reports));
    console.note(&format!(
        "wrote {}",
        args.out.join(names::SUMMARY).display()
    ));
    Ok(exit)
}

/// DIR/summary.parquet of all scenarios, written beside and renamed when whole.
fn write_combined(out: &Path, reports: &[ScenarioReport]) -> Result<(), ExportError> {
    let failed = |source| ExportError::Io {
        action: "cannot write",
        path: out.join(names::SUMMARY),
        source,
    };
    fs::create_dir_all(out).map_err(failed)?;
    let beside = tempfile::Builder::new()
        .prefix(".batch.")
        .tempdir_in(out)
        .map_err(failed)?;
    let path = beside.path().join(names::SUMMARY);
    let results = reports.iter().filter_map(|report| report.result.as_ref());
    let rows: Vec<(String, &[SummaryRow])> = results
        .map(|result| (result.scenario.clone(), result.summary.as_slice()))
        .collect();
    export::batch::write_summary(&path, &rows)?;
    fs::rename(&path, out.join(names::SUMMARY)).map_err(failed)
}

/// An earlier batch's combined summary, or the summaries of the scenario folders below.
fn read_baseline(folder: &Path) -> Result<Vec<(String, SummaryRow)>, Stop> {
    let combined = folder.join(names::SUMMARY);
    let mut files: Vec<PathBuf> = Vec::new();
    if combined.is_file() {
        files.push(combined);
    } else {
        let unreadable = |error| Stop::invalid(format!("--baseline {}: {error}", folder.display()));
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !hidden && path.join(names::SUMMARY).is_file() {
                files.push(path.join(names::SUMMARY));
            }
        }
        files.sort();
    }
    if files.is_empty() {
        return Err(Stop::invalid(format!(
            "--baseline {}: no summary.parquet there, nor in a folder below; give the --out of an \
             earlier run",
            folder.display()
        )));
    }
    let mut rows = Vec::new();
    for file in files {
        let read = export::batch::read_summary(&file)
            .map_err(|error| Stop::invalid(format!("--baseline: {error}")))?;
        // A single run's summary names no scenario: its folder does.
        let folder = file.parent().map(folder_name).unwrap_or_default();
        rows.extend(
            read.into_iter()
                .map(|row| (row.scenario.unwrap_or_else(|| folder.clone()), row.row)),
        );
    }
    Ok(rows)
}

/// The name a folder goes by, also for `.` and `..`.
fn folder_name(folder: &Path) -> String {
    let path = folder.canonicalize();
    let path = path.as_deref().unwrap_or(folder);
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn tell_problems(entries: &[Entry], console: &Console) {
    for entry in entries {
        if let Err(problems) = &entry.scenario {
            console.note(&problems.render(console.stderr_colors));
        }
    }
}

/// How many scenarios ended how, worst first.
fn tally(reports: &[ScenarioReport]) -> String {
    let mut counts: BTreeMap<(Reverse<Exit>, &str), usize> = BTreeMap::new();
    for report in reports {
        let (exit, name) = verdict(report);
        *counts.entry((Reverse(exit), name)).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|((_, name), count)| format!("{count} {name}"))
        .collect();
    let plural = if reports.len() == 1 { "" } else { "s" };
    format!("{} scenario{plural}: {}", reports.len(), parts.join(", "))
}

/// A scenario's worst failure in a word, targets included.
fn verdict(report: &ScenarioReport) -> (Exit, &'static str) {
    let failures = report.cases.iter().filter_map(Case::failure);
    match failures
        .map(|(failure, _)| failure)
        .max_by_key(|f| Exit::from(*f))
    {
        Some(failure) => (failure.into(), failure.name()),
        None if report.skipped => (Exit::Done, "skipped"),
        None => (Exit::Done, "ok"),
    }
}

/// Lists drifts, and rows that only one of the two runs has. A baseline that has nothing in common
/// with the run is wrong usage: comparing with it would always pass.
fn tell_drift(baseline: &Baseline, reports: &[ScenarioReport], console: &Console) -> Exit {
    let drifts = || reports.iter().filter_map(|report| report.drift.as_ref());
    let listed = |texts: Vec<String>, label: &str, say: &dyn Fn(&str)| {
        for text in texts.iter().take(LISTED) {
            say(&format!("{label}{text}"));
        }
        if texts.len() > LISTED {
            say(&format!("{label}and {} more", texts.len() - LISTED));
        }
    };
    let rows: Vec<String> = drifts()
        .flat_map(|drift| drift.rows.iter().map(ToString::to_string))
        .collect();
    listed(rows, "drift: ", &|text| console.error(text));
    let missing: Vec<String> = baseline
        .absent(reports.iter().map(|report| report.name.as_str()))
        .into_iter()
        .map(|scenario| format!("{scenario}: the whole scenario"))
        .chain(drifts().flat_map(|drift| drift.missing.clone()))
        .collect();
    listed(missing, "not in this run: ", &|text| console.warning(text));
    let new: Vec<String> = drifts().flat_map(|drift| drift.new.clone()).collect();
    let something_new = !new.is_empty();
    listed(new, "not in the baseline: ", &|text| console.warning(text));
    let compared: usize = drifts().map(|drift| drift.compared).sum();
    if compared == 0 && something_new {
        console.error("the baseline has no row in common with this run");
        return Exit::Invalid;
    }
    Exit::Done
}

fn suites(reports: &[ScenarioReport]) -> Vec<junit::Suite> {
    reports
        .iter()
        .map(|report| junit::Suite {
            name: report.name.clone(),
            cases: report
                .cases
                .iter()
                .map(|case| junit::Case {
                    name: case.name.clone(),
                    group: report.path.display().to_string(),
                    outcome: outcome(case),
                    seconds: None,
                })
                .collect(),
        })
        .collect()
}

fn outcome(case: &Case) -> junit::Outcome {
    match &case.verdict {
        Verdict::Passed => junit::Outcome::Passed,
        Verdict::Skipped { reason } => junit::Outcome::Skipped {
            message: reason.clone(),
        },
        Verdict::Failed { failure, message } => {
            let first = message.lines().next().unwrap_or_default();
            let details = message.clone();
            let message = format!("{}: {first}", failure.name());
            match failure {
                Failure::Internal => junit::Outcome::Errored { message, details },
                _ => junit::Outcome::Failed { message, details },
            }
        }
    }
}

/// A line a scenario, with what counts against it.
fn table(reports: &[ScenarioReport], console: &Console) -> String {
    let lines: Vec<BatchLine<'_>> = reports
        .iter()
        .map(|report| BatchLine {
            name: report.name.clone(),
            verdict: verdict(report).1.to_owned(),
            result: report.result.as_ref(),
            details: details(report),
        })
        .collect();
    text::batch_table(&lines, console.stdout_colors, console.width)
}

/// Failed cases, a line each. Problems of invalid files stand on stderr with their places.
fn details(report: &ScenarioReport) -> Vec<String> {
    report
        .cases
        .iter()
        .filter_map(|case| {
            case.failure()
                .map(|(failure, message)| (case, failure, message))
        })
        .map(|(case, failure, message)| {
            // The table's heading says "target missed".
            let name = case.name.trim_start_matches("target ");
            let mut lines = message.lines();
            let first = lines.next().unwrap_or_default();
            match (failure, lines.count()) {
                (Failure::Drift, more @ 1..) => format!("{name}: {first}; {more} more"),
                _ => format!("{name}: {first}"),
            }
        })
        .collect()
}

fn to_json(reports: &[ScenarioReport], exit: Exit) -> Value {
    let scenarios: Vec<Value> = reports
        .iter()
        .map(|report| {
            let result = report.result.as_ref();
            let plans: Map<String, Value> = result
                .iter()
                .flat_map(|result| &result.plans)
                .map(|plan| (plan.plan.name.clone(), plan.plan.status.name().into()))
                .collect();
            json!({
                "scenario": report.name,
                "file": report.path.display().to_string(),
                "skipped": report.skipped,
                "plans": plans,
                "base": result.map(base_figures),
                "cases": report.cases.iter().map(case_json).collect::<Vec<_>>(),
                "warnings": result.map_or(&[][..], |result| &result.warnings),
            })
        })
        .collect();
    json!({ "exit_code": exit.code(), "scenarios": scenarios })
}

/// The base plan's headline figures over the whole horizon.
fn base_figures(result: &RunResult) -> Map<String, Value> {
    let base = result.plans.first().map(|plan| plan.plan.name.as_str());
    result
        .summary
        .iter()
        .filter(|row| Some(row.plan.as_str()) == base)
        .filter(|row| row.month.is_none() && row.scope.kind == ScopeKind::Total)
        .map(|row| (row.metric.name().to_owned(), json!(row.estimate.headline())))
        .collect()
}

fn case_json(case: &Case) -> Value {
    let (result, reason) = match &case.verdict {
        Verdict::Passed => ("passed", None),
        Verdict::Failed { failure, message } => (failure.name(), Some(message)),
        Verdict::Skipped { reason } => ("skipped", Some(reason)),
    };
    json!({ "case": case.name, "result": result, "reason": reason })
}
