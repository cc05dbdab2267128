//! Keeps results in output folders.

use std::path::{Path, PathBuf};

use influencer_matrix::batch::{Store, StoreError};
use influencer_matrix::engine::RunResult;
use influencer_matrix::export::{
    self, Description, ExportError, OutputFolder, RunRecord, TrialWriter, WorkbookRecord, names,
};
use influencer_matrix::model::{Model, Plan, TrialSink};
use influencer_matrix::scenario::{Entry, Scenario};

use super::exit::Stop;

/// Writes each scenario to a folder of its own.
pub(crate) struct Folders {
    out: PathBuf,
    trial_rows: bool,
    threads: usize,
    /// Whether to write a workbook.
    pub(crate) workbook: bool,
    open: Option<(OutputFolder, Option<TrialWriter>)>,
    /// The folder written last.
    pub(crate) written: Option<PathBuf>,
}

impl Folders {
    pub(crate) fn new(out: &Path, trial_rows: bool, threads: usize) -> Self {
        Self {
            out: out.to_owned(),
            trial_rows,
            threads,
            workbook: false,
            open: None,
            written: None,
        }
    }

    /// Finds out whether a scenario's folder can be written, before the work is done.
    pub(crate) fn check(&self, scenario: &str) -> Result<(), Stop> {
        open(&self.out, scenario).map(drop)
    }

    fn create(&mut self, scenario: &str, planned: &[(Model, Plan)]) -> Result<(), StoreError> {
        let folder = OutputFolder::create(&self.out, scenario)
            .map_err(|error| StoreError::InTheWay(error.to_string()))?;
        let writer = if self.trial_rows {
            let path = folder.path().join(names::TRIALS);
            let writer = TrialWriter::create(&path, planned);
            Some(writer.map_err(|error| store_error(&error))?)
        } else {
            None
        };
        self.open = Some((folder, writer));
        Ok(())
    }

    fn complete(&mut self, scenario: &Scenario, result: &RunResult) -> Result<(), ExportError> {
        let Some((folder, writer)) = self.open.take() else {
            return Ok(());
        };
        if let Some(writer) = writer {
            writer.finish()?;
        }
        if self.workbook {
            let name = format!("{}{}", result.scenario, names::WORKBOOK_ENDING);
            export::write_workbook(&folder.path().join(name), result, &workbook(scenario))?;
        }
        let record = record(scenario, self.threads);
        export::write_files(folder.path(), result, &description(scenario), &record)?;
        self.written = Some(folder.finish()?);
        Ok(())
    }
}

/// Starts an output folder.
pub(crate) fn open(out: &Path, name: &str) -> Result<OutputFolder, Stop> {
    if out.exists() && !out.is_dir() {
        let out = out.display();
        return Err(Stop::invalid(format!("--out {out}: this is not a folder")));
    }
    // A folder that cannot be made is one that cannot be asked for.
    OutputFolder::create(out, name).map_err(|error| Stop::invalid(format!("--out: {error}")))
}

/// Fills a folder, puts it in its place and says where that is.
pub(crate) fn fill(
    folder: OutputFolder,
    write: impl FnOnce(&Path) -> Result<(), ExportError>,
) -> Result<PathBuf, Stop> {
    let written = write(folder.path()).and_then(|()| folder.finish());
    written.map_err(|error| stop(&error))
}

/// Why nothing could be written.
pub(crate) fn stop(error: &ExportError) -> Stop {
    store_error(error).into()
}

/// What the workbook says of a scenario beside the result.
fn workbook(scenario: &Scenario) -> WorkbookRecord {
    WorkbookRecord {
        description: scenario.description.clone(),
        scenario_hash: scenario.text_hash.clone(),
        assumptions: entries(scenario),
    }
}

/// The resolved values of a scenario: key, value, origin.
pub(crate) fn entries(scenario: &Scenario) -> Vec<(String, String, String)> {
    let entry = |e: &Entry| (e.key.clone(), e.value.clone(), e.origin.to_string());
    scenario.entries().iter().map(entry).collect()
}

/// What manifest.json says of a scenario and of how it was run.
pub(crate) fn record(scenario: &Scenario, threads: usize) -> RunRecord {
    RunRecord {
        scenario_hash: scenario.text_hash.clone(),
        resolved: scenario.resolved.clone(),
        threads,
    }
}

/// What result.json says of a scenario beside its name.
pub(crate) fn description(scenario: &Scenario) -> Description {
    Description {
        description: scenario.description.clone(),
    }
}

impl Store for Folders {
    fn open(&mut self, scenario: &Scenario, planned: &[(Model, Plan)]) -> Result<(), StoreError> {
        self.create(&scenario.name, planned)
    }

    fn sink(&mut self) -> Option<&mut dyn TrialSink> {
        let (_, writer) = self.open.as_mut()?;
        writer.as_mut().map(|writer| writer as &mut dyn TrialSink)
    }

    fn keep(&mut self, scenario: &Scenario, result: &RunResult) -> Result<(), StoreError> {
        self.complete(scenario, result)
            .map_err(|error| store_error(&error))
    }

    fn abandon(&mut self) {
        // The writer first: it has a file open in the folder.
        if let Some((folder, writer)) = self.open.take() {
            drop(writer);
            drop(folder);
        }
    }
}

fn store_error(error: &ExportError) -> StoreError {
    let text = error.to_string();
    match error {
        ExportError::NotOurs { .. } | ExportError::NotAFolder { .. } | ExportError::Name { .. } => {
            StoreError::InTheWay(text)
        }
        _ => StoreError::Failed(text),
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InTheWay(text) => Self::invalid(text),
            StoreError::Failed(text) => Self::internal(text),
        }
    }
}
