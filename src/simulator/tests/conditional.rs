//! What shared factors leave to chance, and the factors themselves: against simulated trials.

use ndarray::Array2;

use super::law::{assert_near, estimate, spread};
use super::market::{PRESET, amount, by_benchmark, by_followers, counts, model};
use crate::distribution::Distribution;
use crate::model::conditional::{self, Gain, mean_monomials, variance_monomials};
use crate::model::{
    Basis, Benchmark, CellBlock, Dependence, Incidents, Metric, Model, Quality, Quantity,
    Uncertainty,
};
use crate::simulator::{PlanInput, Seeds, Simulator, factor_sample};

const TRIALS: usize = 1 << 17;

/// Tails mild enough for the variance of a variance to be estimated.
fn market(uncertainty: Uncertainty, dependence: Dependence, incidents: Incidents) -> Model {
    let benchmark = |fee| {
        by_benchmark(
            "mid",
            fee,
            Benchmark {
                cpm: None,
                cpe: None,
                cpc: None,
                cpa: Distribution::gamma_mean_sd(40.0, 8.0).unwrap(),
                roas: Some(3.8),
            },
        )
    };
    let tiers = vec![
        by_followers("macro", (1e5, 2e5), (5e3, 8e3), (0.03, 0.05)),
        benchmark(amount(2e3, 4e3)),
        by_followers("micro", (3e3, 6e3), (300.0, 600.0), (0.10, 0.20)),
    ];
    let types = ["sponsored", "affiliate", "seeding", "ambassador"];
    let mut model = model(tiers, &types, Vec::new(), Vec::new());
    model.uncertainty = uncertainty;
    model.dependence = dependence;
    model.incidents = incidents;
    for cell in &mut model.cells {
        if model.tiers[cell.tier].name == "micro" && cell.partnership == 3 {
            cell.terms.fee_amount = Some(400.0);
            cell.terms.delivery = 0.8;
        }
    }
    model
}

fn tangled() -> Dependence {
    let mut d = Dependence::of_followers_and_fee(0.6);
    d.set(Quality::Followers, Quality::EngagementRate, -0.3);
    d.set(Quality::Fee, Quality::ClickRate, 0.25);
    d.set(Quality::ClickRate, Quality::ConversionRate, 0.4);
    d
}

fn booked(model: &Model) -> Array2<f64> {
    counts(
        model,
        &[
            ("macro.sponsored", 1.0),
            ("macro.affiliate", 2.0),
            ("mid.sponsored", 1.0),
            ("mid.affiliate", 3.0),
            ("mid.seeding", 2.0),
            ("micro.seeding", 4.0),
            ("micro.ambassador", 5.0),
        ],
    )
}

fn gains() -> [Gain; 6] {
    let total = |metric| Gain::of_total(metric, 0.6, 1.0).unwrap();
    [
        total(Metric::Revenue),
        total(Metric::Profit),
        total(Metric::Spend),
        total(Metric::Conversions),
        Gain {
            revenue: 1.0,
            conversions: 0.0,
            spend: -3.0,
        },
        Gain {
            revenue: 0.0,
            conversions: 60.0,
            spend: -1.0,
        },
    ]
}

fn gain_of(block: &CellBlock, gain: Gain) -> Vec<f64> {
    let column = |quantity| block.column(quantity).unwrap();
    let (r, n, s) = (
        column(Quantity::Revenue),
        column(Quantity::Conversions),
        column(Quantity::Spend),
    );
    (0..r.len())
        .map(|t| gain.revenue * r[t] + gain.conversions * n[t] + gain.spend * s[t])
        .collect()
}

/// Relative variances of the product of a tier's factors on conversions, of its order and fee factor.
fn spreads(model: &Model, tier: usize) -> [f64; 3] {
    let u = &model.uncertainty;
    let own = match model.tiers[tier].basis {
        Basis::Followers(_) => vec![u.engagement_rate, u.click_rate, u.conversion_rate],
        Basis::Benchmark(_) => vec![u.benchmark],
    };
    let all = own.iter().chain([&u.platform, &u.market]);
    let conversions = all.map(|s| 1.0 + s * s).product::<f64>() - 1.0;
    [conversions, u.order_value.powi(2), u.fee.powi(2)]
}

/// Var G = E[Var(G | factors)] + Var E[G | factors], by the moments of mean-one lognormal factors:
/// E[X^k] = (1 + s²)^(k(k−1)/2). Mean and variance of `count` creators.
fn total_moments(model: &Model, cell: usize, count: f64, gain: Gain) -> (f64, f64) {
    let moments = conditional::creators(model)[cell].gain(gain);
    let squares = spreads(model, model.cells[cell].tier);
    // Powers are read off the monomials at e: ln of each is Σ powers.
    let powers = |monomials: fn(f64, f64, f64) -> Vec<f64>| -> Vec<[i32; 3]> {
        let e = std::f64::consts::E;
        let axes = [
            monomials(e, 1.0, 1.0),
            monomials(1.0, e, 1.0),
            monomials(1.0, 1.0, e),
        ];
        (0..axes[0].len())
            .map(|k| [0, 1, 2].map(|axis: usize| axes[axis][k].ln().round() as i32))
            .collect()
    };
    let expected = |powers: [i32; 3]| -> f64 {
        powers
            .iter()
            .zip(squares)
            .map(|(&k, s)| (1.0 + s).powf(f64::from(k * (k - 1)) / 2.0))
            .product()
    };
    let means = powers(|u, o, f| mean_monomials(u, o, f).to_vec());
    let variances = powers(|u, o, f| variance_monomials(u, o, f).to_vec());
    let within: f64 = moments
        .variance
        .iter()
        .zip(&variances)
        .map(|(c, &p)| c * expected(p))
        .sum();
    let (mut between, mut mean) = (0.0, 0.0);
    for (a, &p) in moments.mean.iter().zip(&means) {
        mean += a * expected(p);
        for (b, &q) in moments.mean.iter().zip(&means) {
            let both = [p[0] + q[0], p[1] + q[1], p[2] + q[2]];
            between += a * b * (expected(both) - expected(p) * expected(q));
        }
    }
    (count * mean, count * within + count * count * between)
}

/// 7 cells × 6 gains × 2 moments × 4 models = 336 comparisons at 5 standard errors: a fresh seed
/// would fail once in five thousand if estimates of variances were normal.
#[test]
fn moments_given_the_factors_are_those_of_simulated_trials() {
    let often = Incidents {
        probability: 0.2,
        yield_lost: 0.7,
        cleanup_cost: 500.0,
        ..Incidents::NONE
    };
    let followers_fee = Dependence::of_followers_and_fee(0.6);
    let cases = [
        market(Uncertainty::NONE, Dependence::NONE, Incidents::NONE),
        market(Uncertainty::NONE, followers_fee, often),
        market(PRESET, tangled(), Incidents::NONE),
        market(PRESET, tangled(), often),
    ];
    for (case, model) in cases.iter().enumerate() {
        let counts = booked(model);
        let plan = PlanInput {
            model,
            counts: counts.view(),
        };
        let seed = 900 + case as u64;
        let simulator = Simulator::new(&[plan], seed).unwrap();
        // Plain trials: their errors are those of independent draws.
        let block = simulator.block_with(&Seeds::all(seed), 0, TRIALS);
        for cell in &block.plans[0].cells {
            for (number, gain) in gains().into_iter().enumerate() {
                let name = format!("case {case}, {}, gain {number}", model.key(cell.cell));
                let values = gain_of(cell, gain);
                let count = counts[[0, cell.cell]];
                let (mean, variance) = total_moments(model, cell.cell, count, gain);
                let (found, error) = estimate(&values);
                assert_near(&format!("{name}: mean"), found, mean, error);
                let (found, error) = spread(&values);
                assert_near(&format!("{name}: variance"), found, variance, error);
            }
        }
    }
}

/// Sixty creators are sixty draws: one draw for all would have a spread √60 = 7.7 times as large.
#[test]
fn the_spread_of_sixty_creators_is_that_of_sixty_draws() {
    let tier = by_followers("micro", (1e3, 1e4), (200.0, 1e3), (0.10, 0.20));
    let mut model = model(vec![tier], &["sponsored"], Vec::new(), Vec::new());
    model.uncertainty = Uncertainty::NONE;
    let counts = counts(&model, &[("micro.sponsored", 60.0)]);
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let simulator = Simulator::new(&[plan], 5).unwrap();
    let block = simulator.block_with(&Seeds::all(5), 0, 1 << 14);
    let revenue = Gain::of_total(Metric::Revenue, 0.6, 1.0).unwrap();
    let (found, error) = spread(&gain_of(&block.plans[0].cells[0], revenue));
    let (_, variance) = conditional::creators(&model)[0]
        .gain(revenue)
        .given(1.0, 1.0, 1.0);
    assert_near("sixty creators", found, 60.0 * variance, error);
    // As one draw it would be sixty times this variance.
    assert!(found < 2.0 * 60.0 * variance);
}

/// The sample holds the very factors of the simulator: in a market where nothing else is left to
/// chance, spend and expected conversions follow them exactly.
#[test]
fn the_sample_has_the_simulators_factors() {
    let mut model = market(PRESET, Dependence::NONE, Incidents::NONE);
    model.dependence.tiers = 0.5;
    for tier in &mut model.tiers {
        *tier = super::market::certain(tier);
    }
    for cell in &mut model.cells {
        cell.terms.commission = 0.0;
        cell.terms.delivery = 1.0;
        cell.terms.fee_amount = None;
    }
    model.order.sd = 0.0;
    let counts = booked(&model);
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let trials = 9_000;
    let block = Simulator::new(&[plan], 77).unwrap().block(0, trials);
    let sample = factor_sample(&model, 77, trials).unwrap();
    let moments = conditional::creators(&model);
    for cell in &block.plans[0].cells {
        let tier = model.cells[cell.cell].tier;
        let count = counts[[0, cell.cell]];
        let spend = moments[cell.cell].gain(Gain::of_total(Metric::Spend, 0.6, 1.0).unwrap());
        let bought =
            moments[cell.cell].gain(Gain::of_total(Metric::Conversions, 0.6, 1.0).unwrap());
        let mut residual = 0.0;
        for t in 0..trials {
            let (u, o, f) = (
                sample.conversions[[tier, t]],
                sample.order[[tier, t]],
                sample.fee[[tier, t]],
            );
            let wanted = count * spend.given(u, o, f).0;
            assert!((cell.spend[t] - wanted).abs() <= 1e-9 * wanted);
            // Poisson given the factors; revenue is orders × value.
            let (mean, variance) = bought.given(u, o, f);
            residual += (cell.conversions[t] - count * mean).powi(2) / (count * variance);
            let value = moments[cell.cell].order_mean * o;
            assert!((cell.revenue[t] - cell.conversions[t] * value).abs() <= 1e-6 * value);
        }
        // Mean of 9,000 squares, each of mean 1 and variance about 2: 5 standard errors are 0.075.
        let mean = residual / trials as f64;
        assert!((mean - 1.0).abs() < 0.1, "{mean}");
    }
}
