//! What a plan promises beyond its mean, and how far it keeps that.

use super::figures::objective;
use super::layout::{Page, Tone};
use crate::model::{Model, Plan, RiskState};
use crate::risk_words;
use crate::units::count;

/// Each rule with what is wanted, what fresh trials show and what the program's trials showed.
pub(super) fn write(page: &mut Page, model: &Model, plan: &Plan) {
    if plan.risks.is_empty() {
        return;
    }
    let currency = &model.currency;
    page.blank();
    let measured = plan.risks.iter().any(|state| state.out_of_sample.is_some());
    let fresh = count(model.risk.check_trials() as f64);
    let measured = if measured {
        format!(" and measured on {fresh} fresh ones")
    } else {
        String::new()
    };
    page.sentence(&format!(
        "Risk, planned on {} trials{measured}:",
        count(model.risk.trials as f64),
    ));
    for (at, state) in plan.risks.iter().enumerate() {
        // Months of one plan are said in one line.
        let twin = |other: &&RiskState| {
            RiskState {
                month: state.month,
                ..(*other).clone()
            } == *state
        };
        if plan.risks[..at].iter().any(|other| twin(&other)) {
            continue;
        }
        let months: Vec<String> = plan.risks[at..]
            .iter()
            .filter(twin)
            .filter_map(|state| Some((state.month? + 1).to_string()))
            .collect();
        let of = match months.len() {
            0 => String::new(),
            1 => format!("Month {}. ", months[0]),
            _ => format!("Months {}. ", months.join(", ")),
        };
        let error = state.out_of_sample_error.unwrap_or(f64::NAN);
        let fresh = match state.out_of_sample {
            Some(found) => risk_words::measured(state, (found, error), "fresh", currency),
            None => "not measured on fresh trials".to_owned(),
        };
        let mut text = match state.held() {
            Some(true) => format!("Held: {fresh}"),
            Some(false) => format!("{}: {fresh}", page.tone(Tone::Warning, "Not held")),
            None => {
                let mut letters = fresh.chars();
                let first = letters.next().map(|c| c.to_uppercase().to_string());
                first.unwrap_or_default() + letters.as_str()
            }
        };
        if state.bound.is_some() {
            let wanted = risk_words::wanted(state, currency);
            text.extend([", ", &wanted, " wanted"]);
        }
        if state.in_sample.is_finite() {
            let inside = (state.in_sample, state.in_sample_error);
            let inside = risk_words::figure(state, inside, currency);
            text.extend(["; ", &inside, " in the program's"]);
        }
        if state.tightened != 0.0 {
            let way = if state.tightened > 0.0 {
                "tighter"
            } else {
                "looser"
            };
            let by = risk_words::tightened(state, currency);
            text.extend([", where the rule is ", &by, " ", way]);
        }
        page.item(&format!("{of}{text} ({}).", state.key));
    }
    if let Some(found) = &model.risk.objective {
        let (goal, _) = objective(model.objective);
        let what = risk_words::objective(found, goal);
        page.sentence(&format!("It maximizes {what}."));
    }
}
