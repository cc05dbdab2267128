//! A selection of creators: what was read, who is booked, what it costs and yields.

use std::collections::{BTreeMap, HashMap};

use super::figures::{objective, plan_name};
use super::layout::{Grid, Page};
use super::whole::{self, ReportContext};
use super::{comparison, conflict, estimates};
use crate::engine::{RunResult, SelectedPlan};
use crate::model::{CellKey, Metric, Model, Plan, PlanStatus, Quantity};
use crate::optimizer::Selection;
use crate::roster::{Action, Roster};
use crate::units::{count, money, percent, ratio};

/// Creators named in the summary.
const NAMED: usize = 10;
/// Reasons told.
const REASONS: usize = 8;

/// The terminal summary of selections, the base scenario's first: what was read, who is booked, and what it
/// comes to, trial by trial.
#[must_use]
pub fn selection(
    roster: &Roster,
    selected: &[SelectedPlan],
    run: &RunResult,
    context: &ReportContext,
) -> String {
    let mut page = Page::new(context.color, context.width);
    page.heading(&format!("Selection for {}", run.scenario));
    if let Some(description) = &context.description {
        page.sentence(description);
    }
    if run.trials > 0 {
        page.sentence(&format!(
            "{} trials, seed {}.",
            count(run.trials as f64),
            run.seed
        ));
    }
    read(&mut page, roster);
    for (number, (found, judged)) in selected.iter().zip(&run.plans).enumerate() {
        page.heading(&format!("Plan {}", plan_name(&found.model.name)));
        let base = (number > 0).then(|| &selected[0]);
        one(&mut page, found, base);
        if found.selection.plan.is_usable() {
            estimates::headline(&mut page, run, judged);
            estimates::individuals(&mut page, run, judged);
            estimates::targets(&mut page, judged);
            let name = &found.model.name;
            comparison::write(&mut page, run, name, &found.model.currency);
        }
    }
    let models: Vec<&Model> = selected.iter().map(|s| &s.model).collect();
    whole::assumptions(&mut page, &models, context, run.trials > 0);
    let plans: Vec<&Plan> = selected.iter().map(|s| &s.selection.plan).collect();
    whole::warnings(&mut page, &run.warnings, &plans);
    page.into_text()
}

/// Who is booked in one plan, and what that is expected to come to.
fn one(page: &mut Page, of: &SelectedPlan, base: Option<&SelectedPlan>) {
    let (model, found) = (&of.model, &of.selection);
    // The conflict's own sentences say that there is none.
    if found.plan.conflict.is_none() {
        page.sentence(&status(model, found));
    }
    if let Some(conflict) = &found.plan.conflict {
        conflict::write(page, conflict);
    }
    if !found.plan.is_usable() {
        return;
    }
    booked(page, model, found);
    money_lines(page, model, found);
    binding(page, found);
    if let Some(base) = base.filter(|base| base.selection.plan.is_usable()) {
        shared(page, of, base);
    } else {
        top(page, of);
        page.sentence("These are expectations: creators' own figures where the roster has them, the tier's else.");
    }
}

/// How much of a what-if's selection is the base's.
fn shared(page: &mut Page, of: &SelectedPlan, base: &SelectedPlan) {
    let ids = |of: &SelectedPlan| -> HashMap<String, CellKey> {
        let booked = of.selection.bookings.iter();
        booked
            .map(|b| (of.creators[b.creator].id.clone(), of.model.key(b.cell)))
            .collect()
    };
    let (mine, theirs) = (ids(of), ids(base));
    let both = mine.iter().filter(|(id, _)| theirs.contains_key(*id));
    let (same, otherwise): (Vec<_>, Vec<_>) = both.partition(|(id, key)| theirs[*id] == **key);
    let kept = same.len() + otherwise.len();
    page.sentence(&format!(
        "Of the base's {}, {} booked here, {} of them as another type; {} left out and {} new.",
        several(theirs.len(), "creator"),
        are(kept),
        count(otherwise.len() as f64),
        are(theirs.len() - kept),
        are(mine.len() - kept),
    ));
}

fn several(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", count(n as f64))
}

fn are(n: usize) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb}", count(n as f64))
}

fn read(page: &mut Page, roster: &Roster) {
    page.sentence(&format!(
        "Roster ({}): {} read, {} kept ({} of them repaired), {} dropped.",
        roster.form,
        several(roster.read, "row"),
        several(roster.creators.len(), "creator"),
        count(roster.repaired() as f64),
        several(roster.dropped(), "row")
    ));
    let columns: Vec<String> = roster
        .columns
        .iter()
        .map(|(field, name)| format!("{} from \"{name}\"", field.name()))
        .collect();
    page.sentence(&format!("Columns: {}.", columns.join(", ")));
    let mut reasons: BTreeMap<(Action, String), usize> = BTreeMap::new();
    for issue in &roster.issues {
        // What differs from row to row stands in the file.
        let plain: String = issue
            .reason
            .chars()
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .collect();
        *reasons.entry((issue.action, plain)).or_default() += 1;
    }
    let mut listed: Vec<_> = reasons.into_iter().collect();
    listed.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let more = listed.len().saturating_sub(REASONS);
    for ((action, reason), number) in listed.into_iter().take(REASONS) {
        let reason = collapsed(&reason);
        page.item(&format!(
            "{} × {}: {reason}",
            count(number as f64),
            action.name()
        ));
    }
    if more > 0 {
        page.item(&several(more, "more reason"));
    }
    if !roster.issues.is_empty() {
        page.sentence("Every one of them is listed in roster_issues.parquet.");
    }
}

/// Runs of `#`, with the separators between them, as one `…`.
fn collapsed(reason: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in reason.chars() {
        match c {
            '#' if inside => {}
            '#' => {
                out.push('…');
                inside = true;
            }
            '.' if inside && out.ends_with('…') => {}
            _ => {
                inside = false;
                out.push(c);
            }
        }
    }
    out
}

fn status(model: &Model, found: &Selection) -> String {
    let (name, _) = objective(model.objective);
    let gap = found.plan.gap.map(|g| g.relative).filter(|g| g.is_finite());
    let better = gap.map_or_else(String::new, |gap| {
        let more = percent((gap * 10_000.0).ceil() / 10_000.0);
        let more = if gap < 5e-4 { "0.1 %".to_owned() } else { more };
        format!(" No other selection has more than {more} more expected {name}.")
    });
    match &found.plan.status {
        PlanStatus::Optimal => format!("Optimal.{better}"),
        PlanStatus::Feasible => {
            format!("Keeps every rule; the search ended at its limit.{better}")
        }
        PlanStatus::TimeLimit { found: true } => format!(
            "Keeps every rule; the clock ended the search, so another run may find another selection.{better}"
        ),
        PlanStatus::Stopped => {
            format!("Stopped. The best selection until then, which keeps every rule.{better}")
        }
        PlanStatus::TimeLimit { found: false } => {
            "No selection was found before the clock ended the search; one may exist. Allow more time."
                .to_owned()
        }
        PlanStatus::Infeasible => "No selection keeps all rules.".to_owned(),
        PlanStatus::Fixed => String::new(),
        PlanStatus::Failed { reason } => format!("No selection: {reason}."),
    }
}

fn booked(page: &mut Page, model: &Model, found: &Selection) {
    page.blank();
    let types: Vec<&str> = model.partnerships.iter().map(|p| p.name.as_str()).collect();
    let header = ["tier"].into_iter().chain(types.iter().copied());
    let mut grid = Grid::new(header.chain(["all", "spend", "revenue", "ROAS"]));
    let row = |tier: Option<usize>| -> Vec<String> {
        let own = |cell: usize| tier.is_none_or(|t| model.cells[cell].tier == t);
        let mine: Vec<_> = found.bookings.iter().filter(|b| own(b.cell)).collect();
        let mut cells = vec![tier.map_or("total".to_owned(), |t| model.tiers[t].name.clone())];
        for p in 0..types.len() {
            let n = mine
                .iter()
                .filter(|b| model.cells[b.cell].partnership == p)
                .count();
            cells.push(count(n as f64));
        }
        let spend: f64 = mine.iter().map(|b| b.value.spend).sum();
        let revenue: f64 = mine.iter().map(|b| b.value.revenue).sum();
        cells.push(count(mine.len() as f64));
        cells.push(money(spend, &model.currency));
        cells.push(money(revenue, &model.currency));
        cells.push(if spend > 0.0 {
            ratio(revenue / spend)
        } else {
            "–".to_owned()
        });
        cells
    };
    for tier in 0..model.tiers.len() {
        grid.row(row(Some(tier)));
    }
    grid.row(row(None));
    page.table(&grid);
    page.blank();
}

fn money_lines(page: &mut Page, model: &Model, found: &Selection) {
    let currency = &model.currency;
    let spend = found.total(Quantity::Spend).unwrap_or(0.0);
    let text = |m: Metric| {
        found.metric(m).map_or("–".to_owned(), |v| {
            if m.is_money() {
                money(v, currency)
            } else {
                ratio(v)
            }
        })
    };
    page.sentence(&format!(
        "It spends {} of the budget of {} ({}). Expected revenue {}, profit {}, ROAS {}, CPA {}.",
        money(spend, currency),
        money(model.rules.budget, currency),
        percent(spend / model.rules.budget),
        text(Metric::Revenue),
        text(Metric::Profit),
        text(Metric::Roas),
        text(Metric::Cpa)
    ));
}

fn binding(page: &mut Page, found: &Selection) {
    let words = found.plan.constraints.iter().filter(|c| c.binding);
    let words: Vec<&str> = words.map(|c| c.words.as_str()).collect();
    if !words.is_empty() {
        page.sentence("What binds it:");
        for word in words {
            page.item(word);
        }
    }
}

fn top(page: &mut Page, of: &SelectedPlan) {
    let (model, found) = (&of.model, &of.selection);
    let mut order: Vec<_> = found.bookings.iter().collect();
    order.sort_by(|a, b| {
        b.value
            .revenue
            .total_cmp(&a.value.revenue)
            .then(a.creator.cmp(&b.creator))
    });
    let mut grid = Grid::new(["creator", "tier", "type", "spend", "revenue"])
        .left(1)
        .left(2);
    for booking in order.iter().take(NAMED) {
        let creator = &of.creators[booking.creator];
        let cell = &model.cells[booking.cell];
        let name = creator.name.as_ref().filter(|n| **n != creator.id);
        let name = name.map_or_else(|| creator.id.clone(), |n| format!("{n} ({})", creator.id));
        let short: String = name.chars().take(40).collect();
        grid.row([
            short,
            model.tiers[cell.tier].name.clone(),
            model.partnerships[cell.partnership].name.clone(),
            money(booking.value.spend, &model.currency),
            money(booking.value.revenue, &model.currency),
        ]);
    }
    page.blank();
    let all = order.len();
    let shown = all.min(NAMED);
    page.sentence(&if shown < all {
        format!(
            "The {shown} of most expected revenue (all {} are in selection.parquet):",
            count(all as f64)
        )
    } else {
        "Who is booked, most expected revenue first:".to_owned()
    });
    page.table(&grid);
    page.blank();
}
