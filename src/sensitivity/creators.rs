//! How far creators' differences and the chance in orders move a plan's expected totals.
//!
//! A plan's expectation, given every creator's value of one quantity, is a sum over creators: its
//! variance is known in closed form, and its quantiles nearly.

use super::METRICS;
use super::inputs::moves;
use super::parts::Totals;
use super::row::Subject;
use crate::distribution::Distribution;
use crate::model::valuation::{self, CellLaw, UnitValue};
use crate::model::{Basis, InputGroup, Metric};
use crate::stats::special::normal_pdf;
use crate::stats::{normal_expectation, normal_quantile};

/// Derivatives of a metric by a plan's conversions, revenue and fees at expectation; spend's part of
/// revenue (commission) is the caller's to add.
#[derive(Debug, Clone, Copy)]
struct Gradient {
    conversions: f64,
    revenue: f64,
    spend: f64,
}

fn gradient(metric: Metric, expected: &Totals, margin: f64) -> Option<Gradient> {
    let of = |conversions, revenue, spend| Gradient {
        conversions,
        revenue,
        spend,
    };
    Some(match metric {
        Metric::Conversions => of(1.0, 0.0, 0.0),
        Metric::Revenue => of(0.0, 1.0, 0.0),
        Metric::Spend => of(0.0, 0.0, 1.0),
        Metric::Profit => of(0.0, margin, -1.0),
        Metric::Roas if expected.spend > 0.0 => {
            let spend = expected.spend;
            of(0.0, 1.0 / spend, -expected.revenue / (spend * spend))
        }
        _ => return None,
    })
}

/// What one creator's relative value of a quantity, X of mean one, does to his yields and costs in
/// expectation: they are multiplied by Y and H, both of mean one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    /// Var Y.
    pub(super) yields: f64,
    /// Cov(Y, H).
    pub(super) both: f64,
    /// Var H.
    pub(super) costs: f64,
}

/// E[f(X)] of a distribution.
fn expectation(distribution: &Distribution, f: impl Fn(f64) -> f64) -> f64 {
    let table = distribution.z_table();
    normal_expectation(|z| f(table.value(z)))
}

fn relative_variance(distribution: &Distribution) -> f64 {
    let mean = distribution.mean();
    if mean == 0.0 {
        0.0
    } else {
        distribution.variance() / (mean * mean)
    }
}

/// The effect of a creators' input in a cell.
pub(super) fn effect(law: &CellLaw<'_>, followers_fee: f64, input: InputGroup) -> Effect {
    let yields_only = |variance| Effect {
        yields: variance,
        both: 0.0,
        costs: 0.0,
    };
    let costs_only = |variance| Effect {
        yields: 0.0,
        both: 0.0,
        costs: variance,
    };
    let same = |variance| Effect {
        yields: variance,
        both: variance,
        costs: variance,
    };
    match (law.basis, input) {
        (_, InputGroup::CreatorDelivery) => {
            let delivery = law.terms.delivery;
            same((1.0 - delivery) / delivery)
        }
        (Basis::Followers(f), InputGroup::CreatorFollowers) => {
            let correlated = followers_fee != 0.0
                && !law.fee.is_certain()
                && law.fee_multiplier().is_some_and(|m| m != 0.0);
            let yields = relative_variance(&f.followers);
            if correlated {
                let (both, costs) = explained_fee(&f.followers, law.fee, followers_fee);
                Effect {
                    yields,
                    both,
                    costs,
                }
            } else {
                yields_only(yields)
            }
        }
        (Basis::Followers(f), InputGroup::CreatorFee) => {
            let rest = if f.followers.is_certain() {
                1.0
            } else {
                (1.0 - followers_fee * followers_fee).sqrt()
            };
            costs_only(explained_fee(law.fee, law.fee, rest).1)
        }
        (Basis::Followers(f), InputGroup::CreatorViewRate) => {
            yields_only(relative_variance(&f.view_rate))
        }
        (Basis::Followers(f), InputGroup::CreatorEngagementRate) => {
            yields_only(relative_variance(&f.engagement_rate))
        }
        (Basis::Followers(f), InputGroup::CreatorClickRate) => {
            yields_only(relative_variance(&f.click_rate))
        }
        (Basis::Followers(f), InputGroup::CreatorConversionRate) => {
            yields_only(relative_variance(&f.conversion_rate))
        }
        (Basis::Benchmark(_), InputGroup::CreatorFee) => same(relative_variance(law.fee)),
        (Basis::Benchmark(b), InputGroup::CreatorCpa) => {
            let mean = expectation(&b.cpa, |x| 1.0 / x);
            yields_only(expectation(&b.cpa, |x| 1.0 / (x * x)) / (mean * mean) - 1.0)
        }
        _ => yields_only(0.0),
    }
}

/// What the latent normal z of `known` tells about a fee whose own latent normal has correlation ρ
/// with it: Cov(known(z), E[fee | z]) and Var(E[fee | z]), relative to the means.
fn explained_fee(known: &Distribution, fee: &Distribution, correlation: f64) -> (f64, f64) {
    let (first, second) = (known.z_table(), fee.z_table());
    let (known_mean, fee_mean) = (known.mean(), fee.mean());
    if known_mean == 0.0 || fee_mean == 0.0 {
        return (0.0, 0.0);
    }
    // A coarse grid is exact to many digits here: nothing has a kink.
    let rest = (1.0 - correlation * correlation).max(0.0).sqrt();
    let given =
        |z: f64| coarse_expectation(|w| second.value(correlation * z + rest * w)) / fee_mean;
    let both = coarse_expectation(|z| (first.value(z) / known_mean - 1.0) * (given(z) - 1.0));
    let costs = coarse_expectation(|z| (given(z) - 1.0) * (given(z) - 1.0));
    (both, costs)
}

/// The trapezoidal rule over [−8, 8] with 64 steps.
fn coarse_expectation(f: impl Fn(f64) -> f64) -> f64 {
    let step = 0.25;
    (-32..=32)
        .map(|i| {
            let z = f64::from(i) * step;
            f(z) * normal_pdf(z)
        })
        .sum::<f64>()
        * step
}

/// Σ over slots of the product of two months' weights: counts n ≤ m share ⌊n⌋ whole slots and, of the
/// next one, a part.
fn overlap(n: f64, m: f64) -> f64 {
    let (n, m) = if n <= m { (n, m) } else { (m, n) };
    let whole = n.floor();
    let next = if m.floor() > whole { 1.0 } else { m - whole };
    whole + (n - whole) * next
}

/// Where a metric's expectation stands with an input low and high, and the standard deviation of the
/// metric's expectation given the input, linearized where the metric is a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Swing {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) sd: f64,
}

/// How a creators' input, or the chance in orders, moves the metrics of a plan, in the order of
/// [`METRICS`]. `None` where a metric is not defined.
pub(super) fn swings(
    subject: &Subject<'_>,
    expected: &Totals,
    input: InputGroup,
    p: f64,
) -> [Option<Swing>; METRICS.len()] {
    let model = subject.model;
    let by = METRICS.map(|metric| gradient(metric, expected, model.order.margin));
    let mut sums = [Sums::default(); METRICS.len()];
    let units = valuation::units_of_plan(model, &subject.counts.to_owned());
    for (cell, unit) in units.iter().enumerate() {
        let counts: Vec<f64> = subject.counts.column(cell).to_vec();
        let total: f64 = counts.iter().sum();
        if total == 0.0 || !moves(model, cell, input) {
            continue;
        }
        let law = valuation::law(model, cell);
        let moved = if input == InputGroup::Orders {
            Moved::Orders { count: total }
        } else {
            // Delivery is drawn anew every month, the rest once.
            let slots: f64 = if input == InputGroup::CreatorDelivery {
                counts.iter().map(|&n| overlap(n, n)).sum()
            } else {
                let months = counts.iter();
                months
                    .flat_map(|&n| counts.iter().map(move |&m| overlap(n, m)))
                    .sum()
            };
            Moved::Creators {
                count: total,
                slots,
                effect: effect(&law, model.dependence.followers_fee, input),
                cost: cost_moved(&law, input),
            }
        };
        for (sums, by) in sums.iter_mut().zip(&by) {
            if let Some(by) = by {
                sums.add(by, &law, unit, &moved);
            }
        }
    }
    let mut swings = [None; METRICS.len()];
    for ((swing, sums), metric) in swings.iter_mut().zip(&sums).zip(METRICS) {
        *swing = expected.metric(metric).map(|value| sums.swing(value, p));
    }
    swings
}

/// The part of a creator's expected cost that goes with a quantity of his.
fn cost_moved(law: &CellLaw<'_>, input: InputGroup) -> f64 {
    let drawn = law.fee_multiplier().unwrap_or(0.0) * law.fee.mean();
    let fee = if input == InputGroup::CreatorDelivery {
        drawn + law.fixed_fee()
    } else {
        drawn
    };
    fee * law.terms.delivery
}

/// What varies in a cell.
enum Moved {
    /// The number of orders, a compound Poisson sum, at its expectation.
    Orders {
        /// Creators, all months together.
        count: f64,
    },
    /// A quantity of each creator.
    Creators {
        count: f64,
        /// Σ over slots of the square of how often each is booked.
        slots: f64,
        effect: Effect,
        cost: f64,
    },
}

/// Sums over cells for one metric.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    variance: f64,
    /// How the metric goes when the quantity goes up by its mean.
    slope: f64,
    /// The part of it where the metric falls.
    falling: f64,
}

impl Sums {
    fn add(&mut self, by: &Gradient, law: &CellLaw<'_>, unit: &UnitValue, moved: &Moved) {
        // What a unit of revenue is to the metric, commission taken off.
        let revenue = by.revenue + by.spend * law.terms.commission;
        let slope = match *moved {
            Moved::Orders { count } => {
                let orders = count * unit.conversions;
                let each = by.conversions + revenue * law.order.mean;
                let spread = revenue * law.order.sd;
                self.variance += orders * (each * each + spread * spread);
                orders * each
            }
            Moved::Creators {
                count,
                slots,
                effect,
                cost,
            } => {
                let yields = by.conversions * unit.conversions + revenue * unit.revenue;
                let costs = by.spend * cost;
                self.variance += slots
                    * (yields * yields * effect.yields
                        + 2.0 * yields * costs * effect.both
                        + costs * costs * effect.costs);
                let each = if effect.yields > 0.0 {
                    yields + costs * effect.both / effect.yields
                } else {
                    costs
                };
                count * each
            }
        };
        self.slope += slope;
        self.falling += slope.min(0.0);
    }

    fn swing(&self, value: f64, p: f64) -> Swing {
        let sd = self.variance.max(0.0).sqrt();
        let one_sign = self.slope != 0.0 && (self.falling == 0.0 || self.falling == self.slope);
        let [low, high] = [p, 1.0 - p].map(|p| {
            let z = normal_quantile(p);
            if one_sign {
                // The weighted average relative to its mean, as a lognormal of its spread.
                let log = libm::log1p(self.variance / (self.slope * self.slope));
                value + self.slope * libm::expm1(libm::sqrt(log) * z - 0.5 * log)
            } else if self.slope < 0.0 {
                value - sd * z
            } else {
                value + sd * z
            }
        });
        Swing { low, high, sd }
    }
}
