//! Constraints in linear form: what the program is made of and what the plan report lists.
//!
//! Each constraint bounds one value of counts x (one a cell, or one an [`super::Activity`]): a sum Σ aᵢxᵢ, a
//! ratio Σ aᵢxᵢ / Σ bᵢxᵢ, or the largest aᵢ among booked cells. Ratios become linear rows by
//! multiplying out: Σ (aᵢ − bound·bᵢ) xᵢ ≤ 0 or ≥ 0, denominators being non-negative.

mod build;
mod excess;
mod months;

pub use excess::Excess;
pub use months::constraints_over;

use build::{Builder, plain};

use super::Model;
use super::metric::Metric;
use super::origin::Origin;
use super::valuation::UnitValue;

/// One constraint on counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    /// Key path, or the user's name for it.
    pub name: String,
    /// The month it speaks of, from 0; `None` for the horizon as a whole.
    pub month: Option<usize>,
    /// Group, as exported.
    pub kind: ConstraintKind,
    /// Which rule it states, whatever it is called.
    pub rule: Rule,
    /// The constrained value as a function of counts.
    pub form: Form,
    /// Least value.
    pub low: Option<f64>,
    /// Largest value.
    pub high: Option<f64>,
    /// The single number asked for before tolerance, if that is how it was stated.
    pub asked: Option<f64>,
    /// Set where a bound is a share of the budget and moves with it.
    pub scales: Option<BudgetScale>,
    /// A band that comes from the stage's preset shares.
    pub stage_band: bool,
    /// Unit of the value and its bounds.
    pub unit: Unit,
    /// Where it was written.
    pub origin: Origin,
    /// How dear it is to let it give way, 1 unless the user says otherwise.
    pub importance: f64,
}

/// Groups of constraints, as exported in `constraints.parquet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConstraintKind {
    /// Budget and least spend.
    Budget,
    /// Shares of spend or of partnerships.
    Band,
    /// Bounds on numbers of partnerships.
    Supply,
    /// Handling hours.
    Hours,
    /// Enforced targets.
    Target,
    /// The user's own rules.
    User,
    /// Rules on random totals: `[risk]` and `budget.with`.
    Risk,
}

impl ConstraintKind {
    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Band => "band",
            Self::Supply => "supply",
            Self::Hours => "hours",
            Self::Target => "target",
            Self::User => "user",
            Self::Risk => "risk",
        }
    }
}

/// Rules that others have to tell from the rest of their group. Names are for people: over several months they say the month,
/// and the user chooses some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The budget of a month, or of the horizon.
    Budget,
    /// What the budgets of a month and of all before it come to, where they carry over.
    BudgetUntil,
    /// Least spend, a share of the budget.
    LeastSpend,
    /// A share of spend of a tier, category or region.
    SpendShare,
    /// That a plan has a partnership at all.
    OnePartnership,
    /// New partnerships until a month, within what the pipeline delivers.
    Delivered,
    /// Any other.
    Other,
}

impl Rule {
    /// Whether its bound is a budget, or a multiple of one.
    #[must_use]
    pub fn is_of_budget(self) -> bool {
        matches!(self, Self::Budget | Self::BudgetUntil | Self::LeastSpend)
    }

    /// Whether it speaks of all months until its own, and not of that month alone.
    #[must_use]
    pub fn adds_up_months(self) -> bool {
        matches!(self, Self::BudgetUntil | Self::Delivered)
    }
}

/// The constrained value as a function of counts, one coefficient a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Σ aᵢxᵢ.
    Sum(Vec<f64>),
    /// Σ aᵢxᵢ / Σ bᵢxᵢ.
    Ratio {
        /// aᵢ.
        numerator: Vec<f64>,
        /// bᵢ ≥ 0.
        denominator: Vec<f64>,
    },
    /// max { aᵢ : xᵢ > 0 }: a cell above the bound can't be booked.
    Largest(Vec<f64>),
    /// Σ max(0, aᵢ·x − cᵢ), with an upper bound only.
    Excess(Excess),
}

/// How a bound follows the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BudgetScale {
    /// The upper bound is the budget itself.
    Budget,
    /// The lower bound is this share of the budget.
    LowShare(f64),
    /// The coefficients are costs divided by the budget.
    PerBudget,
}

/// Unit of a constraint's value and bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Currency.
    Money,
    /// A share in [0, 1], shown in percent; its step is one point.
    Share,
    /// Partnerships.
    Count,
    /// Hours.
    Hours,
    /// The unit of a metric.
    Metric(Metric),
    /// The user's own sum.
    Plain,
}

impl Unit {
    /// How far a bound is moved to price it.
    #[must_use]
    pub fn price_step(self) -> f64 {
        match self {
            Self::Money | Self::Metric(Metric::Spend | Metric::Revenue | Metric::Profit) => 1000.0,
            Self::Share => 0.01,
            Self::Metric(Metric::Roas | Metric::Roi) => 0.1,
            _ => 1.0,
        }
    }
}

impl Form {
    /// Value at counts; `None` for a ratio without denominator or a largest among none.
    #[must_use]
    pub fn value(&self, counts: &[f64]) -> Option<f64> {
        let dot = |a: &[f64]| a.iter().zip(counts).map(|(a, x)| a * x).sum::<f64>();
        match self {
            Self::Sum(a) => Some(dot(a)),
            Self::Ratio {
                numerator,
                denominator,
            } => {
                let below = dot(denominator);
                (below != 0.0).then(|| dot(numerator) / below)
            }
            Self::Largest(a) => a
                .iter()
                .zip(counts)
                .filter(|&(_, &x)| x > 0.0)
                .map(|(&a, _)| a)
                .reduce(f64::max),
            Self::Excess(excess) => Some(excess.value(counts)),
        }
    }
}

impl Constraint {
    /// The lower bound, unless no counts lie below it: 0 of a sum of parts that are all at least 0, or
    /// of a share.
    #[must_use]
    pub fn limiting_low(&self) -> Option<f64> {
        self.low.filter(|&low| !self.always(|row| row >= 0.0, low))
    }

    /// The upper bound, unless no counts lie above it: all of what is shared out, or 0 of nothing.
    #[must_use]
    pub fn limiting_high(&self) -> Option<f64> {
        self.high
            .filter(|&high| !self.always(|row| row <= 0.0, high))
    }

    /// Whether value − bound (times the denominator) has the sign asked for at every x ≥ 0.
    fn always(&self, sign: impl Fn(f64) -> bool, bound: f64) -> bool {
        match &self.form {
            Form::Sum(a) => sign(-bound) && a.iter().all(|&a| sign(a)),
            Form::Ratio {
                numerator,
                denominator,
            } => {
                let mut terms = numerator.iter().zip(denominator);
                terms.all(|(a, b)| sign(a - bound * b))
            }
            Form::Largest(_) | Form::Excess(_) => false,
        }
    }
}

/// All constraints of a model's month, in program order: budget, least spend, numbers of
/// partnerships, bands (tier, type, category, region), largest partnership, supply, hours,
/// enforced targets, the user's own.
#[must_use]
pub fn constraints(model: &Model, units: &[UnitValue]) -> Vec<Constraint> {
    let columns: Vec<usize> = (0..units.len()).collect();
    let build = Builder {
        model,
        columns: &columns,
        units,
        present: vec![1.0; units.len()],
        budget: model.rules.budget,
    };
    let rules = &model.rules;
    let mut out = vec![build.budget()];
    if rules.min_spend > 0.0 {
        out.push(build.min_spend());
    }
    out.push(build.least());
    out.extend(build.most());
    build.bands(&mut out);
    out.extend(build.largest());
    build.supply(&mut out);
    out.extend(build.hours());
    out.extend(
        model
            .targets
            .iter()
            .filter(|t| t.enforce)
            .map(|t| build.target(t)),
    );
    build.user(&mut out);
    for constraint in &mut out {
        constraint.importance = rules.importance.of(&constraint.name, constraint.kind);
    }
    out
}
