//! Which plan is the best, in a sentence or two.

use super::figures::{error, label, plan_name, value};
use super::layout::Page;
use crate::model::{Indifference, Metric};
use crate::ranking::{BestPlan, RivalPlan};
use crate::stats::Standing;
use crate::units::{count, listed, percent};

/// The choice among the plans.
pub(super) fn write(page: &mut Page, found: &BestPlan, currency: &str) {
    for text in sentences(found, currency) {
        page.wrapped("", "", &text);
    }
}

fn sentences(found: &BestPlan, currency: &str) -> Vec<String> {
    let metric = found.wanted.metric;
    let by = label(metric);
    let sure = format!(
        "at least {} sure after {} trials",
        percent(found.wanted.probability),
        count(found.trials as f64)
    );
    let Some(plan) = &found.plan else {
        return vec![format!(
            "Which plan is the best by {by} is not known after {} trials: the {by} of one of them is undefined.",
            count(found.trials as f64)
        )];
    };
    let name = plan_name(plan);
    let mut out = vec![match found.standing {
        Standing::Worse => format!("{} is the best by {by}: {sure}.", start(&name)),
        Standing::Within => format!(
            "No plan is better than {name} by more than {} of {by}: {sure}.",
            zone(found, currency)
        ),
        Standing::Equal => format!("All plans have the same {by}."),
        Standing::Open => format!(
            "Which plan is the best by {by} is not known after {} trials, the most allowed; {name} leads.",
            count(found.trials as f64)
        ),
    }];
    let of = |standing| -> Vec<&RivalPlan> {
        let rivals = found.rivals.iter();
        rivals.filter(|r| r.standing == standing).collect()
    };
    if found.standing != Standing::Equal {
        let equal: Vec<String> = of(Standing::Equal)
            .iter()
            .map(|r| plan_name(&r.plan))
            .collect();
        if !equal.is_empty() {
            out.push(format!("{} has the same {by}.", start(&listed(&equal))));
        }
    }
    let mut close = of(Standing::Within);
    close.extend(of(Standing::Open));
    if !close.is_empty() {
        let rivals: Vec<String> = close
            .iter()
            .map(|rival| ahead(metric, rival, currency))
            .collect();
        out.push(format!("Its lead: {}.", listed(&rivals)));
    }
    if !found.left_out.is_empty() {
        let names: Vec<String> = found.left_out.iter().map(|n| plan_name(n)).collect();
        out.push(format!(
            "{} is not defined for {}.",
            start(by),
            listed(&names)
        ));
    }
    out
}

/// "¥120 ± ¥80 over base".
fn ahead(metric: Metric, rival: &RivalPlan, currency: &str) -> String {
    format!(
        "{} {} over {}",
        value(metric, Some(rival.difference), currency),
        error(metric, Some(rival.error), currency),
        plan_name(&rival.plan)
    )
}

/// The indifference zone as it was asked for.
fn zone(found: &BestPlan, currency: &str) -> String {
    match found.wanted.indifference {
        Indifference::Share(share) => percent(share),
        Indifference::Amount(_) => value(found.wanted.metric, Some(found.zone), currency),
    }
}

/// With a capital letter, unless it begins with a name in quotation marks.
fn start(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
