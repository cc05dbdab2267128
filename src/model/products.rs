//! Expected products of powers of a creator's qualities, as its variances need them.
//!
//! With X = Q(Φ(z)) and z jointly normal, E[Π Xᵢ^kᵢ] splits into the groups of correlated qualities. In
//! a group, lognormal margins leave in closed form: with a = (kᵢσᵢ) over them and R the correlations,
//! E[exp(a·z) g(z)] = exp(a·Ra/2) E[g(z + Ra)] (a change of measure, as in `funnel`); what remains
//! is integrated by Gauss–Hermite rules along the Cholesky factor.

use super::dependence::{Dependence, Quality};
use crate::distribution::{Distribution, ZTable};
use crate::stats::{self, Matrix};

/// A quality, its law and its power (1 or 2).
pub(super) type Member<'a> = (Quality, &'a Distribution, i32);

/// Nodes of the rule in each of so many dimensions.
const NODES: [usize; 7] = [1, 64, 64, 48, 24, 14, 10];

/// E[Π Xᵢ^kᵢ]. Relative error below 1e-5 for smooth margins of shapes from 1 on.
pub(super) fn expectation(members: &[Member<'_>], dependence: &Dependence) -> f64 {
    let mut product = 1.0;
    let mut left: Vec<Member<'_>> = Vec::new();
    for &(quality, law, power) in members {
        if let Distribution::Certain(value) = *law {
            product *= value.powi(power);
        } else {
            left.push((quality, law, power));
        }
    }
    while let Some(first) = left.pop() {
        let mut group = vec![first];
        let mut place = 0;
        while let Some(&(member, ..)) = group.get(place) {
            let (joined, rest) = left
                .into_iter()
                .partition(|(other, ..)| dependence.between(member, *other) != 0.0);
            left = rest;
            group.extend::<Vec<_>>(joined);
            place += 1;
        }
        group.sort_by_key(|(quality, ..)| *quality);
        product *= match group.as_slice() {
            [(_, law, 1)] => law.mean(),
            [(_, law, 2)] => law.variance() + law.mean() * law.mean(),
            several => correlated(several, dependence),
        };
    }
    product
}

/// One margin left to integrate.
struct Margin {
    table: ZTable,
    shift: f64,
    power: i32,
}

fn correlated(members: &[Member<'_>], dependence: &Dependence) -> f64 {
    let mut exponent = 0.0;
    let mut leaving: Vec<(Quality, f64)> = Vec::new();
    let mut rest: Vec<Member<'_>> = Vec::new();
    for &(quality, law, power) in members {
        if let Distribution::LogNormal { mu, sigma } = *law {
            let power = f64::from(power);
            exponent += power * mu;
            leaving.push((quality, power * sigma));
        } else {
            rest.push((quality, law, power));
        }
    }
    let shift = |of: Quality| -> f64 {
        leaving
            .iter()
            .map(|&(from, a)| a * dependence.between(of, from))
            .sum()
    };
    exponent += 0.5 * leaving.iter().map(|&(of, a)| a * shift(of)).sum::<f64>();
    let qualities: Vec<Quality> = rest.iter().map(|r| r.0).collect();
    let factor = dependence.factor_of(&qualities);
    let margins: Vec<Margin> = rest
        .iter()
        .map(|&(quality, law, power)| Margin {
            table: law.z_table(),
            shift: shift(quality),
            power,
        })
        .collect();
    let rule = stats::gauss_hermite(NODES[margins.len().min(6)]);
    libm::exp(exponent) * sweep(&margins, &factor, &rule, &mut [0.0; 6], 0)
}

/// E of the product of the margins from `depth` on, given the points before.
fn sweep(
    margins: &[Margin],
    factor: &Matrix<6>,
    rule: &[(f64, f64)],
    point: &mut [f64; 6],
    depth: usize,
) -> f64 {
    let Some(margin) = margins.get(depth) else {
        return 1.0;
    };
    let row = &factor[depth];
    let given: f64 = row[..depth].iter().zip(&*point).map(|(l, x)| l * x).sum();
    let mut sum = 0.0;
    for &(x, weight) in rule {
        point[depth] = x;
        let value = margin.table.value(given + row[depth] * x + margin.shift);
        sum += weight * value.powi(margin.power) * sweep(margins, factor, rule, point, depth + 1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64, error: f64) {
        assert!((found / wanted - 1.0).abs() < error, "{found} {wanted}");
    }

    /// E[exp(Σ aᵢzᵢ)] in closed form, and the same by quadrature of one of the two.
    #[test]
    fn lognormal_margins_have_their_closed_form() {
        let f = Distribution::lognormal_interval(1e3, 1e4).unwrap();
        let fee = Distribution::lognormal_interval(200.0, 1e3).unwrap();
        let d = Dependence::of_followers_and_fee(0.6);
        let sigma = |d: &Distribution| match *d {
            Distribution::LogNormal { sigma, .. } => sigma,
            _ => panic!("lognormal"),
        };
        let (s, r) = (sigma(&f), sigma(&fee));
        let found = expectation(&[(Quality::Followers, &f, 1), (Quality::Fee, &fee, 1)], &d);
        near(found, f.mean() * fee.mean() * (0.6 * s * r).exp(), 1e-12);
        let found = expectation(&[(Quality::Followers, &f, 2), (Quality::Fee, &fee, 1)], &d);
        let wanted = f.mean().powi(2) * (s * s).exp() * fee.mean() * (1.2 * s * r).exp();
        near(found, wanted, 1e-12);
        let apart = expectation(
            &[(Quality::Followers, &f, 2), (Quality::ViewRate, &fee, 2)],
            &d,
        );
        let square = |d: &Distribution| d.variance() + d.mean() * d.mean();
        near(apart, square(&f) * square(&fee), 1e-12);
    }

    /// E[Φ(z₁)²Φ(z₂)²] of uncorrelated and fully correlated ends, and monotone between.
    #[test]
    fn squares_of_uniform_margins_run_between_their_ends() {
        let u = Distribution::uniform(0.0, 1.0).unwrap();
        let at = |rho: f64| {
            let mut d = Dependence::NONE;
            d.set(Quality::ViewRate, Quality::ClickRate, rho);
            expectation(
                &[(Quality::ViewRate, &u, 2), (Quality::ClickRate, &u, 2)],
                &d,
            )
        };
        near(at(1e-9), 1.0 / 9.0, 1e-6);
        near(at(0.999_999), 0.2, 1e-4);
        assert!(at(-0.5) < at(0.0) && at(0.0) < at(0.5));
    }
}
