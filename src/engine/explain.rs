//! Why results vary: from plans to Sobol' indices, tornado and the value of information.

use std::time::Instant;

use ndarray::Array2;
use rayon::prelude::*;

use super::{EngineError, PlanResult, RunResult, stop_if};
use crate::model::{BookedAs, Cancel, InputGroup, Model, Plan, Progress};
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
    /// Of the first set's trials, how many define ROAS (something is spent), one a plan of `run.plans`;
    /// 0 of unusable plans.
    pub defined: Vec<u64>,
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
    let plans: Vec<PlanInput<'_>> = usable
        .iter()
        .map(|&i| PlanInput {
            model: &planned[i].0,
            counts: planned[i].1.counts.view(),
        })
        .collect();
    let present = present(&plans, seed, trials, cancel)?;
    let subjects: Vec<Subject<'_>> = plans
        .iter()
        .zip(&present)
        .map(|(plan, present)| Subject {
            model: plan.model,
            counts: present.view(),
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
    let mut defined = vec![0; planned.len()];
    if !subjects.is_empty() {
        let collector = collect(
            (&plans, &subjects),
            &inputs,
            choice.clone(),
            (seed, trials),
            progress,
            cancel,
        )?;
        rows = collector.rows(&subjects);
        for (&plan, trials) in usable.iter().zip(collector.defined()) {
            defined[plan] = trials;
        }
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
            seconds: vec![("explaining", begun.elapsed().as_secs_f64())],
            ..RunResult::empty(scenario, seed)
        },
        inputs,
        defined,
        sensitivity: rows,
        choice,
    })
}

fn simulator<'a>(plans: &[PlanInput<'a>], seed: u64) -> Result<Simulator<'a>, EngineError> {
    Simulator::new(plans, seed).map_err(|error| EngineError::Simulation(error.to_string()))
}

/// Partnerships expected to be there, months × cells, of every plan: its counts, but with a pipeline the mean over the
/// trials of draws A, since who leaves and who finds a place has no closed form.
fn present(
    plans: &[PlanInput<'_>],
    seed: u64,
    trials: u64,
    cancel: &Cancel,
) -> Result<Vec<Array2<f64>>, EngineError> {
    let mut present: Vec<Array2<f64>> = plans.iter().map(|plan| plan.counts.to_owned()).collect();
    let turns: Vec<usize> = (0..plans.len())
        .filter(|&i| plans[i].model.horizon.pipeline.is_some())
        .collect();
    if turns.is_empty() {
        return Ok(present);
    }
    let own: Vec<PlanInput<'_>> = turns.iter().map(|&i| plans[i]).collect();
    let simulator = simulator(&own, seed)?;
    let seeds = Seeds::all(seed);
    let mut sums: Vec<Array2<f64>> = own
        .iter()
        .map(|plan| Array2::zeros(plan.counts.dim()))
        .collect();
    let mut first = 0;
    while first < trials {
        stop_if(cancel)?;
        let len = (trials - first).min(STREAM_BLOCK as u64);
        let block = simulator.block_with(&seeds, first, len as usize);
        for (sums, plan) in sums.iter_mut().zip(&block.plans) {
            for cell in plan.cells.iter().filter(|cell| !cell.places.is_empty()) {
                sums[[cell.month, cell.cell]] += cell.places.iter().sum::<f64>();
            }
        }
        first += len;
    }
    for (&i, sums) in turns.iter().zip(&sums) {
        for (cell, booked) in plans[i].model.cells.iter().enumerate() {
            if matches!(booked.booked_as, BookedAs::Wave(_)) {
                continue;
            }
            let mean = &sums.column(cell) / trials.max(1) as f64;
            present[i].column_mut(cell).assign(&mean);
        }
    }
    Ok(present)
}

/// Simulates all sets of draws, a stream block after the other, the sets side by side.
fn collect(
    (plans, subjects): (&[PlanInput<'_>], &[Subject<'_>]),
    inputs: &[InputGroup],
    choice: Option<Choice>,
    (seed, trials): (u64, u64),
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<IndexCollector, EngineError> {
    let simulator = simulator(plans, seed)?;
    let (a, second) = (Seeds::all(seed), seed ^ SECOND);
    let mut sets = vec![a, Seeds::all(second)];
    sets.extend(inputs.iter().map(|&input| a.with(input, second)));
    let mut collector = IndexCollector::new(subjects.len(), inputs, choice);
    progress.start("simulating", trials.saturating_mul(sets.len() as u64));
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
