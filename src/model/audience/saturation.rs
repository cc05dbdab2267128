//! Net reach and net share in expectation, by the Laplace transform of impressions.
//!
//! With G = U Σ xᵢ the gross impressions of a month on an audience of A people, U the platform's
//! factor (lognormal, mean one) and xᵢ those of its creators, independent of each other,
//!
//! ```text
//! E[e^(−tG/A) | U] = ∏ φᵢ(tU/A)          φᵢ(s) = E[e^(−s xᵢ)]
//! E[R(G)] = A (1 − E[∏ φᵢ(U/A)])
//! E[λ s(G)] / E[λ] = ∫₀¹ E[U ψ(tU/A) ∏' φᵢ(tU/A)] dt = ∫₀^∞ P(U > θ) ψ(θ/A) ∏' φᵢ(θ/A) dθ
//! ```
//!
//! since s(G) = (1 − e^(−G/A)) A/G = ∫₀¹ e^(−tG/A) dt; λ = U y are the conversions of one creator with x
//! impressions, ψ(s) = E\[y e^(−sx)\]/E\[y\], and the product is over the others. Nothing is approximated but by
//! quadrature: one creator that saturates an audience alone is valued as exactly as hundreds. A tier's own factor
//! B on impressions (benchmark basis) is integrated within its tier: E\[∏ φᵢ(s B)\], in ψ's tier weighted by B.
//!
//! # Shocks
//!
//! A shock takes the share z of all conversions where a creator has a shocking incident (S), and incidents take impressions:
//! months without a shock are those with more of them. With 1{no S} = ∏ (1 − Xᵢ) a product over creators too,
//!
//! ```text
//! E[λ s(G) (1 − z S)] = (1 − z) E[λ s(G)] + z E[λ s(G) ∏ (1 − Xᵢ)]
//! E[λ s(G) ∏ (1 − Xᵢ)] = E[λ ∏ (1 − Xᵢ)] ∫₀^∞ P(U > θ) ψ°(θ/A) ∏' φᵢ°(θ/A) dθ
//! ```
//!
//! φ° and ψ° are those of creators given that none of their incidents is shocking, who are as independent of each other:
//! [`Saturation::in_calm`].

use std::sync::LazyLock;

use super::{Audience, Reached, Which};
use crate::model::valuation::{self, Chance};
use crate::model::{Basis, Model};
use crate::stats;

/// Gauss–Legendre nodes and weights on [−1, 1].
const LEGENDRE: [(f64, f64); 6] = [
    (-0.932_469_514_203_152, 0.171_324_492_379_170_4),
    (-0.661_209_386_466_264_5, 0.360_761_573_048_138_6),
    (-0.238_619_186_083_196_9, 0.467_913_934_572_691),
    (0.238_619_186_083_196_9, 0.467_913_934_572_691),
    (0.661_209_386_466_264_5, 0.360_761_573_048_138_6),
    (0.932_469_514_203_152, 0.171_324_492_379_170_4),
];

/// Panels in θ below the spread of U, each four times the one before; the first begins at 0. Loads
/// (impressions by people) of up to some ten thousand are resolved.
const PANELS: i32 = 7;

/// Standard deviations of ln U that P(U > θ) is resolved over on both sides, a panel to three.
const TAIL: f64 = 4.5;

static SHARED: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| stats::gauss_hermite(9));

/// Steps between the weights of a partnership in part at which transforms are known.
const PARTS: usize = 8;

/// Least value of a transform: what is below it changes nothing.
const LEAST: f64 = 1e-280;

/// A model's audiences with the transforms of their creators' impressions.
#[derive(Debug, Clone)]
pub struct Saturation {
    audiences: Vec<Group>,
    /// Weights of the nodes θ, for conversions and for net reach.
    share: Vec<f64>,
    reach: Vec<f64>,
    /// Of each tier: values and probabilities of its own factor.
    tiers: Vec<Vec<(f64, f64)>>,
    /// Whether counts may be fractions, whose last partnership has a weight below one.
    fractional: bool,
}

#[derive(Debug, Clone)]
struct Group {
    size: f64,
    cells: Vec<Member>,
}

/// A cell's transforms. Vectors hold one block of nodes for each value of the tier's factor.
#[derive(Debug, Clone)]
struct Member {
    cell: usize,
    tier: usize,
    /// Expected impressions of a creator.
    mean: f64,
    whole: Transform,
    /// Of partnerships of weights 0, 1/8 … 1; empty for whole counts.
    parts: Vec<Transform>,
}

#[derive(Debug, Clone)]
struct Transform {
    /// ln φ.
    log: Vec<f64>,
    /// ψ/φ, at most 1.
    biased: Vec<f64>,
}

impl Transform {
    fn of(chances: &[Chance], weight: f64, arguments: &[f64]) -> Self {
        let (mut log, mut biased) = (Vec::new(), Vec::new());
        for &s in arguments {
            let (mut lost, mut psi, mut all) = (0.0, 0.0, 0.0);
            for chance in chances {
                let fall = libm::expm1(-s * weight * chance.impressions);
                lost += chance.probability * fall;
                psi += chance.conversions * fall;
                all += chance.conversions;
            }
            let phi = (1.0 + lost).max(LEAST);
            log.push(if phi > LEAST {
                libm::log1p(lost)
            } else {
                libm::log(LEAST)
            });
            let psi = if all > 0.0 { 1.0 + psi / all } else { 1.0 };
            biased.push((psi.max(0.0) / phi).min(1.0));
        }
        Self { log, biased }
    }

    /// Cubic interpolation between weights.
    fn between(parts: &[Self], weight: f64) -> Self {
        let at = weight * PARTS as f64;
        let first = (at.floor() as usize).saturating_sub(1).min(PARTS - 3);
        let t = at - first as f64;
        let basis = [
            -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0,
            t * (t - 2.0) * (t - 3.0) / 2.0,
            -t * (t - 1.0) * (t - 3.0) / 2.0,
            t * (t - 1.0) * (t - 2.0) / 6.0,
        ];
        let mix = |of: fn(&Self) -> &[f64], most: f64| -> Vec<f64> {
            let near: [&[f64]; 4] = std::array::from_fn(|i| of(&parts[first + i]));
            (0..near[0].len())
                .map(|k| {
                    let sum: f64 = (0..4).map(|i| basis[i] * near[i][k]).sum();
                    sum.min(most)
                })
                .collect()
        };
        Self {
            log: mix(|p| &p.log, 0.0),
            biased: mix(|p| &p.biased, 1.0),
        }
    }
}

impl Member {
    fn new(
        model: &Model,
        cell: usize,
        size: f64,
        (theta, own): (&[f64], &[(f64, f64)]),
        calm: bool,
    ) -> Option<Self> {
        let mut law = valuation::law(model, cell);
        let mut chances = |weight: f64| {
            if calm {
                law.incidents = model.incidents.in_calm(weight);
            }
            law.impression_chances()
        };
        let whole = chances(1.0)?;
        let arguments: Vec<f64> = own
            .iter()
            .flat_map(|(b, _)| theta.iter().map(move |t| t * b / size))
            .collect();
        let parts = if model.fractional_counts { PARTS } else { 0 };
        Some(Self {
            cell,
            tier: model.cells[cell].tier,
            mean: whole.iter().map(|c| c.probability * c.impressions).sum(),
            whole: Transform::of(&whole, 1.0, &arguments),
            parts: (0..=parts)
                .filter(|_| parts > 0)
                .map(|part| {
                    let weight = part as f64 / PARTS as f64;
                    let own = calm.then(|| chances(weight)).flatten();
                    Transform::of(own.as_ref().unwrap_or(&whole), weight, &arguments)
                })
                .collect(),
        })
    }
}

/// Nodes θ with their weights for ∫ P(U > θ) h(θ) dθ and for E\[h(U)\], U lognormal of mean one.
fn rule(relative_sd: f64) -> Vec<(f64, f64, f64)> {
    let sigma = libm::sqrt(libm::log1p(relative_sd * relative_sd));
    let median = libm::exp(-0.5 * sigma * sigma);
    let certain = median * libm::exp(-TAIL * sigma);
    let mut out = Vec::new();
    for panel in 0..PANELS {
        let high = certain * libm::pow(4.0, f64::from(panel + 1 - PANELS));
        let low = if panel == 0 { 0.0 } else { 0.25 * high };
        for (x, w) in LEGENDRE {
            let half = 0.5 * (high - low);
            out.push((low + half * (1.0 + x), half * w, 0.0));
        }
    }
    if sigma > 0.0 {
        for panel in [-TAIL, -TAIL / 3.0, TAIL / 3.0] {
            let half = TAIL / 3.0;
            for (x, w) in LEGENDRE {
                let z = panel + half * (1.0 + x);
                let theta = median * libm::exp(sigma * z);
                let above = stats::normal_cdf(-z);
                out.push((theta, half * w * sigma * theta * above, 0.0));
            }
        }
        // E[U] = 1
        let sum: f64 = out.iter().map(|n| n.1).sum();
        for node in &mut out {
            node.1 /= sum;
        }
        out.extend(SHARED.iter().map(|&(z, w)| {
            let u = median * libm::exp(sigma * z);
            (u, 0.0, w)
        }));
    } else {
        out.push((1.0, 0.0, 1.0));
    }
    out
}

/// Values and probabilities of a lognormal factor of mean one.
fn factor(relative_sd: f64) -> Vec<(f64, f64)> {
    if relative_sd <= 0.0 {
        return vec![(1.0, 1.0)];
    }
    let sigma = libm::sqrt(libm::log1p(relative_sd * relative_sd));
    SHARED
        .iter()
        .map(|&(z, w)| (libm::exp(sigma * (z - 0.5 * sigma)), w))
        .collect()
}

/// Mean of two values over the whole creators and the part of a count; the first without any.
fn mixed(count: f64, [of_whole, of_part]: [f64; 2]) -> f64 {
    let part = count - count.floor();
    if count <= 0.0 || part == 0.0 {
        of_whole
    } else {
        (count.floor() * of_whole + part * of_part) / count
    }
}

/// Sums over the creators of an audience at every node.
struct Sums {
    /// Of each tier in use, ln ∏ φ a block for each value of its factor.
    tiers: Vec<Vec<f64>>,
    /// Of each tier, ln E\[∏ φ\] over its factor.
    over: Vec<Vec<f64>>,
    /// ∏ over tiers.
    all: Vec<f64>,
}

impl Saturation {
    /// The audiences of a model; none if it has none.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self::given(model, false)
    }

    /// The same in months without a shock: of creators none of whose incidents is shocking ([`Incidents::in_calm`]).
    ///
    /// [`Incidents::in_calm`]: crate::model::Incidents::in_calm
    #[must_use]
    pub fn in_calm(model: &Model) -> Self {
        Self::given(model, true)
    }

    fn given(model: &Model, calm: bool) -> Self {
        if model.audiences.is_empty() {
            return Self {
                audiences: Vec::new(),
                share: Vec::new(),
                reach: Vec::new(),
                tiers: Vec::new(),
                fractional: model.fractional_counts,
            };
        }
        let rule = rule(model.uncertainty.platform);
        let theta: Vec<f64> = rule.iter().map(|n| n.0).collect();
        let tiers: Vec<Vec<(f64, f64)>> = model
            .tiers
            .iter()
            .map(|tier| match tier.basis {
                Basis::Followers(_) => factor(0.0),
                Basis::Benchmark(_) => factor(model.uncertainty.benchmark),
            })
            .collect();
        let group = |audience: &Audience| Group {
            size: audience.size,
            cells: (0..model.cells.len())
                .filter(|&cell| audience.holds(&model.cells[cell]))
                .filter_map(|cell| {
                    let own = &tiers[model.cells[cell].tier];
                    Member::new(model, cell, audience.size, (&theta, own), calm)
                })
                .collect(),
        };
        Self {
            audiences: model.audiences.iter().map(group).collect(),
            share: rule.iter().map(|n| n.1).collect(),
            reach: rule.iter().map(|n| n.2).collect(),
            tiers,
            fractional: model.fractional_counts,
        }
    }

    /// The expected net share of every cell's conversions in a month of these counts, 1 for cells
    /// of no audience: E\[λ s(G)\] / E\[λ\], λ being the cell's own conversions. It falls with every count. Of a
    /// cell without creators: that of its first; with fractional counts, that of a first vanishing part.
    #[must_use]
    pub fn conversion_shares(&self, counts: &[f64], which: Which) -> Vec<f64> {
        self.weighted_shares(counts, which, &vec![[1.0; 2]; counts.len()])
    }

    /// The same with every partnership's conversions times a weight, those of each cell's whole creators and of its part.
    #[must_use]
    pub fn weighted_shares(&self, counts: &[f64], which: Which, weights: &[[f64; 2]]) -> Vec<f64> {
        let mut shares: Vec<f64> = counts
            .iter()
            .zip(weights)
            .map(|(&count, &weights)| {
                if which == Which::All || count != 0.0 {
                    mixed(count, weights)
                } else {
                    1.0
                }
            })
            .collect();
        for group in &self.audiences {
            let sums = self.sums(group, counts);
            for member in &group.cells {
                let count = counts[member.cell];
                if which == Which::All || count != 0.0 {
                    let mut weights = weights[member.cell];
                    if !self.fractional {
                        // A count between whole ones, on the way to them.
                        weights[0] = mixed(count, weights);
                    }
                    shares[member.cell] = self.share_of(member, count, &sums, weights);
                }
            }
        }
        shares
    }

    /// Expected gross impressions and net reach of every audience in a month of these counts.
    #[must_use]
    pub fn reached(&self, counts: &[f64]) -> Vec<Reached> {
        self.audiences
            .iter()
            .map(|group| {
                let impressions = group.cells.iter().map(|m| m.mean * counts[m.cell]).sum();
                let sums = self.sums(group, counts);
                let missed: f64 = sums
                    .over
                    .iter()
                    .fold(vec![0.0; self.reach.len()], |mut all, tier| {
                        for (all, tier) in all.iter_mut().zip(tier) {
                            *all += tier;
                        }
                        all
                    })
                    .into_iter()
                    .zip(&self.reach)
                    .filter(|&(_, &weight)| weight > 0.0)
                    .map(|(log, weight)| weight * libm::expm1(log))
                    .sum();
                Reached {
                    impressions,
                    net_reach: (-missed * group.size).clamp(0.0, group.size.min(impressions)),
                }
            })
            .collect()
    }

    /// Whole creators and the weight of the last.
    fn parts(&self, count: f64) -> (f64, f64) {
        if self.fractional {
            (count.floor(), count - count.floor())
        } else {
            (count, 0.0)
        }
    }

    fn sums(&self, group: &Group, counts: &[f64]) -> Sums {
        let nodes = self.share.len();
        let mut tiers: Vec<Vec<f64>> = vec![Vec::new(); self.tiers.len()];
        for member in &group.cells {
            let (whole, part) = self.parts(counts[member.cell]);
            let sum = &mut tiers[member.tier];
            sum.resize(nodes * self.tiers[member.tier].len(), 0.0);
            if whole > 0.0 {
                for (sum, log) in sum.iter_mut().zip(&member.whole.log) {
                    *sum += whole * log;
                }
            }
            if part > 0.0 {
                let transform = Transform::between(&member.parts, part);
                for (sum, log) in sum.iter_mut().zip(&transform.log) {
                    *sum += log;
                }
            }
        }
        let mut all = vec![0.0; nodes];
        let over: Vec<Vec<f64>> = tiers
            .iter()
            .zip(&self.tiers)
            .map(|(sum, own)| {
                if sum.is_empty() || own.len() == 1 {
                    return sum.clone();
                }
                (0..nodes)
                    .map(|k| {
                        let falls = own.iter().enumerate();
                        let lost = falls.map(|(b, (_, p))| p * libm::expm1(sum[b * nodes + k]));
                        libm::log1p(lost.sum::<f64>().max(LEAST - 1.0))
                    })
                    .collect()
            })
            .collect();
        for tier in &over {
            for (all, log) in all.iter_mut().zip(tier) {
                *all += log;
            }
        }
        for all in &mut all {
            *all = libm::exp(*all);
        }
        Sums { tiers, over, all }
    }

    fn share_of(&self, member: &Member, count: f64, sums: &Sums, weights: [f64; 2]) -> f64 {
        let nodes = self.share.len();
        let (whole, part) = self.parts(count);
        let part = (part > 0.0).then(|| (part, Transform::between(&member.parts, part)));
        let [whole_weight, part_weight] = weights;
        // ψ/φ, that of the partnerships weighted by their conversions
        let biased = |at: usize| {
            if count <= 0.0 {
                return whole_weight
                    * if self.fractional {
                        1.0
                    } else {
                        member.whole.biased[at] * libm::exp(member.whole.log[at])
                    };
            }
            match &part {
                None => whole_weight * member.whole.biased[at],
                Some((weight, transform)) => {
                    (whole * whole_weight * member.whole.biased[at]
                        + weight * part_weight * transform.biased[at])
                        / count
                }
            }
        };
        let own = &self.tiers[member.tier];
        let mut lost = 0.0;
        for (k, weight) in self.share.iter().enumerate() {
            if *weight == 0.0 {
                continue;
            }
            let kept = if own.len() == 1 {
                sums.all[k] * biased(k)
            } else {
                // The tier's own factor weighted by itself, in place of itself.
                let tier: f64 = own
                    .iter()
                    .enumerate()
                    .map(|(b, (value, p))| {
                        let at = b * nodes + k;
                        p * value * libm::exp(sums.tiers[member.tier][at]) * biased(at)
                    })
                    .sum();
                let others: f64 = sums
                    .over
                    .iter()
                    .enumerate()
                    .filter(|(tier, log)| *tier != member.tier && !log.is_empty())
                    .map(|(_, log)| log[k])
                    .sum();
                tier * libm::exp(others)
            };
            lost += weight * (1.0 - kept);
        }
        (1.0 - lost).clamp(0.0, 1.0)
    }
}
