//! Constraints in linear form: what the program is made of and what the plan report lists.
//!
//! Each constraint bounds one value of counts x (one a cell, or one an [`super::Activity`]): a sum Σ aᵢxᵢ, a
//! ratio Σ aᵢxᵢ / Σ bᵢxᵢ, or the largest aᵢ among booked cells. Ratios become linear rows by
//! multiplying out: Σ (aᵢ − bound·bᵢ) xᵢ ≤ 0 or ≥ 0, denominators being non-negative.

mod excess;
mod months;

pub use excess::Excess;
pub use months::constraints_over;

use super::Model;
use super::metric::{Metric, Quantity};
use super::origin::Origin;
use super::rules::{Band, BandSource, UserAmount};
use super::target::{Bound, Target, TargetScope};
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

fn plain(name: impl Into<String>, form: Form, origin: &Origin) -> Constraint {
    Constraint {
        name: name.into(),
        month: Some(0),
        kind: ConstraintKind::Supply,
        form,
        low: None,
        high: None,
        asked: None,
        scales: None,
        stage_band: false,
        unit: Unit::Count,
        origin: origin.clone(),
        importance: 1.0,
    }
}

/// Rules over columns: cells in a month, or what books them in one or in all months.
struct Builder<'a> {
    model: &'a Model,
    /// The cell of each column.
    columns: &'a [usize],
    /// What one unit of each column costs and yields in the month or months in question.
    units: &'a [UnitValue],
    /// Partnerships, months added up, of one unit of each column.
    present: Vec<f64>,
    /// What shares of the budget are of.
    budget: f64,
}

impl Builder<'_> {
    fn costs(&self) -> Vec<f64> {
        self.units.iter().map(|u| u.spend).collect()
    }

    fn ones(&self) -> Vec<f64> {
        self.present.clone()
    }

    /// `values` where the cell is chosen, 0 elsewhere.
    fn only(&self, values: Vec<f64>, chosen: impl Fn(&super::Cell) -> bool) -> Vec<f64> {
        values
            .into_iter()
            .zip(self.columns)
            .map(|(v, &cell)| {
                if chosen(&self.model.cells[cell]) {
                    v
                } else {
                    0.0
                }
            })
            .collect()
    }

    fn budget(&self) -> Constraint {
        let rules = &self.model.rules;
        Constraint {
            kind: ConstraintKind::Budget,
            high: Some(self.budget),
            scales: Some(BudgetScale::Budget),
            unit: Unit::Money,
            ..plain("budget", Form::Sum(self.costs()), &rules.budget_origin)
        }
    }

    fn min_spend(&self) -> Constraint {
        let rules = &self.model.rules;
        Constraint {
            kind: ConstraintKind::Budget,
            low: Some(rules.min_spend * self.budget),
            scales: Some(BudgetScale::LowShare(rules.min_spend)),
            unit: Unit::Money,
            ..plain(
                "diversity.min_spend",
                Form::Sum(self.costs()),
                &rules.min_spend_origin,
            )
        }
    }

    /// Least partnerships, one at least.
    fn least(&self) -> Constraint {
        let rules = &self.model.rules;
        match rules.min_creators {
            Some(least) if least >= 1.0 => Constraint {
                low: Some(least),
                ..plain(
                    "diversity.min_creators",
                    Form::Sum(self.ones()),
                    &rules.min_creators_origin,
                )
            },
            _ => self.any(),
        }
    }

    fn any(&self) -> Constraint {
        Constraint {
            low: Some(1.0),
            ..plain(
                "at least one partnership",
                Form::Sum(self.ones()),
                &Origin::Default,
            )
        }
    }

    fn most(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        rules.max_creators.map(|most| Constraint {
            high: Some(most),
            ..plain(
                "diversity.max_creators",
                Form::Sum(self.ones()),
                &rules.max_creators_origin,
            )
        })
    }

    fn hours(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        let hours = self.units.iter().map(|u| u.hours).collect();
        rules.hours_per_month.map(|cap| Constraint {
            kind: ConstraintKind::Hours,
            high: Some(cap),
            unit: Unit::Hours,
            ..plain(
                "operations.hours_per_month",
                Form::Sum(hours),
                &rules.hours_origin,
            )
        })
    }

    fn bands(&self, out: &mut Vec<Constraint>) {
        let rules = &self.model.rules;
        let mut add = |name: String, band: &Option<Band>, of: Vec<f64>, all: Vec<f64>| {
            let Some(band) = band else { return };
            out.push(Constraint {
                kind: ConstraintKind::Band,
                low: Some(band.low),
                high: Some(band.high),
                asked: band.asked,
                stage_band: band.source == BandSource::Stage,
                unit: Unit::Share,
                ..plain(
                    name,
                    Form::Ratio {
                        numerator: of,
                        denominator: all,
                    },
                    &band.origin,
                )
            });
        };
        for (i, tier) in self.model.tiers.iter().enumerate() {
            add(
                format!("diversity.tier_budget_share.{}", tier.name),
                &rules.tier_budget_share[i],
                self.only(self.costs(), |c| c.tier == i),
                self.costs(),
            );
        }
        for (i, partnership) in self.model.partnerships.iter().enumerate() {
            add(
                format!("diversity.partnership_share.{}", partnership.name),
                &rules.partnership_share[i],
                self.only(self.ones(), |c| c.partnership == i),
                self.ones(),
            );
        }
        for (i, category) in self.model.categories.iter().enumerate() {
            add(
                format!("diversity.category_budget_share.{}", category.name),
                &rules.category_budget_share[i],
                self.only(self.costs(), |c| c.category == Some(i)),
                self.costs(),
            );
        }
        for (i, region) in self.model.regions.iter().enumerate() {
            add(
                format!("diversity.region_budget_share.{}", region.name),
                &rules.region_budget_share[i],
                self.only(self.costs(), |c| c.region == Some(i)),
                self.costs(),
            );
        }
    }

    fn largest(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        let shares = self.units.iter().map(|u| u.spend / self.budget).collect();
        rules.max_creator_budget_share.map(|most| Constraint {
            kind: ConstraintKind::Band,
            high: Some(most),
            scales: Some(BudgetScale::PerBudget),
            unit: Unit::Share,
            ..plain(
                "diversity.max_creator_budget_share",
                Form::Largest(shares),
                &rules.max_creator_budget_share_origin,
            )
        })
    }

    fn supply(&self, out: &mut Vec<Constraint>) {
        let rules = &self.model.rules;
        for (i, tier) in self.model.tiers.iter().enumerate() {
            let counts = || Form::Sum(self.only(self.ones(), |c| c.tier == i));
            if tier.min_creators > 0.0 {
                out.push(Constraint {
                    low: Some(tier.min_creators),
                    ..plain(
                        format!("tiers.{}.min_creators", tier.name),
                        counts(),
                        &rules.tier_min_creators_origin[i],
                    )
                });
            }
            if let Some(most) = tier.max_creators {
                out.push(Constraint {
                    high: Some(most),
                    ..plain(
                        format!("tiers.{}.max_creators", tier.name),
                        counts(),
                        &rules.tier_max_creators_origin[i],
                    )
                });
            }
        }
    }

    /// An undefined quantity counts as 0; the reader refuses enforced targets on those.
    fn quantity(&self, quantity: Quantity, scope: TargetScope, factor: f64) -> Vec<f64> {
        let values = self
            .units
            .iter()
            .map(|u| factor * u.get(quantity).unwrap_or(0.0))
            .collect();
        self.only(values, |c| match scope {
            TargetScope::Total => true,
            TargetScope::Tier(tier) => c.tier == tier,
        })
    }

    fn target(&self, target: &Target) -> Constraint {
        let metric = target.metric;
        let numerator = self.quantity(metric.numerator(), target.scope, metric.factor());
        let form = match metric.denominator() {
            None => Form::Sum(numerator),
            Some(below) => Form::Ratio {
                numerator,
                denominator: self.quantity(below, target.scope, 1.0),
            },
        };
        let (low, high) = match target.bound {
            Bound::AtLeast(v) => (Some(v), None),
            Bound::AtMost(v) => (None, Some(v)),
        };
        Constraint {
            kind: ConstraintKind::Target,
            low,
            high,
            unit: Unit::Metric(metric),
            ..plain(target.key.clone(), form, &target.origin)
        }
    }

    fn user(&self, out: &mut Vec<Constraint>) {
        for rule in &self.model.rules.user {
            let mut coefficients = vec![0.0; self.units.len()];
            for (pattern, coefficient) in &rule.terms {
                let meant = self.model.matching(pattern);
                for (column, cell) in self.columns.iter().enumerate() {
                    if meant.contains(cell) {
                        coefficients[column] += coefficient;
                    }
                }
            }
            for (column, c) in coefficients.iter_mut().enumerate() {
                *c *= match rule.amount {
                    UserAmount::Count => self.present[column],
                    UserAmount::Spend => self.units[column].spend,
                };
            }
            out.push(Constraint {
                kind: ConstraintKind::User,
                low: rule.min,
                high: rule.max,
                unit: match rule.amount {
                    UserAmount::Count => Unit::Plain,
                    UserAmount::Spend => Unit::Money,
                },
                ..plain(rule.name.clone(), Form::Sum(coefficients), &rule.origin)
            });
        }
    }
}
