//! A plan's expected totals as a function of the shared factors.

use super::inputs::spread;
use super::row::Subject;
use crate::model::{Basis, InputGroup, Metric, Model, joint, valuation};
use crate::stats::normal_quantile;

/// Expected totals of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Totals {
    pub(super) conversions: f64,
    pub(super) revenue: f64,
    pub(super) spend: f64,
    pub(super) profit: f64,
}

impl Totals {
    /// A metric of the totals; `None` where it is not defined, or of totals that are not kept.
    pub(super) fn metric(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Spend => Some(self.spend),
            Metric::Revenue => Some(self.revenue),
            Metric::Profit => Some(self.profit),
            Metric::Conversions => Some(self.conversions),
            Metric::Roas => (self.spend != 0.0).then(|| self.revenue / self.spend),
            _ => None,
        }
    }
}

/// What the booked cells of one tier, basis and commission add in expectation.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    tier: String,
    followers: bool,
    commission: f64,
    conversions: f64,
    revenue: f64,
    /// Fees that are drawn, and so under the shared doubt about fees.
    drawn_fees: f64,
    /// Agreed fees, products, handling.
    other_cost: f64,
}

/// A plan's expected totals, by the factors that multiply them.
///
/// The model's expectations are multilinear in the shared factors: given some of them, all others at
/// their mean of one give the conditional expectation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    all: Vec<Part>,
    margin: f64,
    spreads: [f64; InputGroup::ALL.len()],
}

impl Parts {
    pub(super) fn new(subject: &Subject<'_>) -> Self {
        let model = subject.model;
        let mut parts: Vec<Part> = Vec::new();
        let units = valuation::units_of_plan(model, &subject.counts.to_owned());
        for (cell, unit) in units.iter().enumerate() {
            let count: f64 = subject.counts.column(cell).sum();
            if count == 0.0 {
                continue;
            }
            let law = valuation::law(model, cell);
            let drawn = law.fee_multiplier().unwrap_or(0.0) * law.fee.mean() * law.terms.delivery;
            let own = Part {
                tier: tier_name(model, cell).to_owned(),
                followers: matches!(law.basis, Basis::Followers(_)),
                commission: law.terms.commission,
                conversions: count * unit.conversions,
                revenue: count * unit.revenue,
                drawn_fees: count * drawn,
                other_cost: count * (unit.spend - drawn - law.terms.commission * unit.revenue),
            };
            let alike = |part: &&mut Part| {
                part.tier == own.tier && part.commission.to_bits() == own.commission.to_bits()
            };
            if let Some(part) = parts.iter_mut().find(alike) {
                part.conversions += own.conversions;
                part.revenue += own.revenue;
                part.drawn_fees += own.drawn_fees;
                part.other_cost += own.other_cost;
            } else {
                parts.push(own);
            }
        }
        Self {
            all: parts,
            margin: model.order.margin,
            spreads: InputGroup::ALL.map(|input| spread(&model.uncertainty, input)),
        }
    }

    /// Expected totals given shared factors: `factor` of an input and a tier's name, 1 where not given.
    pub(super) fn totals(&self, factor: impl Fn(InputGroup, &str) -> f64) -> Totals {
        let market = factor(InputGroup::Market, "") * factor(InputGroup::Platform, "");
        let mut totals = Totals::default();
        for part in &self.all {
            let of = |input| factor(input, &part.tier);
            let rates = if part.followers {
                of(InputGroup::EngagementRate)
                    * of(InputGroup::ClickRate)
                    * of(InputGroup::ConversionRate)
            } else {
                of(InputGroup::Benchmark)
            };
            let revenue = part.revenue * market * rates * of(InputGroup::OrderValue);
            totals.conversions += part.conversions * market * rates;
            totals.revenue += revenue;
            totals.spend +=
                part.commission * revenue + part.drawn_fees * of(InputGroup::Fee) + part.other_cost;
        }
        totals.profit = self.margin * totals.revenue - totals.spend;
        totals
    }

    /// Expected totals.
    pub(super) fn expected(&self) -> Totals {
        self.totals(|_, _| 1.0)
    }

    /// A shared factor's value where its latent normal is `z`: exp(σ z − σ²/2), σ² = ln(1 + s²).
    pub(super) fn factor(&self, input: InputGroup, z: f64) -> f64 {
        let spread = self.spreads[input as usize];
        if spread == 0.0 {
            return 1.0;
        }
        let variance = libm::log1p(spread * spread);
        libm::exp(libm::sqrt(variance) * z - 0.5 * variance)
    }

    /// Expected totals of the subject with one input's factor, of one tier or of all, at a quantile.
    pub(super) fn at_quantile(
        &self,
        subject: &Subject<'_>,
        input: InputGroup,
        tier: Option<&str>,
        p: f64,
    ) -> Totals {
        let value = self.factor(input, normal_quantile(p));
        let moves_impressions = matches!(input, InputGroup::Platform | InputGroup::Benchmark);
        if moves_impressions && joint::applies(subject.model) {
            let model = with_impressions(subject.model, input, tier, value);
            let counts = subject.counts;
            return Self::new(&Subject {
                model: &model,
                counts,
            })
            .expected();
        }
        self.totals(|other, name| {
            let meant = other == input && tier.is_none_or(|tier| tier == name);
            if meant { value } else { 1.0 }
        })
    }
}

/// The model with a factor's value on impressions and all after: what saturates then does so at that value.
fn with_impressions(model: &Model, input: InputGroup, tier: Option<&str>, value: f64) -> Model {
    let mut model = model.clone();
    for cell in 0..model.cells.len() {
        let own = &model.tiers[model.cells[cell].tier];
        let followers = matches!(own.basis, Basis::Followers(_));
        let meant = tier.is_none_or(|tier| tier == own.name);
        if meant && (input == InputGroup::Platform || !followers) {
            model.cells[cell].factors.view_rate *= value;
        }
    }
    model
}

fn tier_name(model: &Model, cell: usize) -> &str {
    &model.tiers[model.cells[cell].tier].name
}
