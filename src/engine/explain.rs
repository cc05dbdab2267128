//! Why results vary: from plans to Sobol' indices, tornado and the value of information.

use std::time::Instant;

use rayon::prelude::*;

use super::{EngineError, PlanResult, RunResult, stop_if};
use crate::model::{Cancel, InputGroup, Model, Plan, Progress};
use crate::rng::STREAM_BLOCK;
use crate::sensitivity::{self, Choice, Columns, IndexCollector, SensitivityRow, Subject};
use crate::simulator::{PlanInput, Seeds, Simulator};

/// What the second set of draws has of its seed beside the run's: any other key gives independent draws.
const SECOND: u64 = 0x9E37_79B9_7F4A_7C15;

/// Why results vary, and what is worth learning.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Plans, seed and trials; without estimates.
    pub run: RunResult,
    /// Inputs that are random in one of the plans.
    pub inputs: Vec<InputGroup>,
    /// Rows of `sensitivity.parquet`.
    pub sensitivity: Vec<SensitivityRow>,
    /// The choice between plans, by their numbers in `run.plans`; `None` without a usable plan.
    pub choice: Option<Choice>,
}

/// Explains the usable plans: Sobol' indices from `trials` trials of each of (inputs + 2) sets of draws, a
/// tornado, and what it is worth to know each input before choosing between base and what-ifs.
///
/// Shares draws with a run of the same seed only by chance of method: draws A are those of the
/// seed, all plain.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled, [`EngineError::Simulation`] if the draws can't be set up.
pub fn explain_plans(
    scenario: &str,
    planned: Vec<(Model, Plan)>,
    seed: u64,
    trials: u64,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Explanation, EngineError> {
    let begun = Instant::now();
    let usable: Vec<usize> = (0..planned.len())
        .filter(|&i| planned[i].1.is_usable())
        .collect();
    let subjects: Vec<Subject<'_>> = usable
        .iter()
        .map(|&i| Subject {
            model: &planned[i].0,
            counts: planned[i].1.counts.view(),
        })
        .collect();
    let random: Vec<Vec<InputGroup>> = subjects.iter().map(sensitivity::inputs).collect();
    let inputs: Vec<InputGroup> = InputGroup::ALL
        .into_iter()
        .filter(|input| random.iter().any(|own| own.contains(input)))
        .collect();
    let choice = Choice::of(&subjects);
    let mut rows = Vec::new();
    let mut run = 0;
    if !subjects.is_empty() {
        let collector = collect(
            &subjects,
            &inputs,
            choice.clone(),
            (seed, trials),
            progress,
            cancel,
        )?;
        rows = collector.rows(&subjects);
        rows.extend(subjects.iter().flat_map(sensitivity::tornado));
        if let Some(choice) = &choice {
            rows.extend(sensitivity::information(&subjects, choice, seed));
        }
        run = trials;
    }
    stop_if(cancel)?;
    let choice = choice.map(|choice| Choice {
        plans: choice.plans.iter().map(|&i| usable[i]).collect(),
        best: usable[choice.best],
        profits: choice.profits,
    });
    let warnings = planned.iter().flat_map(|(_, plan)| {
        let own = plan.warnings.iter();
        own.map(|warning| format!("plan {}: {warning}", plan.name))
    });
    Ok(Explanation {
        run: RunResult {
            scenario: scenario.to_owned(),
            seed,
            trials: run,
            warnings: warnings.collect(),
            plans: planned
                .into_iter()
                .map(|(model, plan)| PlanResult {
                    model,
                    plan,
                    targets: Vec::new(),
                    histograms: Vec::new(),
                })
                .collect(),
            summary: Vec::new(),
            comparison: Vec::new(),
            rebalancing: Vec::new(),
            best: None,
            seconds: vec![("explaining", begun.elapsed().as_secs_f64())],
        },
        inputs,
        sensitivity: rows,
        choice,
    })
}

/// Simulates all sets of draws, a stream block after the other, the sets side by side.
fn collect(
    subjects: &[Subject<'_>],
    inputs: &[InputGroup],
    choice: Option<Choice>,
    (seed, trials): (u64, u64),
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<IndexCollector, EngineError> {
    let plans: Vec<PlanInput<'_>> = subjects
        .iter()
        .map(|subject| PlanInput {
            model: subject.model,
            counts: subject.counts,
        })
        .collect();
    let simulator =
        Simulator::new(&plans, seed).map_err(|error| EngineError::Simulation(error.to_string()))?;
    let (a, second) = (Seeds::all(seed), seed ^ SECOND);
    let mut sets = vec![a, Seeds::all(second)];
    sets.extend(inputs.iter().map(|&input| a.with(input, second)));
    let mut collector = IndexCollector::new(subjects.len(), inputs, choice);
    progress.start("simulating", trials * sets.len() as u64);
    let mut first = 0;
    while first < trials {
        stop_if(cancel)?;
        let len = (trials - first).min(STREAM_BLOCK as u64);
        let columns: Vec<Columns> = sets
            .par_iter()
            .map(|seeds| {
                if cancel.requested() {
                    return Columns::default();
                }
                let block = simulator.block_with(seeds, first, len as usize);
                progress.advance(len);
                Columns::of(subjects, &block)
            })
            .collect();
        stop_if(cancel)?;
        collector.absorb(&columns[0], &columns[1], &columns[2..]);
        first += len;
    }
    progress.finish();
    Ok(collector)
}
