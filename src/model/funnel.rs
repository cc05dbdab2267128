//! Expected products of a creator's funnel under dependence.
//!
//! With a Gaussian copula E[F V e κ r] is not the product of expectations. The lognormal margin
//! (followers, if they are) leaves in closed form: multiplying by exp(σ z₀ − σ²/2) is a change of
//! measure that shifts every other z by σ ρ (Girsanov), so E[e^{µ+σz₀} g(z)] = e^{µ+σ²/2} E[g(z + σρ)].
//! The remaining one to five margins are integrated by a product of Gauss–Hermite rules along the
//! Cholesky factor, all stages in one sweep. Relative error, held by tests against a rule of four times
//! as many nodes: below 1e-6 for beta, PERT, gamma and uniform margins with exponents from 1 on, below
//! 1e-3 for exponents from 0.3 on and for triangular margins.

use std::cell::RefCell;

use super::dependence::{Dependence, Quality};
use super::market::Followers;
use crate::distribution::{Distribution, ZTable};
use crate::stats::{self, Matrix};

/// E[F V], E[F V e], E[F V e κ] and E[F V e κ r], if dependence makes them differ from the product
/// of expectations; `None` if it does not.
///
/// Evaluated once for each tier and thread: cells of one tier share it.
pub(super) fn products(funnel: &Followers, dependence: &Dependence) -> Option<[f64; 4]> {
    /// As many tiers as a run has at once; what is older makes room.
    const KEPT: usize = 64;
    type Known = (Followers, Dependence, [f64; 4]);
    thread_local! {
        static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
    }
    if !applies(funnel, dependence) {
        return None;
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((.., found)) = known
            .iter()
            .find(|(f, d, _)| f == funnel && d == dependence)
        {
            return Some(*found);
        }
        let found = integrate(funnel, dependence, None);
        if known.len() >= KEPT {
            known.remove(0);
        }
        known.push((funnel.clone(), *dependence, found));
        Some(found)
    })
}

/// The margins in the funnel's order, and the stage after which each has entered.
fn margins(funnel: &Followers) -> [(Quality, &Distribution, usize); 5] {
    [
        (Quality::Followers, &funnel.followers, 0),
        (Quality::ViewRate, &funnel.view_rate, 0),
        (Quality::EngagementRate, &funnel.engagement_rate, 1),
        (Quality::ClickRate, &funnel.click_rate, 2),
        (Quality::ConversionRate, &funnel.conversion_rate, 3),
    ]
}

/// Whether two uncertain margins of the funnel are correlated.
fn applies(funnel: &Followers, dependence: &Dependence) -> bool {
    let margins = margins(funnel);
    let uncertain = || margins.iter().filter(|(_, law, _)| !law.is_certain());
    uncertain()
        .any(|(a, ..)| uncertain().any(|(b, ..)| a != b && dependence.between(*a, *b) != 0.0))
}

/// Nodes of the rule in each of so many dimensions: about 2¹⁸ in all at most.
fn nodes(dimensions: usize) -> usize {
    [64, 64, 64, 40, 20, 12][dimensions.min(5)]
}

/// The expectations of the stages' products.
fn integrate(funnel: &Followers, dependence: &Dependence, rule: Option<usize>) -> [f64; 4] {
    let margins = margins(funnel);
    let correlation = |a: Quality, b: Quality| dependence.between(a, b);
    // The uncertain margins fall into groups without correlation between them.
    let mut group = [0, 1, 2, 3, 4];
    for (i, a) in margins.iter().enumerate() {
        for (j, b) in margins.iter().enumerate().take(i) {
            let joined = !a.1.is_certain() && !b.1.is_certain() && correlation(a.0, b.0) != 0.0;
            if joined && group[i] != group[j] {
                let (from, to) = (group[i], group[j]);
                group
                    .iter_mut()
                    .filter(|g| **g == from)
                    .for_each(|g| *g = to);
            }
        }
    }
    let mut out = [1.0; 4];
    for of in 0..5 {
        let members: Vec<_> = (0..5)
            .filter(|&i| group[i] == of)
            .map(|i| margins[i])
            .collect();
        let stages = match members.as_slice() {
            [] => continue,
            [(_, law, stage)] => {
                let mut stages = [1.0; 4];
                stages[*stage..].fill(law.mean());
                stages
            }
            several => joint(several, dependence, rule),
        };
        for (out, stage) in out.iter_mut().zip(stages) {
            *out *= stage;
        }
    }
    out
}

/// One margin left to integrate.
struct Margin {
    table: ZTable,
    /// What the lognormal margin's leaving adds to its z.
    shift: f64,
    stage: usize,
}

/// The same for margins that are correlated.
fn joint(
    members: &[(Quality, &Distribution, usize)],
    dependence: &Dependence,
    rule: Option<usize>,
) -> [f64; 4] {
    // Only followers come first, so a lognormal margin is in the products of all stages.
    let mut scale = 1.0;
    let mut rest = members;
    let mut leaving = None;
    if let [(quality, law, 0), others @ ..] = members
        && let Distribution::LogNormal { sigma, .. } = **law
    {
        scale = law.mean();
        leaving = Some((*quality, sigma));
        rest = others;
    }
    let qualities: Vec<Quality> = rest.iter().map(|r| r.0).collect();
    let factor = dependence.factor_of(&qualities);
    let margins: Vec<Margin> = rest
        .iter()
        .map(|&(quality, law, stage)| Margin {
            table: law.z_table(),
            shift: leaving.map_or(0.0, |(of, sigma)| sigma * dependence.between(of, quality)),
            stage,
        })
        .collect();
    let rule = stats::gauss_hermite(rule.unwrap_or_else(|| nodes(margins.len())));
    let mut sums = [0.0; 4];
    let first = margins.first().map_or(4, |m| m.stage);
    sweep(&margins, &factor, &rule, &mut [0.0; 6], 0, 1.0, &mut sums);
    // Stages before the first margin have nothing of this group but the lognormal.
    sums[..first.min(4)].fill(1.0);
    sums.map(|sum| sum * scale)
}

/// Adds weight × product of the margins from `depth` on to the sums of the stages they reach.
fn sweep(
    margins: &[Margin],
    factor: &Matrix<6>,
    rule: &[(f64, f64)],
    point: &mut [f64; 6],
    depth: usize,
    before: f64,
    sums: &mut [f64; 4],
) {
    let Some(margin) = margins.get(depth) else {
        return;
    };
    let row = &factor[depth];
    let given: f64 = row[..depth].iter().zip(&*point).map(|(l, x)| l * x).sum();
    let next = margins.get(depth + 1).map_or(4, |m| m.stage);
    let mut here = 0.0;
    for &(x, weight) in rule {
        let value = before * weight * margin.table.value(given + row[depth] * x + margin.shift);
        here += value;
        point[depth] = x;
        sweep(margins, factor, rule, point, depth + 1, value, sums);
    }
    // Stages up to the next margin's have their product complete.
    for sum in &mut sums[margin.stage..next.max(margin.stage)] {
        *sum += here;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lognormal(p5: f64, p95: f64) -> Distribution {
        Distribution::lognormal_interval(p5, p95).unwrap()
    }

    fn beta(alpha: f64, b: f64) -> Distribution {
        Distribution::Beta { alpha, beta: b }
    }

    fn certain(followers: Distribution) -> Followers {
        Followers {
            followers,
            view_rate: Distribution::Certain(0.3),
            engagement_rate: Distribution::Certain(0.1),
            click_rate: Distribution::Certain(0.1),
            conversion_rate: Distribution::Certain(0.05),
        }
    }

    fn relative(a: f64, b: f64) -> f64 {
        (a / b - 1.0).abs()
    }

    /// Quality, quality, correlation.
    fn dependence(pairs: &[(Quality, Quality, f64)]) -> Dependence {
        let mut out = Dependence::of_followers_and_fee(0.6);
        for &(a, b, rho) in pairs {
            out.set(a, b, rho);
        }
        out
    }

    #[test]
    fn independent_and_certain_qualities_keep_their_plain_product() {
        let mut f = certain(lognormal(1e3, 1e4));
        f.view_rate = beta(3.0, 7.0);
        assert_eq!(products(&f, &dependence(&[])), None);
        let with_fee = dependence(&[(Quality::Fee, Quality::ViewRate, 0.4)]);
        assert_eq!(products(&f, &with_fee), None);
        let with_certain = dependence(&[(Quality::Followers, Quality::ClickRate, 0.4)]);
        assert_eq!(products(&f, &with_certain), None);
    }

    /// E[Φ(z₁) Φ(z₂)] = 1/4 + asin(ρ/2)/2π (from the orthant probability of two normals).
    #[test]
    fn uniform_margins_have_their_closed_form() {
        let mut f = certain(Distribution::Certain(1000.0));
        f.view_rate = Distribution::uniform(0.0, 1.0).unwrap();
        f.click_rate = Distribution::uniform(0.0, 1.0).unwrap();
        for rho in [-0.95, -0.3, 1e-9, 0.5, 0.99] {
            let d = dependence(&[(Quality::ViewRate, Quality::ClickRate, rho)]);
            let [views, engaged, clicked, converted] = products(&f, &d).unwrap();
            let product = 0.25 + libm::asin(rho / 2.0) / (2.0 * std::f64::consts::PI);
            assert!(relative(views, 500.0) < 1e-6, "{views}");
            assert!(relative(engaged, 50.0) < 1e-6);
            assert!(
                relative(clicked, 100.0 * product) < 1e-6,
                "{rho}: {clicked}"
            );
            assert!(relative(converted, 5.0 * product) < 1e-6);
        }
    }

    /// E[e^{σz₀} Φ(z₁)] = e^{σ²/2} Φ(σρ/√2).
    #[test]
    fn a_lognormal_margin_leaves_by_a_shift() {
        let followers = lognormal(1e3, 1e4);
        let Distribution::LogNormal { sigma, .. } = followers else {
            panic!("lognormal")
        };
        let mut f = certain(followers);
        f.engagement_rate = Distribution::uniform(0.0, 1.0).unwrap();
        for rho in [-0.8, 0.01, 0.6] {
            let d = dependence(&[(Quality::Followers, Quality::EngagementRate, rho)]);
            let found = products(&f, &d).unwrap();
            let shifted = stats::normal_cdf(sigma * rho / std::f64::consts::SQRT_2);
            let views = followers.mean() * 0.3;
            assert!(relative(found[0], views) < 1e-12);
            assert!(relative(found[1], views * shifted) < 1e-7, "{rho}");
            assert!(relative(found[3], views * shifted * 0.005) < 1e-7);
        }
    }

    fn everything(shapes: [Distribution; 4], followers: Distribution) -> Followers {
        let [view_rate, engagement_rate, click_rate, conversion_rate] = shapes;
        Followers {
            followers,
            view_rate,
            engagement_rate,
            click_rate,
            conversion_rate,
        }
    }

    fn full() -> Dependence {
        let mut d = Dependence::NONE;
        for (i, (a, b)) in Dependence::pairs().enumerate() {
            d.set(a, b, 0.5 - 0.05 * i as f64);
        }
        d
    }

    #[test]
    fn the_stated_error_holds_against_a_finer_rule() {
        let smooth = [
            beta(3.0, 7.0),
            beta(1.0, 12.0),
            beta(2.0, 18.0),
            beta(5.0, 95.0),
        ];
        let rough = [
            beta(0.3, 0.7),
            Distribution::triangular(0.01, 0.1, 0.3).unwrap(),
            beta(0.4, 8.0),
            Distribution::pert(0.0, 0.05, 0.2).unwrap(),
        ];
        let gamma = Distribution::gamma_mean_sd(5000.0, 4000.0).unwrap();
        for (shapes, followers, finer, error) in [
            (smooth, lognormal(1e3, 1e4), 60, 1e-6),
            (rough, lognormal(1e3, 1e4), 60, 1e-3),
            (smooth, gamma, 30, 1e-6),
            (rough, gamma, 30, 1e-3),
        ] {
            let f = everything(shapes, followers);
            let (found, finer) = (
                products(&f, &full()).unwrap(),
                integrate(&f, &full(), Some(finer)),
            );
            for (a, b) in found.into_iter().zip(finer) {
                assert!(relative(a, b) < error, "{a} {b}");
            }
        }
    }

    /// Correlations that vanish give the product of expectations.
    #[test]
    fn vanishing_correlations_give_the_plain_product() {
        let shapes = [
            beta(3.0, 7.0),
            beta(1.5, 12.0),
            beta(2.0, 18.0),
            beta(5.0, 95.0),
        ];
        let f = everything(shapes, lognormal(1e3, 1e4));
        let mut d = Dependence::NONE;
        for (a, b) in Dependence::pairs() {
            d.set(a, b, 1e-12);
        }
        let mut plain = f.followers.mean();
        let found = products(&f, &d).unwrap();
        for (law, found) in shapes.iter().zip(found) {
            plain *= law.mean();
            assert!(relative(found, plain) < 2e-7, "{found} {plain}");
        }
    }
}
