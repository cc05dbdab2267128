//! Laws of whole numbers: binomials, their sums and mixtures.

use super::special::{HALF_LN_TWO_PI, stirling_remainder, x_minus_ln_1p};

/// Probability that a law leaves out at each end.
const TAIL: f64 = 1e-18;

/// Probabilities of consecutive whole numbers; what lies outside is below 1e-15 in all.
#[derive(Debug, Clone, PartialEq)]
pub struct CountLaw {
    first: u64,
    p: Vec<f64>,
}

/// P(X = k) for X ~ Binomial(n, p), 0 beyond n, by Loader's saddle point form: relative error about
/// 1e-15 × (1 + |ln P|).
///
/// ```
/// use influencer_matrix::stats::binomial;
/// assert!((binomial(4, 0.5, 2) - 0.375).abs() < 1e-15);
/// ```
#[must_use]
pub fn binomial(n: u64, p: f64, k: u64) -> f64 {
    if k > n {
        return 0.0;
    }
    let certain = |value: u64| f64::from(u8::from(k == value));
    if p <= 0.0 {
        return certain(0);
    }
    if p >= 1.0 {
        return certain(n);
    }
    let (all, hits, misses) = (n as f64, k as f64, (n - k) as f64);
    if k == 0 {
        return libm::exp(all * libm::log1p(-p));
    }
    if k == n {
        return libm::exp(all * libm::log(p));
    }
    // x ln(x/m) + m − x for x of the expected m.
    let deviance = |x: f64, m: f64| x * x_minus_ln_1p((m - x) / x);
    let exponent = stirling_remainder(all)
        - stirling_remainder(hits)
        - stirling_remainder(misses)
        - deviance(hits, all * p)
        - deviance(misses, all * (1.0 - p));
    libm::exp(exponent - HALF_LN_TWO_PI) * libm::sqrt(all / (hits * misses))
}

impl CountLaw {
    /// One number for certain.
    #[must_use]
    pub fn certain(value: u64) -> Self {
        Self {
            first: value,
            p: vec![1.0],
        }
    }

    /// Binomial(n, p): from the likeliest number outwards by the ratio of neighbours.
    #[must_use]
    pub fn binomial(n: u64, p: f64) -> Self {
        if n == 0 || p <= 0.0 {
            return Self::certain(0);
        }
        if p >= 1.0 {
            return Self::certain(n);
        }
        let mode = (((n + 1) as f64 * p).floor() as u64).min(n);
        let odds = p / (1.0 - p);
        let top = binomial(n, p, mode);
        let (mut below, mut here, mut k) = (Vec::new(), top, mode);
        while k > 0 && here > TAIL {
            here *= k as f64 / ((n - k + 1) as f64 * odds);
            k -= 1;
            below.push(here);
        }
        let first = k;
        below.reverse();
        below.push(top);
        let (mut here, mut k) = (top, mode);
        while k < n && here > TAIL {
            here *= (n - k) as f64 * odds / (k + 1) as f64;
            k += 1;
            below.push(here);
        }
        Self { first, p: below }
    }

    /// Law of the sum with an independent number.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (long, short) = if self.p.len() >= other.p.len() {
            (self, other)
        } else {
            (other, self)
        };
        let mut p = vec![0.0; long.p.len() + short.p.len() - 1];
        for (i, weight) in short.p.iter().enumerate() {
            for (out, value) in p[i..].iter_mut().zip(&long.p) {
                *out += weight * value;
            }
        }
        Self {
            first: long.first + short.first,
            p,
        }
    }

    /// The mixture of laws by weights that add up to one.
    #[must_use]
    pub fn mixture(parts: impl IntoIterator<Item = (f64, Self)>) -> Self {
        let mut p: Vec<f64> = Vec::new();
        for (weight, law) in parts {
            let first = law.first as usize;
            p.resize(p.len().max(first + law.p.len()), 0.0);
            for (out, value) in p[first..].iter_mut().zip(&law.p) {
                *out += weight * value;
            }
        }
        Self { first: 0, p }
    }

    /// P(X = k).
    #[must_use]
    pub fn probability(&self, k: u64) -> f64 {
        let place = k.checked_sub(self.first).map(|i| i as usize);
        place.and_then(|i| self.p.get(i)).copied().unwrap_or(0.0)
    }

    /// P(X ≥ k).
    #[must_use]
    pub fn at_least(&self, k: u64) -> f64 {
        let below = k.saturating_sub(self.first) as usize;
        let lower: f64 = self.p.iter().take(below).sum();
        if lower < 0.5 {
            (1.0 - lower).min(1.0)
        } else {
            self.p.iter().skip(below).sum()
        }
    }

    /// Expectation.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.values().map(|(k, p)| k * p).sum()
    }

    /// Variance.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        self.values()
            .map(|(k, p)| (k - mean) * (k - mean) * p)
            .sum()
    }

    fn values(&self) -> impl Iterator<Item = (f64, f64)> {
        let numbered = self.p.iter().enumerate();
        numbered.map(|(i, &p)| ((self.first + i as u64) as f64, p))
    }

    /// The least number with P(X ≤ it) ≥ p.
    #[must_use]
    pub fn quantile(&self, p: f64) -> u64 {
        // Sums of probabilities miss an exact level by their rounding.
        let wanted = p - 1e-12;
        let mut sum = 0.0;
        for (i, value) in self.p.iter().enumerate() {
            sum += value;
            if sum >= wanted {
                return self.first + i as u64;
            }
        }
        self.first + self.p.len() as u64 - 1
    }

    /// The largest number with P(X ≥ it) ≥ p: what can be counted on with that probability.
    #[must_use]
    pub fn counted_on(&self, p: f64) -> u64 {
        let wanted = p - 1e-12;
        let mut sum = 0.0;
        for (i, value) in self.p.iter().enumerate().rev() {
            sum += value;
            if sum >= wanted {
                return self.first + i as u64;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product of factors (n − i)/(k − i) and powers, in another order of evaluation.
    fn plain(n: u64, p: f64, k: u64) -> f64 {
        let mut out = 1.0;
        for i in 0..k {
            out *= (n - i) as f64 / (k - i) as f64 * p;
        }
        out * (1.0 - p).powi(i32::try_from(n - k).unwrap())
    }

    #[test]
    fn binomials_are_those_of_the_plain_product() {
        for (n, p) in [(1, 0.3), (7, 0.5), (20, 0.15), (100, 0.04), (60, 0.97)] {
            let law = CountLaw::binomial(n, p);
            for k in 0..=n {
                let wanted = plain(n, p, k);
                let error = 2e-15 * (4.0 - libm::log(wanted)) * wanted;
                assert!((binomial(n, p, k) - wanted).abs() < error, "{n} {p} {k}");
                assert!((law.probability(k) - wanted).abs() < 1e-12 * wanted + 2e-18);
            }
            assert!((law.mean() - n as f64 * p).abs() < 1e-11);
            assert!((law.variance() - n as f64 * p * (1.0 - p)).abs() < 1e-10);
        }
    }

    /// Binomials of one probability add up to a binomial; large ones have the mass one.
    #[test]
    fn sums_and_large_numbers() {
        let sum = CountLaw::binomial(30, 0.2).plus(&CountLaw::binomial(45, 0.2));
        let whole = CountLaw::binomial(75, 0.2);
        for k in 0..=75 {
            assert!((sum.probability(k) - whole.probability(k)).abs() < 1e-15);
        }
        let large = CountLaw::binomial(10_000_000, 0.3);
        assert!((large.at_least(0) - 1.0).abs() < 1e-12);
        assert!((large.mean() / 3e6 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_at_their_steps() {
        let coin = CountLaw::binomial(2, 0.5);
        let found: Vec<u64> = [0.0, 0.25, 0.26, 0.75, 0.76, 1.0]
            .map(|p| coin.quantile(p))
            .into();
        assert_eq!(found, [0, 0, 1, 1, 2, 2]);
        let found: Vec<u64> = [1.0, 0.76, 0.75, 0.26, 0.25]
            .map(|p| coin.counted_on(p))
            .into();
        assert_eq!(found, [0, 0, 1, 1, 2]);
        assert_eq!(CountLaw::binomial(5, 0.0), CountLaw::certain(0));
        assert_eq!(CountLaw::binomial(5, 1.0), CountLaw::certain(5));
        let both = CountLaw::mixture([(0.5, CountLaw::certain(1)), (0.5, CountLaw::certain(3))]);
        assert_eq!((both.mean(), both.variance()), (2.0, 1.0));
        assert_eq!(both.at_least(2), 0.5);
    }
}
