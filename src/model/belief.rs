//! What is believed of the shared factors: their latent normals, by month and tier.
//!
//! A shared factor is exp(σ z − σ²/2), σ² = ln(1 + s²), with z a latent normal. All latent normals of a model are
//! one Gaussian vector, z = m + L w with independent standard normals w, each with a name. A priori m = 0 and the
//! rows of L say two things:
//!
//! - between tiers, latent normals of a factor have the correlation ρ of [`Dependence::tiers`];
//! - from month to month the market's and the platform's follow `z_m = φ z_{m−1} + √(1 − φ²) ε_m` with φ the
//!   [`Horizon::market_persistence`](super::Horizon::market_persistence), `z_0 ~ N(0, 1)`: stationary, so that
//!   each month has the same marginal law. The others are the same in all months.
//!
//! What was seen of the first months changes m and L, and nothing else.

use ndarray::Array2;

use super::{Dependence, InputGroup, Model};

/// Tiers, those that budgets usually go to first. The table is fixed, so that a tier's factor is the same
/// whatever other tiers are in use.
pub(crate) const TIERS: [&str; 5] = ["mid", "micro", "macro", "mega", "nano"];

/// Factors that each tier has of its own, the widest presets first.
pub(crate) const BY_TIER: [InputGroup; 6] = [
    InputGroup::ConversionRate,
    InputGroup::Benchmark,
    InputGroup::ClickRate,
    InputGroup::EngagementRate,
    InputGroup::OrderValue,
    InputGroup::Fee,
];

/// A shared factor's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactorName {
    /// Which factor; one of the first eight of [`InputGroup::ALL`].
    pub input: InputGroup,
    /// Name of its tier; empty for the market and the platform.
    pub tier: String,
    /// Month, from 0; 0 for all but the market and the platform, which are the same in all months.
    pub month: usize,
}

impl FactorName {
    /// The factor of an input and a tier in a month: of the first month where it is the same in all.
    #[must_use]
    pub fn new(input: InputGroup, tier: &str, month: usize) -> Self {
        let varies = matches!(input, InputGroup::Market | InputGroup::Platform);
        Self {
            input,
            tier: tier.to_owned(),
            month: if varies { month } else { 0 },
        }
    }
}

/// The law of latent normals, z = mean + factor · w.
///
/// `w` are independent standard normals of the same names and in the same order: whoever draws them has for w the
/// very numbers that it has without any belief, so that forecasts before and after an update share their draws.
/// Factors that are not named keep what they are a priori.
///
/// To condition on observations `y = A z + e` of Gaussian error, `e ~ N(0, R)`: with the prior's P = L Lᵀ and
/// K = P Aᵀ (A P Aᵀ + R)⁻¹, the mean becomes m + K (y − A m) and the factor any M with M Mᵀ = P − K A P.
///
/// ```
/// use influencer_matrix::model::{FactorBelief, FactorName, InputGroup};
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n";
/// # let mut model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario
/// let mut belief = FactorBelief::prior(&model);
/// let market = belief.place(&FactorName::new(InputGroup::Market, "", 0)).unwrap();
/// // The market is known to be one standard deviation up, and nothing else.
/// belief.mean[market] = 1.0;
/// belief.factor.row_mut(market).fill(0.0);
/// model.belief = Some(belief);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FactorBelief {
    /// Which latent normals.
    pub factors: Vec<FactorName>,
    /// Their means.
    pub mean: Vec<f64>,
    /// A square matrix L with L Lᵀ their covariance.
    pub factor: Array2<f64>,
}

impl FactorBelief {
    /// What is believed before anything was seen, of all factors that the model's plans could have.
    #[must_use]
    pub fn prior(model: &Model) -> Self {
        let mut factors = Vec::new();
        for month in 0..model.months {
            factors.push(FactorName::new(InputGroup::Market, "", month));
            factors.push(FactorName::new(InputGroup::Platform, "", month));
        }
        for input in BY_TIER {
            // All tiers of the table: rows of the first are part of those of the last.
            factors.extend(TIERS.map(|tier| FactorName::new(input, tier, 0)));
        }
        let n = factors.len();
        let mut belief = Self {
            mean: vec![0.0; n],
            factor: Array2::zeros((n, n)),
            factors,
        };
        let persistence = model.horizon.market_persistence;
        for row in 0..n {
            for (name, weight) in prior(&belief.factors[row], &model.dependence, persistence) {
                if let Some(column) = belief.place(&name) {
                    belief.factor[[row, column]] = weight;
                }
            }
        }
        belief
    }

    /// Where a factor stands.
    #[must_use]
    pub fn place(&self, name: &FactorName) -> Option<usize> {
        self.factors.iter().position(|own| own == name)
    }

    /// What is wrong with it, if anything: shapes that do not fit, numbers that are none, a name twice.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let n = self.factors.len();
        if self.mean.len() != n || self.factor.dim() != (n, n) {
            return Some(format!(
                "{n} factors need as many means and a square matrix of that size"
            ));
        }
        if !self.mean.iter().chain(&self.factor).all(|x| x.is_finite()) {
            return Some("means and matrix must be finite".to_owned());
        }
        (0..n)
            .find(|&i| self.place(&self.factors[i]) != Some(i))
            .map(|i| format!("the factor {} is named twice", self.factors[i].input.name()))
    }
}

/// A latent normal as a sum of independent ones, a priori: names and weights, without zeros.
pub(crate) fn prior(
    name: &FactorName,
    dependence: &Dependence,
    persistence: f64,
) -> Vec<(FactorName, f64)> {
    let mut row: Vec<(FactorName, f64)> = if name.tier.is_empty() {
        let phi = persistence.clamp(-1.0, 1.0);
        let fresh = (1.0 - phi * phi).sqrt();
        let weight = |month: usize| {
            let later = i32::try_from(name.month - month).unwrap_or(i32::MAX);
            phi.powi(later) * if month == 0 { 1.0 } else { fresh }
        };
        (0..=name.month)
            .map(|month| (FactorName::new(name.input, "", month), weight(month)))
            .collect()
    } else {
        match TIERS.iter().position(|&known| known == name.tier) {
            Some(place) if dependence.tiers > 0.0 => TIERS
                .into_iter()
                .zip(weights(place, dependence.tiers))
                .map(|(tier, weight)| (FactorName::new(name.input, tier, name.month), weight))
                .collect(),
            _ => vec![(name.clone(), 1.0)],
        }
    };
    row.retain(|(_, weight)| *weight != 0.0);
    row
}

/// Row `tier` of the Cholesky factor of equal correlations ρ between [`TIERS`]: its weights on the
/// independent normals of the tiers up to it.
fn weights(tier: usize, rho: f64) -> Vec<f64> {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for _ in 0..=tier {
        let mut row: Vec<f64> = Vec::new();
        for (j, before) in rows.iter().enumerate() {
            let known: f64 = row.iter().zip(before).map(|(a, b)| a * b).sum();
            let pivot = before[j];
            row.push(if pivot > 0.0 {
                (rho - known) / pivot
            } else {
                0.0
            });
        }
        let squares: f64 = row.iter().map(|a| a * a).sum();
        row.push((1.0 - squares).max(0.0).sqrt());
        rows.push(row);
    }
    rows.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_wanted_correlations() {
        for rho in [0.0, 0.3, 0.9, 1.0] {
            let rows: Vec<Vec<f64>> = (0..5).map(|tier| weights(tier, rho)).collect();
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let found: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    let wanted = if i == j { 1.0 } else { rho };
                    assert!((found - wanted).abs() < 1e-14, "{rho} {i} {j}: {found}");
                }
            }
        }
    }

    /// The covariance of months i and j of a stationary AR(1) is φ^|i − j|.
    #[test]
    fn months_have_the_covariances_of_an_autoregression() {
        let dependence = Dependence::NONE;
        for phi in [-1.0, -0.4, 0.0, 0.6, 0.99, 1.0] {
            let dense = |month: usize| {
                let mut row = [0.0; 24];
                let name = FactorName::new(InputGroup::Platform, "", month);
                for (name, weight) in prior(&name, &dependence, phi) {
                    row[name.month] = weight;
                }
                row
            };
            for i in 0..24 {
                for j in 0..24 {
                    let found: f64 = dense(i).iter().zip(dense(j)).map(|(a, b)| a * b).sum();
                    let wanted = f64::powf(phi.abs(), i.abs_diff(j) as f64)
                        * if phi < 0.0 && i.abs_diff(j) % 2 == 1 {
                            -1.0
                        } else {
                            1.0
                        };
                    assert!((found - wanted).abs() < 1e-13, "{phi} {i} {j}: {found}");
                }
            }
        }
        let last = FactorName::new(InputGroup::Market, "", 23);
        let first = FactorName::new(InputGroup::Market, "", 0);
        assert_eq!(prior(&last, &dependence, 1.0), [(first, 1.0)]);
    }
}
