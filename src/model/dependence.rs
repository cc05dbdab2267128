//! Dependence: between the qualities of one creator, and between the tiers' shared factors.

use crate::stats::{self, Matrix};

/// A quality of a creator that may be correlated with its others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// Followers.
    Followers = 0,
    /// Fee per post.
    Fee = 1,
    /// Engagements per impression.
    EngagementRate = 2,
    /// Impressions per follower and post.
    ViewRate = 3,
    /// Clicks per engagement.
    ClickRate = 4,
    /// Conversions per click.
    ConversionRate = 5,
}

impl Quality {
    /// All, in the order of the keys and of the factorization.
    pub const ALL: [Self; 6] = [
        Self::Followers,
        Self::Fee,
        Self::EngagementRate,
        Self::ViewRate,
        Self::ClickRate,
        Self::ConversionRate,
    ];

    /// Name in scenario files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Followers => "followers",
            Self::Fee => "fee",
            Self::EngagementRate => "engagement_rate",
            Self::ViewRate => "view_rate",
            Self::ClickRate => "click_rate",
            Self::ConversionRate => "conversion_rate",
        }
    }
}

/// Gaussian copulas: of the qualities of one creator, and of the tiers' shared factors.
///
/// Each quality X with quantile function Q is Q(Φ(z)), and the z of a creator are jointly normal
/// with this correlation matrix. Qualities that are certain take no part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// Latent normal correlation of each pair, in (-1, 1), in the order of [`Dependence::pairs`].
    latent: [f64; 15],
    /// Latent normal correlation between any two tiers of the shared factors of one kind, in \[0, 1\].
    pub tiers: f64,
}

impl Dependence {
    /// Everything independent.
    pub const NONE: Self = Self {
        latent: [0.0; 15],
        tiers: 0.0,
    };

    /// Followers and fee correlated, all else independent.
    #[must_use]
    pub fn of_followers_and_fee(correlation: f64) -> Self {
        let mut out = Self::NONE;
        out.latent[0] = correlation;
        out
    }

    /// All pairs of qualities, in the order of their keys.
    pub fn pairs() -> impl Iterator<Item = (Quality, Quality)> {
        Quality::ALL
            .into_iter()
            .enumerate()
            .flat_map(|(i, a)| Quality::ALL[i + 1..].iter().map(move |&b| (a, b)))
    }

    /// The same without what ties tiers together.
    #[must_use]
    pub fn within(self) -> Self {
        Self { tiers: 0.0, ..self }
    }

    fn place(a: Quality, b: Quality) -> Option<usize> {
        Self::pairs().position(|pair| pair == (a, b) || pair == (b, a))
    }

    /// Latent normal correlation of two qualities; 1 of one with itself.
    #[must_use]
    pub fn between(&self, a: Quality, b: Quality) -> f64 {
        Self::place(a, b).map_or(1.0, |place| self.latent[place])
    }

    /// The Cholesky factor of the correlations between some qualities, in their order; places behind
    /// them are independent. A model is read with a positive definite matrix; one made otherwise
    /// counts as independent.
    pub(super) fn factor_of(&self, qualities: &[Quality]) -> Matrix<6> {
        let alone = |i: usize, j: usize| f64::from(u8::from(i == j));
        let matrix: Matrix<6> = std::array::from_fn(|i| {
            std::array::from_fn(|j| match (qualities.get(i), qualities.get(j)) {
                (Some(&a), Some(&b)) => self.between(a, b),
                _ => alone(i, j),
            })
        });
        stats::cholesky(&matrix)
            .unwrap_or_else(|| std::array::from_fn(|i| std::array::from_fn(|j| alone(i, j))))
    }

    /// Sets the latent normal correlation of two different qualities.
    pub fn set(&mut self, a: Quality, b: Quality, correlation: f64) {
        if let Some(place) = Self::place(a, b) {
            self.latent[place] = correlation;
        }
    }

    /// The correlation matrix, in the order of [`Quality::ALL`].
    #[must_use]
    pub fn matrix(&self) -> Matrix<6> {
        Quality::ALL.map(|a| Quality::ALL.map(|b| self.between(a, b)))
    }

    /// Lower triangular factor of the correlation matrix of the qualities that `takes_part` names:
    /// the others' rows and columns are those of the identity. `None` if the matrix is not positive
    /// definite.
    #[must_use]
    pub fn factor(&self, takes_part: impl Fn(Quality) -> bool) -> Option<Matrix<6>> {
        stats::cholesky(&Quality::ALL.map(|a| {
            Quality::ALL.map(|b| {
                if a == b {
                    1.0
                } else if takes_part(a) && takes_part(b) {
                    self.between(a, b)
                } else {
                    0.0
                }
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_pairs_in_the_order_of_the_names() {
        let keys: Vec<String> = Dependence::pairs()
            .map(|(a, b)| format!("{}_{}", a.name(), b.name()))
            .collect();
        assert_eq!(keys.len(), 15);
        assert_eq!(keys[0], "followers_fee");
        assert_eq!(keys[4], "followers_conversion_rate");
        assert_eq!(keys[5], "fee_engagement_rate");
        assert_eq!(keys[14], "click_rate_conversion_rate");
    }

    #[test]
    fn what_is_set_is_read_in_either_order() {
        let mut d = Dependence::of_followers_and_fee(0.6);
        d.set(Quality::ClickRate, Quality::EngagementRate, -0.25);
        assert_eq!(d.between(Quality::Fee, Quality::Followers), 0.6);
        assert_eq!(
            d.between(Quality::EngagementRate, Quality::ClickRate),
            -0.25
        );
        assert_eq!(d.between(Quality::ViewRate, Quality::ViewRate), 1.0);
        let m = d.matrix();
        assert_eq!((m[2][4], m[4][2], m[3][4]), (-0.25, -0.25, 0.0));
        // Without fee, followers stand alone.
        let l = d.factor(|q| q != Quality::Fee).unwrap();
        assert_eq!((l[1][0], l[1][1]), (0.0, 1.0));
        assert_eq!(
            d.factor(|_| true).unwrap()[1],
            [0.6, 0.8, 0.0, 0.0, 0.0, 0.0]
        );
    }
}
