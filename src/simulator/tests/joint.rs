//! Plans on audiences: closed forms, an independent quadrature, and what must not change.

use ndarray::Array2;

use super::law::estimate;
use super::market;
use crate::model::audience::net_reach;
use crate::model::valuation::UnitValue;
use crate::model::{
    Audience, CrossPromotion, Incidents, Model, Origin, PlanBlock, Quantity, Uncertainty, joint,
    reach_factors, valuation,
};
use crate::simulator::{PlanInput, Simulator};

const TRIALS: usize = 1 << 15;

fn audience(size: f64) -> Audience {
    Audience {
        category: None,
        region: None,
        size,
        origin: Origin::Default,
    }
}

/// Two tiers on the followers basis, sponsored and affiliate, certain if wanted.
fn model(certain: bool, uncertainty: Uncertainty) -> Model {
    let mut tiers = vec![
        market::by_followers("mid", (1e4, 1e5), (1e3, 5e3), (0.05, 0.10)),
        market::by_followers("micro", (1e3, 1e4), (200.0, 1e3), (0.10, 0.20)),
    ];
    if certain {
        tiers = tiers.iter().map(market::certain).collect();
    }
    let mut model = market::model(tiers, &["sponsored", "affiliate"], Vec::new(), Vec::new());
    model.uncertainty = uncertainty;
    if certain {
        for cell in &mut model.cells {
            cell.terms.delivery = 1.0;
        }
    }
    model
}

/// Expected impressions, people seen twice counted twice.
fn gross(model: &Model, counts: &[f64]) -> f64 {
    let units = valuation::units(model);
    let own = |(unit, count): (&UnitValue, &f64)| count * unit.impressions.unwrap();
    units.iter().zip(counts).map(own).sum()
}

fn simulate(model: &Model, counts: &[f64]) -> PlanBlock {
    let counts = Array2::from_shape_vec((1, counts.len()), counts.to_vec()).unwrap();
    let plan = PlanInput {
        model,
        counts: counts.view(),
    };
    let mut block = Simulator::new(&[plan], 20_260_401)
        .unwrap()
        .block(0, TRIALS);
    block.plans.remove(0)
}

fn total(block: &PlanBlock, quantity: Quantity) -> Vec<f64> {
    let mut sum = vec![0.0; TRIALS];
    for cell in &block.cells {
        for (sum, value) in sum.iter_mut().zip(cell.column(quantity).unwrap()) {
            *sum += value;
        }
    }
    sum
}

#[test]
fn certain_impressions_reach_what_the_formula_says() {
    let mut model = model(true, Uncertainty::NONE);
    model.audiences = vec![audience(300_000.0)];
    let counts = [9.0, 4.0, 30.0, 17.0];
    let gross = gross(&model, &counts);
    let reach = net_reach(gross, 300_000.0);
    let block = simulate(&model, &counts);
    for found in &block.audiences[0].net_reach {
        assert!((found / reach - 1.0).abs() < 1e-12);
    }
    // Closed form: every cell's conversions are Poisson of its own times R/G.
    let planned = joint::reached(&model, 0, &counts)[0];
    assert!((planned.net_reach / reach - 1.0).abs() < 1e-12);
    assert!((planned.impressions / gross - 1.0).abs() < 1e-12);
    let units = valuation::units(&model);
    let within = valuation::units_in(&model, &counts);
    for (cell, (own, unit)) in units.iter().zip(&within).enumerate() {
        let expected = own.conversions * reach / gross;
        // By quadrature over the share of posts seen.
        assert!((unit.conversions / expected - 1.0).abs() < 1e-11);
        let (mean, error) = estimate(&block.cells[cell].conversions);
        let wanted = counts[cell] * expected;
        // Four looks at 4.5 errors: a false alarm in 40,000 seeds.
        assert!(
            (mean - wanted).abs() < 4.5 * error,
            "{cell}: {mean} {wanted} ± {error}"
        );
        let variance = error * error * TRIALS as f64;
        assert!(
            (variance / wanted - 1.0).abs() < 0.05,
            "Poisson: {variance} {wanted}"
        );
    }
}

/// What tags lift fills the audience too: plan and trials alike saturate it with what is lifted.
#[test]
fn lifted_impressions_fill_the_audience() {
    let mut model = model(true, Uncertainty::NONE);
    let counts = [9.0, 4.0, 30.0, 17.0];
    let before = gross(&model, &counts);
    model.horizon.cross_promotion = Some(CrossPromotion {
        fan_out: vec![3.0; model.tiers.len()],
        reach_lift: 1.5,
        days: None,
    });
    let factors = reach_factors(&model, 0, &counts);
    let units = valuation::units_in(&model, &counts);
    let each = units
        .iter()
        .zip(counts)
        .map(|(u, n)| n * u.impressions.unwrap());
    let lifted: f64 = each.sum();
    assert!(lifted > 1.1 * before, "{lifted} {before}");
    model.audiences = vec![audience(300_000.0)];
    let left = net_reach(lifted, 300_000.0) / lifted;
    let planned = joint::reached(&model, 0, &counts)[0];
    assert!((planned.impressions / lifted - 1.0).abs() < 1e-12);
    let own = valuation::units(&model);
    let block = simulate(&model, &counts);
    for found in &block.audiences[0].net_reach {
        assert!((found / (left * lifted) - 1.0).abs() < 1e-12);
    }
    for units in [
        valuation::units_in(&model, &counts),
        valuation::units_in_month(&model, 0, &counts),
    ] {
        for (cell, unit) in units.iter().enumerate() {
            let expected = own[cell].conversions * factors[cell] * left;
            assert!((unit.conversions / expected - 1.0).abs() < 1e-11);
            let (mean, error) = estimate(&block.cells[cell].conversions);
            // Eight looks at 4.5 errors: a false alarm in 20,000 seeds.
            let off = mean - counts[cell] * expected;
            assert!(off.abs() < 4.5 * error, "{cell}: {off} ± {error}");
        }
    }
}

#[test]
fn an_audience_without_bound_changes_no_bit() {
    let plain = model(false, market::PRESET);
    let counts = [3.0, 2.0, 12.0, 5.0];
    let before = simulate(&plain, &counts);
    let mut wide = plain.clone();
    wide.audiences = vec![audience(1e30)];
    let after = simulate(&wide, &counts);
    assert_eq!(before.cells, after.cells);
    assert!(before.audiences.is_empty());
    assert_eq!(
        after.audiences[0].net_reach,
        total(&after, Quantity::Impressions)
    );
    assert_eq!(
        valuation::units(&plain),
        valuation::units_in(&wide, &counts)
    );
}

#[test]
fn plans_side_by_side_are_the_plans_alone() {
    let plain = model(false, market::PRESET);
    let mut small = plain.clone();
    small.audiences = vec![audience(80_000.0)];
    let mut large = plain.clone();
    large.audiences = vec![audience(900_000.0)];
    let counts = Array2::from_shape_vec((1, 4), vec![3.0, 2.0, 12.0, 5.0]).unwrap();
    let more = Array2::from_shape_vec((1, 4), vec![5.0, 0.0, 12.0, 2.5]).unwrap();
    let mut fractional = small.clone();
    fractional.fractional_counts = true;
    let plan = |model, counts: &'static Array2<f64>| PlanInput {
        model,
        counts: counts.view(),
    };
    let counts: &'static Array2<f64> = Box::leak(Box::new(counts));
    let more: &'static Array2<f64> = Box::leak(Box::new(more));
    let plans = [
        plan(&plain, counts),
        plan(&small, counts),
        plan(&large, counts),
        plan(&fractional, more),
    ];
    let together = Simulator::new(&plans, 7).unwrap();
    let (first, trials) = (3_000, 9_000);
    let block = together.block(first, trials);
    for (plan, found) in plans.iter().zip(&block.plans) {
        let alone = Simulator::new(&[*plan], 7).unwrap();
        assert_eq!(alone.block(first, trials).plans[0], *found);
        // and in other ranges
        let part = alone.block(first + 5_000, 100);
        let own = &found.cells[0].conversions[5_000..5_100];
        assert_eq!(part.plans[0].cells[0].conversions, own);
    }
}

#[test]
fn the_mean_is_that_of_an_independent_quadrature() {
    // Everything certain but the platform's factor U, lognormal of mean one: G = µU, λ = λ₀U and
    // E[λ s(G)] = λ₀ E[U s(µU)], here by the trapezoid rule over the normal density.
    let mut model = model(
        true,
        Uncertainty {
            platform: 0.5,
            ..Uncertainty::NONE
        },
    );
    model.audiences = vec![audience(300_000.0)];
    let counts = [9.0, 4.0, 30.0, 17.0];
    let gross = gross(&model, &counts);
    let sigma = (1.0_f64 + 0.25).ln().sqrt();
    let (mut share, mut reach, mut weights) = (0.0, 0.0, 0.0);
    for i in -4_000..=4_000 {
        let z = f64::from(i) / 500.0;
        let weight = (-0.5 * z * z).exp();
        let u = (sigma * z - 0.5 * sigma * sigma).exp();
        let net = 300_000.0 * (1.0 - (-gross * u / 300_000.0).exp());
        weights += weight;
        reach += weight * net;
        share += weight * net / gross;
    }
    let (share, reach) = (share / weights, reach / weights);
    let block = simulate(&model, &counts);
    let (mean, error) = estimate(&block.audiences[0].net_reach);
    assert!(
        (mean - reach).abs() < 4.5 * error,
        "{mean} {reach} ± {error}"
    );
    let lambda: f64 = valuation::units(&model)
        .iter()
        .zip(counts)
        .map(|(u, x)| x * u.conversions)
        .sum();
    let (mean, error) = estimate(&total(&block, Quantity::Conversions));
    assert!(
        (mean - lambda * share).abs() < 4.5 * error,
        "{mean} {} ± {error}",
        lambda * share
    );
    let planned = joint::reached(&model, 0, &counts)[0].net_reach;
    assert!((planned / reach - 1.0).abs() < 1e-5, "{planned} {reach}");
    let within = valuation::units_in(&model, &counts);
    let planned: f64 = within
        .iter()
        .zip(counts)
        .map(|(u, x)| x * u.conversions)
        .sum();
    assert!((planned / (lambda * share) - 1.0).abs() < 1e-5, "{planned}");
}

#[test]
fn plans_of_few_creators_are_valued_as_they_are_simulated() {
    // From one creator, with followers over a decade and content that may not appear, on audiences
    // of up to a hundred times fewer people than impressions. 40 looks at 4.5 errors: a false alarm in 3,500 seeds.
    for counts in [
        [1.0, 0.0, 0.0, 0.0],
        [0.0, 2.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 0.0],
        [6.0, 5.0, 20.0, 10.0],
        [0.4, 1.5, 0.0, 2.25],
    ] {
        for load in [0.3, 1.0, 10.0, 100.0] {
            let mut model = model(false, market::PRESET);
            model.fractional_counts = counts[0] == 0.4;
            let gross = gross(&model, &counts);
            model.audiences = vec![audience(gross / load)];
            let block = simulate(&model, &counts);
            let (mean, error) = estimate(&block.audiences[0].net_reach);
            let planned = joint::reached(&model, 0, &counts)[0].net_reach;
            assert!(
                (planned - mean).abs() < 4.5 * error + 1e-4 * mean,
                "{counts:?} {load} reach: {planned} {mean} ± {error}"
            );
            let (mean, error) = estimate(&total(&block, Quantity::Conversions));
            let within = valuation::units_in(&model, &counts);
            let planned: f64 = within
                .iter()
                .zip(counts)
                .map(|(u, x)| x * u.conversions)
                .sum();
            assert!(
                (planned - mean).abs() < 4.5 * error + 1e-4 * mean,
                "{counts:?} {load}: {planned} {mean} ± {error}"
            );
        }
    }
}

#[test]
fn benchmark_tiers_and_incidents_are_valued_as_they_are_simulated() {
    // 16 looks at 4.5 errors.
    let mut model = market::model(
        market::tiers(),
        &["sponsored", "affiliate"],
        Vec::new(),
        Vec::new(),
    );
    model.incidents = Incidents {
        probability: 0.2,
        yield_lost: 0.7,
        ..Incidents::NONE
    };
    let cells = model.cells.len();
    let units = valuation::units(&model);
    for each in [1.0, 3.0] {
        let counts: Vec<f64> = (0..cells)
            .map(|i| each * f64::from(u8::from(units[i].impressions.is_some())))
            .collect();
        let gross: f64 = units
            .iter()
            .zip(&counts)
            .map(|(u, x)| x * u.impressions.unwrap_or(0.0))
            .sum();
        for load in [0.5, 20.0] {
            model.audiences = vec![audience(gross / load)];
            let block = simulate(&model, &counts);
            let (mean, error) = estimate(&block.audiences[0].net_reach);
            let planned = joint::reached(&model, 0, &counts)[0].net_reach;
            assert!(
                (planned - mean).abs() < 4.5 * error + 1e-4 * mean,
                "{each} {load} reach: {planned} {mean} ± {error}"
            );
            let within = valuation::units_in(&model, &counts);
            for cell in &block.cells {
                let (mean, error) = estimate(&cell.conversions);
                let planned = counts[cell.cell] * within[cell.cell].conversions;
                assert!(
                    (planned - mean).abs() < 4.5 * error + 1e-4 * mean,
                    "{each} {load} {}: {planned} {mean} ± {error}",
                    cell.cell
                );
            }
        }
    }
}

/// Incidents that take much, of which some shock the brand.
const SHOCKS: [Incidents; 3] = [
    Incidents {
        probability: 0.18,
        yield_lost: 0.5,
        cleanup_cost: 2000.0,
        shock_probability: 1.0,
        shock: 0.8,
        assumed: false,
    },
    Incidents {
        probability: 0.3,
        yield_lost: 1.0,
        cleanup_cost: 0.0,
        shock_probability: 0.6,
        shock: 1.0,
        assumed: false,
    },
    Incidents {
        probability: 1.0,
        yield_lost: 0.9,
        cleanup_cost: 0.0,
        shock_probability: 0.5,
        shock: 0.4,
        assumed: false,
    },
];

/// Factors on every cell's conversions where impressions are certain but for incidents: over every pattern of who has
/// one and whether it is shocking, the net share of what is left of impressions times what the shock leaves.
fn enumerated(model: &Model, counts: &[f64], size: f64) -> Vec<f64> {
    let i = &model.incidents;
    let gross: Vec<f64> = valuation::units(model)
        .iter()
        .map(|u| u.impressions.unwrap() / i.kept())
        .collect();
    let mut creators = Vec::new();
    for (cell, &count) in counts.iter().enumerate() {
        let mut left = count;
        while left > 0.0 {
            creators.push((cell, left.min(1.0)));
            left -= 1.0;
        }
    }
    let mut sums = vec![0.0; counts.len()];
    for pattern in 0..3_usize.pow(creators.len() as u32) {
        let (mut probability, mut impressions, mut shocked) = (1.0, 0.0, false);
        let mut yields = vec![0.0; counts.len()];
        for (k, &(cell, w)) in creators.iter().enumerate() {
            let state = pattern / 3_usize.pow(k as u32) % 3;
            let shocking = i.shock_probability * w;
            probability *= match state {
                0 => 1.0 - i.probability,
                1 => i.probability * (1.0 - shocking),
                _ => i.probability * shocking,
            };
            let kept = if state == 0 {
                w
            } else {
                w * (1.0 - i.yield_lost)
            };
            shocked |= state == 2;
            yields[cell] += kept;
            impressions += kept * gross[cell];
        }
        let net = net_reach(impressions, size) / impressions.max(1e-300);
        let share = if impressions > 0.0 { net } else { 1.0 };
        let left = share * if shocked { 1.0 - i.shock } else { 1.0 };
        for (sum, own) in sums.iter_mut().zip(yields) {
            *sum += probability * own * left;
        }
    }
    let share = |(sum, count): (f64, &f64)| sum / (count * i.kept());
    sums.into_iter().zip(counts).map(share).collect()
}

#[test]
fn shocks_on_an_audience_agree_with_every_pattern() {
    let mut apart = 1.0_f64;
    for incidents in SHOCKS {
        for (counts, within) in [
            ([2.0, 1.0, 3.0, 1.0], 1e-9),
            ([1.0, 1.0, 1.0, 4.0], 1e-9),
            // Weights between eighths are interpolated.
            ([1.75, 0.5, 2.0, 1.0], 1e-9),
            ([0.3, 1.0, 2.6, 0.9], 1e-4),
        ] {
            for size in [20_000.0, 80_000.0] {
                let mut model = model(true, Uncertainty::NONE);
                model.incidents = incidents;
                model.fractional_counts = counts.iter().any(|c: &f64| c.fract() > 0.0);
                model.audiences = vec![audience(size)];
                let wanted = enumerated(&model, &counts, size);
                let found = joint::conversion_factors(&model, &counts);
                // By how much net share and shock are not independent.
                let effects = joint::Effects::new(&model);
                let left = effects.left_by_shocks(&counts);
                model.incidents.shock = 0.0;
                let shares = joint::conversion_factors(&model, &counts);
                for cell in 0..counts.len() {
                    let (found, wanted) = (found[cell], wanted[cell]);
                    assert!(
                        (found - wanted).abs() < within * wanted,
                        "{incidents:?} {counts:?} {size} {cell}: {found} {wanted}"
                    );
                    let product = left[cell] * shares[cell];
                    assert!(
                        wanted <= product * (1.0 + 1e-9),
                        "bounds over all plans rest on it"
                    );
                    apart = apart.max(product / wanted);
                }
            }
        }
    }
    assert!(apart > 1.05, "{apart}");
}

#[test]
fn shocks_on_an_audience_are_valued_as_they_are_simulated() {
    // 18 looks at 4.5 errors: a false alarm in 8,000 seeds.
    for incidents in SHOCKS {
        for counts in [
            [3.0, 1.0, 0.0, 0.0],
            [1.0, 0.0, 6.0, 3.0],
            [0.4, 1.5, 0.0, 2.25],
        ] {
            for load in [1.0, 10.0] {
                let mut model = model(false, market::PRESET);
                model.incidents = incidents;
                model.fractional_counts = counts[0] == 0.4;
                let sum = |model: &Model, quantity| {
                    valuation::total(&valuation::units_in(model, &counts), &counts, quantity)
                        .unwrap()
                };
                model.audiences = vec![audience(sum(&model, Quantity::Impressions) / load)];
                let planned = sum(&model, Quantity::Conversions);
                let simulated = total(&simulate(&model, &counts), Quantity::Conversions);
                let (mean, error) = estimate(&simulated);
                assert!(
                    (planned - mean).abs() < 4.5 * error + 1e-4 * mean,
                    "{incidents:?} {counts:?} {load}: {planned} {mean} ± {error}"
                );
            }
        }
    }
}
