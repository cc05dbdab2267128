//! manifest.json: what was run, and all that may differ between two runs of one input.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::engine::RunResult;

/// The mark by which an output folder is known as ours.
pub const GENERATOR: &str = "influencer-matrix";

/// What a run's caller knows beside its result.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// SHA-256 of the scenario, hexadecimal.
    pub scenario_hash: String,
    /// The resolved scenario with origins, as `imatrix show` has it.
    pub resolved: Value,
    /// Worker threads.
    pub threads: usize,
}

/// What `manifest.json` holds, key by key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// [`GENERATOR`].
    pub generator: &'static str,
    /// Version of the engine.
    pub version: &'static str,
    /// Scenario name.
    pub scenario: String,
    /// SHA-256 of the scenario, hexadecimal.
    pub scenario_hash: String,
    /// Seed of all draws.
    pub seed: u64,
    /// Trials run.
    pub trials: u64,
    /// False if the clock stopped the making of a plan.
    pub reproducible: bool,
    /// How each plan was made.
    pub solver: Vec<ManifestPlan>,
    /// Wall time by phase, in seconds.
    pub seconds: Map<String, Value>,
    /// Worker threads.
    pub threads: usize,
    /// The folder's other files.
    pub files: Vec<String>,
    /// The resolved scenario with origins.
    pub resolved_scenario: Value,
}

/// How a plan was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ManifestPlan {
    /// Plan name.
    pub plan: String,
    /// Status name.
    pub status: &'static str,
    /// Solver name.
    pub solver: String,
    /// Branch-and-bound nodes.
    pub nodes: u64,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// False if the clock stopped it.
    pub reproducible: bool,
}

/// The manifest of a run with the names of the folder's files.
#[must_use]
pub fn manifest(result: &RunResult, record: &RunRecord, files: &[&str]) -> Manifest {
    let solver: Vec<ManifestPlan> = result
        .plans
        .iter()
        .map(|p| ManifestPlan {
            plan: p.plan.name.clone(),
            status: p.plan.status.name(),
            solver: p.plan.solver.solver.clone(),
            nodes: p.plan.solver.nodes,
            seconds: p.plan.solver.seconds,
            reproducible: p.plan.solver.reproducible,
        })
        .collect();
    Manifest {
        generator: GENERATOR,
        version: env!("CARGO_PKG_VERSION"),
        scenario: result.scenario.clone(),
        scenario_hash: record.scenario_hash.clone(),
        seed: result.seed,
        trials: result.trials,
        reproducible: solver.iter().all(|plan| plan.reproducible),
        solver,
        seconds: result
            .seconds
            .iter()
            .map(|(phase, seconds)| ((*phase).to_owned(), json!(seconds)))
            .collect(),
        threads: record.threads,
        files: files.iter().map(|&file| file.to_owned()).collect(),
        resolved_scenario: record.resolved.clone(),
    }
}

/// The one key that tells our folders from others.
#[derive(Deserialize)]
struct Mark {
    generator: String,
}

/// Whether a folder holds our manifest.
pub(super) fn is_ours(folder: &Path) -> bool {
    fs::read(folder.join("manifest.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Mark>(&bytes).ok())
        .is_some_and(|mark| mark.generator == GENERATOR)
}
