//! The tables of a plan of several months: counts, money and shares by month.

use super::{View, month_name, price};
use crate::model::valuation;
use crate::model::{BookedAs, BudgetOver, ConstraintKind, ConstraintState, Model, Over, Plan};
use crate::report::text::figures::{partnerships, share};
use crate::report::text::layout::{Grid, Page};
use crate::units::{listed, money};

/// Months that a table has columns for.
const COLUMNS: usize = 6;

/// Rules that a section tells.
pub(super) const LINES: usize = 6;

/// Money below this is none.
const NOTHING: f64 = 0.005;

/// Counts, money and shares by month; one month's tables where all are alike.
pub(super) fn tables(page: &mut Page, model: &Model, plan: &Plan) {
    let view = Months::new(model, plan);
    let months = plan.counts.nrows();
    for first in (0..months).step_by(COLUMNS) {
        page.blank();
        page.table(&view.counts(first..(first + COLUMNS).min(months)));
    }
    page.blank();
    page.table(&view.money());
    let shares = if model.tiers.len() > 1 { months } else { 0 };
    for first in (0..shares).step_by(COLUMNS) {
        page.blank();
        page.table(&view.shares(first..(first + COLUMNS).min(months)));
    }
    let totals: Vec<f64> = plan.counts.columns().into_iter().map(|c| c.sum()).collect();
    let units = valuation::units_of_plan(model, &plan.counts);
    let whole = View {
        model,
        counts: &totals,
        units: &units,
    };
    whole.write_shares(page);
    page.blank();
    if let Some(words) = view.beyond() {
        page.sentence(&words);
    }
}

/// What binds a plan, each rule once with its months, the price of its dearest month behind it.
pub(super) fn binding(page: &mut Page, model: &Model, plan: &Plan) {
    let states = plan.constraints.iter();
    // Whole counts seldom reach the budget, but what more of it would bring is always asked.
    let asked = |c: &ConstraintState| {
        c.name == "budget" && price(model, c).is_some_and(|(changes, _)| changes)
    };
    let states = states.filter(|c| (c.binding || asked(c)) && c.kind != ConstraintKind::Risk);
    let mut rules: Vec<Vec<&ConstraintState>> = Vec::new();
    for state in states {
        match rules.iter_mut().find(|months| is_same(months[0], state)) {
            Some(months) => months.push(state),
            None => rules.push(vec![state]),
        }
    }
    if rules.is_empty() {
        return;
    }
    let value = |state: &ConstraintState| state.shadow_price.map_or(0.0, f64::abs);
    let dearest = |months: &[&ConstraintState]| months.iter().map(|c| value(c)).fold(0.0, f64::max);
    rules.sort_by(|a, b| dearest(b).total_cmp(&dearest(a)));
    page.sentence("What binds the plan:");
    let mut any = false;
    for months in rules.iter().take(LINES) {
        let when = in_months(months.iter().filter_map(|c| c.month));
        let priced = months
            .iter()
            .filter_map(|c| Some((value(c), c.month, price(model, c).filter(|(it, _)| *it)?.1)))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let price = priced.map_or_else(String::new, |(_, month, words)| match month {
            Some(month) if months.len() > 1 => format!("; in month {} {words}", month + 1),
            _ => format!("; {words}"),
        });
        any |= !price.is_empty();
        let words = &months[0].words;
        let what = if months.len() == 1 && !words.is_empty() {
            words
        } else {
            &months[0].name
        };
        page.item(&format!("{what}{when}{price}"));
    }
    let more = rules.len().saturating_sub(LINES);
    if more > 0 {
        page.item(&format!("and {more} more in constraints.parquet"));
    }
    if any {
        page.sentence("(Prices are those of the plan with fractional counts.)");
    }
}

/// Whether two states are one rule in two months. What holds for a whole wave and what holds for its months have
/// one name and are two rules.
pub(in crate::report::text) fn is_same(a: &ConstraintState, b: &ConstraintState) -> bool {
    a.name == b.name && a.month.is_some() == b.month.is_some()
}

/// A cell but for category and region: tier, type and what it is booked as, a commitment with its start.
pub(in crate::report::text) fn booked_names(model: &Model, cell: usize) -> Vec<String> {
    let horizon = &model.horizon;
    let cell = &model.cells[cell];
    let booked = match cell.booked_as {
        BookedAs::Open => String::new(),
        BookedAs::Wave(wave) => horizon.waves[wave].name.clone(),
        BookedAs::Level { level, start } => format!(
            "{} from {}",
            horizon.levels[level].name,
            month_name(model, start)
        ),
    };
    vec![
        model.tiers[cell.tier].name.clone(),
        model.partnerships[cell.partnership].name.clone(),
        booked,
    ]
}

/// Months in words: " (months 1, 2 and 3)"; nothing for rules on the horizon.
fn in_months(months: impl Iterator<Item = usize>) -> String {
    let names: Vec<String> = months.map(|month| (month + 1).to_string()).collect();
    match &names[..] {
        [] => String::new(),
        [one] => format!(" (month {one})"),
        all => format!(" (months {})", listed(all)),
    }
}

struct Months<'a> {
    model: &'a Model,
    plan: &'a Plan,
    /// Spend, months × cells.
    spend: Vec<Vec<f64>>,
}

impl<'a> Months<'a> {
    fn new(model: &'a Model, plan: &'a Plan) -> Self {
        let rows = plan.counts.rows().into_iter().enumerate();
        let spend = rows.map(|(month, row)| {
            let row = row.to_vec();
            let units = valuation::units_in_month(model, month, &row);
            row.iter()
                .zip(units)
                .map(|(n, unit)| n * unit.spend)
                .collect()
        });
        Self {
            spend: spend.collect(),
            model,
            plan,
        }
    }

    /// Cells alike but for category and region: tier, type and what they are booked as, commitments with their start.
    fn groups(&self) -> Vec<(Vec<String>, Vec<usize>)> {
        let mut out: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
        for index in 0..self.model.cells.len() {
            let names = booked_names(self.model, index);
            match out.iter_mut().find(|(known, _)| *known == names) {
                Some((_, cells)) => cells.push(index),
                None => out.push((names, vec![index])),
            }
        }
        out
    }

    fn counts(&self, months: std::ops::Range<usize>) -> Grid {
        let groups = self.groups();
        let booked = groups.iter().any(|(names, _)| !names[2].is_empty());
        let labels = if booked { 3 } else { 2 };
        let header = ["tier", "type", "booked as"].into_iter().map(str::to_owned);
        let header = header
            .take(labels)
            .chain(months.clone().map(|month| month_name(self.model, month)));
        let mut grid = Grid::new(header).left(1);
        if booked {
            grid = grid.left(2);
        }
        let counts = &self.plan.counts;
        let mut add = |names: &[String], cells: &[usize]| {
            let of = |month: usize| cells.iter().map(|&cell| counts[[month, cell]]).sum::<f64>();
            let own = months.clone().map(|month| partnerships(of(month)));
            grid.row(names[..labels].iter().cloned().chain(own));
        };
        for (names, cells) in &groups {
            // What is offered and not booked is in the file; a table of years has enough rows.
            if cells.iter().any(|&cell| counts.column(cell).sum() > 0.0) {
                add(names, cells);
            }
        }
        let all: Vec<usize> = (0..self.model.cells.len()).collect();
        add(&["total".to_owned(), String::new(), String::new()], &all);
        grid
    }

    /// Budget, spend and what is left, by month.
    fn money(&self) -> Grid {
        let model = self.model;
        let show = |value: f64| {
            let value = if value.abs() < NOTHING { 0.0 } else { value };
            money(value, &model.currency)
        };
        let over = model.horizon.budget_over;
        let header: &[&str] = match over {
            BudgetOver::Month => &["month", "budget", "spend", "left"],
            BudgetOver::CarryOver => &["month", "released", "spend", "carried on"],
            BudgetOver::Horizon => &["month", "spend"],
        };
        let mut grid = Grid::new(header.iter().copied());
        let (mut released, mut spent) = (0.0, 0.0);
        let sums: Vec<f64> = self.spend.iter().map(|month| month.iter().sum()).collect();
        let share = |month: usize| model.horizon.months[month].budget_share;
        let alike = over != BudgetOver::CarryOver
            && sums.len() > 1
            && (1..sums.len()).all(|m| (sums[m] - sums[0]).abs() < NOTHING && share(m) == share(0));
        if alike {
            // One line for all.
            let budget = model.budget_of(0);
            let each = "every month".to_owned();
            match over {
                BudgetOver::Horizon => grid.row([each, show(sums[0])]),
                _ => grid.row([each, show(budget), show(sums[0]), show(budget - sums[0])]),
            }
        }
        for (month, spend) in self.spend.iter().enumerate() {
            let spend: f64 = spend.iter().sum();
            let budget = model.budget_of(month);
            released += budget;
            spent += spend;
            if alike {
                continue;
            }
            let name = month_name(model, month);
            match over {
                BudgetOver::Month => {
                    grid.row([name, show(budget), show(spend), show(budget - spend)]);
                }
                BudgetOver::CarryOver => {
                    grid.row([name, show(budget), show(spend), show(released - spent)]);
                }
                BudgetOver::Horizon => grid.row([name, show(spend)]),
            }
        }
        let total = "total".to_owned();
        match over {
            BudgetOver::Horizon => grid.row([total, show(spent)]),
            _ => grid.row([total, show(released), show(spent), show(released - spent)]),
        }
        grid
    }

    /// Shares of spend by tier and month, and over the horizon with the band.
    fn shares(&self, months: std::ops::Range<usize>) -> Grid {
        let model = self.model;
        let header = std::iter::once("share of spend".to_owned())
            .chain(months.clone().map(|month| month_name(model, month)))
            .chain(std::iter::once("all".to_owned()));
        let by_month = model.horizon.diversity_over == Over::Month;
        let mut grid = Grid::new(header);
        for (index, tier) in model.tiers.iter().enumerate() {
            let of = |months: &mut dyn Iterator<Item = usize>| -> f64 {
                let (mut own, mut all) = (0.0, 0.0);
                for month in months {
                    for (cell, spend) in model.cells.iter().zip(&self.spend[month]) {
                        all += spend;
                        own += if cell.tier == index { *spend } else { 0.0 };
                    }
                }
                own / all
            };
            let band = model.rules.tier_budget_share[index].as_ref();
            let name = match band {
                // The band is each month's, as the column of the tier says.
                Some(_) if by_month => share_of(&tier.name, band),
                _ => tier.name.clone(),
            };
            let mut row = vec![name];
            for month in months.clone() {
                row.push(share(Some(of(&mut std::iter::once(month))), None));
            }
            let all = of(&mut (0..self.spend.len()));
            row.push(share(Some(all), if by_month { None } else { band }));
            grid.row(row);
        }
        grid
    }

    /// What terms owe beyond the horizon.
    fn beyond(&self) -> Option<String> {
        let model = self.model;
        let last = self.spend.len().checked_sub(1)?;
        let mut owed = 0.0;
        for (cell, own) in model.cells.iter().enumerate() {
            if let BookedAs::Level { level, start } = own.booked_as {
                let ends = start + model.horizon.levels[level].term_months;
                owed += self.spend[last][cell] * ends.saturating_sub(last + 1) as f64;
            }
        }
        (owed > NOTHING).then(|| {
            format!(
                "Ambassadors whose term ends later are owed {} beyond the horizon, at the last month's expectation; \
                 it is in no month's budget.",
                money(owed, &model.currency)
            )
        })
    }
}

/// A tier with the band of its share: "mega (0–10 %)".
fn share_of(name: &str, band: Option<&crate::model::Band>) -> String {
    match band {
        Some(band) => {
            let low = crate::units::percent(band.low);
            let high = crate::units::percent(band.high);
            format!("{name} ({}–{high})", low.trim_end_matches(" %"))
        }
        None => name.to_owned(),
    }
}
