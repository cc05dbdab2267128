//! Gauss–Hermite quadrature against the standard normal density.

/// Nodes and weights of the rule with `n` nodes: Σ wᵢ f(xᵢ) = E\[f(Z)\], exactly for polynomials of
/// degree below 2n. The weights add up to one. `n` from 1 to about 200.
///
/// Nodes are the roots of the orthonormal Hermite polynomials p, found by bisection on the number
/// of roots below a point (Sturm); weights are 1/Σ pₖ(x)² (Golub and Welsch, 1969).
///
/// ```
/// let rule = influencer_matrix::stats::gauss_hermite(5);
/// let fourth: f64 = rule.iter().map(|(x, w)| w * x.powi(4)).sum();
/// assert!((fourth - 3.0).abs() < 1e-13);
/// ```
#[must_use]
pub fn gauss_hermite(n: usize) -> Vec<(f64, f64)> {
    let mut rule: Vec<(f64, f64)> = (0..n)
        .map(|i| {
            // All roots lie within ±2√n.
            let (mut low, mut high) = (-2.0 * (n as f64).sqrt(), 2.0 * (n as f64).sqrt());
            loop {
                let middle = 0.5 * (low + high);
                if middle <= low || middle >= high {
                    break;
                }
                if roots_below(n, middle) > i {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            let x = 0.5 * (low + high);
            (x, weight(n, x))
        })
        .collect();
    let total: f64 = rule.iter().map(|(_, w)| w).sum();
    for (_, w) in &mut rule {
        *w /= total;
    }
    rule
}

/// How many roots of the polynomial of degree `n` lie below `x`: negative pivots of the shifted
/// Jacobi matrix, whose off-diagonal is √k.
fn roots_below(n: usize, x: f64) -> usize {
    let mut pivot = -x;
    let mut count = usize::from(pivot < 0.0);
    for k in 1..n {
        if pivot == 0.0 {
            pivot = f64::MIN_POSITIVE;
        }
        pivot = -x - k as f64 / pivot;
        count += usize::from(pivot < 0.0);
    }
    count
}

fn weight(n: usize, x: f64) -> f64 {
    let (mut before, mut here) = (0.0, 1.0);
    let mut sum = 1.0;
    for k in 1..n {
        let k = k as f64;
        let next = (x * here - (k - 1.0).sqrt() * before) / k.sqrt();
        (before, here) = (here, next);
        sum += here * here;
    }
    1.0 / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_exact() {
        for n in [1, 2, 3, 12, 20, 40, 64, 160] {
            let rule = gauss_hermite(n);
            // E[Z^2k] = (2k − 1)!!
            let mut moment = 1.0;
            for k in 0..i32::try_from(n.min(12)).unwrap() {
                let found: f64 = rule.iter().map(|(x, w)| w * x.powi(2 * k)).sum();
                assert!((found / moment - 1.0).abs() < 1e-11, "{n} {k}: {found}");
                moment *= 2.0 * f64::from(k) + 1.0;
            }
        }
    }

    /// Abramowitz and Stegun, table 25.10, n = 5 (x √2, w/√π).
    #[test]
    fn the_published_nodes() {
        let rule = gauss_hermite(5);
        let root2 = std::f64::consts::SQRT_2;
        assert!((rule[3].0 - 0.958_572_464_613_819 * root2).abs() < 1e-14);
        assert!((rule[4].0 - 2.020_182_870_456_086 * root2).abs() < 1e-14);
        let root_pi = std::f64::consts::PI.sqrt();
        assert!((rule[4].1 - 1.995_324_205_905e-2 / root_pi).abs() < 1e-13);
        assert!(rule[2].0.abs() < 1e-300);
    }
}
