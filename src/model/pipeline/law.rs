//! The exact law of partners delivered.
//!
//! A trial has its own number identified a month N and its own rates; q is the product of the four rates that lead to a partner.
//! In a month ⌊N⌋ creators are identified, and one more with probability N − ⌊N⌋. Each becomes a partner with
//! probability q and posts first in month m with probability w\[k, m\] ([`Pipeline::landing`]), independently of all others.
//! So arrivals given N and q are sums of binomials, whose probabilities are added up exactly. What is uncertain
//! in N and q is integrated: the widest by the trapezoid rule over its normal score, with a step
//! below what the binomials smooth away, the others by Gauss and Hermite's rule.

use ndarray::Array2;

use super::Pipeline;
use crate::distribution::Distribution;
use crate::model::Horizon;
use crate::stats::{self, CountLaw};

/// Normal scores beyond which a rate is not followed (probability 2e-12).
const EDGE: f64 = 7.0;
/// Finest step of the widest uncertain input's normal score.
const FINEST: f64 = 0.01;
/// Nodes for each of the other uncertain inputs, by how many there are.
const NODES: [usize; 5] = [1, 24, 14, 10, 7];

/// The law of the partners that a pipeline delivers over a horizon.
#[derive(Debug, Clone)]
pub struct PipelineLaw {
    /// Law of the number identified, and of the rates that are passed.
    identified: Distribution,
    rates: [Distribution; 4],
    landing: Array2<f64>,
}

/// A value of the uncertain inputs, and its weight.
#[derive(Debug, Clone, Copy)]
struct Node {
    weight: f64,
    identified: f64,
    passed: f64,
}

impl PipelineLaw {
    /// The law of a pipeline over a horizon.
    #[must_use]
    pub fn new(pipeline: &Pipeline, horizon: &Horizon) -> Self {
        Self {
            identified: pipeline.identified,
            rates: pipeline.rates(),
            landing: pipeline.landing(horizon),
        }
    }

    /// Expected partners whose first post is in a month: E\[N\] E\[q\] Σₖ w\[k, m\].
    #[must_use]
    pub fn mean_in(&self, month: usize) -> f64 {
        self.mean(&self.alone(month))
    }

    /// Their variance.
    #[must_use]
    pub fn variance_in(&self, month: usize) -> f64 {
        self.variance(&self.alone(month))
    }

    /// Their whole law.
    #[must_use]
    pub fn law_in(&self, month: usize) -> CountLaw {
        self.law(&self.alone(month))
    }

    /// Expected partners delivered until the end of a month, counted from 0.
    #[must_use]
    pub fn delivered_mean(&self, until: usize) -> f64 {
        self.mean(&self.together(until))
    }

    /// Their variance.
    #[must_use]
    pub fn delivered_variance(&self, until: usize) -> f64 {
        self.variance(&self.together(until))
    }

    /// Their quantile: the least number with P(≤ it) ≥ p.
    #[must_use]
    pub fn delivered_quantile(&self, until: usize, p: f64) -> u64 {
        self.delivered(until).quantile(p)
    }

    /// The largest number that is there with probability p at least: what a plan may count on.
    #[must_use]
    pub fn delivered_with(&self, until: usize, p: f64) -> u64 {
        self.delivered(until).counted_on(p)
    }

    /// The whole law of partners delivered until the end of a month.
    #[must_use]
    pub fn delivered(&self, until: usize) -> CountLaw {
        self.law(&self.together(until))
    }

    /// By month identified: the share whose first post is in a month.
    fn alone(&self, month: usize) -> Vec<f64> {
        self.landing.column(month).to_vec()
    }

    /// By month identified: the share whose first post is in a month or before.
    fn together(&self, until: usize) -> Vec<f64> {
        let rows = self.landing.rows();
        let share = |row: ndarray::ArrayView1<'_, f64>| row.iter().take(until + 1).sum::<f64>();
        rows.into_iter().map(|row| share(row).min(1.0)).collect()
    }

    fn mean(&self, shares: &[f64]) -> f64 {
        let passed: f64 = self.rates.iter().map(Distribution::mean).product();
        self.identified.mean() * passed * shares.iter().sum::<f64>()
    }

    /// E\[Var | N, q\] + Var\[E | N, q\], with f = N − ⌊N⌋:
    /// `Σ w E[N] E[q] − Σ w² (E[N] − E[f(1 − f)]) E[q²] + (Σ w)² (E[N²] E[q²] − E[N]² E[q]²)`.
    fn variance(&self, shares: &[f64]) -> f64 {
        let (mut mean, mut square) = (1.0, 1.0);
        for rate in &self.rates {
            mean *= rate.mean();
            square *= rate.mean() * rate.mean() + rate.variance();
        }
        let people = self.identified.mean();
        let people_square = people * people + self.identified.variance();
        let sum: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|w| w * w).sum();
        let within = sum * people * mean - squares * (people - self.fraction()) * square;
        within + sum * sum * (people_square * square - people * people * mean * mean)
    }

    /// E\[f(1 − f)\], f the fraction of the number identified.
    fn fraction(&self) -> f64 {
        let of = |n: f64| (n - n.floor()) * (1.0 - (n - n.floor()));
        if self.identified.is_certain() {
            return of(self.identified.mean());
        }
        let steps = 4096;
        let at = |i: i32| {
            self.identified
                .quantile((f64::from(i) + 0.5) / f64::from(steps))
        };
        (0..steps).map(|i| of(at(i))).sum::<f64>() / f64::from(steps)
    }

    fn law(&self, shares: &[f64]) -> CountLaw {
        let mean = self.mean(shares);
        let given = |node: Node| {
            let whole = node.identified.floor();
            let (people, more) = (whole as u64, node.identified - whole);
            let mut law = CountLaw::certain(0);
            for (share, months) in grouped(shares) {
                let p = node.passed * share;
                law = law.plus(&CountLaw::binomial(people * months, p));
                if more > 0.0 {
                    law = law.plus(&CountLaw::binomial(months, p * more));
                }
            }
            (node.weight, law)
        };
        CountLaw::mixture(self.nodes(mean).into_iter().map(given))
    }

    /// Values of the uncertain inputs, for a number of partners with the expectation `mean`.
    fn nodes(&self, mean: f64) -> Vec<Node> {
        let one = Node {
            weight: 1.0,
            identified: 1.0,
            passed: 1.0,
        };
        let inputs = [
            &self.identified,
            &self.rates[0],
            &self.rates[1],
            &self.rates[2],
            &self.rates[3],
        ];
        let rules = rules(&inputs, mean);
        let mut out = vec![one];
        for (number, rule) in rules.iter().enumerate() {
            let times = |node: &Node, &(weight, value): &(f64, f64)| {
                let mut node = *node;
                node.weight *= weight;
                if number == 0 {
                    node.identified = value.max(0.0);
                } else {
                    node.passed *= value.clamp(0.0, 1.0);
                }
                node
            };
            out = out
                .iter()
                .flat_map(|node| rule.iter().map(move |point| times(node, point)))
                .collect();
        }
        out
    }
}

/// Shares that are not 0, equal ones together, and how often each comes.
fn grouped(shares: &[f64]) -> Vec<(f64, u64)> {
    let mut out: Vec<(f64, u64)> = Vec::new();
    for &share in shares.iter().filter(|&&share| share > 0.0) {
        match out.iter_mut().find(|(known, _)| *known == share) {
            Some((_, months)) => *months += 1,
            None => out.push((share, 1)),
        }
    }
    out
}

/// Weights and values for each input of a product whose binomial has the expectation `mean`: a fine rule for the widest, coarser ones
/// for the other uncertain ones, one value for those that are certain.
pub(super) fn rules(inputs: &[&Distribution], mean: f64) -> Vec<Vec<(f64, f64)>> {
    let spread = |d: &Distribution| {
        if d.is_certain() || d.mean() <= 0.0 {
            0.0
        } else {
            d.sd() / d.mean()
        }
    };
    let spreads: Vec<f64> = inputs.iter().map(|d| spread(d)).collect();
    let widest = (0..inputs.len()).fold(
        0,
        |best, i| {
            if spreads[i] > spreads[best] { i } else { best }
        },
    );
    let others = spreads.iter().filter(|&&s| s > 0.0).count().max(1) - 1;
    // A binomial's relative standard deviation is 1/√mean; the trapezoid rule's error with a step of h is
    // exp(−2 (π s/h)²) where what is summed changes over s.
    let smooth = 1.0 / (mean.max(1e-9).sqrt() * spreads[widest].max(1e-9));
    let step = (0.7 * smooth).clamp(FINEST, 0.4);
    let normal = stats::gauss_hermite(NODES[others.min(NODES.len() - 1)]);
    inputs
        .iter()
        .enumerate()
        .map(|(i, d)| {
            if spreads[i] == 0.0 {
                vec![(1.0, d.mean())]
            } else if i == widest {
                trapezoid(d, step)
            } else {
                let at = |&(z, weight): &(f64, f64)| (weight, score(d, z));
                normal.iter().map(at).collect()
            }
        })
        .collect()
}

/// Weights and values of the trapezoid rule over the normal score.
pub(super) fn trapezoid(d: &Distribution, step: f64) -> Vec<(f64, f64)> {
    let most = (EDGE / step).ceil() as i32;
    let mut out: Vec<(f64, f64)> = (-most..=most)
        .map(|i| {
            let z = f64::from(i) * step;
            (stats::special::normal_pdf(z), score(d, z))
        })
        .collect();
    let total: f64 = out.iter().map(|(weight, _)| weight).sum();
    for (weight, _) in &mut out {
        *weight /= total;
    }
    out
}

/// The quantile at a normal score.
fn score(d: &Distribution, z: f64) -> f64 {
    match *d {
        Distribution::LogNormal { mu, sigma } => libm::exp(mu + sigma * z),
        _ => d.quantile(stats::normal_cdf(z.clamp(-EDGE, EDGE))),
    }
}
