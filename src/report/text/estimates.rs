//! What a plan yields: headline figures with their spread, and the odds of its targets.

use super::figures::{
    error, label, objective, plan_name, probability, probability_with_error, value,
};
use super::layout::{Grid, Page, Tone};
use crate::engine::{PlanResult, RunResult, TargetResult};
use crate::individuals::Concentration;
use crate::model::valuation::{self, UnitValue};
use crate::model::{Bound, BudgetOver, Metric, joint};
use crate::risk_words;
use crate::summary::{Estimate, Histogram, ScopeKind};
use crate::units::{count, money, percent, significant};

/// A plan's estimate of a metric over the horizon.
pub(super) fn total<'a>(result: &'a RunResult, plan: &str, metric: Metric) -> Option<&'a Estimate> {
    let row = result.summary.iter().find(|r| {
        r.plan == plan
            && r.month.is_none()
            && r.scope.kind == ScopeKind::Total
            && r.metric == metric
    });
    row.map(|r| &r.estimate)
}

/// How much hangs on the largest creators, in a sentence.
pub(super) fn individuals(page: &mut Page, result: &RunResult, plan: &PlanResult) {
    let mean = |metric: Concentration| {
        let mut rows = result.dependency.iter();
        rows.find(|r| r.plan == plan.plan.name && r.metric == metric)
            .and_then(|r| r.mean)
    };
    let (Some(top), Some(five), Some(lost), Some(spend)) = (
        mean(Concentration::TopRevenueShare),
        mean(Concentration::TopFiveRevenueShare),
        mean(Concentration::RevenueLost),
        mean(Concentration::TopSpendShare),
    ) else {
        return;
    };
    // One creator is all there is.
    if plan.plan.counts.sum() <= 1.0 {
        return;
    }
    // Who else would reach these people is not drawn: the loss is known of creators that add up.
    let lost = if joint::applies(&plan.model) {
        String::new()
    } else {
        format!(
            "; without the first it falls by {}",
            money(lost, &plan.model.currency)
        )
    };
    page.wrapped(
        "  ",
        "  ",
        &format!(
            "The creator with the most revenue brings {} of it, the five largest {}{lost}. The costliest takes {} of spend.",
            percent(top),
            percent(five),
            percent(spend),
        ),
    );
}

/// The headline table.
pub(super) fn headline(page: &mut Page, result: &RunResult, plan: &PlanResult) {
    let name = &plan.plan.name;
    let currency = &plan.model.currency;
    let mut grid = Grid::new([
        "",
        "expected",
        "± error",
        "P5",
        "P50",
        "P95",
        "distribution",
    ])
    .left(6);
    let mut rows = 0;
    for metric in Metric::HEADLINE {
        let Some(estimate) = total(result, name, metric) else {
            continue;
        };
        let own_error = if estimate.ratio_of_means.is_some() {
            estimate.ratio_of_means_error
        } else {
            estimate.mc_error
        };
        let picture = plan.histograms.iter().find(|h| h.metric == metric);
        let show = |v| value(metric, v, currency);
        grid.row([
            label(metric).to_owned(),
            show(estimate.headline()),
            error(metric, own_error, currency),
            show(estimate.p05()),
            show(estimate.p50()),
            show(estimate.p95()),
            picture.map(histogram).unwrap_or_default(),
        ]);
        rows += 1;
    }
    if rows == 0 {
        return;
    }
    page.heading(&format!("What {} yields", plan_name(name)));
    let pictures = if plan.histograms.is_empty() {
        0
    } else {
        page.width()
    };
    let grid = grid.fitted(pictures, &["distribution"]);
    page.table(&grid.fitted(page.width(), &["± error", "P50"]));
    let spend = total(result, name, Metric::Spend);
    if let Some((spend, budget)) = spend.and_then(|s| Some((s, s.target?)))
        && spend.prob_target.is_some()
    {
        let released = plan.model.horizon.budget_over == BudgetOver::CarryOver;
        page.sentence(&format!(
            "Spend {}stays within the budget of {} with probability {}{}{}.",
            if released { "of all months " } else { "" },
            value(Metric::Spend, Some(budget), currency),
            probability_with_error(spend.prob_target, spend.prob_target_error),
            if released {
                "; what is released month by month is not judged"
            } else {
                ""
            },
            decided(
                plan,
                Metric::Spend,
                Bound::AtMost(budget),
                spend.prob_target
            )
        ));
    }
    for metric in Metric::HEADLINE {
        let share = total(result, name, metric).map_or(0.0, |e| e.undefined_share);
        if share > 0.0 {
            page.sentence(&format!(
                "{} is undefined in {} of trials; those are left out of its figures.",
                label(metric),
                probability(Some(share))
            ));
        }
    }
}

/// Where the run's own trials have a probability on the other side of what a rule of risk wants than the trials that it is
/// held against: that these decide.
fn decided(plan: &PlanResult, metric: Metric, bound: Bound, shown: Option<f64>) -> String {
    let (model, mut risks) = (&plan.model, plan.plan.risks.iter());
    // Rules of risk speak of a month, figures of the horizon.
    let state = risks
        .find(|state| model.months == 1 && state.metric == metric && state.bound == Some(bound));
    let trials = model.risk.check_trials();
    state
        .zip(shown)
        .and_then(|(state, shown)| risk_words::decided(state, shown, trials, &model.currency))
        .map_or_else(String::new, |words| format!("; {words}"))
}

/// Gross impressions, net reach and frequency of a plan on audiences, as simulated, and the
/// objective's two figures, unless they have been told: the one planned with and the simulated one.
pub(super) fn audiences(page: &mut Page, result: &RunResult, plan: &PlanResult, told: bool) {
    let model = &plan.model;
    if model.audiences.is_empty() {
        return;
    }
    let name = &plan.plan.name;
    let of = |metric| total(result, name, metric).and_then(Estimate::headline);
    let (Some(gross), Some(net)) = (of(Metric::Impressions), of(Metric::NetReach)) else {
        return;
    };
    let size: f64 = model.audiences.iter().map(|a| a.size).sum();
    let whole = match model.audiences.len() {
        1 => format!("{} people", count(size)),
        n => format!("{} people in {n} audiences", count(size)),
    };
    let frequency =
        of(Metric::Frequency).map_or_else(String::new, |f| match significant(f, 3).as_str() {
            "1" | "1.00" => ", each once on average".to_owned(),
            times => format!(", each {times} times on average"),
        });
    page.sentence(&format!(
        "Reach: {} gross impressions reach {} of {whole} ({}){frequency}.",
        count(gross.round()),
        count(net.round()),
        probability(Some(net / size)),
    ));
    let metric = objective(model.objective).1;
    if let (Some(planned), Some(simulated), false) =
        (plan.plan.objective, total(result, name, metric), told)
    {
        let error_of = if simulated.ratio_of_means.is_some() {
            simulated.ratio_of_means_error
        } else {
            simulated.mc_error
        };
        page.sentence(&format!(
            "Planned with expected {} of {} in closed form; simulated: {} ± {}.",
            label(metric),
            value(metric, Some(planned), &model.currency),
            value(metric, simulated.headline(), &model.currency),
            error(metric, error_of, &model.currency).trim_start_matches(['±', ' ']),
        ));
    }
}

/// What a plan was planned with where partners come and go, every booked place filled, and what empty places change. Whether
/// there was something to tell.
pub(super) fn turnover(page: &mut Page, result: &RunResult, plan: &PlanResult) -> bool {
    let model = &plan.model;
    // After months that happened, what was planned is another plan.
    if model.horizon.pipeline.is_none() || !result.variance.is_empty() {
        return false;
    }
    let units = valuation::units_of_plan(model, &plan.plan.counts);
    let sum = |of: fn(&UnitValue) -> f64| -> f64 {
        let cells = plan.plan.counts.columns().into_iter().zip(&units);
        cells.map(|(counts, unit)| counts.sum() * of(unit)).sum()
    };
    let mut figures = vec![
        (Metric::Spend, sum(|u| u.spend)),
        (Metric::Revenue, sum(|u| u.revenue)),
    ];
    let metric = objective(model.objective).1;
    if let Some(planned) = plan.plan.objective
        && figures.iter().all(|f| f.0 != metric)
    {
        figures.push((metric, planned));
    }
    let (mut planned, mut simulated, mut differs) = (Vec::new(), Vec::new(), false);
    for (metric, figure) in figures {
        let found = total(result, &plan.plan.name, metric).and_then(Estimate::headline);
        let Some(found) = found else { return false };
        let (name, show) = (label(metric), |v| value(metric, Some(v), &model.currency));
        let change = (found - figure) / figure.abs();
        differs |= change.abs() >= 5e-4;
        let change = if change.is_finite() {
            let sign = if change < 0.0 { "−" } else { "+" };
            format!(" ({sign}{})", percent(change.abs()))
        } else {
            String::new()
        };
        planned.push(format!("{name} {}", show(figure)));
        simulated.push(format!("{name} {}{change}", show(found)));
    }
    if differs {
        page.sentence(&format!(
            "The plan's figures are as if every booked place were filled: {}. Simulated, with the places that leavers and the pipeline \
             leave empty: {}.",
            planned.join(", "),
            simulated.join(", "),
        ));
    }
    differs
}

/// Counts as a row of bars.
pub(super) fn histogram(histogram: &Histogram) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = histogram.counts.iter().copied().max().unwrap_or(0);
    let bar = |&count: &u64| {
        if count == 0 {
            return ' ';
        }
        let height = (count as f64 / most as f64 * 8.0).ceil() as usize;
        BARS[height.clamp(1, 8) - 1]
    };
    histogram.counts.iter().map(bar).collect()
}

/// The targets, one a line.
pub(super) fn targets(page: &mut Page, plan: &PlanResult) {
    if plan.targets.is_empty() {
        return;
    }
    page.heading(&format!("Targets of {}", plan_name(&plan.plan.name)));
    for target in &plan.targets {
        let mut text = sentence(page, target, &plan.model.currency);
        if target.tier.is_none() {
            text += &decided(plan, target.metric, target.bound, target.probability);
        }
        page.item(&text);
    }
}

fn sentence(page: &Page, target: &TargetResult, currency: &str) -> String {
    let verdict = if target.met {
        page.tone(Tone::Good, "met")
    } else {
        page.tone(Tone::Bad, "missed")
    };
    let show = |v| value(target.metric, v, currency);
    let sign = match target.bound {
        Bound::AtLeast(_) => "≥",
        Bound::AtMost(_) => "≤",
    };
    let whose = target
        .tier
        .as_ref()
        .map_or_else(String::new, |t| format!("{t} "));
    let level = show(Some(target.bound.value()));
    let name = label(target.metric);
    let figure = show(target.expected);
    let expected = if target.simulated {
        format!("simulated {figure}")
    } else {
        format!("expected {figure}")
    };
    let odds = match target.probability {
        Some(_) => {
            let odds = probability_with_error(target.probability, target.probability_error);
            format!(", probability {odds}")
        }
        None => String::new(),
    };
    let wanted = target
        .with
        .map_or_else(String::new, |with| format!(", wanted {}", percent(with)));
    let enforced = if target.enforced {
        "; enforced in planning"
    } else {
        ""
    };
    format!("{whose}{name} {sign} {level}: {verdict}; {expected}{odds}{wanted}{enforced}")
}
