//! Correlated qualities, correlated tiers and incidents: against closed forms and the slow reference.

use ndarray::Array2;

use super::law::{agree, assert_near, estimate, simulate};
use super::market::{by_followers, certain, counts, model, number, rate, tiers, without_chance};
use crate::distribution::Distribution;
use crate::fixture::reference;
use crate::model::{
    Basis, CellBlock, Dependence, Incidents, Model, Quality, Quantity, Uncertainty, valuation,
};

/// Every pair of qualities correlated.
fn tangled() -> Dependence {
    let mut d = Dependence::of_followers_and_fee(0.6);
    for (i, (a, b)) in Dependence::pairs().enumerate().skip(1) {
        d.set(a, b, 0.35 - 0.05 * i as f64);
    }
    assert!(d.factor(|_| true).is_some());
    d
}

const OFTEN: Incidents = Incidents {
    probability: 0.2,
    yield_lost: 0.7,
    cleanup_cost: 500.0,
    shock_probability: 0.15,
    shock: 0.4,
    assumed: false,
};

fn everything() -> (Model, Array2<f64>) {
    let types = ["sponsored", "affiliate", "seeding", "ambassador"];
    let mut all = tiers();
    // Milder tails, so that variances can be estimated.
    all[0] = by_followers("mega", (5e5, 1e6), (2e4, 4e4), (0.01, 0.03));
    let model = model(all, &types, Vec::new(), Vec::new());
    let booked = counts(
        &model,
        &[
            ("mega.sponsored", 0.4),
            ("macro.affiliate", 2.0),
            ("mid.ambassador", 1.5),
            ("mid.seeding", 2.0),
            ("micro.sponsored", 3.25),
            ("micro.ambassador", 1.0),
        ],
    );
    (model, booked)
}

fn against_the_reference(model: &Model, booked: &Array2<f64>, seed: u64) {
    let slow = reference::simulate(model, &booked.row(0), 20_000, seed);
    let fast = simulate(model, booked, 1 << 16, seed + 1);
    let mut totals: [[Vec<f64>; 6]; 2] = Default::default();
    for (slow, fast) in slow.iter().zip(&fast) {
        for (i, quantity) in Quantity::SIMULATED.into_iter().enumerate() {
            let Some(fast_column) = fast.column(quantity) else {
                continue;
            };
            let name = format!("{} {}", model.key(fast.cell), quantity.name());
            agree(&name, &slow[i], fast_column);
            for (total, column) in totals.iter_mut().zip([&slow[i], &fast_column.to_vec()]) {
                total[i].resize(column.len(), 0.0);
                for (total, value) in total[i].iter_mut().zip(column) {
                    *total += value;
                }
            }
        }
    }
    for (i, quantity) in Quantity::SIMULATED.into_iter().enumerate() {
        agree(quantity.name(), &totals[0][i], &totals[1][i]);
    }
}

fn against_the_valuation(model: &Model, booked: &Array2<f64>, seed: u64) {
    let units = valuation::units_of_plan(model, booked);
    for block in simulate(model, booked, 1 << 16, seed) {
        let count = booked[[0, block.cell]];
        for quantity in Quantity::SIMULATED {
            let (Some(column), Some(unit)) =
                (block.column(quantity), units[block.cell].get(quantity))
            else {
                continue;
            };
            let name = format!("{} {}", model.key(block.cell), quantity.name());
            let (found, error) = estimate(column);
            assert_near(&name, found, unit * count, error);
        }
    }
}

/// About 380 comparisons a reference, within five standard errors (see `law`).
#[test]
fn correlated_qualities_agree_with_reference_and_valuation() {
    let (mut model, booked) = everything();
    model.dependence = tangled();
    model.dependence.tiers = 0.5;
    against_the_reference(&model, &booked, 71);
    against_the_valuation(&model, &booked, 73);
}

#[test]
fn incidents_agree_with_reference_and_valuation() {
    let (mut model, booked) = everything();
    model.incidents = OFTEN;
    against_the_reference(&model, &booked, 81);
    against_the_valuation(&model, &booked, 83);
}

#[test]
fn only_followers_and_fee_correlated_have_the_bits_of_before() {
    let (mut model, booked) = everything();
    let plain = simulate(&model, &booked, 3000, 5);
    // A correlation with what is certain changes nothing.
    model.dependence.set(Quality::ClickRate, Quality::Fee, 0.3);
    for tier in &mut model.tiers {
        if let Basis::Followers(f) = &mut tier.basis {
            f.click_rate = number(0.1);
        }
    }
    let mut without = model.clone();
    without.dependence = Dependence::of_followers_and_fee(0.6);
    assert_eq!(
        simulate(&model, &booked, 3000, 5),
        simulate(&without, &booked, 3000, 5)
    );
    // Incidents of probability 0 change nothing either.
    let (mut model, booked) = everything();
    model.incidents = Incidents {
        probability: 0.0,
        ..OFTEN
    };
    assert_eq!(simulate(&model, &booked, 3000, 5), plain);
}

/// As correlations vanish the copula's values tend to the plain ones: the draws are the same.
#[test]
fn vanishing_correlations_give_the_plain_draws() {
    let (mut model, booked) = everything();
    model.dependence = Dependence::NONE;
    let plain = simulate(&model, &booked, 3000, 5);
    for (a, b) in Dependence::pairs() {
        model.dependence.set(a, b, 1e-12);
    }
    model.dependence.tiers = 1e-12;
    for (a, b) in plain.iter().zip(simulate(&model, &booked, 3000, 5)) {
        for (a, b) in a.engagements.iter().zip(&b.engagements) {
            assert!((a - b).abs() <= 2e-4 * a.abs(), "{a} {b}");
        }
    }
}

fn one_micro() -> Model {
    let mut tier = by_followers("micro", (1e3, 1e4), (200.0, 1e3), (0.1, 0.2));
    if let Basis::Followers(f) = &mut tier.basis {
        f.followers = Distribution::uniform(100.0, 900.0).unwrap();
        f.view_rate = number(0.3);
        f.engagement_rate = rate(0.1, 0.3);
        f.click_rate = number(0.1);
    }
    let mut model = model(vec![tier], &["sponsored"], Vec::new(), Vec::new());
    model.uncertainty = Uncertainty::NONE;
    model
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |x: &[f64]| {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
        let mut ranks = vec![0.0; x.len()];
        for (rank, i) in order.into_iter().enumerate() {
            ranks[i] = rank as f64;
        }
        ranks
    };
    let (a, b) = (ranks(a), ranks(b));
    let n = a.len() as f64;
    let squares: f64 = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

/// Spearman's rank correlation of a Gaussian copula is (6/π) asin(ρ/2) (Kruskal, 1958): three pairs
/// of one creator, and a shared factor of two tiers.
#[test]
fn copulas_have_their_rank_correlations() {
    let trials = 60_000;
    let error = 1.0 / (trials as f64).sqrt();
    let wanted = |rho: f64| 6.0 / std::f64::consts::PI * libm::asin(rho / 2.0);
    let mut model = one_micro();
    let (followers, fee, engagement) = (Quality::Followers, Quality::Fee, Quality::EngagementRate);
    model.dependence = Dependence::of_followers_and_fee(0.5);
    model.dependence.set(followers, engagement, -0.6);
    model.dependence.set(fee, engagement, 0.2);
    let booked = counts(&model, &[("micro.sponsored", 1.0)]);
    let block = &simulate(&model, &booked, trials, 29)[0];
    let rates: Vec<f64> = (block.engagements.iter().zip(&block.impressions))
        .map(|(e, i)| e / i)
        .collect();
    let views = &block.impressions;
    assert_near(
        "followers fee",
        spearman(views, &block.spend),
        wanted(0.5),
        error,
    );
    assert_near(
        "followers rate",
        spearman(views, &rates),
        wanted(-0.6),
        error,
    );
    assert_near(
        "fee rate",
        spearman(&block.spend, &rates),
        wanted(0.2),
        error,
    );

    let mut model = super::market::model(tiers(), &["sponsored"], Vec::new(), Vec::new());
    model.tiers = model.tiers.iter().map(certain).collect();
    model.dependence.tiers = 0.7;
    let booked = counts(
        &model,
        &[("macro.sponsored", 2.0), ("micro.sponsored", 5.0)],
    );
    let cells = simulate(&model, &booked, trials, 31);
    let rate = |cell: &CellBlock| -> Vec<f64> {
        let pairs = cell.engagements.iter().zip(&cell.impressions);
        pairs.map(|(e, i)| e / i).collect()
    };
    let found = spearman(&rate(&cells[0]), &rate(&cells[1]));
    assert_near("tiers", found, wanted(0.7), error);
}

/// A tier's factors are the same whatever other tiers are in use.
#[test]
fn other_tiers_move_no_correlated_factor() {
    let (mut model, booked) = everything();
    model.dependence.tiers = 0.5;
    let all = simulate(&model, &booked, 2000, 5);
    let mut alone = booked.clone();
    for (cell, count) in alone.row_mut(0).iter_mut().enumerate() {
        if model.tiers[model.cells[cell].tier].name != "micro" {
            *count = 0.0;
        }
    }
    for block in simulate(&model, &alone, 2000, 5) {
        let same = all.iter().find(|b| b.cell == block.cell).unwrap();
        assert_eq!(same, &block);
    }
}

/// What is certain to happen is exact in every trial.
#[test]
fn certain_incidents_are_exact() {
    let (mut model, booked) = everything();
    without_chance(&mut model);
    model.incidents = Incidents {
        probability: 1.0,
        yield_lost: 0.25,
        cleanup_cost: 100.0,
        shock_probability: 0.0,
        shock: 1.0,
        assumed: false,
    };
    for block in simulate(&model, &booked, 1000, 5) {
        let unit = valuation::law(&model, block.cell).expected();
        let count = booked[[0, block.cell]];
        for quantity in [
            Quantity::Spend,
            Quantity::Impressions,
            Quantity::Engagements,
        ] {
            let wanted = unit.get(quantity).unwrap() * count;
            for &value in block.column(quantity).unwrap() {
                assert!((value - wanted).abs() < 1e-9 * wanted, "{value} {wanted}");
            }
        }
    }
    // Sure shocks that take all leave nobody who buys; reach and fees stay.
    model.incidents.shock_probability = 1.0;
    for block in simulate(&model, &booked, 500, 5) {
        let whole = booked[[0, block.cell]].fract() == 0.0;
        assert!(!whole || block.conversions.iter().all(|&n| n == 0.0));
        assert!(block.impressions.iter().all(|&n| n > 0.0));
    }
}
