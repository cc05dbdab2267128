//! Expectations of products of shared factors under a belief.

use super::belief::{FactorBelief, FactorName};
use super::market::Basis;
use super::{InputGroup, Model};

/// Expected products of the shared factors on a creator's totals in a month. All are exactly 1 a priori, where factors have mean one
/// and are independent; under a belief a product's expectation is
/// `E[Π exp(σᵢ zᵢ − σᵢ²/2)] = exp(Σ σᵢ mᵢ − ½ Σ σᵢ² + ½ |Σ σᵢ Lᵢ|²)`, z = m + L w.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Believed {
    /// On impressions.
    pub impressions: f64,
    /// On engagements.
    pub engagements: f64,
    /// On clicks.
    pub clicks: f64,
    /// On conversions.
    pub conversions: f64,
    /// On revenue.
    pub revenue: f64,
    /// On drawn fees.
    pub fee: f64,
}

impl Believed {
    /// What is believed a priori.
    pub const PRIOR: Self = Self {
        impressions: 1.0,
        engagements: 1.0,
        clicks: 1.0,
        conversions: 1.0,
        revenue: 1.0,
        fee: 1.0,
    };

    /// Of a cell's creators in a month of the horizon.
    #[must_use]
    pub fn of(model: &Model, month: usize, cell: usize) -> Self {
        let Some(belief) = &model.belief else {
            return Self::PRIOR;
        };
        let tier = model.cells[cell].tier;
        let stages = model.factors_of(tier);
        let name = &model.tiers[tier].name;
        let known = model.known_in(cell);
        // Lasting parts of those who were seen come in beside the shared factors.
        let expected = |inputs: &[InputGroup], lasting: usize| {
            let shared = inputs
                .iter()
                .map(|&input| (name_of(input, (name, month)), model.log_spread(input)));
            let parts = known.iter().flat_map(|known| &known.parts[lasting]);
            let parts = parts.map(|part| (part.name.clone(), libm::sqrt(part.variance)));
            belief.expected_product(shared.chain(parts))
        };
        let mut product = Vec::new();
        let mut after = |stage: usize| {
            product.extend_from_slice(stages[stage]);
            expected(&product, stage.min(3))
        };
        Self {
            impressions: after(0),
            engagements: after(1),
            clicks: after(2),
            conversions: after(3),
            revenue: after(4),
            fee: expected(&[InputGroup::Fee], 4),
        }
    }
}

impl Model {
    /// Shared factors that come in with impressions, engagements, clicks, conversions and revenue of a tier.
    #[must_use]
    pub fn factors_of(&self, tier: usize) -> [&'static [InputGroup]; 5] {
        use InputGroup as G;
        match self.tiers[tier].basis {
            Basis::Followers(_) => [
                &[G::Platform],
                &[G::EngagementRate],
                &[G::ClickRate],
                &[G::ConversionRate, G::Market],
                &[G::OrderValue],
            ],
            Basis::Benchmark(_) => [
                &[G::Platform, G::Benchmark],
                &[],
                &[],
                &[G::Market],
                &[G::OrderValue],
            ],
        }
    }

    /// Standard deviation σ of a shared factor's logarithm: σ² = ln(1 + s²), s its relative standard deviation.
    #[must_use]
    pub fn log_spread(&self, input: InputGroup) -> f64 {
        let u = &self.uncertainty;
        let s = match input {
            InputGroup::Market => u.market,
            InputGroup::Platform => u.platform,
            InputGroup::EngagementRate => u.engagement_rate,
            InputGroup::ClickRate => u.click_rate,
            InputGroup::ConversionRate => u.conversion_rate,
            InputGroup::OrderValue => u.order_value,
            InputGroup::Fee => u.fee,
            InputGroup::Benchmark => u.benchmark,
            _ => 0.0,
        };
        libm::sqrt(libm::log1p(s * s))
    }
}

/// Name of a factor of a tier in a month.
pub(crate) fn name_of(input: InputGroup, (tier, month): (&str, usize)) -> FactorName {
    let tier = if input.is_per_tier() { tier } else { "" };
    FactorName::new(input, tier, month)
}

impl FactorBelief {
    /// Expected product of factors exp(σ z − σ²/2) by the names of their latent normals and σ. Those without a place in the belief have
    /// mean one.
    #[must_use]
    pub fn expected_product(&self, factors: impl Iterator<Item = (FactorName, f64)>) -> f64 {
        let mut row = vec![0.0; self.factors.len()];
        let mut log = 0.0;
        for (name, sigma) in factors {
            let Some(place) = self.place(&name) else {
                continue;
            };
            log += sigma * self.mean[place] - 0.5 * sigma * sigma;
            for (sum, weight) in row.iter_mut().zip(self.factor.row(place)) {
                *sum += sigma * weight;
            }
        }
        libm::exp(log + 0.5 * row.iter().map(|x| x * x).sum::<f64>())
    }

    /// The belief of the months from `first` on, which become the months from 0 on.
    #[must_use]
    pub fn from_month(&self, first: usize) -> Self {
        self.part(|name| match name.input {
            InputGroup::Market | InputGroup::Platform => name.month.checked_sub(first),
            _ => Some(0),
        })
    }

    /// The belief of one month by itself, which becomes month 0.
    #[must_use]
    pub fn in_month(&self, month: usize) -> Self {
        self.part(|name| match name.input {
            InputGroup::Market | InputGroup::Platform => (name.month == month).then_some(0),
            _ => Some(0),
        })
    }

    /// Marginal law of the factors that keep a month: rows of the factor, made square by an LQ decomposition (Gram and Schmidt).
    fn part(&self, month: impl Fn(&FactorName) -> Option<usize>) -> Self {
        let mut factors = Vec::new();
        let mut mean = Vec::new();
        let mut rows = Vec::new();
        for (place, name) in self.factors.iter().enumerate() {
            if let Some(month) = month(name) {
                factors.push(FactorName {
                    month,
                    ..name.clone()
                });
                mean.push(self.mean[place]);
                rows.push(self.factor.row(place).to_vec());
            }
        }
        Self {
            factors,
            mean,
            factor: square(&rows),
        }
    }
}

/// The lower triangular L with L Lᵀ = F Fᵀ for rows F, also where they depend on each other.
pub(crate) fn square(rows: &[Vec<f64>]) -> ndarray::Array2<f64> {
    let n = rows.len();
    let mut out = ndarray::Array2::zeros((n, n));
    let mut directions: Vec<Vec<f64>> = Vec::with_capacity(n);
    for (i, row) in rows.iter().enumerate() {
        let length = |v: &[f64]| libm::sqrt(v.iter().map(|x| x * x).sum());
        let whole: f64 = length(row);
        let mut rest = row.clone();
        // Twice, so that directions stay orthogonal to rounding.
        for _ in 0..2 {
            for (j, direction) in directions.iter().enumerate() {
                let along: f64 = rest.iter().zip(direction).map(|(a, b)| a * b).sum();
                out[[i, j]] += along;
                for (x, d) in rest.iter_mut().zip(direction) {
                    *x -= along * d;
                }
            }
        }
        let left: f64 = length(&rest);
        if left > 1e-13 * whole {
            out[[i, i]] = left;
            for x in &mut rest {
                *x /= left;
            }
        } else {
            rest.fill(0.0);
        }
        directions.push(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn square_roots_of_dependent_rows() {
        let rows = vec![
            vec![1.0, 2.0, 0.0],
            vec![2.0, 4.0, 0.0],
            vec![0.5, -1.0, 3.0],
            vec![0.0, 0.0, 0.0],
            vec![1.0, 1.0, 1.0],
        ];
        let l = square(&rows);
        for i in 0..5 {
            for j in 0..5 {
                let wanted: f64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
                let found: f64 = l.row(i).dot(&l.row(j));
                assert!((found - wanted).abs() < 1e-13, "{i} {j}: {found} {wanted}");
                assert!(j <= i || l[[i, j]] == 0.0);
            }
        }
    }
}
