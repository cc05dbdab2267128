//! The whole summary of a run, and that of planning alone.

use super::best;
use super::comparison;
use super::estimates;
use super::figures::{objective, plan_name};
use super::layout::{Page, Tone};
use super::plan;
use super::quarter;
use super::variance;
use crate::engine::RunResult;
use crate::model::{Basis, BudgetOver, Model, Plan, RiskMeasure};
use crate::risk_words;
use crate::scenario::AssumedTerms;
use crate::units::{YearMonth, count, listed, money, percent};

/// What the report says beside the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportContext {
    /// The file's `description`.
    pub description: Option<String>,
    /// Terms of partnership types in use that are the presets' assumptions.
    pub assumed_terms: Vec<AssumedTerms>,
    /// Whether to write colour codes.
    pub color: bool,
    /// Columns of the terminal; at least 40 are taken.
    pub width: usize,
}

impl Default for ReportContext {
    fn default() -> Self {
        Self {
            description: None,
            assumed_terms: Vec::new(),
            color: false,
            width: 100,
        }
    }
}

/// The terminal summary of a run: every plan with its figures and targets, each what-if against the base, assumptions
/// and warnings.
#[must_use]
pub fn summary(result: &RunResult, context: &ReportContext) -> String {
    let mut page = Page::new(context.color, context.width);
    let simulated = !result.summary.is_empty();
    if let Some(base) = result.plans.first() {
        let trials = simulated.then_some((result.trials, result.seed));
        title(&mut page, &result.scenario, &base.model, context, trials);
    }
    if let (Some(found), Some(base)) = (&result.best, result.plans.first()) {
        best::write(&mut page, found, &base.model.currency);
    }
    for found in &result.plans {
        plan::write(&mut page, &found.model, &found.plan);
        if found.plan.is_usable() {
            estimates::headline(&mut page, result, found);
            variance::write(&mut page, result, found);
            let told = estimates::turnover(&mut page, result, found);
            estimates::audiences(&mut page, result, found, told);
            estimates::individuals(&mut page, result, found);
            quarter::write(&mut page, result, found);
            estimates::targets(&mut page, found);
            let (name, currency) = (&found.plan.name, &found.model.currency);
            comparison::write(&mut page, result, name, currency);
            comparison::rebalancing(&mut page, result, name, currency);
        }
    }
    let models: Vec<&Model> = result.plans.iter().map(|p| &p.model).collect();
    let plans: Vec<&Plan> = result.plans.iter().map(|p| &p.plan).collect();
    assumptions(&mut page, &models, context, simulated);
    warnings(&mut page, &result.warnings, &plans);
    page.into_text()
}

/// The summary of planning alone.
#[must_use]
pub fn plan_only(scenario: &str, planned: &[(Model, Plan)], context: &ReportContext) -> String {
    let mut page = Page::new(context.color, context.width);
    if let Some((model, _)) = planned.first() {
        title(&mut page, scenario, model, context, None);
    }
    for (model, found) in planned {
        plan::write(&mut page, model, found);
    }
    let models: Vec<&Model> = planned.iter().map(|p| &p.0).collect();
    assumptions(&mut page, &models, context, false);
    page.into_text()
}

pub(super) fn title(
    page: &mut Page,
    scenario: &str,
    model: &Model,
    context: &ReportContext,
    trials: Option<(u64, u64)>,
) {
    match context
        .description
        .as_deref()
        .filter(|d| !d.trim().is_empty())
    {
        Some(description) => page.title(&format!("{scenario}: {}", description.trim())),
        None => page.title(scenario),
    }
    let mut months = model.horizon.months.iter();
    let each = months.all(|month| month.budget_share == 1.0)
        && model.horizon.budget_over == BudgetOver::Month;
    let budget = if each {
        model.rules.budget
    } else {
        model.budget()
    };
    let budget = money(budget, &model.currency);
    let a_month = if each { "a month for" } else { "over" };
    let start = model.start.and_then(|(y, m)| YearMonth::new(y, m));
    let when = match (start, model.months) {
        (Some(start), 1) => format!(" for {start}"),
        (Some(start), months) => format!(" {a_month} {months} months from {start}"),
        (None, 1) => " a month".to_owned(),
        (None, months) => format!(" {a_month} {months} months"),
    };
    let (goal, _) = objective(model.objective);
    let what = match &model.risk.objective {
        Some(objective) => risk_words::objective(objective, goal),
        None => format!("expected {goal}"),
    };
    let kept = model.risk.rules.iter().find(|rule| rule.key == "budget");
    let kept = match kept.map(|rule| rule.measure) {
        Some(RiskMeasure::Probability { with }) => {
            format!(", kept in {} of months", percent(with))
        }
        _ => String::new(),
    };
    let text = format!(
        "Budget {budget}{when}{kept}, stage {}, maximizing {what}",
        model.stage.name()
    );
    let run = trials.map_or_else(String::new, |(trials, seed)| {
        let trials = match trials {
            1 => "1 trial".to_owned(),
            more => format!("{} trials", count(more as f64)),
        };
        format!("; {trials}, seed {seed}")
    });
    page.wrapped("", "", &format!("{text}{run}."));
}

pub(super) fn assumptions(
    page: &mut Page,
    models: &[&Model],
    context: &ReportContext,
    simulated: bool,
) {
    let mut sentences = Vec::new();
    if simulated && let Some(base) = models.first() {
        sentences.push(doubt(base));
        for other in models
            .iter()
            .skip(1)
            .filter(|m| m.uncertainty != base.uncertainty)
        {
            sentences.push(format!("In {}: {}", other.name, doubt(other)));
        }
    }
    for model in models {
        let first = models
            .first()
            .is_some_and(|base| base.incidents == model.incidents);
        if model.incidents.matter() && (first == (model.name == "base")) {
            let of = if model.name == "base" {
                String::new()
            } else {
                format!("In {}: ", model.name)
            };
            sentences.push(format!("{of}{}", incidents(model)));
        }
    }
    sentences.extend(terms(&context.assumed_terms));
    if sentences.is_empty() {
        return;
    }
    page.heading("What this rests on");
    for sentence in sentences {
        page.item(&sentence);
    }
}

/// Which terms of which partnership types are presets; types that share them in one sentence.
fn terms(assumed: &[AssumedTerms]) -> Vec<String> {
    let mut keys: Vec<&[&str]> = Vec::new();
    for own in assumed {
        if !keys.contains(&&own.keys[..]) {
            keys.push(&own.keys);
        }
    }
    keys.sort_by_key(|keys| !keys.is_empty());
    let of = |keys: &[&str]| {
        let own = assumed.iter().filter(|own| own.keys == keys);
        let types: Vec<String> = own.map(|own| own.partnership.clone()).collect();
        let words: Vec<String> = keys.iter().map(|key| key.replace('_', " ")).collect();
        let (what, verb) = match &words[..] {
            [] => (
                "terms".to_owned(),
                "are this program's assumptions, not figures of yours",
            ),
            [one] if one != "hours" && one != "posts" => (
                one.clone(),
                "is this program's assumption, not a figure of yours",
            ),
            several => (
                listed(several),
                "are this program's assumptions, not figures of yours",
            ),
        };
        format!(
            "The {what} of {} partnerships {verb}; [partnerships] sets {}.",
            listed(&types),
            if verb.starts_with("is") { "it" } else { "them" }
        )
    };
    keys.into_iter().map(of).collect()
}

/// What incidents a model reckons with.
fn incidents(model: &Model) -> String {
    let i = &model.incidents;
    let mut text = format!(
        "Incidents in {} of partnerships a month, each taking {} of its yield",
        percent(i.probability),
        percent(i.yield_lost),
    );
    if i.cleanup_cost > 0.0 {
        let cost = money(i.cleanup_cost, &model.currency);
        text += " and costing ";
        text += &cost;
    }
    if i.shocks() {
        let (share, lost) = (percent(i.shock_probability), percent(i.shock));
        text = format!(
            "{text}; {share} of them cost the whole plan {lost} of the month's conversions"
        );
    }
    text += if i.assumed {
        ". Figures of the preset \"cautious\" are this program's assumptions, not figures of yours; [incidents] sets them."
    } else {
        "."
    };
    text
}

/// The doubt about averages that applies to a model's tiers.
fn doubt(model: &Model) -> String {
    let followers = model
        .tiers
        .iter()
        .any(|t| matches!(t.basis, Basis::Followers(_)));
    let benchmark = model
        .tiers
        .iter()
        .any(|t| matches!(t.basis, Basis::Benchmark(_)));
    let u = &model.uncertainty;
    let parts: Vec<String> = [
        ("market", u.market, true),
        ("platform", u.platform, true),
        ("engagement rates", u.engagement_rate, followers),
        ("click rates", u.click_rate, followers),
        ("conversion rates", u.conversion_rate, followers),
        ("benchmarks", u.benchmark, benchmark),
        ("order value", u.order_value, true),
        ("fees", u.fee, true),
    ]
    .into_iter()
    .filter(|(_, sd, applies)| *applies && *sd > 0.0)
    .map(|(name, sd, _)| format!("{name} {}", percent(sd)))
    .collect();
    if parts.is_empty() {
        "The averages are taken as known: all spread is from creator to creator and order to order."
            .to_owned()
    } else {
        format!(
            "Doubt about the averages, shared by all creators of a trial (relative standard deviation): {}.",
            parts.join(", ")
        )
    }
}

/// Warnings that no plan's section has said; one that several plans share is said once.
pub(super) fn warnings(page: &mut Page, warnings: &[String], plans: &[&Plan]) {
    let mut shared: Vec<(&str, Vec<String>)> = Vec::new();
    for warning in warnings {
        let said = |w: &String| !w.is_empty() && warning.ends_with(w.as_str());
        if plans.iter().any(|p| p.warnings.iter().any(said)) {
            continue;
        }
        let of = |plan: &&Plan| warning.strip_prefix(&format!("plan {}: ", plan.name));
        let plan = plans.iter().find_map(|p| Some((of(p)?, p)));
        let text = plan.map_or(warning.as_str(), |(text, _)| text);
        let name = plan.map(|(_, plan)| plan_name(&plan.name));
        match shared.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.extend(name),
            None => shared.push((text, Vec::from_iter(name))),
        }
    }
    if shared.is_empty() {
        return;
    }
    let heading = page.tone(Tone::Warning, "Warnings");
    page.heading(&heading);
    for (text, names) in shared {
        page.item(&match names.len() {
            0 => text.to_owned(),
            1 => format!("plan {}: {text}", names[0]),
            _ => format!("plans {}: {text}", listed(&names)),
        });
    }
}
