//! The least budget that is enough, in sentences.

use super::findings::stated;
use super::{KNEE, View};
use crate::frontier::Verdict;
use crate::report::text::figures::probability_with_error;
use crate::report::text::layout::Page;
use crate::report::text::plan;
use crate::units::listed;

/// The least value that is enough, and the plan at it.
pub(super) fn write(page: &mut Page, view: &View<'_>) {
    let Some(least) = &view.found.least else {
        return;
    };
    let wanted: Vec<String> = view
        .model
        .targets
        .iter()
        .filter(|t| t.with.is_some())
        .map(|t| stated(view, t))
        .collect();
    let wanted = listed(&wanted);
    let chances = |i: usize| {
        let results = view.found.run.plans[i].targets.iter();
        let all: Vec<String> = results
            .filter(|t| t.with.is_some())
            .map(|t| probability_with_error(t.probability, t.probability_error))
            .collect();
        listed(&all)
    };
    page.heading(&format!("The least budget for {wanted}"));
    let Verdict::Found { point, below } = least.verdict else {
        let best = (0..view.found.points.len())
            .filter_map(|i| {
                let results = &view.found.run.plans[i].targets;
                let lowest = results
                    .iter()
                    .filter_map(|t| Some(t.probability? - t.with?))
                    .reduce(f64::min)?;
                Some((i, lowest))
            })
            .reduce(|a, b| if b.1 > a.1 { b } else { a });
        page.sentence("No budget of the range is enough.");
        if let Some((i, _)) = best {
            page.sentence(&format!(
                "The nearest is {}, where the probability is {}.",
                view.value_of(i),
                chances(i)
            ));
        }
        return;
    };
    let before = match below {
        Some(below) if view.found.points[below].simulated.is_some() => {
            format!("; at {} it is {}", view.value_of(below), chances(below))
        }
        Some(below) => format!("; {} has no plan", view.value_of(below)),
        None => ", the least looked at".to_owned(),
    };
    page.sentence(&format!(
        "{KNEE} {}: the probability there is {}{before}.",
        view.value_of(point),
        chances(point),
    ));
    match (least.possibly, least.surely) {
        (Some(low), Some(high)) if low != point || high != point => page.sentence(&format!(
            "By the error of the simulation it may be {} already and is, with 95 % confidence at each, by {}.",
            view.value_of(low),
            view.value_of(high)
        )),
        (Some(low), None) => page.sentence(&format!(
            "By the error of the simulation it may be {} already; no value looked at is enough with 95 % confidence.",
            view.value_of(low)
        )),
        _ => {}
    }
    if let Some(lost) = least.lost_again {
        page.sentence(&format!(
            "More is not always better: {} misses it again.",
            view.value_of(lost)
        ));
    }
    let found = &view.found.run.plans[point];
    plan::write(page, &found.model, &found.plan);
}
