//! What a walk shows, in sentences.

use super::{KNEE, View};
use crate::frontier::{Knee, Pays};
use crate::model::{Bound, Metric, PlanStatus, Target};
use crate::report::text::figures::{error, label};
use crate::report::text::layout::Page;
use crate::units::{fixed, listed, money, percent, ratio, significant};

/// Marginals that differ by less than this share are the same.
const SAME: f64 = 0.05;
/// A budget spent to this share is spent.
const SPENT: f64 = 0.97;
/// Spend that reaches this share of the last value's is as much as can be spent.
const FULL: f64 = 0.99;

/// Values without a plan, with their reason; neighbours of one reason together.
pub(super) fn without_plan(page: &mut Page, view: &View<'_>) {
    let points = &view.found.points;
    let mut groups: Vec<(usize, usize, &str)> = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let Some(reason) = point.reason.as_deref() else {
            continue;
        };
        match groups.last_mut() {
            // The words of neighbours differ in their figures only.
            Some((_, last, _)) if *last + 1 == number => *last = number,
            _ => groups.push((number, number, reason)),
        }
    }
    if groups.is_empty() {
        return;
    }
    page.heading("Without a plan");
    for (first, last, reason) in groups {
        let reason = reason.trim_end_matches(['.', ':']);
        page.item(&if first == last {
            format!("{}: {reason}.", view.value_of(first))
        } else {
            format!(
                "{} to {}; at the first: {reason}.",
                view.value_of(first),
                view.value_of(last)
            )
        });
    }
    closer(page, view);
}

/// Says how to look closer where most of the range has no plan.
fn closer(page: &mut Page, view: &View<'_>) {
    let steps = view.steps();
    let all = view.found.points.iter().filter(|p| !p.refined).count();
    if let [first, .., last] = steps[..]
        && 2 * steps.len() < all + 1
        && view.found.least.is_none()
    {
        page.sentence(&format!(
            "--by {}={}..{} looks closer at the values that have one.",
            view.found.axis.key, view.found.points[first].value, view.found.points[last].value,
        ));
    }
}

/// Whether the scenario fixes its counts, which is said.
fn fixed_counts(page: &mut Page, view: &View<'_>) -> bool {
    let fixed = view.model.counts.is_some();
    if fixed {
        page.sentence(
            "The scenario fixes its counts, so that every value has the same plan; leave out counts to plan each.",
        );
    }
    fixed
}

pub(super) fn budget(page: &mut Page, view: &View<'_>) {
    let steps = view.steps();
    if steps.is_empty() || fixed_counts(page, view) {
        return;
    }
    page.heading("What more budget brings");
    marginals(page, view, &steps);
    for pays in &view.found.knees {
        page.sentence(&knee(view, pays));
    }
    best(page, view, &steps, Metric::Profit);
    for target in view.targets() {
        page.sentence(&met(view, &steps, target));
    }
    unspent(page, view, &steps);
}

/// How the marginal revenue goes.
fn marginals(page: &mut Page, view: &View<'_>, steps: &[usize]) {
    let row = |&i: &usize| view.row(i, Metric::Revenue);
    let gains: Vec<(f64, Option<(f64, f64)>)> = steps
        .iter()
        .filter_map(row)
        .filter_map(|row| Some((row.marginal?, row.marginal_simulated)))
        .collect();
    let (Some(first), Some(last)) = (gains.first(), gains.last()) else {
        page.sentence(
            "No step of the range spends more than the one before, so there is no marginal ROAS.",
        );
        return;
    };
    let simulated = |gain: &(f64, Option<(f64, f64)>)| {
        gain.1.map_or_else(String::new, |(found, sd)| {
            format!(" (in simulation {} ± {})", ratio(found), significant(sd, 2))
        })
    };
    let change = last.0 - first.0;
    let scale = first.0.abs().max(last.0.abs());
    let verb = if gains.len() == 1 || change.abs() <= SAME * scale {
        let one = format!(
            "Marginal ROAS, the revenue that {} more of spend brings, is {} all along{}.",
            money(1.0, &view.model.currency),
            ratio(last.0),
            simulated(last),
        );
        page.sentence(&one);
        return;
    } else if change < 0.0 {
        "falls"
    } else {
        "rises"
    };
    page.sentence(&format!(
        "Marginal ROAS, the revenue that {} more of spend brings, {verb} from {}{} at the first step to {}{} at the last.",
        money(1.0, &view.model.currency),
        ratio(first.0),
        simulated(first),
        ratio(last.0),
        simulated(last),
    ));
}

fn knee(view: &View<'_>, pays: &Pays) -> String {
    let currency = &view.model.currency;
    let one = money(1.0, currency);
    let margin = view.model.order.margin;
    let brings = |marginal: f64| {
        if pays.target {
            format!("{} of revenue", money(marginal, currency))
        } else {
            format!(
                "{} of revenue, {} at a margin of {}",
                money(marginal, currency),
                money(margin * marginal, currency),
                percent(margin)
            )
        }
    };
    let target = ratio(pays.threshold);
    match pays.knee {
        Knee::Until { point, next, mixed } => {
            let at = view.value_of(point);
            let mixed = if mixed {
                " Below that it is not so at every step either."
            } else {
                ""
            };
            if pays.target {
                format!(
                    "Beyond {at} the next {one} of spend brings less than the target's ROAS of {target}: {}.{mixed}",
                    brings(next)
                )
            } else {
                format!(
                    "{KNEE} Beyond {at} the next {one} of spend earns less than it costs: it brings {}.{mixed}",
                    brings(next)
                )
            }
        }
        Knee::Nowhere { first } if pays.target => format!(
            "No step brings the target's ROAS of {target}: {one} more of spend brings {} even at the first.",
            brings(first)
        ),
        Knee::Nowhere { first } => format!(
            "No step earns what it costs: {one} more of spend brings {} even at the first.",
            brings(first)
        ),
        Knee::Everywhere { last } if pays.target => format!(
            "Every step brings at least the target's ROAS of {target}: {} at the last.",
            brings(last)
        ),
        Knee::Everywhere { last } => format!(
            "Every step earns at least what it costs: {one} more of spend brings {} at the last.",
            brings(last)
        ),
    }
}

/// Where a metric is best.
fn best(page: &mut Page, view: &View<'_>, steps: &[usize], metric: Metric) {
    let figure = |&i: &usize| Some((i, view.expected(i, metric)?));
    let figures: Vec<(usize, f64)> = steps.iter().filter_map(figure).collect();
    let Some(&(point, top)) = figures.iter().reduce(|a, b| if b.1 > a.1 { b } else { a }) else {
        return;
    };
    if figures.len() < 2 {
        return;
    }
    if figures.iter().all(|(_, v)| *v == top) {
        page.sentence(&format!(
            "Expected {} is {} at every value.",
            label(metric),
            view.figure(metric, Some(top))
        ));
        return;
    }
    let place = if point == steps[0] {
        ", where the range begins"
    } else if Some(&point) == steps.last() {
        ", where the range ends"
    } else {
        ""
    };
    page.sentence(&format!(
        "Expected {} is highest at {}{place}: {}.",
        label(metric),
        view.value_of(point),
        view.figure(metric, Some(top)),
    ));
}

pub(super) fn stated(view: &View<'_>, target: &Target) -> String {
    let side = match target.bound {
        Bound::AtLeast(_) => "at least",
        Bound::AtMost(_) => "at most",
    };
    let level = view.figure(target.metric, Some(target.bound.value()));
    let with = target.with.map_or_else(String::new, |with| {
        format!(" with probability {}", percent(with))
    });
    format!("{} of {side} {level}{with}", label(target.metric))
}

/// Where a target is met.
fn met(view: &View<'_>, steps: &[usize], target: &Target) -> String {
    let is_met = |&i: &usize| {
        let results = &view.found.run.plans[i].targets;
        results.iter().any(|t| t.key == target.key && t.met)
    };
    let met: Vec<bool> = steps.iter().map(is_met).collect();
    let words = stated(view, target);
    let mut words = words.chars();
    let words: String = words
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(words)
        .collect();
    let first = met.iter().position(|&m| m);
    let last = met.iter().rposition(|&m| m);
    match (first, last) {
        (Some(first), Some(last)) => {
            let at = |i: usize| view.value_of(steps[i]);
            if !met[first..=last].iter().all(|&m| m) {
                let times = met.iter().filter(|&&m| m).count();
                return format!(
                    "{words}: met at {times} of {} values between {} and {}, with gaps.",
                    met.len(),
                    at(first),
                    at(last)
                );
            }
            match (first == 0, last + 1 == met.len()) {
                (true, true) => format!("{words}: met at every value."),
                (true, false) => format!("{words}: met up to {}.", at(last)),
                (false, true) => format!("{words}: met from {} on.", at(first)),
                (false, false) if first == last => format!("{words}: met at {} alone.", at(first)),
                (false, false) => format!("{words}: met from {} to {}.", at(first), at(last)),
            }
        }
        _ => format!("{words}: met nowhere in the range."),
    }
}

/// From where on budget stays unspent, and what holds it.
fn unspent(page: &mut Page, view: &View<'_>, steps: &[usize]) {
    let unspent = |&i: &usize| {
        view.expected(i, Metric::Spend)
            .is_some_and(|spend| spend < SPENT * view.found.points[i].value)
    };
    let Some(last) = steps.last().filter(|i| unspent(i)) else {
        return;
    };
    let spend = view.expected(*last, Metric::Spend);
    // What whole counts leave below that is no limit yet.
    let full = |i: &usize| view.expected(*i, Metric::Spend) >= spend.map(|s| s * FULL);
    let begins = steps
        .iter()
        .rev()
        .take_while(|i| unspent(i) && full(i))
        .last()
        .unwrap_or(last);
    let held = &view.plan(*last).unspent_held_by;
    let why = held.first().map_or_else(String::new, |held| {
        format!(
            " What holds it back: {}.",
            held.reason.trim_end_matches('.')
        )
    });
    let spend = view.figure(Metric::Spend, spend);
    page.sentence(&if begins == last {
        format!(
            "At {} part of the budget stays unspent: {spend} are spent.{why}",
            view.value_of(*last)
        )
    } else {
        format!(
            "From {} on part of the budget stays unspent: at {} {spend} are spent.{why}",
            view.value_of(*begins),
            view.value_of(*last),
        )
    });
}

pub(super) fn key(page: &mut Page, view: &View<'_>) {
    let steps = view.steps();
    if steps.is_empty() {
        return;
    }
    page.heading(&format!("What {} changes", view.found.axis.key));
    let goal = view.goal();
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    let mut metrics = vec![goal];
    for metric in [Metric::Revenue, Metric::Roas, Metric::Profit, Metric::Spend] {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let changes: Vec<String> = metrics
        .into_iter()
        .filter_map(|metric| {
            let ends = [first, last].map(|i| view.expected(i, metric));
            let [from, to] = ends.map(|end| view.figure(metric, end));
            let defined = ends.iter().all(Option::is_some);
            (defined && from != to).then(|| format!("{} from {from} to {to}", label(metric)))
        })
        .collect();
    if !changes.is_empty() {
        page.sentence(&format!(
            "Between {} and {}, expected: {}.",
            view.value_of(first),
            view.value_of(last),
            listed(&changes),
        ));
    }
    best(page, view, &steps, goal);
    for target in view.targets() {
        page.sentence(&met(view, &steps, target));
    }
    let distinct = steps
        .iter()
        .filter(|&&i| view.found.points[i].same_as.is_none())
        .count();
    if distinct == 1 && steps.len() > 1 {
        page.sentence("The plan is the same at every value.");
    }
}

pub(super) fn risk(page: &mut Page, view: &View<'_>) {
    let steps = view.steps();
    let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else {
        return;
    };
    let goal = view.goal();
    let figures = |i: usize| Some((view.expected(i, goal)?, view.row(i, goal)?.tail?));
    let (Some(start), Some(end)) = (figures(first), figures(last)) else {
        return;
    };
    if fixed_counts(page, view) {
        return;
    }
    page.heading("What caution costs");
    if steps
        .iter()
        .all(|&i| i == first || view.found.points[i].same_as == Some(first))
    {
        page.sentence("The plan is the same at every weight: no other is less risky by this measure at any price asked here.");
        return;
    }
    let currency = &view.model.currency;
    let worst = percent(1.0 - view.found.axis.level);
    page.sentence(&format!(
        "From λ = {} to λ = {} the mean of {} in the worst {worst} of trials goes from {} ({}) to {} ({}), and the expected {} from {} to {}.",
        view.value_of(first),
        view.value_of(last),
        label(goal),
        view.figure(goal, Some(start.1.0)),
        error(goal, Some(start.1.1), currency),
        view.figure(goal, Some(end.1.0)),
        error(goal, Some(end.1.1), currency),
        label(goal),
        view.figure(goal, Some(start.0)),
        view.figure(goal, Some(end.0)),
    ));
    let beaten = view.beaten().iter().filter(|&&b| b).count();
    if beaten > 0 {
        page.sentence(
            "Plans that another beats in both are within the gap of planning or the error of the sample that plans are made on.",
        );
    }
}

/// Plans whose gap is not closed.
pub(super) fn gaps(page: &mut Page, view: &View<'_>) {
    let open: Vec<usize> = (0..view.found.points.len())
        .filter(|&i| {
            let status = &view.plan(i).status;
            matches!(
                status,
                PlanStatus::Feasible | PlanStatus::TimeLimit { found: true }
            )
        })
        .collect();
    let gap = |&i: &usize| view.plan(i).gap.map(|g| g.relative);
    let largest = open.iter().filter_map(gap).fold(0.0, f64::max);
    let largest = format!("{} %", fixed(100.0 * largest, 2));
    match open[..] {
        [] => {}
        [one] => page.sentence(&format!(
            "At {} the plan is not proven best: another may have up to {largest} more of what is maximized.",
            view.value_of(one)
        )),
        [first, .., last] => page.sentence(&format!(
            "At {} values from {} to {} plans are not proven best: others may have up to {largest} more of what is maximized.",
            open.len(),
            view.value_of(first),
            view.value_of(last)
        )),
    }
}
