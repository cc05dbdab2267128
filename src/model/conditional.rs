//! What a trial's shared factors leave to chance: mean and variance of one creator's gain given them.
//!
//! A gain is linear in a creator's totals: G = a·revenue + b·conversions + c·spend. Given the factors u
//! on expected conversions, o on the order value and f on drawn fees, and with the creator's
//! own expected conversions L (so λ = u·L), fee P (drawn or fixed, when the content appears) and
//! clean-up C:
//!
//! - conversions | λ are Poisson, revenue is o times the sum of so many orders of mean v and variance
//!   s², and spend = P·f + standing cost + C + k·revenue with k the commission (f only where the fee
//!   is drawn);
//! - so with A = a + c·k and q = A·o·v + b, E\[G | L, P, C\] = q·u·L + c·(P·f + standing + C), and the variance
//!   left is u·L·(q² + A²o²s²), that of a compound Poisson sum;
//! - E\[G\] = q·u·E\[L\] + c·(f·E\[P\] + standing + E\[C\])
//! - Var G = q²u²·Var L + u·E\[L\]·(q² + A²o²s²) + c²·(f²·Var P + Var C) + 2·q·c·u·(f·Cov(L, P) + Cov(L, C)).
//!
//! P and C are independent: whether content appears does not depend on incidents. Both moments are
//! polynomials in (u, o, f) with coefficients that belong to the cell, and creators of a trial are
//! independent given its factors, so mean and variance of a plan's gain are Σ x·m and Σ x·v: what
//! differs from creator to creator averages out, what they share does not.
//!
//! L and P hold the creator's followers, rates, fee, delivery D and what an incident keeps, 1 − ℓJ;
//! [`expected`](super::valuation::CellLaw::expected) has the means, the products of qualities come from `products`.

use super::cell::Terms;
use super::market::Basis;
use super::metric::Metric;
use super::target::Bound;
use super::valuation::{self, CellLaw};
use super::{Model, Quality, products};

/// Monomials of a mean, in the order of [`mean_monomials`].
pub const MEANS: usize = 4;

/// Monomials of a variance, in the order of [`variance_monomials`].
pub const VARIANCES: usize = 10;

/// 1, u, u·o, f.
#[inline]
#[must_use]
pub fn mean_monomials(u: f64, o: f64, f: f64) -> [f64; MEANS] {
    [1.0, u, u * o, f]
}

/// 1, u, u·o, u·o², u², u²·o, u²·o², f², u·f, u·o·f.
#[inline]
#[must_use]
pub fn variance_monomials(u: f64, o: f64, f: f64) -> [f64; VARIANCES] {
    let (uo, u2) = (u * o, u * u);
    let u2o = u2 * o;
    [1.0, u, uo, uo * o, u2, u2o, u2o * o, f * f, u * f, uo * f]
}

/// Powers of u in [`mean_monomials`].
const MEAN_POWERS: [i32; MEANS] = [0, 1, 1, 0];

/// Powers of u in [`variance_monomials`].
const VARIANCE_POWERS: [i32; VARIANCES] = [0, 1, 1, 1, 2, 2, 2, 0, 1, 1];

/// a·revenue + b·conversions + c·spend: what is gained, so more is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// a.
    pub revenue: f64,
    /// b.
    pub conversions: f64,
    /// c.
    pub spend: f64,
}

impl Gain {
    /// Of a total: itself, less where `sign` is −1. `None` for what is no total of revenue,
    /// conversions and spend.
    #[must_use]
    pub fn of_total(metric: Metric, margin: f64, sign: f64) -> Option<Self> {
        let (revenue, conversions, spend) = match metric {
            Metric::Revenue => (1.0, 0.0, 0.0),
            Metric::Conversions => (0.0, 1.0, 0.0),
            Metric::Spend => (0.0, 0.0, 1.0),
            Metric::Profit => (margin, 0.0, -1.0),
            _ => return None,
        };
        Some(Self {
            revenue: sign * revenue,
            conversions: sign * conversions,
            spend: sign * spend,
        })
    }

    /// The gain of a bounded metric and the level it must reach: for a total itself (less, for
    /// "at most") and its bound; for a ratio the linear gain that is no less than 0 exactly where the bound
    /// is met: ROAS ≥ a is R − a·S ≥ 0, ROI ≥ a is M − (1 + a)·S ≥ 0 with M = margin × R, CPA ≤ a is
    /// a·N − S ≥ 0. `None` for metrics of other totals.
    #[must_use]
    pub fn bounded(metric: Metric, bound: Bound, margin: f64) -> Option<(Self, f64)> {
        let level = bound.value();
        let sign = match bound {
            Bound::AtLeast(_) => 1.0,
            Bound::AtMost(_) => -1.0,
        };
        let ratio = |revenue: f64, conversions: f64, spend: f64| {
            Some((
                Self {
                    revenue: sign * revenue,
                    conversions: sign * conversions,
                    spend: sign * spend,
                },
                0.0,
            ))
        };
        match metric {
            Metric::Roas => ratio(1.0, 0.0, -level),
            Metric::Roi => ratio(margin, 0.0, -1.0 - level),
            // S − a·N where the bound is "at least".
            Metric::Cpa => ratio(0.0, -level, 1.0),
            total => Some((Self::of_total(total, margin, sign)?, sign * level)),
        }
    }
}

/// Mean and variance of one creator's gain as polynomials in the shared factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainMoments {
    /// Coefficients on [`mean_monomials`].
    pub mean: [f64; MEANS],
    /// Coefficients on [`variance_monomials`].
    pub variance: [f64; VARIANCES],
}

impl GainMoments {
    /// Mean and variance given the factors on conversions, order value and drawn fees.
    #[must_use]
    pub fn given(&self, u: f64, o: f64, f: f64) -> (f64, f64) {
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        (
            sum(&self.mean, &mean_monomials(u, o, f)),
            sum(&self.variance, &variance_monomials(u, o, f)).max(0.0),
        )
    }

    /// The same in a plan that multiplies the cell's expected conversions
    /// ([`joint::conversion_factors`](super::joint::conversion_factors)), in every trial alike.
    #[must_use]
    pub fn in_plan(mut self, factor: f64) -> Self {
        for (coefficient, power) in self.mean.iter_mut().zip(MEAN_POWERS) {
            *coefficient *= factor.powi(power);
        }
        for (coefficient, power) in self.variance.iter_mut().zip(VARIANCE_POWERS) {
            *coefficient *= factor.powi(power);
        }
        self
    }

    /// Whether all are finite: a cost-per whose inverse has no second moment has no variance.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.mean
            .iter()
            .chain(&self.variance)
            .all(|c| c.is_finite())
    }
}

/// First and second moments of one creator's expected conversions L, fee P and clean-up C, all
/// factors at one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CreatorMoments {
    /// E\[L\].
    pub conversions: f64,
    /// Var L.
    pub conversions_variance: f64,
    /// E\[P\].
    pub fee: f64,
    /// Var P.
    pub fee_variance: f64,
    /// Cov(L, P).
    pub with_fee: f64,
    /// Whether P is drawn, and so moves with the shared factor of fees.
    pub fee_is_drawn: bool,
    /// Standing cost + E\[C\].
    pub standing: f64,
    /// Var C.
    pub cleanup_variance: f64,
    /// Cov(L, C).
    pub with_cleanup: f64,
    /// Commission.
    pub commission: f64,
    /// Mean of an order.
    pub order_mean: f64,
    /// Sd of an order.
    pub order_sd: f64,
}

/// E of products of a creator's qualities, without delivery and incidents: of the yield per post Y and
/// the fee W. They belong to the tier.
#[derive(Clone, Copy)]
struct Raw {
    y2: f64,
    w: f64,
    w2: f64,
    yw: f64,
}

fn raw(law: &CellLaw<'_>) -> Raw {
    let fee = law.fee;
    let w = fee.mean();
    let w2 = fee.variance() + w * w;
    match law.basis {
        Basis::Followers(f) => {
            let of = |power: i32| {
                [
                    (Quality::Followers, &f.followers, power),
                    (Quality::ViewRate, &f.view_rate, power),
                    (Quality::EngagementRate, &f.engagement_rate, power),
                    (Quality::ClickRate, &f.click_rate, power),
                    (Quality::ConversionRate, &f.conversion_rate, power),
                ]
            };
            let dependence = &law.dependence;
            let mut with_fee = of(1).to_vec();
            with_fee.push((Quality::Fee, fee, 1));
            Raw {
                y2: products::expectation(&of(2), dependence),
                w,
                w2,
                yw: products::expectation(&with_fee, dependence),
            }
        }
        Basis::Benchmark(b) => {
            let inverse = b.cpa.mean_of_inverse().unwrap_or(f64::INFINITY);
            Raw {
                y2: w2 * b.cpa.mean_of_inverse_square(),
                w,
                w2,
                yw: w2 * inverse,
            }
        }
    }
}

impl CreatorMoments {
    /// Of a cell's law.
    #[must_use]
    pub fn of(law: &CellLaw<'_>) -> Self {
        Self::from(law, raw(law))
    }

    fn from(law: &CellLaw<'_>, raw: Raw) -> Self {
        let Terms {
            posts,
            delivery: d,
            commission,
            ..
        } = *law.terms;
        let i = law.incidents;
        let kept = i.kept();
        let kept_square = i.kept_excess() * kept * kept;
        let mean = law.expected().conversions;
        let stage = posts * law.stage_factors()[3];
        let square = stage * stage * raw.y2 * d * kept_square;
        let drawn = law.fee_multiplier();
        let (fee, fee_square, product) = if let Some(m) = drawn {
            (m * raw.w, m * m * raw.w2, m * stage * raw.yw)
        } else {
            // A fixed fee goes with the delivery alone: E[Y D · P D] = E[Y]·P·d.
            let p = law.fixed_fee();
            let per_delivered = if d > 0.0 && kept > 0.0 {
                mean / (d * kept)
            } else {
                0.0
            };
            (p, p * p, p * per_delivered)
        };
        let fee_mean = fee * d;
        // E[(1 − ℓJ) J] = (1 − ℓ) p
        let without_incident = if kept > 0.0 { mean / kept } else { 0.0 };
        let p = i.probability;
        Self {
            conversions: mean,
            conversions_variance: (square - mean * mean).max(0.0),
            fee: fee_mean,
            fee_variance: (fee_square * d - fee_mean * fee_mean).max(0.0),
            with_fee: product * d * kept - mean * fee_mean,
            fee_is_drawn: drawn.is_some(),
            standing: law.standing_cost() + i.expected_cleanup(),
            cleanup_variance: i.cleanup_cost * i.cleanup_cost * p * (1.0 - p),
            with_cleanup: i.cleanup_cost * p * without_incident * ((1.0 - i.yield_lost) - kept),
            commission,
            order_mean: law.order.mean,
            order_sd: law.order.sd,
        }
    }

    /// Moments of a gain.
    #[must_use]
    pub fn gain(&self, gain: Gain) -> GainMoments {
        let (a, b, c) = (
            gain.revenue + gain.spend * self.commission,
            gain.conversions,
            gain.spend,
        );
        let (v, s) = (self.order_mean, self.order_sd);
        let drawn = self.fee_is_drawn;
        let fixed = |x: f64| if drawn { 0.0 } else { x };
        let moving = |x: f64| if drawn { x } else { 0.0 };
        let el = self.conversions;
        let vl = self.conversions_variance;
        // q = (a v) o + b
        let av = a * v;
        let cross = 2.0 * c * (fixed(self.with_fee) + self.with_cleanup);
        let cross_fee = 2.0 * c * moving(self.with_fee);
        GainMoments {
            mean: [
                c * (self.standing + fixed(self.fee)),
                b * el,
                av * el,
                c * moving(self.fee),
            ],
            variance: [
                c * c * (fixed(self.fee_variance) + self.cleanup_variance),
                b * b * el + b * cross,
                2.0 * av * b * el + av * cross,
                (av * av + a * a * s * s) * el,
                b * b * vl,
                2.0 * av * b * vl,
                av * av * vl,
                c * c * moving(self.fee_variance),
                b * cross_fee,
                av * cross_fee,
            ],
        }
    }
}

/// Moments of one creator of every cell of a model.
#[must_use]
pub fn creators(model: &Model) -> Vec<CreatorMoments> {
    let mut of_tier: Vec<Option<Raw>> = vec![None; model.tiers.len()];
    (0..model.cells.len())
        .map(|cell| {
            let law = valuation::law(model, cell);
            let raw = *of_tier[model.cells[cell].tier].get_or_insert_with(|| raw(&law));
            CreatorMoments::from(&law, raw)
        })
        .collect()
}
