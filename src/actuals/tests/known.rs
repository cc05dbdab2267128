//! What is known of creators who were seen.

use ndarray::Array2;

use super::super::{posterior, remaining};
use super::{cells_of, counts, fixed, happened, market, row};
use crate::distribution::Distribution;
use crate::model::{
    Actuals, Basis, FactorName, InputGroup, Model, Quantity, Uncertainty, valuation,
};

fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (
        mean,
        x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n,
    )
}

/// One creator with lognormal followers and nothing else uncertain but the platform: logarithms of impressions are exactly normal,
/// y₁ = σ z₁ + τ u and y₂ = σ z₂ + τ u with corr(z₁, z₂) = 0.6, so that y₂ given y₁ has mean (0.6 σ² + τ²)/(σ² + τ²) y₁ and variance
/// σ² + τ² − (0.6 σ² + τ²)²/(σ² + τ²). Comparisons at five standard errors, 6e-7 each, in two.
#[test]
fn one_lognormal_creator_is_known_exactly() {
    const TRIALS: usize = 16_384;
    let mut model = market(2);
    model.uncertainty = Uncertainty {
        platform: 0.15,
        ..Uncertainty::NONE
    };
    if let Basis::Followers(f) = &mut model.tiers[0].basis {
        f.followers = Distribution::lognormal_mean_sd(40_000.0, 20_000.0).unwrap();
    }
    let counts = counts(&model, &[1.0, 0.0]);
    model.counts = Some(counts.clone());
    let mut seen = row(&model, &counts, (0, 0), [1.0, 1.7, 1.7, 1.7, 0.0, 0.0]);
    (seen.engagements, seen.clicks) = (None, None);
    let actuals = Actuals {
        months: 1,
        rows: vec![seen],
    };
    let belief = posterior(&model, &counts, &actuals);
    let left = remaining(&model, &counts, &actuals, &belief).unwrap();
    let found = cells_of(&left.model, left.model.counts.as_ref().unwrap(), 3, TRIALS);
    let unit = valuation::law_in(&model, 0, 0)
        .expected()
        .impressions
        .unwrap();
    let (s, t) = (0.15_f64.powi(2).ln_1p(), 0.25_f64.ln_1p());
    let logs: Vec<f64> = found[0]
        .impressions
        .iter()
        .map(|i| (i / unit).ln())
        .collect();
    // No order was seen where a few were expected: that is in the posterior and weighs as much as its scatter allows.
    let orders = unit_orders(&model);
    let noise = (1.0 + 1.0 / (orders + 0.5)).ln();
    let seen = [
        (1.7_f64.ln() + 0.5 * (s + t), 1e-6),
        (
            (0.5 / (orders + 0.5)).ln() + 0.5 * (s + t) + 0.5 * noise,
            noise + 1e-6,
        ),
    ];
    // Both see σ z₁ + τ u: as one with the weights' mean.
    let weight: f64 = seen.iter().map(|(_, v)| 1.0 / v).sum();
    let value = seen.iter().map(|(y, v)| y / v).sum::<f64>() / weight;
    let gain = (0.6 * s + t) / (s + t + 1.0 / weight);
    let mean = gain * value - 0.5 * (s + t);
    let variance = s + t - gain * (0.6 * s + t);
    let (m, v) = moments(&logs);
    let n = TRIALS as f64;
    assert!((m - mean).abs() < 5.0 * (variance / n).sqrt(), "{m} {mean}");
    assert!(
        (v - variance).abs() < 5.0 * variance * (2.0 / n).sqrt(),
        "{v} {variance}"
    );
}

fn unit_orders(model: &Model) -> f64 {
    valuation::law_in(model, 0, 0).expected().conversions
}

/// Few creators, some of whom do not deliver, some new ones and some who are not booked again: simulated means are the planner's. At
/// 4.5 standard errors, 7e-6 each, in 48.
#[test]
fn means_are_the_planners() {
    for benchmark in [false, true] {
        let mut model = fixed(3);
        for cell in &mut model.cells {
            cell.terms.delivery = 0.8;
            cell.terms.commission = 0.1;
        }
        model.incidents.probability = 0.1;
        model.incidents.yield_lost = 0.5;
        if benchmark {
            let cost = |mean: f64| Some(Distribution::lognormal_mean_sd(mean, 0.4 * mean).unwrap());
            model.tiers[0].basis = Basis::Benchmark(crate::model::Benchmark {
                cpm: cost(20.0),
                cpe: cost(2.0),
                cpc: None,
                cpa: cost(40.0).unwrap(),
                roas: None,
            });
        }
        let mut plan = Array2::zeros((3, 2));
        for (month, row) in [[4.0, 8.0], [6.0, 5.0], [3.0, 8.5]].into_iter().enumerate() {
            plan[[month, 0]] = row[0];
            plan[[month, 1]] = row[1];
        }
        model.counts = Some(plan.clone());
        let mut rows = vec![
            row(&model, &plan, (0, 0), [1.3, 1.5, 1.8, 1.8, 2.0, 1.9]),
            row(&model, &plan, (0, 1), [0.8, 0.7, 0.6, 0.6, 0.5, 0.6]),
        ];
        if benchmark {
            rows[0].clicks = None;
        }
        let actuals = Actuals { months: 1, rows };
        let belief = posterior(&model, &plan, &actuals);
        let left = remaining(&model, &plan, &actuals, &belief).unwrap();
        // Two of six are new in August, a half of one in September.
        let counts = left.model.counts.as_ref().unwrap();
        assert_eq!(left.cells, [0, 1, 0, 1]);
        assert_eq!(counts.row(0).to_vec(), [4.0, 5.0, 2.0, 0.0]);
        assert_eq!(counts.row(1).to_vec(), [3.0, 8.0, 0.0, 0.5]);
        assert_eq!(left.model.key(0).to_string(), "mid.sponsored@those there");
        let found = cells_of(&left.model, counts, 9, 32_768);
        for block in &found {
            let units = valuation::units_in_month(
                &left.model,
                block.month,
                &counts.row(block.month).to_vec(),
            );
            let (unit, n) = (&units[block.cell], counts[[block.month, block.cell]]);
            for (column, quantity) in [
                (&block.spend, Quantity::Spend),
                (&block.impressions, Quantity::Impressions),
                (&block.engagements, Quantity::Engagements),
                (&block.clicks, Quantity::Clicks),
                (&block.conversions, Quantity::Conversions),
                (&block.revenue, Quantity::Revenue),
            ] {
                let Some(unit) = unit.get(quantity) else {
                    continue;
                };
                let (mean, variance) = moments(column);
                let error = (variance / column.len() as f64).sqrt();
                assert!(
                    (mean - n * unit).abs() < 4.5 * error,
                    "{} {} {quantity:?}: {mean} {} ± {error}",
                    block.month,
                    block.cell,
                    n * unit
                );
            }
        }
        // Those seen did better than others of mid, worse of micro.
        let conversions = |cell: usize| {
            valuation::law_in(&left.model, 0, cell)
                .expected()
                .conversions
        };
        assert!(conversions(0) > conversions(2));
        assert!(conversions(1) < conversions(3));
    }
}

/// Truths of the simulator, with four creators of one tier and six of another who stay: 80 % intervals of what is spent in the month
/// left, and of what is sold. Of 200 truths 160 are expected to be held; 142 to 177 are accepted, which 80 % leaves once in 500 runs. Spend is fees alone
/// here, which stay as they are: its intervals are of figures rounded to 0.1 %, and hold all. As if all creators were new, intervals of spend
/// are more than ten times as wide.
#[test]
fn few_creators_are_known_by_what_they_did() {
    const TRUTHS: usize = 200;
    const TRIALS: usize = 2048;
    let mut model = fixed(3);
    let plan = counts(&model, &[4.0, 6.0]);
    model.counts = Some(plan.clone());
    let truths = cells_of(&model, &plan, 31, TRUTHS);
    let (mut held, mut width, mut wide) = ([0; 2], [0.0; 2], [0.0; 2]);
    for truth in 0..TRUTHS {
        let actuals = happened(&model, &truths, truth, 2);
        let belief = posterior(&model, &plan, &actuals);
        let left = remaining(&model, &plan, &actuals, &belief).unwrap().model;
        let mut strangers = left.clone();
        strangers.known.clear();
        let last = truths.iter().filter(|c| c.month == 2);
        let came = last.fold([0.0; 2], |s, c| {
            [s[0] + c.spend[truth], s[1] + c.revenue[truth]]
        });
        let interval = |model: &Model, which: usize| {
            let mut sums = vec![0.0; TRIALS];
            let counts = model.counts.as_ref().unwrap();
            for block in cells_of(model, counts, 500 + truth as u64, TRIALS) {
                let column = if which == 0 {
                    &block.spend
                } else {
                    &block.revenue
                };
                sums.iter_mut().zip(column).for_each(|(s, v)| *s += v);
            }
            sums.sort_by(f64::total_cmp);
            (sums[TRIALS / 10], sums[TRIALS - TRIALS / 10])
        };
        for which in 0..2 {
            let (low, high) = interval(&left, which);
            held[which] += usize::from((low..=high).contains(&came[which]));
            width[which] += high - low;
            let (low, high) = interval(&strangers, which);
            wide[which] += high - low;
        }
    }
    assert!(
        held[0] >= 142 && (142..=177).contains(&held[1]),
        "{held:?} of {TRUTHS}"
    );
    assert!(
        width[0] < 0.1 * wide[0] && width[1] < 0.9 * wide[1],
        "{width:?} {wide:?}"
    );
}

/// What is learned of a lasting part: with y = σ z + w u + e, E[u] = w y/(σ² + w² + v), Var u = 1 − w²/(…), Cov(z, u) = −σ w/(…).
#[test]
fn the_posterior_has_the_lasting_parts() {
    let mut model = market(2);
    model.uncertainty = Uncertainty {
        platform: 0.2,
        ..Uncertainty::NONE
    };
    if let Basis::Followers(f) = &mut model.tiers[0].basis {
        f.followers = Distribution::lognormal_mean_sd(40_000.0, 20_000.0).unwrap();
    }
    let counts = counts(&model, &[2.0, 0.0]);
    let mut seen = row(&model, &counts, (0, 0), [1.0, 1.5, 1.0, 1.0, 0.0, 0.0]);
    (seen.engagements, seen.clicks) = (None, None);
    let actuals = Actuals {
        months: 1,
        rows: vec![seen],
    };
    // Nobody buys in this market, so that impressions are all that is seen.
    if let Basis::Followers(f) = &mut model.tiers[0].basis {
        f.conversion_rate = Distribution::Certain(0.0);
    }
    let belief = posterior(&model, &counts, &actuals);
    let (s, t) = (0.04_f64.ln_1p(), 0.125_f64.ln_1p());
    let all = s + t + 1e-6;
    let y = 1.5_f64.ln() + 0.5 * (s + t);
    let u = belief
        .place(&FactorName::lasting(
            InputGroup::CreatorFollowers,
            ("mid", "sponsored"),
            0,
        ))
        .unwrap();
    let z = belief
        .place(&FactorName::new(InputGroup::Platform, "", 0))
        .unwrap();
    let (a, b) = (belief.factor.row(z), belief.factor.row(u));
    assert!((belief.mean[u] - t.sqrt() * y / all).abs() < 1e-9);
    assert!((belief.mean[z] - s.sqrt() * y / all).abs() < 1e-9);
    assert!((b.dot(&b) - (1.0 - t / all)).abs() < 1e-9);
    assert!((a.dot(&b) + (s * t).sqrt() / all).abs() < 1e-9);
}
