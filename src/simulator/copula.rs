//! Which qualities of a creator are correlated, and by which weights on independent normals.

use super::group::CreatorLaw;
use crate::model::{Followers, Quality};
use crate::stats::Matrix;

/// Which qualities of a creator are correlated, and how their normals come from independent ones.
#[derive(Debug)]
pub(super) struct Copula {
    /// Whether a quality is correlated with another, both uncertain.
    joined: [bool; 6],
    /// The Cholesky factor of the correlations of the uncertain ones.
    pub(super) rows: Matrix<6>,
    /// Whether only followers and fee are.
    pub(super) followers_and_fee_alone: bool,
}

impl Copula {
    pub(super) fn new(law: &CreatorLaw<'_>, f: &Followers) -> Self {
        let uncertain = |quality: Quality| {
            let distribution = match quality {
                Quality::Followers => &f.followers,
                Quality::Fee => law.fee,
                Quality::EngagementRate => &f.engagement_rate,
                Quality::ViewRate => &f.view_rate,
                Quality::ClickRate => &f.click_rate,
                Quality::ConversionRate => &f.conversion_rate,
            };
            !distribution.is_certain()
        };
        let joined = Quality::ALL.map(|a| {
            let mut others = Quality::ALL.into_iter().filter(|&b| b != a && uncertain(b));
            uncertain(a) && others.any(|b| law.dependence.between(a, b) != 0.0)
        });
        let alone = Quality::ALL
            .into_iter()
            .filter(|&quality| joined[quality as usize])
            .eq([Quality::Followers, Quality::Fee]);
        // Models are read with a positive definite matrix; one made otherwise counts as independent.
        let rows = law.dependence.factor(uncertain).unwrap_or_else(|| {
            std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
        });
        Self {
            joined,
            rows,
            followers_and_fee_alone: alone,
        }
    }

    pub(super) fn joins(&self, quality: Quality) -> bool {
        self.joined[quality as usize]
    }

    /// Qualities whose normals are kept, those of the fee alone excepted, which come with it.
    pub(super) fn kept(&self) -> impl Iterator<Item = Quality> {
        Quality::ALL
            .into_iter()
            .filter(|&quality| self.joins(quality) && !self.followers_and_fee_alone)
    }
}
