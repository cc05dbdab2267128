//! A plan: its table, what it leaves unspent, what binds it.

mod months;

pub(super) use months::{booked_names, is_same};

use super::conflict;
use super::figures::{objective, partnerships, plan_name, price_step, probability, share, signed};
use super::layout::{Grid, Page, Tone};
use super::risk;
use super::worth;
use crate::model::joint;
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    Band, Cell, ConstraintKind, ConstraintState, HeldBy, Model, Objective, Plan, PlanStatus,
    RiskState,
};
use crate::units::{YearMonth, money, percent};

/// Status, counts, unspent budget, binding constraints and warnings of a plan; the conflict if there is none.
pub(super) fn write(page: &mut Page, model: &Model, plan: &Plan) {
    page.heading(&format!("Plan {}", plan_name(&plan.name)));
    // The conflict's own sentences open with the status.
    if plan
        .conflict
        .as_ref()
        .is_none_or(|c| c.sentences.is_empty())
    {
        page.sentence(&status(model, plan));
    }
    if plan.is_usable() {
        tables(page, model, plan);
        let units = valuation::units_of_plan(model, &plan.counts);
        unspent(page, model, plan, &units);
        binding(page, model, plan);
        worth::rules(page, model, plan);
        worth::cells(page, model, plan);
        worth::alternatives(page, model, plan);
        risk::write(page, model, plan);
    } else if let Some(found) = &plan.conflict {
        conflict::write(page, found);
    }
    for warning in &plan.warnings {
        let word = page.tone(Tone::Warning, "Note:");
        page.sentence(&format!("{word} {warning}"));
    }
}

fn status(model: &Model, plan: &Plan) -> String {
    let gap = plan.gap.map(|g| g.relative).filter(|g| g.is_finite());
    let of = maximized(model);
    let better = gap.map_or_else(String::new, |relative| {
        let proof = match plan.gap {
            Some(gap) if gap.certified => "certified",
            _ => "by the solver's word",
        };
        if relative < 5e-5 {
            format!(" No other plan has more {of} ({proof}).")
        } else {
            let more = percent((relative * 1000.0).ceil() / 1000.0);
            format!(" No other plan has more than {more} more {of} ({proof}).")
        }
    });
    let short = plan.risks.iter().any(|state| state.held() == Some(false));
    let open = |state: &RiskState| state.bound.is_some() && state.held().is_none();
    let keeps = if short {
        "Keeps every rule but those of risk that are not held (below)"
    } else if plan.risks.iter().any(open) {
        "Keeps every rule, those of risk in the trials that it was made on"
    } else {
        "Keeps every rule"
    };
    // What is proven of creators that act on each other is often much wider than what a search leaves open.
    if joint::applies(model) && plan.status == PlanStatus::Feasible {
        return format!("{keeps}.{better}");
    }
    match &plan.status {
        PlanStatus::Optimal => format!("Optimal.{better}"),
        PlanStatus::Feasible => {
            format!("{keeps}; the search ended at its limit.{better}")
        }
        PlanStatus::TimeLimit { found: true } => format!(
            "{keeps}; the clock ended the search, so another run may find another plan.{better}"
        ),
        PlanStatus::Stopped => {
            format!("Stopped. The best plan until then. {keeps}.{better}")
        }
        PlanStatus::TimeLimit { found: false } => {
            "No plan was found before the clock ended the search; one may exist. Allow more time."
                .to_owned()
        }
        PlanStatus::Infeasible => "No plan keeps all rules.".to_owned(),
        PlanStatus::Fixed => "The scenario gives the counts; they are not optimized.".to_owned(),
        PlanStatus::Failed { reason } if plan.status.is_open() => {
            format!("{}.", reason.replacen("no plan", "No plan", 1))
        }
        PlanStatus::Failed { reason } => format!("No plan: the solver failed ({reason})."),
    }
}

/// Whether all is said of a plan when it is said of its first month.
pub(super) fn is_one_month(model: &Model, plan: &Plan) -> bool {
    let share = |month: usize| model.horizon.months[month].budget_share;
    let same = |month: usize| share(month) == share(0) && model.same_season(month, 0);
    let mut rows = plan.counts.rows().into_iter();
    plan.counts.nrows() == 1
        || model.horizon.is_separable()
            && rows.all(|row| row == plan.counts.row(0))
            && (1..model.months).all(same)
}

/// Whether prices are of what one of several months alike does to the ratio of all their totals.
pub(super) fn is_ratio_of_months(model: &Model, plan: &Plan) -> bool {
    let own = model.risk.applies() || joint::applies(model);
    model.objective == Objective::Roas
        && is_one_month(model, plan)
        && plan.counts.nrows() > 1
        && !own
}

fn tables(page: &mut Page, model: &Model, plan: &Plan) {
    if !is_one_month(model, plan) {
        months::tables(page, model, plan);
        return;
    }
    let counts = plan.counts.row(0).to_vec();
    let units = valuation::units_in_month(model, 0, &counts);
    let view = View {
        model,
        counts: &counts,
        units: &units,
    };
    page.blank();
    if plan.counts.nrows() > 1 {
        page.sentence("Every month:");
    }
    view.write_tiers(page);
    view.write_shares(page);
    page.blank();
}

/// A month's name at the head of a column: its date, or its number.
pub(super) fn month_name(model: &Model, month: usize) -> String {
    let date = model
        .start
        .and_then(|(year, first)| YearMonth::new(year, first))
        .and_then(|start| start.plus_months(u32::try_from(month).ok()?));
    match date {
        Some(date) => date.to_string(),
        None => format!("month {}", month + 1),
    }
}

/// Type names that fit narrow screens.
fn short(name: &str) -> String {
    match name {
        "sponsored" => "spons.",
        "affiliate" => "affil.",
        "seeding" => "seed.",
        "ambassador" => "ambass.",
        other => other,
    }
    .to_owned()
}

/// One month's counts.
struct View<'a> {
    model: &'a Model,
    counts: &'a [f64],
    units: &'a [UnitValue],
}

impl View<'_> {
    /// Shares of types, categories and regions.
    fn write_shares(&self, page: &mut Page) {
        let model = self.model;
        let rules = &model.rules;
        if rules.partnership_share.iter().any(Option::is_some) {
            page.blank();
            page.table(&self.partnerships());
        }
        let categories: Vec<&str> = model.categories.iter().map(|s| s.name.as_str()).collect();
        let regions: Vec<&str> = model.regions.iter().map(|s| s.name.as_str()).collect();
        for (title, names, bands, of) in [
            (
                "category",
                categories,
                &rules.category_budget_share,
                (|c: &Cell| c.category) as fn(&Cell) -> Option<usize>,
            ),
            ("region", regions, &rules.region_budget_share, |c: &Cell| {
                c.region
            }),
        ] {
            if !names.is_empty() {
                page.blank();
                page.table(&self.segments(title, &names, bands, of));
            }
        }
    }

    fn count(&self, chosen: impl Fn(&Cell) -> bool) -> f64 {
        let cells = self.model.cells.iter().zip(self.counts);
        cells.filter(|(c, _)| chosen(c)).map(|(_, n)| n).sum()
    }

    fn spend(&self, chosen: impl Fn(&Cell) -> bool) -> f64 {
        let cells = self.model.cells.iter().zip(self.counts).zip(self.units);
        cells
            .filter(|((c, _), _)| chosen(c))
            .map(|((_, n), u)| n * u.spend)
            .sum()
    }

    /// The table of tiers, as wide as the page allows.
    fn write_tiers(&self, page: &mut Page) {
        let grid = self.tiers();
        if grid.natural_width() <= page.width() {
            page.table(&grid);
            return;
        }
        let grid = grid.with_header(short);
        if grid.natural_width() <= page.width() {
            page.table(&grid);
            return;
        }
        // A number broken over two lines can't be read, so counts and money stand apart.
        let types = self.model.partnerships.iter().map(|p| short(&p.name));
        page.table(&grid.without(&["spend", "share of spend"]));
        page.blank();
        page.table(&grid.without(&types.collect::<Vec<_>>()));
    }

    fn tiers(&self) -> Grid {
        let types = &self.model.partnerships;
        let header = std::iter::once("tier")
            .chain(types.iter().map(|p| p.name.as_str()))
            .chain(["all", "spend", "share of spend"]);
        let mut grid = Grid::new(header);
        let all_spend = self.spend(|_| true);
        let counts_of = |tier: Option<usize>| -> Vec<String> {
            let fits = |c: &Cell| tier.is_none_or(|t| c.tier == t);
            let offered = |p: usize| {
                let cells = &self.model.cells;
                cells.iter().any(|c| fits(c) && c.partnership == p)
            };
            let mut cells: Vec<String> = (0..types.len())
                .map(|p| {
                    if offered(p) {
                        partnerships(self.count(|c| fits(c) && c.partnership == p))
                    } else {
                        String::new()
                    }
                })
                .collect();
            cells.push(partnerships(self.count(fits)));
            cells.push(money(self.spend(fits), &self.model.currency));
            cells
        };
        for (i, tier) in self.model.tiers.iter().enumerate() {
            let band = self.model.rules.tier_budget_share[i].as_ref();
            let part = self.spend(|c| c.tier == i) / all_spend;
            let mut row = vec![tier.name.clone()];
            row.extend(counts_of(Some(i)));
            row.push(share(Some(part), band));
            grid.row(row);
        }
        let mut row = vec!["total".to_owned()];
        row.extend(counts_of(None));
        row.push(String::new());
        grid.row(row);
        grid.left(types.len() + 3)
    }

    fn partnerships(&self) -> Grid {
        let mut grid = Grid::new(["type", "count", "share of partnerships"]).left(2);
        let all = self.count(|_| true);
        for (i, partnership) in self.model.partnerships.iter().enumerate() {
            let part = self.count(|c| c.partnership == i);
            let band = self.model.rules.partnership_share[i].as_ref();
            grid.row([
                partnership.name.clone(),
                partnerships(part),
                share(Some(part / all), band),
            ]);
        }
        grid
    }

    fn segments(
        &self,
        title: &str,
        names: &[&str],
        bands: &[Option<Band>],
        of: fn(&Cell) -> Option<usize>,
    ) -> Grid {
        let mut grid = Grid::new([title, "count", "spend", "share of spend"]).left(3);
        let all = self.spend(|_| true);
        for (i, name) in names.iter().enumerate() {
            let spend = self.spend(|c| of(c) == Some(i));
            let band = bands.get(i).and_then(Option::as_ref);
            grid.row([
                (*name).to_owned(),
                partnerships(self.count(|c| of(c) == Some(i))),
                money(spend, &self.model.currency),
                share(Some(spend / all), band),
            ]);
        }
        grid
    }
}

fn unspent(page: &mut Page, model: &Model, plan: &Plan, units: &[UnitValue]) {
    let currency = &model.currency;
    let budget = model.budget();
    let spend: f64 = plan
        .counts
        .rows()
        .into_iter()
        .flat_map(|row| row.to_vec().into_iter().zip(units))
        .map(|(n, u)| n * u.spend)
        .sum();
    let whole = money(budget, currency);
    let left = plan.unspent;
    if left.abs() < 0.005 * budget.min(100.0) {
        page.sentence(&format!("It spends the whole budget of {whole}."));
    } else if left < 0.0 {
        let over = money(-left, currency);
        page.sentence(&format!(
            "It spends {}, {over} over the budget of {whole}.",
            money(spend, currency)
        ));
    } else {
        page.sentence(&format!(
            "It spends {} of the budget of {whole} ({}) and leaves {}.",
            money(spend, currency),
            probability(Some(spend / budget)),
            money(left, currency)
        ));
    }
    if !plan.unspent_held_by.is_empty() {
        page.sentence("What holds the rest back:");
        let most = if plan.counts.nrows() > 1 {
            months::LINES
        } else {
            usize::MAX
        };
        // Over months a rule is told once, with how often it comes again.
        let several = plan.counts.nrows() > 1;
        let mut rules: Vec<(&HeldBy, usize)> = Vec::new();
        for held in &plan.unspent_held_by {
            let same = |(other, _): &&mut (&HeldBy, usize)| other.constraint == held.constraint;
            match rules.iter_mut().find(same).filter(|_| several) {
                Some((_, again)) => *again += 1,
                None => rules.push((held, 0)),
            }
        }
        for (held, again) in rules.iter().take(most) {
            let again = match again {
                0 => String::new(),
                _ if model.horizon.is_separable() => "; likewise in other months".to_owned(),
                1 => "; likewise in another month".to_owned(),
                n => format!("; likewise in {n} other months"),
            };
            page.item(&format!("{}{again}", held.reason));
        }
        let more = rules.len().saturating_sub(most);
        if more > 0 {
            page.item(&format!("and {more} more in result.json"));
        }
    }
}

fn binding(page: &mut Page, model: &Model, plan: &Plan) {
    let one = is_one_month(model, plan);
    if !one {
        months::binding(page, model, plan);
        return;
    }
    // Rules on random totals have a section of their own.
    let states = || {
        let all = plan.constraints.iter();
        all.filter(|c| c.kind != ConstraintKind::Risk)
            .filter(|c| c.month == Some(0))
    };
    let binding: Vec<&ConstraintState> = states().filter(|c| c.binding).collect();
    if !binding.is_empty() {
        page.sentence("What binds the plan:");
        for state in binding {
            let name = if state.words.is_empty() {
                &state.name
            } else {
                &state.words
            };
            let price = price(model, state)
                .filter(|(changes, _)| *changes)
                .map_or_else(String::new, |(_, words)| format!("; {words}"));
            page.item(&format!("{name}{price}"));
        }
    }
    // Whole counts seldom reach the budget, but what more of it would bring is always asked.
    for state in states().filter(|c| !c.binding && c.name == "budget") {
        if let Some((_, words)) = price(model, state) {
            page.sentence(&format!("budget: {words}."));
        }
    }
    let priced = |c: &ConstraintState| price(model, c).is_some_and(|(changes, _)| changes);
    if states().any(|c| (c.binding || c.name == "budget") && priced(c)) {
        page.sentence(if is_ratio_of_months(model, plan) {
            "(Prices are those of the plan with fractional counts, of a rule moved in one month.)"
        } else {
            "(Prices are those of the plan with fractional counts.)"
        });
    }
}

pub(super) fn month_of(one: bool, state: &ConstraintState) -> String {
    match state.month {
        Some(month) if !one => format!("month {}: ", month + 1),
        _ => String::new(),
    }
}

/// What bounds and prices are of: with risk in the objective, of both that is weighed.
fn maximized(model: &Model) -> String {
    let (name, _) = objective(model.objective);
    match &model.risk.objective {
        Some(objective) if objective.cvar > 0.0 => format!("{name}, mean and worst trials weighed"),
        _ => format!("expected {name}"),
    }
}

/// Whether a step more of a bound would change the objective, and how.
fn price(model: &Model, state: &ConstraintState) -> Option<(bool, String)> {
    let (_, metric) = objective(model.objective);
    let name = match maximized(model) {
        weighed if weighed.contains(',') => format!("{weighed},"),
        expected => expected,
    };
    let price = state.shadow_price.filter(|p| p.is_finite())?;
    let (price, step) = if state.price_is_back {
        (
            0.0 - price,
            price_step(state.unit, model).replace("more", "less"),
        )
    } else {
        (price, price_step(state.unit, model))
    };
    let change = signed(metric, Some(price), &model.currency);
    let changes = change.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let words = if changes {
        format!("{step} would change {name} by {change}")
    } else if price == 0.0 {
        format!("{step} would not change {}", name.trim_end_matches(','))
    } else {
        format!("{step} would hardly change {}", name.trim_end_matches(','))
    };
    Some((changes, words))
}
