//! Settings that give an infeasible scenario a plan, tried before they are told.
//!
//! The optimizer says which bounds have to move how far. Here they become `--set` arguments in the
//! scenario's own keys, with figures that people write, rounded to the side that lets more pass;
//! the text is read again with them and planned. What has no plan then is not told.

mod setting;

use self::setting::{FINENESS, Setting, settings};
use super::{EngineError, plan_models, stop_if};
use crate::model::{Cancel, Conflict, JointChange, Model, NoProgress, Plan, PlanSettings, SetLine};
use crate::optimizer;
use crate::scenario::Scenario;

/// Most readings tried for one plan.
const TRIES: usize = 12;

/// Fills in [`Conflict::set_line`] for the plans of a scenario that have a conflict, where a change
/// of its bounds is known that lets a plan exist.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled.
pub fn find_remedies(
    scenario: &Scenario,
    planned: &mut [(Model, Plan)],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let base_has_plan = planned
        .iter()
        .any(|(_, plan)| plan.name == scenario.base.name && plan.is_usable());
    for (model, plan) in planned {
        let own = |m: &Model| m.name == plan.name && m.rules == model.rules;
        if plan.conflict.is_none() || !scenario.models().any(own) {
            continue;
        }
        let search = Search {
            scenario,
            model,
            base_has_plan,
            settings,
            cancel,
        };
        let line = search.line(plan);
        stop_if(cancel)?;
        if let Some(conflict) = &mut plan.conflict {
            conflict.set_line = line;
        }
    }
    Ok(())
}

struct Search<'a> {
    scenario: &'a Scenario,
    model: &'a Model,
    base_has_plan: bool,
    settings: &'a PlanSettings,
    cancel: &'a Cancel,
}

impl Search<'_> {
    fn line(&self, plan: &Plan) -> Option<SetLine> {
        let conflict = plan.conflict.as_ref()?;
        let mut tried: Vec<Vec<Setting>> = Vec::new();
        for changes in remedies(conflict, plan) {
            for fineness in FINENESS {
                let wanted = settings(self.scenario, self.model, plan, &changes, fineness);
                for set in wanted.into_iter().flatten() {
                    if tried.contains(&set) {
                        continue;
                    }
                    if tried.len() == TRIES || self.cancel.requested() {
                        return None;
                    }
                    tried.push(set.clone());
                    if let Some(line) = self.tried(&set) {
                        return Some(line);
                    }
                }
            }
        }
        None
    }

    /// The line of settings with which there is a plan.
    fn tried(&self, set: &[Setting]) -> Option<SetLine> {
        let pairs: Vec<(String, String)> = set
            .iter()
            .map(|s| (s.key.clone(), s.value.clone()))
            .collect();
        let name = &self.model.name;
        let scenario = self.scenario.again(Some(name), &pairs).ok()?;
        let again = scenario.models().find(|m| m.name == *name)?;
        // a what-if that sets the key itself hears nothing of it
        if again == self.model || !self.has_plan(again) {
            return None;
        }
        let is_base = *name == self.scenario.base.name;
        let typed = self.scenario.is_typed(name);
        if !is_base && !typed && self.base_has_plan && !self.has_plan(&scenario.base) {
            return None;
        }
        let line: Vec<String> = set.iter().map(Setting::argument).collect();
        Some(SetLine {
            settings: pairs,
            line: line.join(" "),
        })
    }

    /// Whether the very planning that a run does finds a plan.
    fn has_plan(&self, model: &Model) -> bool {
        // others as good are not asked for
        let settings = PlanSettings {
            alternatives: 0,
            ..*self.settings
        };
        optimizer::is_feasible(model, &settings, self.cancel)
            && plan_models(vec![model.clone()], &settings, &NoProgress, self.cancel)
                .is_ok_and(|planned| planned.iter().all(|(_, plan)| plan.is_usable()))
    }
}

/// Changes known to let a plan exist: the cheapest joint one, then single ones, the least first.
fn remedies(conflict: &Conflict, plan: &Plan) -> Vec<Vec<JointChange>> {
    let mut out = Vec::new();
    if !conflict.joint_change.is_empty() {
        out.push(conflict.joint_change.clone());
    }
    let members = conflict
        .members
        .iter()
        .chain(conflict.others.iter().flatten());
    for member in members.filter(|m| m.enough_alone) {
        let state = plan
            .constraints
            .iter()
            .find(|s| s.name == member.constraint && s.kind == member.kind);
        let (Some(to), Some(state)) = (member.changed_to, state) else {
            continue;
        };
        let from = match (state.low, state.high) {
            (Some(low), _) if to < low => low,
            (_, Some(high)) if to > high => high,
            _ => continue,
        };
        out.push(vec![JointChange {
            constraint: member.constraint.clone(),
            kind: member.kind,
            month: state.month,
            from,
            to,
            unit: member.unit,
            words: member.words.clone(),
        }]);
    }
    out
}
