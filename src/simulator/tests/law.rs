//! The law of what is simulated.

use ndarray::Array2;

use super::market::{
    amount, by_benchmark, certain, counts, model, number, segment, tiers, without_chance,
};
use crate::distribution::Distribution;
use crate::fixture::reference;
use crate::model::{
    Basis, Benchmark, CellBlock, Dependence, Factors, Model, Quantity, Uncertainty, valuation,
};
use crate::simulator::{PlanInput, Simulator};

/// Standard errors by which an estimate may be off. A normal estimate exceeds 5 with probability
/// 5.7e-7; this module makes about 900 such comparisons, so a fresh seed would fail about once in
/// two thousand.
const Z: f64 = 5.0;

pub(super) fn simulate(
    model: &Model,
    counts: &Array2<f64>,
    trials: usize,
    seed: u64,
) -> Vec<CellBlock> {
    let plan = PlanInput {
        model,
        counts: counts.view(),
    };
    let mut block = Simulator::new(&[plan], seed).unwrap().block(0, trials);
    block.plans.remove(0).cells
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Mean of (x − mean)ᵏ.
fn central(x: &[f64], k: i32) -> f64 {
    let m = mean(x);
    x.iter().map(|x| (x - m).powi(k)).sum::<f64>() / x.len() as f64
}

/// Mean and its standard error.
pub(super) fn estimate(x: &[f64]) -> (f64, f64) {
    (mean(x), (central(x, 2) / x.len() as f64).sqrt())
}

/// Variance and its standard error.
pub(super) fn spread(x: &[f64]) -> (f64, f64) {
    let variance = central(x, 2);
    let error = (central(x, 4) - variance * variance) / x.len() as f64;
    (variance, error.max(0.0).sqrt())
}

pub(super) fn assert_near(what: &str, found: f64, wanted: f64, error: f64) {
    let rounding = 1e-9 * wanted.abs();
    assert!(
        (found - wanted).abs() <= Z * error + rounding,
        "{what}: {found} is not {wanted} ± {error}"
    );
}

/// Both bases, all types, two categories and two regions, fractions, dependence, preset doubt.
fn everything() -> (Model, Array2<f64>) {
    let skincare = Factors {
        fee: 1.1,
        conversion_rate: 1.2,
        ..Factors::ONE
    };
    let local = Factors {
        view_rate: 1.3,
        engagement_rate: 0.9,
        click_rate: 1.05,
        ..Factors::ONE
    };
    let model = model(
        tiers(),
        &["sponsored", "affiliate", "seeding", "ambassador"],
        vec![
            segment("skincare", skincare),
            segment("lifestyle", Factors::ONE),
        ],
        vec![segment("local", local), segment("national", Factors::ONE)],
    );
    let counts = counts(
        &model,
        &[
            ("mega.sponsored.skincare.national", 0.4),
            ("macro.affiliate.skincare.local", 1.0),
            ("macro.ambassador.lifestyle.local", 1.3),
            ("mid.sponsored.skincare.local", 3.0),
            ("mid.seeding.lifestyle.national", 2.25),
            ("mid.ambassador.skincare.national", 1.0),
            ("micro.sponsored.skincare.local", 4.0),
            ("micro.seeding.lifestyle.national", 2.5),
            ("micro.affiliate.skincare.national", 1.0),
        ],
    );
    (model, counts)
}

#[test]
fn means_agree_with_the_valuation() {
    let (full, booked) = everything();
    let mut independent = full.clone();
    independent.uncertainty = Uncertainty::NONE;
    independent.dependence = Dependence::NONE;
    independent.order.sd = 0.0;
    let mut negative = full.clone();
    negative.dependence = Dependence::of_followers_and_fee(-0.8);
    negative.order.sd = 300.0;
    for (i, model) in [full, independent, negative].into_iter().enumerate() {
        let cells = simulate(&model, &booked, 1 << 17, 41 + i as u64);
        assert_eq!(cells.len(), 9);
        for block in &cells {
            let unit = valuation::law(&model, block.cell).expected();
            let count = booked[[0, block.cell]];
            for quantity in Quantity::SIMULATED {
                let name = format!("{} {} ({i})", model.key(block.cell), quantity.name());
                match (block.column(quantity), unit.get(quantity)) {
                    (Some(column), Some(expected)) => {
                        let (found, error) = estimate(column);
                        assert_near(&name, found, expected * count, error);
                    }
                    (None, None) => {}
                    other => panic!("{name}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn certain_inputs_are_exact_in_every_trial() {
    let (mut model, booked) = everything();
    without_chance(&mut model);
    for block in simulate(&model, &booked, 9000, 5) {
        let unit = valuation::law(&model, block.cell).expected();
        let count = booked[[0, block.cell]];
        for quantity in &Quantity::SIMULATED[..4] {
            let Some(column) = block.column(*quantity) else {
                assert_eq!(unit.get(*quantity), None);
                continue;
            };
            let expected = unit.get(*quantity).unwrap() * count;
            for &value in column {
                assert!((value - expected).abs() <= 1e-12 * expected.abs());
            }
        }
        assert!(block.conversions.iter().all(|n| n.fract() == 0.0));
    }
}

#[test]
fn nothing_delivered_costs_only_what_is_always_due() {
    let (mut model, booked) = everything();
    for cell in &mut model.cells {
        cell.terms.delivery = 0.0;
    }
    for block in simulate(&model, &booked, 100, 5) {
        let standing = valuation::law(&model, block.cell).standing_cost();
        let due = standing * booked[[0, block.cell]];
        assert!(block.spend.iter().all(|s| (s - due).abs() < 1e-9));
        assert!(block.revenue.iter().all(|&r| r == 0.0));
        assert!(block.impressions.iter().all(|&i| i == 0.0));
    }
}

/// With certain yields a cell's revenue is compound Poisson: mean λv, variance λ(v² + sd²).
#[test]
fn revenue_is_compound_poisson_gamma() {
    for (count, value, sd) in [
        (0.02, 150.0, 60.0),
        (1.0, 150.0, 60.0),
        (3.7, 80.0, 80.0),
        (40.0, 150.0, 0.0),
        (200.0, 20.0, 50.0),
    ] {
        let tier = by_benchmark(
            "mid",
            number(1000.0),
            Benchmark {
                cpm: None,
                cpe: None,
                cpc: None,
                cpa: number(500.0),
                roas: None,
            },
        );
        let mut model = model(vec![tier], &["sponsored"], Vec::new(), Vec::new());
        model.uncertainty = Uncertainty::NONE;
        model.order.mean = value;
        model.order.sd = sd;
        let booked = counts(&model, &[("mid.sponsored", count)]);
        let block = &simulate(&model, &booked, 100_000, 17)[0];
        let expected = 2.0 * count;
        let name = format!("{count} × {value} ± {sd}");
        let close = |what: &str, x: &[f64], mean: f64, variance: f64| {
            let (found, error) = estimate(x);
            assert_near(&format!("{name}: mean {what}"), found, mean, error);
            let (found, error) = spread(x);
            assert_near(&format!("{name}: variance {what}"), found, variance, error);
        };
        close("orders", &block.conversions, expected, expected);
        close(
            "revenue",
            &block.revenue,
            expected * value,
            expected * (value * value + sd * sd),
        );
    }
}

fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut ranks = vec![0.0; x.len()];
    for (rank, i) in order.into_iter().enumerate() {
        ranks[i] = rank as f64;
    }
    ranks
}

/// Spearman's rank correlation of a Gaussian copula is (6/π) asin(ρ/2) (Kruskal, 1958).
#[test]
fn followers_and_fee_have_the_copulas_rank_correlation() {
    let trials = 60_000;
    for rho in [-0.7, 0.0, 0.3, 0.6, 0.95] {
        let mut tier = tiers().remove(3);
        if let Basis::Followers(f) = &mut tier.basis {
            f.view_rate = number(0.3);
            // A margin that is not lognormal: rank correlation does not see it.
            f.followers = Distribution::uniform(100.0, 900.0).unwrap();
        }
        let mut model = model(vec![tier], &["sponsored"], Vec::new(), Vec::new());
        model.uncertainty = Uncertainty::NONE;
        model.dependence = Dependence::of_followers_and_fee(rho);
        let booked = counts(&model, &[("micro.sponsored", 1.0)]);
        let block = &simulate(&model, &booked, trials, 23)[0];
        let (a, b) = (ranks(&block.impressions), ranks(&block.spend));
        let (ma, mb) = (mean(&a), mean(&b));
        let covariance: f64 = a.iter().zip(&b).map(|(a, b)| (a - ma) * (b - mb)).sum();
        let found = covariance / trials as f64 / (central(&a, 2) * central(&b, 2)).sqrt();
        let wanted = 6.0 / std::f64::consts::PI * libm::asin(rho / 2.0);
        // The standard error of Spearman's ρ is at most that at independence.
        assert_near(
            &format!("ρ = {rho}"),
            found,
            wanted,
            1.0 / (trials as f64).sqrt(),
        );
    }
}

/// Shared factors have mean one, their relative standard deviation, and are shared: they do not
/// average out over creators.
#[test]
fn shared_factors_have_their_spread() {
    let mut model = model(tiers(), &["sponsored"], Vec::new(), Vec::new());
    model.tiers = model.tiers.iter().map(certain).collect();
    model.order.sd = 0.0;
    let booked = counts(
        &model,
        &[
            ("micro.sponsored", 50.0),
            ("macro.sponsored", 2.0),
            ("mid.sponsored", 10.0),
        ],
    );
    let cells = simulate(&model, &booked, 1 << 17, 3);
    let relative = |x: &[f64], spreads: &[f64], what: &str| {
        let (found, error) = spread(x);
        let product: f64 = spreads.iter().map(|s| 1.0 + s * s).product();
        let m = mean(x);
        assert_near(what, found / (m * m), product - 1.0, error / (m * m));
    };
    let u = model.uncertainty;
    let [macros, mid, micro] = &cells[..] else {
        panic!("three cells")
    };
    relative(&micro.impressions, &[u.platform], "impressions");
    relative(
        &micro.engagements,
        &[u.platform, u.engagement_rate],
        "engagements",
    );
    relative(
        &micro.clicks,
        &[u.platform, u.engagement_rate, u.click_rate],
        "clicks",
    );
    relative(&mid.impressions, &[u.platform, u.benchmark], "benchmark");
    let fees: Vec<f64> = micro.spend.iter().map(|s| s - 50.0 * 40.0).collect();
    relative(&fees, &[u.fee], "fees");
    // One platform for all tiers; engagement, click and order value factors one each. Orders are
    // all the same here, so revenue per order is the tier's factor.
    let ratio =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a / b).collect() };
    let per_order = |cell: &CellBlock| ratio(&cell.revenue, &cell.conversions);
    assert!(central(&ratio(&micro.impressions, &macros.impressions), 2) < 1e-20);
    let step = |cell: &CellBlock| ratio(&cell.clicks, &cell.engagements);
    for (micro, macros, spread) in [
        (&micro.engagements, &macros.engagements, u.engagement_rate),
        (&step(micro), &step(macros), u.click_rate),
        (&per_order(micro), &per_order(macros), u.order_value),
    ] {
        // A ratio of two independent lognormals has the relative variance of their product.
        relative(&ratio(micro, macros), &[spread, spread], "between tiers");
    }
    relative(&per_order(mid), &[u.order_value], "order value");
}

/// Against the slow reference: mean, variance and quantiles of every quantity of every cell and of
/// the plan.
#[test]
fn agrees_with_the_slow_reference() {
    let (mut model, booked) = everything();
    // Milder tails, so that variances can be estimated.
    model.tiers[0].fee = amount(2e4, 4e4);
    if let Basis::Followers(f) = &mut model.tiers[0].basis {
        f.followers = amount(5e5, 1e6);
    }
    let slow = reference::simulate(&model, &booked.row(0), 40_000, 99);
    let fast = simulate(&model, &booked, 160_000, 100);
    assert_eq!(slow.len(), fast.len());
    let mut totals: [[Vec<f64>; 6]; 2] = Default::default();
    for (slow, fast) in slow.iter().zip(&fast) {
        for (i, quantity) in Quantity::SIMULATED.into_iter().enumerate() {
            let name = format!("{} {}", model.key(fast.cell), quantity.name());
            match fast.column(quantity) {
                Some(fast) => {
                    agree(&name, &slow[i], fast);
                    sum(&mut totals[0][i], &slow[i]);
                    sum(&mut totals[1][i], fast);
                }
                None => assert!(slow[i].iter().all(|&x| x == 0.0), "{name}"),
            }
        }
    }
    for (i, quantity) in Quantity::SIMULATED.into_iter().enumerate() {
        agree(quantity.name(), &totals[0][i], &totals[1][i]);
    }
}

fn sum(total: &mut Vec<f64>, column: &[f64]) {
    total.resize(column.len(), 0.0);
    for (total, value) in total.iter_mut().zip(column) {
        *total += value;
    }
}

pub(super) fn agree(name: &str, slow: &[f64], fast: &[f64]) {
    let both = |a: f64, b: f64| (a * a + b * b).sqrt();
    let ((a, ea), (b, eb)) = (estimate(slow), estimate(fast));
    assert_near(&format!("{name}: mean"), b, a, both(ea, eb));
    let ((a, ea), (b, eb)) = (spread(slow), spread(fast));
    assert_near(&format!("{name}: variance"), b, a, both(ea, eb));
    // The share of either sample below a quantile of the reference.
    let mut sorted = slow.to_vec();
    sorted.sort_by(f64::total_cmp);
    for p in [0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98] {
        let at = sorted[(p * sorted.len() as f64) as usize];
        // Sums of the same numbers in another order differ in their last digits.
        let share = |x: &[f64]| {
            let at = at * (1.0 + 1e-9);
            x.iter().filter(|&&x| x <= at).count() as f64 / x.len() as f64
        };
        let (a, b) = (share(slow), share(fast));
        let variance = a * (1.0 - a) * (1.0 / slow.len() as f64 + 1.0 / fast.len() as f64);
        assert_near(
            &format!("{name}: share below its {p} quantile"),
            b,
            a,
            variance.sqrt(),
        );
    }
}
