//! The two laws of a cell's totals, Poisson conversions and gamma revenue, each by inversion of a
//! uniform, so that plans which differ a little stay coupled.
//!
//! Both use Temme's expansions, uniform in the normal quantile: with s = z/√a a quantile is a times a
//! series in 1/a whose coefficients are functions of s alone, here polynomials. What the expansions
//! do not reach is done by exact sums, tables or Newton's method.

mod binomial;
mod coefficients;
mod gamma;
mod poisson;

pub(super) use binomial::invert as binomial;
pub(super) use gamma::{OrderLaw, OrderTables};
pub(super) use poisson::invert as poisson;

#[cfg(test)]
mod tests;

/// Value of a polynomial, coefficients from the lowest power up.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut value = coefficients[N - 1];
    for k in (0..N - 1).rev() {
        value = value * x + coefficients[k];
    }
    value
}
