//! From a roster to a selection: which creators to book, and as what.
//!
//! Every creator is booked at most once, in one of the partnership types that its tier, category and
//! region offer, under the rules of the scenario. What a booking costs and yields is the one valuation's, with the creator's own
//! figures in it.
//!
//! - `rows` reads the rules off their one definition, as rows over bookings;
//! - `dual` bounds what any selection can reach, by a few multipliers; `soft` are its sums;
//! - `search` rounds, repairs and polishes; `core` is branch and bound on what stays open; `linear`
//!   puts them together for a linear objective, this file for all;
//! - `conflict` names the rules that cannot hold together;
//! - `check` holds a selection against the rules without looking at any of the above.

mod check;
mod conflict;
mod core;
mod dual;
mod kinds;
mod linear;
mod rows;
mod search;
mod soft;
#[cfg(test)]
mod tests;

use std::time::Instant;

use ndarray::Array2;

pub use check::check_selection;

use self::linear::{Found, Task};
use self::rows::{Bookings, FEATURES, REVENUE, Rows, SPEND, Weights};
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    BudgetScale, Cancel, ConstraintState, Creator, Form, Gap, Metric, Model, Objective, OwnLaw,
    Plan, PlanSettings, PlanStatus, Quantity, SolverReport, Target, TargetScope,
};
use crate::optimizer::goal::within_gap;
use crate::optimizer::price::price_unit;
use crate::optimizer::words::amount;

/// Rounds of the search for a best ratio.
const ROUNDS: usize = 12;

/// How far a value may be from its bound, relative to it, and count as at it.
const AT: f64 = 1e-9;

const SOLVER: &str = "lagrangian";

/// One creator booked.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    /// Index into the creators.
    pub creator: usize,
    /// Index into the model's cells.
    pub cell: usize,
    /// Expected cost and yields.
    pub value: UnitValue,
}

/// A selection: who is booked as what, and the plan that this makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// In the order of the creators. Empty without a selection.
    pub bookings: Vec<Booking>,
    /// Counts by cell, status, gap, constraints and conflict, as of any plan.
    pub plan: Plan,
    /// Bookings that could have been made: creators × types offered to them.
    pub options: usize,
}

impl Selection {
    /// Expected total of a quantity over the bookings; `None` if a booking does not define it.
    #[must_use]
    pub fn total(&self, quantity: Quantity) -> Option<f64> {
        self.bookings.iter().map(|b| b.value.get(quantity)).sum()
    }

    /// A metric of expected totals; `None` if a part is not defined or the denominator is zero.
    #[must_use]
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        self.metric_of(metric, |_| true)
    }

    /// The value that a target judges, from expected totals over its scope.
    #[must_use]
    pub fn target_value(&self, model: &Model, target: &Target) -> Option<f64> {
        if target.metric.is_of_audiences() {
            return None;
        }
        self.metric_of(target.metric, |booking| match target.scope {
            TargetScope::Total => true,
            TargetScope::Tier(tier) => model.cells[booking.cell].tier == tier,
        })
    }

    fn metric_of(&self, metric: Metric, own: impl Fn(&Booking) -> bool) -> Option<f64> {
        let total = |quantity: Quantity| -> Option<f64> {
            let booked = self.bookings.iter().filter(|b| own(b));
            booked.map(|b| b.value.get(quantity)).sum()
        };
        let above = total(metric.numerator())?;
        let Some(below) = metric.denominator() else {
            return Some(above);
        };
        let below = total(below)?;
        (below != 0.0).then(|| metric.factor() * above / below)
    }
}

/// Selects creators of a roster: the bookings that maximize the model's objective under its rules.
///
/// With one binary unknown for every creator i and offered cell j,
///
/// ```text
/// maximize   Σ c_ij x_ij        (or Σ r_ij x_ij / Σ s_ij x_ij for ROAS)
/// subject to Σ_j x_ij ≤ 1, and every rule of the model over Σ x_ij
/// ```
///
/// The bound is that of the Lagrangian dual (Geoffrion 1974), certified by a sum that adds all rounding; for ROAS that of
/// the last of Dinkelbach's programs, q + F(q)/S with S the least spend. A selection is
/// checked by [`check_selection`], which shares nothing with the search. Counts are whole whatever
/// `fractional_counts` says, and fixed counts are not looked at.
///
/// ```
/// use influencer_matrix::model::{Cancel, Creator, PlanSettings};
/// use influencer_matrix::optimizer;
///
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 3_000\ntiers.use = [\"micro\"]\ndiversity.min_spend = 0\n";
/// # let model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario, the creators from a roster file
/// let creators: Vec<Creator> = (0..20)
///     .map(|i| Creator {
///         row: i + 2,
///         id: format!("creator {i}"),
///         name: None,
///         tier: 0,
///         category: None,
///         region: None,
///         followers: Some(1000.0 * (i + 1) as f64),
///         fee: Some(600.0),
///         engagement_rate: None,
///         past: None,
///     })
///     .collect();
/// let selection = optimizer::select(&model, &creators, &PlanSettings::default(), &Cancel::new());
/// assert!(selection.bookings.iter().any(|booking| booking.creator == 19));
/// assert!(optimizer::check_selection(&model, &creators, &selection.bookings).is_empty());
/// ```
#[must_use]
pub fn select(
    model: &Model,
    creators: &[Creator],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Selection {
    let started = Instant::now();
    let rows = Rows::of(model);
    let offered = Bookings::of(model, creators);
    let (all, _) = offered.within(&rows, |_| true);
    let task = Task {
        all: &all,
        rows: &rows,
        settings,
        cancel,
        started,
        quick: false,
    };
    let (found, gap) = if model.objective == Objective::Roas {
        best_ratio(&task, model)
    } else {
        let found = task.best(&weights(model, 0.0), None);
        let gap = Gap::new(found.bound, f64::NEG_INFINITY, true);
        (found, gap)
    };
    let mut selection = Selection {
        plan: plan(&task, model, &found, gap),
        bookings: bookings(model, creators, &all, &found),
        options: rows.allowed(&offered),
    };
    if found.infeasible {
        let task = Task {
            all: &offered,
            ..task
        };
        selection.plan.conflict = Some(conflict::explain(&task, model));
    }
    let broken = if selection.bookings.is_empty() {
        Vec::new()
    } else {
        check_selection(model, creators, &selection.bookings)
    };
    if !broken.is_empty() {
        let words: Vec<String> = broken.into_iter().map(|v| v.words).collect();
        selection.plan.status = PlanStatus::Failed {
            reason: format!(
                "the selection found does not keep every rule: {}",
                words.join("; ")
            ),
        };
        selection.bookings.clear();
    }
    selection.plan.solver.seconds = started.elapsed().as_secs_f64();
    selection
}

/// Weights of what is maximized; of a ratio revenue less `ratio` × spend.
fn weights(model: &Model, ratio: f64) -> Weights {
    let mut feature = [0.0; FEATURES];
    match valuation::objective_metric(model.objective).numerator() {
        Quantity::Spend => feature[SPEND] = 1.0,
        Quantity::Impressions => feature[2] = 1.0,
        Quantity::Engagements => feature[3] = 1.0,
        Quantity::Clicks => feature[4] = 1.0,
        Quantity::Conversions => feature[5] = 1.0,
        Quantity::Revenue => feature[REVENUE] = 1.0,
        Quantity::Profit => feature[7] = 1.0,
        // Of a plan as a whole; no objective maximizes it.
        Quantity::NetReach => {}
    }
    if model.objective == Objective::Roas {
        feature[SPEND] = -ratio;
    }
    vec![feature; model.cells.len()]
}

/// Dinkelbach's method: max R − qS at the ratio q of the last selection, until nothing is above zero.
fn best_ratio(task: &Task<'_>, model: &Model) -> (Found, Gap) {
    let least_spend = model.rules.min_spend * model.rules.budget;
    let sums = |found: &Found| {
        let made = found.choice.iter().flatten().flatten();
        made.fold((0.0, 0.0), |(r, s), &j| {
            let u = &task.all.features[j];
            (r + u[REVENUE], s + u[SPEND])
        })
    };
    let mut bound = f64::INFINITY;
    let mut best: Option<(f64, Found)> = None;
    let mut ratio = 0.0;
    let mut nodes = 0;
    for _ in 0..ROUNDS {
        let mut found = task.best(&weights(model, ratio), best.as_ref().map(|b| &b.1));
        nodes += found.nodes;
        found.nodes = nodes;
        if found.infeasible && best.is_none() {
            return (found, Gap::new(bound, f64::NEG_INFINITY, true));
        }
        // R ≤ qS + F and S is at least the least spend: R/S ≤ q + F/S.
        if least_spend > 0.0 {
            bound = f64::min(bound, ratio + f64::max(found.bound, 0.0) / least_spend);
        }
        let (revenue, spend) = sums(&found);
        let value = if spend > 0.0 { revenue / spend } else { 0.0 };
        let clocked = found.clocked;
        let better = found.choice.is_some() && best.as_ref().is_none_or(|b| value > b.0);
        if better {
            best = Some((value, found));
        } else if best.is_none() {
            return (found, Gap::new(bound, f64::NEG_INFINITY, true));
        }
        let Some((top, _)) = &best else { break };
        if !better || clocked || within_gap(bound, *top, task.settings.gap) || ratio == *top {
            break;
        }
        ratio = *top;
    }
    match best {
        Some((value, mut found)) => {
            found.nodes = nodes;
            found.value = value;
            found.bound = bound.max(value);
            let gap = Gap::new(found.bound, f64::NEG_INFINITY, true);
            (found, gap)
        }
        None => (
            task.best(&weights(model, ratio), None),
            Gap::new(bound, f64::NEG_INFINITY, true),
        ),
    }
}

fn bookings(model: &Model, creators: &[Creator], all: &Bookings, found: &Found) -> Vec<Booking> {
    let made = found.choice.iter().flatten().enumerate();
    made.filter_map(|(creator, &j)| {
        let cell = all.cell[j?] as usize;
        let own = OwnLaw::of(model, &creators[creator]);
        Some(Booking {
            creator,
            cell,
            value: own.law(&valuation::law(model, cell)).expected(),
        })
    })
    .collect()
}

/// What is known of a selection, as of any plan.
fn plan(task: &Task<'_>, model: &Model, found: &Found, gap: Gap) -> Plan {
    let made: Vec<usize> = found.choice.iter().flatten().flatten().copied().collect();
    let mut counts = Array2::zeros((model.months.max(1), model.cells.len()));
    for &j in &made {
        for month in 0..counts.nrows() {
            counts[[month, task.all.cell[j] as usize]] += 1.0;
        }
    }
    let value = found.value;
    let gap = found
        .choice
        .as_ref()
        .map(|_| Gap::new(gap.bound, value, gap.certified));
    let status = match (&gap, found.infeasible) {
        (_, true) => PlanStatus::Infeasible,
        (Some(gap), _) if within_gap(gap.bound, value, task.settings.gap) => PlanStatus::Optimal,
        (found_one, _) if found.clocked && !task.cancel.requested() => PlanStatus::TimeLimit {
            found: found_one.is_some(),
        },
        (Some(_), _) => PlanStatus::Feasible,
        (None, _) => PlanStatus::Failed {
            reason: if task.cancel.requested() {
                crate::optimizer::solver::INTERRUPTED.to_owned()
            } else {
                "no selection was found that keeps every rule, and none was ruled out".to_owned()
            },
        },
    };
    let spend: f64 = made.iter().map(|&j| task.all.features[j][SPEND]).sum();
    Plan {
        name: model.name.clone(),
        counts,
        solver: SolverReport {
            solver: SOLVER.to_owned(),
            nodes: found.nodes,
            reproducible: !matches!(status, PlanStatus::TimeLimit { .. }),
            seconds: 0.0,
        },
        status,
        objective: found.choice.as_ref().map(|_| value),
        gap,
        unspent: model.rules.budget - spend,
        unspent_held_by: Vec::new(),
        constraints: states(task, model, found, &made),
        risks: Vec::new(),
        unused: Vec::new(),
        alternatives: Vec::new(),
        conflict: None,
        warnings: Vec::new(),
    }
}

/// Every rule with its value, and its multiplier as its price: what the relaxation gains when the bound moves
/// by one step, as far as the multipliers hold.
fn states(task: &Task<'_>, model: &Model, found: &Found, made: &[usize]) -> Vec<ConstraintState> {
    let usable = found.choice.is_some();
    let rows = task.rows;
    let spend: f64 = made.iter().map(|&j| task.all.features[j][SPEND]).sum();
    // The multipliers of a ratio's last program are worth so much more than the ratio.
    let per = if model.objective == Objective::Roas && spend > 0.0 {
        1.0 / spend
    } else {
        1.0
    };
    let multiplier = |rule: usize, upper: bool| -> f64 {
        let own = |(row, price): (&rows::RuleRow, &f64)| {
            if row.rule == rule && row.upper == upper {
                *price
            } else {
                0.0
            }
        };
        rows.list.iter().zip(&found.prices).map(own).sum()
    };
    let mut out = Vec::new();
    for (i, rule) in rows.rules.iter().enumerate() {
        let value = if usable {
            rows.value(i, task.all, made)
        } else {
            None
        };
        let near =
            |bound: f64| value.is_some_and(|v| (v - bound).abs() <= AT * bound.abs().max(1.0));
        let at = match (rule.low, rule.high) {
            (_, Some(high)) if near(high) => Some(("at most", high)),
            (Some(low), _) if near(low) => Some(("at least", low)),
            _ => None,
        };
        let (over, under) = (multiplier(i, true), multiplier(i, false));
        // A multiplier that is clearly above zero: the relaxation ends at this bound.
        let held = usable && (over - under).abs() * scale(rule, value) > 1e-6 * found.value.abs();
        let below = match (&rule.form, &rows.values[i].1) {
            (Form::Ratio { .. }, Some(w)) => made.iter().map(|&j| task.all.weigh(w, j)).sum(),
            _ => 1.0,
        };
        // The least spend moves with the budget.
        let along: f64 = if rule.scales == Some(BudgetScale::Budget) {
            let least = |(k, r): (usize, &crate::model::Constraint)| match r.scales {
                Some(BudgetScale::LowShare(share)) => share * multiplier(k, false),
                _ => 0.0,
            };
            rows.rules.iter().enumerate().map(least).sum()
        } else {
            0.0
        };
        let price = (over - under - along) * below * rule.unit.price_step() * per;
        let word = |v: f64| amount(v, rule.unit, &model.currency);
        let words = match (at, held) {
            (Some((side, bound)), _) => {
                format!("{} is at its bound, {side} {}", rule.name, word(bound))
            }
            (None, true) => {
                let bound = if over > under { rule.high } else { rule.low };
                match (bound, value) {
                    (Some(bound), Some(v)) => format!(
                        "{} is {}, next to its bound of {}",
                        rule.name,
                        word(v),
                        word(bound)
                    ),
                    _ => String::new(),
                }
            }
            _ => String::new(),
        };
        for month in 0..model.months.max(1) {
            out.push(ConstraintState {
                month: Some(month),
                name: rule.name.clone(),
                kind: rule.kind,
                low: rule.low,
                value,
                high: rule.high,
                binding: usable && !words.is_empty(),
                shadow_price: (usable && !matches!(rule.form, Form::Largest(_))).then_some(price),
                price_is_back: false,
                range: crate::model::PriceRange::default(),
                unit: rule.unit,
                price_unit: price_unit(model, rule.unit),
                words: words.clone(),
                origin: rule.origin.clone(),
            });
        }
    }
    out
}

/// Size of what a rule's multiplier multiplies.
fn scale(rule: &crate::model::Constraint, value: Option<f64>) -> f64 {
    match rule.form {
        Form::Ratio { .. } => 1.0,
        _ => value.map_or(1.0, f64::abs).max(1.0),
    }
}
