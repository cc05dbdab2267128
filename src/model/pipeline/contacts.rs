//! How many contacts lead to a wanted number of partners.

use super::Pipeline;
use super::law::rules;
use crate::stats::{CountLaw, binomial};

/// Most contacts that are looked at.
const MOST: u64 = 10_000_000;

impl Pipeline {
    /// Probability that `contacts` lead to at least `wanted` partners: each responds with the response rate and
    /// becomes a partner with the partnership rate, both drawn once for all contacts.
    #[must_use]
    pub fn chance(&self, contacts: u64, wanted: u64) -> f64 {
        if wanted == 0 {
            return 1.0;
        }
        let mean = contacts as f64 * self.response.mean() * self.partnership.mean();
        let [first, second] = &rules(&[&self.response, &self.partnership], mean)[..] else {
            return 0.0;
        };
        let mut sum = 0.0;
        for &(w, response) in first {
            for &(v, partnership) in second {
                let q = response.clamp(0.0, 1.0) * partnership.clamp(0.0, 1.0);
                sum += w * v * at_least(contacts, q, wanted);
            }
        }
        sum.min(1.0)
    }

    /// The least number of contacts that leads to at least `wanted` partners with probability `with`; `None` if ten million are too few.
    #[must_use]
    pub fn contacts_needed(&self, wanted: u64, with: f64) -> Option<u64> {
        let enough = |contacts: u64| self.chance(contacts, wanted) >= with;
        if wanted == 0 {
            return Some(0);
        }
        if wanted > MOST {
            return None;
        }
        let mut high = wanted;
        while !enough(high) {
            if high >= MOST {
                return None;
            }
            high = (high * 2).min(MOST);
        }
        // More contacts never make it less likely.
        let mut low = wanted - 1;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }
}

/// P(Binomial(n, q) ≥ k).
fn at_least(n: u64, q: f64, k: u64) -> f64 {
    if k > n || q <= 0.0 {
        return 0.0;
    }
    if q >= 1.0 {
        return 1.0;
    }
    if k as f64 > n as f64 * q + 1.0 {
        // The upper tail by itself, from its largest term on.
        let odds = q / (1.0 - q);
        let (mut term, mut at) = (binomial(n, q, k), k);
        let mut sum = term;
        while at < n && term > 1e-18 * sum {
            term *= (n - at) as f64 * odds / (at + 1) as f64;
            at += 1;
            sum += term;
        }
        return sum;
    }
    CountLaw::binomial(n, q).at_least(k)
}
