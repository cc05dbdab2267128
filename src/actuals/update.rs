//! The Gaussian posterior of the shared factors and of creators' lasting parts.
//!
//! Latent normals are z = L w with independent standard normals w, lasting parts are further standard normals u. With x = (w, u) and
//! observations y = A x + e, e ~ N(0, R), the posterior of x is normal with precision G = I + Aᵀ R⁻¹ A and mean
//! G⁻¹ Aᵀ R⁻¹ y. R is block diagonal, one block a row of the file: what is new in a month is new for every tier and type.

use ndarray::{Array2, Axis, Slice};

use super::linear::{backward, cholesky, forward};
use super::observe::{FRESH, Part, Row, observations, range};
use crate::model::{Actuals, FactorBelief, FactorName, InputGroup, Model, square};

/// What is believed of the shared factors after the months that happened, and of the lasting parts of the creators seen in them. `counts` is the plan of the whole horizon.
#[must_use]
pub fn posterior(model: &Model, counts: &Array2<f64>, actuals: &Actuals) -> FactorBelief {
    let prior = FactorBelief::prior(model);
    let rows = observations(model, counts, actuals, &prior);
    let name = |part: &Part| {
        let (tier, partnership) = (
            &model.tiers[part.tier],
            &model.partnerships[part.partnership],
        );
        FactorName::lasting(
            part.kind.input(),
            (&tier.name, &partnership.name),
            part.step,
        )
    };
    condition(&prior, &rows, &name)
}

/// The posterior of the prior's factors, and of the lasting parts that the rows have behind them.
pub(super) fn condition(
    prior: &FactorBelief,
    rows: &[Row],
    name: &dyn Fn(&Part) -> FactorName,
) -> FactorBelief {
    let n = prior.factors.len();
    let mut parts: Vec<Part> = Vec::new();
    for (part, _) in rows.iter().flatten().flat_map(|o| &o.lasting) {
        if !parts.contains(part) {
            parts.push(*part);
        }
    }
    let all = n + parts.len();
    let mut precision = Array2::<f64>::eye(all);
    let mut pull = Array2::<f64>::zeros((all, 1));
    for row in rows.iter().filter(|row| !row.is_empty()) {
        // A and y side by side, whitened by the Cholesky factor of R.
        let mut design = Array2::zeros((row.len(), all + 1));
        let mut noise = Array2::<f64>::zeros((row.len(), FRESH));
        for (i, observation) in row.iter().enumerate() {
            let mut value = observation.value;
            for &(place, sigma) in &observation.factors {
                value -= sigma * prior.mean[place];
                for column in 0..n {
                    design[[i, column]] += sigma * prior.factor[[place, column]];
                }
            }
            for (part, weight) in &observation.lasting {
                if let Some(place) = parts.iter().position(|p| p == part) {
                    design[[i, n + place]] += weight;
                }
            }
            for &(number, weight) in &observation.fresh {
                noise[[i, number]] += weight;
            }
            design[[i, all]] = value;
        }
        let root = cholesky(&noise.dot(&noise.t()));
        forward(&root, &mut design);
        let a = design.slice_axis(Axis(1), Slice::from(..all));
        let y = design.slice_axis(Axis(1), Slice::from(all..));
        precision += &a.t().dot(&a);
        pull += &a.t().dot(&y);
    }
    let root = cholesky(&precision);
    let mut mean = pull;
    forward(&root, &mut mean);
    backward(&root, &mut mean);
    // x − mean = C⁻ᵀ times standard normals.
    let mut spread = Array2::<f64>::eye(all);
    backward(&root, &mut spread);
    let factor = prior
        .factor
        .dot(&spread.slice_axis(Axis(0), Slice::from(..n)));
    let shift = prior
        .factor
        .dot(&mean.slice_axis(Axis(0), Slice::from(..n)));
    let lasting = spread.slice_axis(Axis(0), Slice::from(n..));
    let rows = factor.rows().into_iter().chain(lasting.rows());
    let rows: Vec<Vec<f64>> = rows.map(|row| row.to_vec()).collect();
    let shared = prior.mean.iter().zip(shift).map(|(m, s)| m + s);
    let means = mean.column(0).iter().copied().skip(n).collect::<Vec<_>>();
    FactorBelief {
        factors: prior
            .factors
            .iter()
            .cloned()
            .chain(parts.iter().map(name))
            .collect(),
        mean: shared.chain(means).collect(),
        factor: square(&rows),
    }
}

/// What actuals say of one shared factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Plan.
    pub plan: String,
    /// Which factor.
    pub input: InputGroup,
    /// Tier; `None` for the market and the platform.
    pub tier: Option<String>,
    /// Month, from 0; `None` where it is the same in all.
    pub month: Option<usize>,
    /// Relative standard deviation before.
    pub prior_sd: f64,
    /// Expectation now; it was one.
    pub mean: f64,
    /// 10 % quantile now.
    pub p10: f64,
    /// 90 % quantile now.
    pub p90: f64,
}

/// Every uncertain shared factor of a model's tiers with its law now.
#[must_use]
pub fn learned(plan: &str, model: &Model, belief: &FactorBelief) -> Vec<Learned> {
    let one = |(place, name): (usize, &FactorName)| {
        let sigma = model.log_spread(name.input);
        let used = |tier: usize| {
            let own = model.factors_of(tier);
            model.tiers[tier].name == name.tier
                && (name.input == InputGroup::Fee || own.iter().any(|s| s.contains(&name.input)))
        };
        let here = name.tier.is_empty() || (0..model.tiers.len()).any(used);
        if sigma == 0.0 || !here {
            return None;
        }
        let row = belief.factor.row(place);
        let variance: f64 = row.iter().map(|x| x * x).sum();
        let log = sigma * belief.mean[place] - 0.5 * sigma * sigma;
        let (p10, p90) = range(log, sigma * libm::sqrt(variance));
        Some(Learned {
            plan: plan.to_owned(),
            input: name.input,
            tier: (!name.tier.is_empty()).then(|| name.tier.clone()),
            month: name.tier.is_empty().then_some(name.month),
            prior_sd: libm::sqrt(libm::expm1(sigma * sigma)),
            mean: libm::exp(log + 0.5 * sigma * sigma * variance),
            p10,
            p90,
        })
    };
    belief.factors.iter().enumerate().filter_map(one).collect()
}
