//! How much of each plan hangs on individuals.

use rayon::prelude::*;

use super::{EngineError, stop_if};
use crate::individuals::{self, DependencyRow, Gathering};
use crate::model::{Cancel, Plan, Progress};
use crate::simulator::Simulator;
use crate::stats::GRANULE;

/// Trials that one piece of work looks at.
struct Piece {
    /// All trials looked at of the plans concerned.
    of: usize,
    first: usize,
    trials: usize,
}

/// The rows of all plans, over the first trials of a run of `trials`: pieces of trials side by side, put
/// together in order, so that the bits are those of one thread.
pub(super) fn dependency(
    simulator: &Simulator<'_>,
    plans: &[&Plan],
    trials: u64,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<DependencyRow>, EngineError> {
    let looked_at: Vec<usize> = plans
        .iter()
        .map(|plan| individuals::trials(plan.counts.sum(), trials))
        .collect();
    let mut different = looked_at.clone();
    different.sort_unstable();
    different.dedup();
    let pieces: Vec<Piece> = different
        .into_iter()
        .flat_map(|of| {
            (0..of).step_by(GRANULE).map(move |first| Piece {
                of,
                first,
                trials: GRANULE.min(of - first),
            })
        })
        .collect();
    progress.start("looking at single creators", pieces.len() as u64);
    let gathered: Vec<Gathering> = pieces
        .par_iter()
        .map(|piece| {
            let own = |&of: &usize| if of == piece.of { piece.trials } else { 0 };
            let mut gathering = Gathering::new(&looked_at.iter().map(own).collect::<Vec<_>>());
            simulator.creators(
                |plan| looked_at[plan] == piece.of,
                piece.first as u64,
                piece.trials,
                |creator| {
                    gathering.add(creator);
                    !cancel.requested()
                },
            );
            progress.advance(1);
            gathering
        })
        .collect();
    progress.finish();
    stop_if(cancel)?;
    let mut all = Gathering::new(&vec![0; plans.len()]);
    for part in gathered {
        all.append(part);
    }
    Ok(plans
        .iter()
        .enumerate()
        .flat_map(|(index, plan)| all.rows(index, &plan.name))
        .collect())
}
