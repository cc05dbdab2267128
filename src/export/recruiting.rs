//! `imatrix pipeline` as JSON.

use serde_json::{Value, json};

use super::json::Description;
use super::table::defined;
use crate::model::pipeline::StepState;
use crate::model::{Model, Plan};
use crate::recruiting::Recruiting;
use crate::units::YearMonth;

/// A pipeline as one JSON object. `plan` adds the partnerships that a plan books in each month.
#[must_use]
pub fn pipeline_json(
    scenario: &str,
    model: &Model,
    found: &Recruiting,
    plan: Option<&Plan>,
    description: &Description,
) -> Value {
    let start = model.start.and_then(|(y, m)| YearMonth::new(y, m));
    let name = |month: usize| {
        let months = u32::try_from(month).ok()?;
        Some(start?.plus_months(months)?.to_string())
    };
    let step = |s: &StepState| {
        json!({
            "step": s.step.name(),
            "value": s.value,
            "after": s.after,
            "target": s.step.target(),
            "gain_to_target": s.gain_to_target,
            "gain_of_ten": s.gain_of_ten,
        })
    };
    let months: Vec<Value> = found
        .months
        .iter()
        .map(|m| {
            json!({
                "month": m.month + 1,
                "date": name(m.month),
                "expected": m.new.0,
                "p10": m.new.1,
                "p90": m.new.2,
                "until": m.until.0,
                "until_p10": m.until.1,
                "until_p90": m.until.2,
                "active": m.active,
                "booked": plan.map(|plan| plan.counts.row(m.month).sum()),
            })
        })
        .collect();
    let health: Vec<Value> = found
        .health
        .iter()
        .map(|h| {
            json!({
                "measure": h.measure.name(),
                "value": h.value,
                "target": h.target,
                "bound": if h.measure.is_at_least() { "at_least" } else { "below" },
                "met": h.met,
                "probability": h.probability,
            })
        })
        .collect();
    let wanted = &found.wanted;
    json!({
        "scenario": scenario,
        "description": description.description,
        "flow": found.flow,
        "steps": found.steps.iter().map(step).collect::<Vec<_>>(),
        "bottleneck": step(&found.bottleneck),
        "playbook_missed": found.short,
        "months": months,
        "wanted": {
            "partners": wanted.partners,
            "with": wanted.with,
            "contacts": wanted.contacts,
            "contacts_a_month": wanted.contacts_a_month,
            "chance_of_contacts_a_month": wanted.chance,
        },
        "health": health,
        "stay": found.stay,
        "steady_active": defined(found.steady_active),
        "steady_partners": defined(found.steady_partners),
        "starting": found.starting,
    })
}
