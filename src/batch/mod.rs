//! Many scenarios in one go: found in a folder, checked and planned side by side, simulated one
//! at a time (each parallel inside), judged case by case, compared with an earlier run.
//!
//! Nothing here prints or writes: outputs go through the port [`Store`], and what became of every
//! scenario is returned as [`ScenarioReport`]s.

mod drift;
mod find;
mod judge;
mod queue;
#[cfg(test)]
mod tests;

pub use drift::{Baseline, Drift, DriftRow, Figure};
pub use find::{Entry, FindError, check, duplicates, find};
pub use judge::{Case, Failure, Verdict, plan_cases, target_cases};
pub use queue::{BatchSettings, ScenarioReport, Store, StoreError, run};
