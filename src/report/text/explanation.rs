//! Why results vary, and what is worth learning: `imatrix explain`.

mod findings;
mod picture;

use findings::{Findings, Known};

use super::figures::{self, error, label, plan_name, value};
use super::layout::{Grid, Page};
use super::plan;
use super::whole::{ReportContext, title, warnings};
use crate::engine::{Explanation, PlanResult};
use crate::model::{Metric, Plan, joint};
use crate::sensitivity::Choice;
use crate::units::{count, listed, money, significant};

/// What is pictured.
const PICTURED: Metric = Metric::Roas;
/// Columns that a narrow screen does without, the first first.
const SPARE: [&str; 3] = ["with others", "alone", ""];
/// A value of knowing below this share of a plan's expected spend is next to nothing.
const NOTHING: f64 = 1e-5;

/// The terminal report of an explanation: for every plan what makes its ROAS vary, and what is worth learning
/// before choosing between plans.
#[must_use]
pub fn explanation(explanation: &Explanation, context: &ReportContext) -> String {
    let mut page = Page::new(context.color, context.width);
    let run = &explanation.run;
    if let Some(base) = run.plans.first() {
        title(&mut page, &run.scenario, &base.model, context, None);
    }
    if run.trials > 0 {
        page.wrapped(
            "",
            "",
            &format!(
                "{} sets of draws, {} {} of each, seed {}.",
                explanation.inputs.len() + 2,
                count(run.trials as f64),
                if run.trials == 1 { "trial" } else { "trials" },
                run.seed
            ),
        );
    }
    let mut pictured = false;
    for found in &run.plans {
        if !found.plan.is_usable() {
            plan::write(&mut page, &found.model, &found.plan);
        } else if pictured {
            in_short(&mut page, explanation, found);
        } else {
            in_full(&mut page, explanation, found);
            pictured = true;
        }
    }
    if let Some(choice) = &explanation.choice {
        learning(&mut page, explanation, choice);
    }
    let plans: Vec<&Plan> = run.plans.iter().map(|p| &p.plan).collect();
    warnings(&mut page, &run.warnings, &plans);
    page.into_text()
}

/// The first plan: table, pictures, sentences.
fn in_full(page: &mut Page, explanation: &Explanation, found: &PlanResult) {
    let name = plan_name(&found.plan.name);
    page.heading(&format!("What makes {} of {name} vary", label(PICTURED)));
    let findings = Findings::of(explanation, &found.plan.name, PICTURED);
    let currency = &found.model.currency;
    let Some(expected) = findings.expected else {
        page.sentence("It is not defined: nothing is spent.");
        return;
    };
    if explanation.run.trials < 2 {
        page.sentence("One trial has no spread; --trials asks for more.");
        return;
    }
    let shown = value(PICTURED, Some(expected), currency);
    if findings.inputs.is_empty() || findings.sd == Some(0.0) {
        page.sentence(&format!(
            "Nothing: it is {shown} in every trial, since nothing in this plan that it depends on is uncertain."
        ));
        return;
    }
    let mut grid = Grid::new(["input", "alone", "with others", "", "low", "", "high"])
        .left(3)
        .left(5);
    let largest = findings.largest_total();
    let scale = picture::Scale::new(expected, findings.inputs.iter().map(|i| (i.low, i.high)));
    for input in &findings.inputs {
        let number = |v| value(PICTURED, v, currency);
        grid.row([
            input.group.words().to_owned(),
            share(input.first),
            share(input.total),
            picture::bar(input.total, largest),
            number(input.low),
            scale.draw(input.low, input.high),
            number(input.high),
        ]);
    }
    let grid = grid.fitted(page.width(), &SPARE);
    page.table(&grid);
    page.sentence(&format!(
        "{} is {shown} in expectation (│), with a standard deviation of {}. Alone: the share of its variance that \
         goes away when the input is known; with others: the share that stays when all but it is known (standard errors \
         up to {} points). Low and high: what is expected with the input at its 10 % (░) and its 90 % quantile (█), in all \
         tiers at once; for creators' inputs, with their average over the plan there.",
        label(PICTURED),
        value(PICTURED, findings.sd, currency),
        significant(100.0 * findings.largest_error().unwrap_or(f64::NAN), 1),
    ));
    page.blank();
    for sentence in findings.sentences(label(PICTURED)) {
        page.sentence(&sentence);
    }
    let revenue = Findings::of(explanation, &found.plan.name, Metric::Revenue);
    if let Some(causes) = revenue.causes() {
        page.sentence(&format!("Revenue varies with {causes}."));
    }
    if joint::applies(&found.model) {
        page.sentence(
            "Low and high of creators' inputs, and what knowing averages is worth, hold the audience's saturation at its expected \
             strength; the shares do not.",
        );
    }
}

/// A further plan: one sentence.
fn in_short(page: &mut Page, explanation: &Explanation, found: &PlanResult) {
    let name = plan_name(&found.plan.name);
    let findings = Findings::of(explanation, &found.plan.name, PICTURED);
    let metric = label(PICTURED);
    page.blank();
    match (findings.causes(), findings.expected) {
        (Some(causes), Some(expected)) => {
            let [expected, sd] =
                [Some(expected), findings.sd].map(|v| value(PICTURED, v, &found.model.currency));
            page.wrapped(
                "",
                "  ",
                &format!(
                    "{metric} of {name} ({expected}, standard deviation {sd}) varies with {causes}."
                ),
            );
        }
        _ => page.wrapped("", "  ", &format!("{metric} of {name} does not vary.")),
    }
}

/// What is worth learning before choosing.
fn learning(page: &mut Page, explanation: &Explanation, choice: &Choice) {
    let plans = &explanation.run.plans;
    let usable = plans.iter().filter(|p| p.plan.is_usable()).count();
    let name = |i: usize| plan_name(&plans[i].plan.name);
    let Some(best) = plans.get(choice.best) else {
        return;
    };
    let currency = &best.model.currency;
    page.heading("What is worth learning before deciding");
    let left_out: Vec<String> = (0..plans.len())
        .filter(|i| plans[*i].plan.is_usable() && !choice.plans.contains(i))
        .map(name)
        .collect();
    if !left_out.is_empty() {
        page.sentence(&format!(
            "{} {} in what the market is, not in what can be decided, and {} no choice.",
            listed(&left_out),
            if left_out.len() == 1 {
                "differs"
            } else {
                "differ"
            },
            if left_out.len() == 1 { "is" } else { "are" },
        ));
    }
    if !choice.is_open() {
        page.sentence(if usable == 1 {
            "There is one plan and so nothing to decide: a [[what_if]] in the file, or several, would show what knowing \
             an input is worth for the choice between them."
        } else {
            "Of the plans none is an alternative to the first, so there is nothing to decide."
        });
        return;
    }
    let profits: Vec<String> = choice
        .plans
        .iter()
        .zip(&choice.profits)
        .map(|(&i, &profit)| format!("{} {}", name(i), money(profit, currency)))
        .collect();
    page.sentence(&format!(
        "Expected profit: {}. Knowing no more than the scenario says, {} is the choice.",
        listed(&profits),
        name(choice.best),
    ));
    let known = Known::of(explanation);
    let floor = NOTHING * spend_of(explanation, &best.plan.name);
    if known.all.is_none_or(|(value, _)| value <= floor) {
        page.sentence("Even knowing everything beforehand would change next to nothing.");
        return;
    }
    if !known.inputs.iter().any(|input| input.is_worth(floor)) {
        nothing_alone(page, &known, floor, currency);
        return;
    }
    let mut grid = Grid::new(["knowing beforehand", "is worth", "± error", "", "by tier"])
        .left(3)
        .left(4);
    let worth = |(value, sd): (f64, f64)| {
        let sd = (sd > 0.0).then(|| error(Metric::Profit, Some(sd), currency));
        [money(value, currency), sd.unwrap_or_default()]
    };
    let largest = known.inputs.first().map_or(0.0, |i| i.worth.0);
    for input in known.inputs.iter().filter(|i| i.is_worth(floor)) {
        let [value, sd] = worth(input.worth);
        let tiers: Vec<String> = input
            .tiers
            .iter()
            .filter(|(_, value)| *value > floor)
            .map(|(tier, value)| format!("{tier} {}", money(*value, currency)))
            .collect();
        grid.row([
            input.group.words().to_owned(),
            value,
            sd,
            picture::bar(Some(input.worth.0), Some(largest)),
            tiers.join(", "),
        ]);
    }
    for (words, worth_of) in [
        ("all averages together", known.shared),
        ("everything, chance too", known.all),
    ] {
        if let Some(found) = worth_of {
            let [value, sd] = worth(found);
            grid.row([words.to_owned(), value, sd, String::new(), String::new()]);
        }
    }
    page.table(&grid.fitted(page.width(), &["by tier"]));
    if let Some(sentence) = known.sentence(floor, currency) {
        page.sentence(&sentence);
    }
}

/// No input alone turns the choice.
fn nothing_alone(page: &mut Page, known: &Known, floor: f64, currency: &str) {
    page.sentence(
        "No single input is worth learning first: whatever one of them turns out to be, the choice stays the same.",
    );
    let worth = |known: Option<(f64, f64)>| known.map_or(0.0, |(value, _)| value);
    let shared = match worth(known.shared) {
        value if value > floor => {
            format!("Knowing all averages is worth {}", money(value, currency))
        }
        _ => "Knowing all averages is worth next to nothing".to_owned(),
    };
    page.sentence(&format!(
        "{shared}; knowing everything, the chance in creators and orders too, {}.",
        money(worth(known.all), currency),
    ));
}

fn spend_of(explanation: &Explanation, plan: &str) -> f64 {
    Findings::of(explanation, plan, Metric::Spend)
        .expected
        .unwrap_or(0.0)
}

/// A share of variance. Estimates may fall below 0 or above 1 by their error.
fn share(share: Option<f64>) -> String {
    share.map_or_else(
        || figures::UNDEFINED.to_owned(),
        |share| match share.clamp(0.0, 1.0) {
            small if small < 0.005 => "0 %".to_owned(),
            share => format!("{:.0} %", 100.0 * share),
        },
    )
}

#[cfg(test)]
mod tests;
