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
        // Models are read with a positive definite matrix; one made otherwise counts as independent.
        let rows = law.dependence.factor(uncertain).unwrap_or_else(|| {
            std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))))
        });
        Self { joined, rows }
    }

    pub(super) fn joins(&self, quality: Quality) -> bool {
        self.joined[quality as usize]
    }

    /// Qualities whose normals are kept: those that an uncertain quality in use is made of. The fee is
    /// in use if it is paid.
    pub(super) fn kept(&self, paid: bool) -> impl Iterator<Item = Quality> {
        let in_use = move |quality| self.joins(quality) && (paid || quality != Quality::Fee);
        Quality::ALL.into_iter().filter(move |&quality| {
            let mut made = Quality::ALL.into_iter().filter(|&of| in_use(of));
            self.joins(quality) && made.any(|of| self.rows[of as usize][quality as usize] != 0.0)
        })
    }
}
