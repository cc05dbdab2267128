//! Selections → outcomes → summaries → comparisons.

use super::{EngineError, RunResult, SimulationSettings, draw, unsimulated};
use crate::judging;
use crate::model::{Cancel, Creator, Model, OwnLaw, Plan, Progress, TrialSink};
use crate::optimizer::Selection;
use crate::simulator::{OwnBooking, SelectionInput, Simulator};

/// A selection with what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedPlan {
    /// The base scenario's model or a what-if's.
    pub model: Model,
    /// The roster's creators as the model reads them.
    pub creators: Vec<Creator>,
    /// Who is booked.
    pub selection: Selection,
}

impl SelectedPlan {
    /// The model and the plan that the selection makes.
    #[must_use]
    pub fn planned(&self) -> (Model, Plan) {
        (self.model.clone(), self.selection.plan.clone())
    }
}

/// Simulates selections on common random numbers, each creator by its own figures, and summarizes,
/// compares and judges them, as [`super::simulate_plans`] does plans. The first is the baseline.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled, [`EngineError::Sink`] if the sink fails,
/// [`EngineError::Simulation`] if the draws can't be set up.
pub fn simulate_selections(
    scenario: &str,
    selected: &[SelectedPlan],
    settings: &SimulationSettings,
    sink: Option<&mut dyn TrialSink>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RunResult, EngineError> {
    let usable = || selected.iter().filter(|s| s.selection.plan.is_usable());
    let laws: Vec<Vec<OwnLaw>> = usable()
        .map(|found| {
            let booked = found.selection.bookings.iter();
            booked
                .map(|b| OwnLaw::of(&found.model, &found.creators[b.creator]))
                .collect()
        })
        .collect();
    let bookings: Vec<Vec<OwnBooking<'_>>> = usable()
        .zip(&laws)
        .map(|(found, laws)| {
            let booked = found.selection.bookings.iter().zip(laws);
            booked
                .map(|(b, own)| OwnBooking {
                    id: &found.creators[b.creator].id,
                    cell: b.cell,
                    own,
                })
                .collect()
        })
        .collect();
    let inputs: Vec<SelectionInput<'_>> = usable()
        .zip(&bookings)
        .map(|(found, bookings)| SelectionInput {
            model: &found.model,
            bookings,
        })
        .collect();
    let simulator =
        Simulator::of_selections(&inputs, settings.seed).map_err(|error| unsimulated(&error))?;
    let planned: Vec<(Model, Plan)> = selected.iter().map(SelectedPlan::planned).collect();
    let ports = (sink, progress);
    let drawn = draw(
        scenario,
        &planned,
        &(&simulator).into(),
        settings,
        ports,
        cancel,
    )?;
    drawn.judged(
        planned,
        |index, model, plan, summary| {
            let selection = &selected[index].selection;
            judging::judge_by(model, plan, summary, |t| selection.target_value(model, t))
        },
        cancel,
    )
}
