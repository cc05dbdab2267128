//! The one definition of cost and yield.
//!
//! A [`CellLaw`] holds everything that decides what one creator of a cell costs
//! and yields in a month. The simulator draws from it, trial by trial; its
//! expectation, [`CellLaw::expected`], is what the optimizer's coefficients,
//! the plan table and the judged targets use. So report and optimizer cannot
//! disagree.
//!
//! For a creator i with posts n, delivery D, shared factors U (mean one):
//!
//! - followers basis: impressions I = `n·F·V·s_V·D·U_platform`, engagements E = `I·e·s_e·U_eng`,
//!   clicks K = `E·κ·s_κ·U_click`, expected conversions λ = `K·r·s_r·lift·U_conv·U_market`
//! - benchmark basis: market price w = fee·n; I = `1000·w/CPM·s_V`, E = `w/CPE·s_V·s_e`,
//!   K = `w/CPC·s_V·s_e·s_κ`, λ = `w/CPA·s_V·s_e·s_κ·s_r·lift·U_market`, each × `D·U_platform·U_benchmark`
//! - conversions N ~ Poisson(Σλ), revenue = `U_order` × Gamma(mean N·v, variance N·sd²)
//! - spend = (`fee·n·f_p·U_fee`, or the fee amount) × `s_fee` × D + product cost + commission × revenue + hours × hour cost
//! - profit = margin × revenue − spend
//!
//! In a month with an incident (probability p) a partnership keeps 1 − ℓ of I, E, K and λ, and spend
//! has the clean-up cost on top.
//!
//! with s the segment factors. Money is in the scenario's currency, per creator and month.

mod units;

pub use units::{units, units_in, units_in_month, units_of_plan};

use super::audience::Reached;
use super::cell::{Factors, Terms};
use super::market::Basis;
use super::metric::{Metric, Quantity};
use super::{
    Believed, Dependence, Incidents, Model, Objective, Target, TargetScope, funnel, joint,
};
use crate::distribution::Distribution;
use crate::stats;
use std::sync::LazyLock;

/// Order value of a cell: mean and standard deviation of one order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderValue {
    /// Mean, in currency.
    pub mean: f64,
    /// Standard deviation, in currency.
    pub sd: f64,
}

/// Everything that decides what one creator of a cell costs and yields in a month.
#[derive(Debug, Clone, PartialEq)]
pub struct CellLaw<'a> {
    /// Fee per post before factors.
    pub fee: &'a Distribution,
    /// Yield basis of the tier.
    pub basis: &'a Basis,
    /// Partnership terms.
    pub terms: &'a Terms,
    /// Segment factors.
    pub factors: Factors,
    /// Order value.
    pub order: OrderValue,
    /// Contribution margin.
    pub margin: f64,
    /// Handling cost a creator and month: hours × hour cost.
    pub handling_cost: f64,
    /// Dependence between a creator's qualities.
    pub dependence: Dependence,
    /// Incidents.
    pub incidents: Incidents,
    /// Expected products of shared factors, which enter expectations and no draws.
    pub believed: Believed,
}

/// Expected cost and yields of one creator of a cell in a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitValue {
    /// Expected cost: fee, product, commission and handling.
    pub spend: f64,
    /// `None` where the tier's benchmark has no CPM.
    pub impressions: Option<f64>,
    /// `None` where the tier's benchmark has no CPE.
    pub engagements: Option<f64>,
    /// `None` where the tier's benchmark has no CPC.
    pub clicks: Option<f64>,
    /// Expected conversions.
    pub conversions: f64,
    /// Expected revenue.
    pub revenue: f64,
    /// Margin × revenue − spend.
    pub profit: f64,
    /// Handling hours.
    pub hours: f64,
}

/// One value that a creator's impressions in a month can take, of a finite law that stands for theirs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// Its probability; what is missing from one is that of no impressions.
    pub probability: f64,
    /// Impressions, shared factors (mean one) aside.
    pub impressions: f64,
    /// Share of the creator's expected conversions that come with it.
    pub conversions: f64,
}

impl UnitValue {
    /// One quantity; `None` where it is not defined.
    #[must_use]
    pub fn get(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Spend => Some(self.spend),
            Quantity::Impressions => self.impressions,
            Quantity::Engagements => self.engagements,
            Quantity::Clicks => self.clicks,
            Quantity::Conversions => Some(self.conversions),
            Quantity::Revenue => Some(self.revenue),
            Quantity::Profit => Some(self.profit),
            // Of audiences, not of creators.
            Quantity::NetReach => None,
        }
    }
}

impl UnitValue {
    /// The mean of this and another one that has a share of the weight.
    #[must_use]
    pub fn mixed(&self, other: &Self, share: f64) -> Self {
        let mix = |a: f64, b: f64| a + share * (b - a);
        let both = |a: Option<f64>, b: Option<f64>| Some(mix(a?, b?));
        Self {
            spend: mix(self.spend, other.spend),
            impressions: both(self.impressions, other.impressions),
            engagements: both(self.engagements, other.engagements),
            clicks: both(self.clicks, other.clicks),
            conversions: mix(self.conversions, other.conversions),
            revenue: mix(self.revenue, other.revenue),
            profit: mix(self.profit, other.profit),
            hours: mix(self.hours, other.hours),
        }
    }
}

impl CellLaw<'_> {
    /// The part of a post's cost that is neither drawn nor shared doubt: posts × partnership
    /// factor × segment factor, to multiply the drawn fee; `None` where a fee amount replaces it.
    #[must_use]
    pub fn fee_multiplier(&self) -> Option<f64> {
        self.terms
            .fee_amount
            .is_none()
            .then_some(self.terms.posts * self.terms.fee * self.factors.fee)
    }

    /// The same with this factor on reach, and so on all yields.
    #[must_use]
    pub fn reaching(mut self, factor: f64) -> Self {
        self.factors.view_rate *= factor;
        self
    }

    /// The agreed monthly fee, paid when the content appears; 0 where the fee is drawn.
    #[must_use]
    pub fn fixed_fee(&self) -> f64 {
        self.terms
            .fee_amount
            .map_or(0.0, |amount| amount * self.factors.fee)
    }

    /// Cost that is due whether the content appears or not, commission aside.
    #[must_use]
    pub fn standing_cost(&self) -> f64 {
        self.terms.product_cost + self.handling_cost
    }

    /// Segment factors and lift accumulated up to each stage: impressions, engagements, clicks, conversions.
    #[must_use]
    pub fn stage_factors(&self) -> [f64; 4] {
        let view = self.factors.view_rate;
        let engagement = view * self.factors.engagement_rate;
        let click = engagement * self.factors.click_rate;
        let conversion = click * self.factors.conversion_rate * self.terms.conversion_lift;
        [view, engagement, click, conversion]
    }

    /// The law of one creator's impressions by quadrature nodes; `None` where the tier's benchmark has no CPM.
    ///
    /// Followers basis, x = nsFVD with s the segment's view factor, and expected conversions given x are in
    /// proportion to x. Benchmark basis, x = 1000 nsφD/CPM: φ and D are in the conversions too, CPM is not. An
    /// incident takes its share of both. Nodes are the quantiles at those of Gauss and Hermite's rule, scaled to the
    /// exact mean; what dependence within a creator adds to their spread is left out.
    #[must_use]
    pub fn impression_chances(&self) -> Option<Vec<Chance>> {
        // Shared factors come in with the trial.
        let mean = self.expected().impressions? / self.believed.impressions;
        let (shared, alone) = match self.basis {
            Basis::Followers(f) => {
                let mut both = Vec::new();
                for (p, followers) in nodes(&f.followers, &FINE) {
                    for (q, rate) in nodes(&f.view_rate, &COARSE) {
                        both.push((p * q, followers * rate));
                    }
                }
                (both, vec![(1.0, 1.0)])
            }
            Basis::Benchmark(b) => {
                let mut inverse = nodes(b.cpm.as_ref()?, &COARSE);
                for (_, cost) in &mut inverse {
                    *cost = 1.0 / *cost;
                }
                (nodes(self.fee, &FINE), inverse)
            }
        };
        let i = &self.incidents;
        let (bad, left) = (i.probability, 1.0 - i.yield_lost);
        let mut out = Vec::new();
        let (mut impressions, mut conversions) = (0.0, 0.0);
        for (chance, kept) in [(1.0 - bad, 1.0), (bad, left)] {
            for &(p, y) in &shared {
                for &(q, z) in &alone {
                    let probability = self.terms.delivery * chance * p * q;
                    let node = Chance {
                        probability,
                        impressions: kept * y * z,
                        conversions: probability * kept * y,
                    };
                    if node.probability > 0.0 && node.impressions > 0.0 {
                        impressions += probability * node.impressions;
                        conversions += node.conversions;
                        out.push(node);
                    }
                }
            }
        }
        for node in &mut out {
            node.impressions *= mean / impressions;
            node.conversions /= conversions;
        }
        Some(out)
    }

    /// Expected cost and yields. The shared factors have mean one and are independent of all else;
    /// the qualities of a creator enter by the expectations of their products, which under
    /// dependence differ from the products of their expectations. No product holds the fee
    /// and a quality of the funnel. Incidents take their share of all yields and add their
    /// clean-up; the shocks to a whole plan are a matter of the plan
    /// ([`Incidents::left_by_shocks`]).
    #[must_use]
    pub fn expected(&self) -> UnitValue {
        self.expected_in_plan(1.0)
    }

    /// The same in a plan that multiplies the cell's conversions by a factor
    /// ([`joint::conversion_factors`]): revenue and commission follow.
    #[must_use]
    pub fn expected_in_plan(&self, factor: f64) -> UnitValue {
        let stage = self.stage_factors();
        let delivered = self.terms.delivery;
        let mean_fee = self.fee.mean();
        let (impressions, engagements, clicks, conversions) = match self.basis {
            Basis::Followers(f) => {
                let views = self.terms.posts * f.followers.mean() * f.view_rate.mean() * delivered;
                let engaged = views * f.engagement_rate.mean();
                let clicked = engaged * f.click_rate.mean();
                let converted = clicked * f.conversion_rate.mean();
                let [views, engaged, clicked, converted] =
                    match funnel::products(f, &self.dependence) {
                        Some(products) => products.map(|p| self.terms.posts * p * delivered),
                        None => [views, engaged, clicked, converted],
                    };
                (
                    Some(views * stage[0]),
                    Some(engaged * stage[1]),
                    Some(clicked * stage[2]),
                    converted * stage[3],
                )
            }
            Basis::Benchmark(b) => {
                let price = mean_fee * self.terms.posts * delivered;
                let per = |d: &Distribution| inverse_mean(d) * price;
                (
                    b.cpm.as_ref().map(|d| 1000.0 * per(d) * stage[0]),
                    b.cpe.as_ref().map(|d| per(d) * stage[1]),
                    b.cpc.as_ref().map(|d| per(d) * stage[2]),
                    per(&b.cpa) * stage[3],
                )
            }
        };
        let kept = self.incidents.kept();
        let believed = &self.believed;
        let alone = conversions * kept * factor;
        let conversions = alone * believed.conversions;
        let revenue = alone * self.order.mean * believed.revenue;
        let fee = self
            .fee_multiplier()
            .map_or(self.fixed_fee(), |m| mean_fee * m * believed.fee);
        let spend = fee * delivered
            + (self.standing_cost() + self.incidents.expected_cleanup())
            + self.terms.commission * revenue;
        UnitValue {
            spend,
            impressions: impressions.map(|v| v * kept * believed.impressions),
            engagements: engagements.map(|v| v * kept * believed.engagements),
            clicks: clicks.map(|v| v * kept * believed.clicks),
            conversions,
            revenue,
            profit: self.margin * revenue - spend,
            hours: self.terms.hours,
        }
    }
}

/// Nodes for the quality that decides most of a creator's spread, and for one beside it.
static FINE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| stats::gauss_hermite(28));
static COARSE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| stats::gauss_hermite(10));

/// Probabilities and values of a finite law that stands for a distribution.
fn nodes(d: &Distribution, rule: &[(f64, f64)]) -> Vec<(f64, f64)> {
    // Where a normal quantile is beyond this, its weight is nothing.
    const EDGE: f64 = 1e-12;
    if d.is_certain() {
        return vec![(1.0, d.mean())];
    }
    let value = |z: f64| match *d {
        Distribution::LogNormal { mu, sigma } => libm::exp(mu + sigma * z),
        _ => d.quantile(stats::normal_cdf(z).clamp(EDGE, 1.0 - EDGE)),
    };
    rule.iter().map(|&(z, weight)| (weight, value(z))).collect()
}

/// E[1/X]. Infinite means are refused when the scenario is read; infinity stands for them here.
fn inverse_mean(d: &Distribution) -> f64 {
    d.mean_of_inverse().unwrap_or(f64::INFINITY)
}

/// The law of one cell.
#[must_use]
pub fn law(model: &Model, cell: usize) -> CellLaw<'_> {
    let c = &model.cells[cell];
    let tier = &model.tiers[c.tier];
    CellLaw {
        fee: &tier.fee,
        basis: &tier.basis,
        terms: &c.terms,
        factors: c.factors,
        order: order_value(model, c.tier),
        margin: model.order.margin,
        handling_cost: c.terms.hours * model.hour_cost,
        dependence: model.dependence,
        incidents: model.incidents,
        believed: Believed::of(model, 0, cell),
    }
}

/// [`law`] with what is believed of shared factors in a month.
pub(crate) fn law_believed(model: &Model, month: usize, cell: usize) -> CellLaw<'_> {
    let mut law = law(model, cell);
    if month > 0 {
        law.believed = Believed::of(model, month, cell);
    }
    law
}

/// The law of one cell in a month of the horizon: seasonality and tenure multiply its conversions.
#[must_use]
pub fn law_in(model: &Model, month: usize, cell: usize) -> CellLaw<'_> {
    let mut law = law_believed(model, month, cell);
    law.factors.conversion_rate *= model.conversion_factor(month, cell);
    law
}

/// Order value of a tier: that of `[order]`, its mean replaced by ROAS / E[1/CPA] where the
/// tier's benchmark states a ROAS (the relative sd stays).
#[must_use]
pub fn order_value(model: &Model, tier: usize) -> OrderValue {
    let OrderValue { mean, sd } = OrderValue {
        mean: model.order.mean,
        sd: model.order.sd,
    };
    match &model.tiers[tier].basis {
        Basis::Benchmark(b) => match b.roas {
            Some(roas) => {
                let own = roas / inverse_mean(&b.cpa);
                let relative = if mean > 0.0 { sd / mean } else { 0.0 };
                OrderValue {
                    mean: own,
                    sd: own * relative,
                }
            }
            None => OrderValue { mean, sd },
        },
        Basis::Followers(_) => OrderValue { mean, sd },
    }
}

/// Expected total of a quantity over counts (one a cell); `None` if a booked cell does not define it.
#[must_use]
pub fn total(units: &[UnitValue], counts: &[f64], quantity: Quantity) -> Option<f64> {
    let mut sum = 0.0;
    for (unit, &count) in units.iter().zip(counts) {
        if count != 0.0 {
            sum += count * unit.get(quantity)?;
        }
    }
    Some(sum)
}

/// A metric of expected totals: the total itself, or the ratio of expected totals.
/// `None` if a part is not defined or the denominator is zero.
#[must_use]
pub fn metric(units: &[UnitValue], counts: &[f64], metric: Metric) -> Option<f64> {
    let numerator = total(units, counts, metric.numerator())?;
    match metric.denominator() {
        None => Some(numerator),
        Some(quantity) => {
            let denominator = total(units, counts, quantity)?;
            (denominator != 0.0).then(|| metric.factor() * numerator / denominator)
        }
    }
}

/// The value that a target judges, from expected totals over its scope.
#[must_use]
pub fn target_value(
    model: &Model,
    units: &[UnitValue],
    counts: &[f64],
    target: &Target,
) -> Option<f64> {
    if target.metric.is_of_audiences() {
        let reached = joint::reached(model, 0, counts);
        let sum = |of: fn(&Reached) -> f64| reached.iter().map(of).sum::<f64>();
        let (net, gross) = (sum(|r| r.net_reach), sum(|r| r.impressions));
        return match target.metric {
            _ if reached.is_empty() || target.scope != TargetScope::Total => None,
            Metric::NetReach => Some(net),
            _ => (net > 0.0).then(|| gross / net),
        };
    }
    match target.scope {
        TargetScope::Total => metric(units, counts, target.metric),
        TargetScope::Tier(tier) => {
            let own: Vec<f64> = counts
                .iter()
                .zip(&model.cells)
                .map(|(&count, cell)| if cell.tier == tier { count } else { 0.0 })
                .collect();
            metric(units, &own, target.metric)
        }
    }
}

/// Value of the objective at counts (one a cell), from expected totals.
#[must_use]
pub fn objective(units: &[UnitValue], counts: &[f64], objective: Objective) -> Option<f64> {
    metric(units, counts, objective_metric(objective))
}

/// The metric that an objective maximizes.
#[must_use]
pub fn objective_metric(objective: Objective) -> Metric {
    match objective {
        Objective::Revenue => Metric::Revenue,
        Objective::Profit => Metric::Profit,
        Objective::Conversions => Metric::Conversions,
        Objective::Engagements => Metric::Engagements,
        Objective::Impressions => Metric::Impressions,
        Objective::Roas => Metric::Roas,
    }
}
