//! Months: what they share, what they do not, and the horizon as their sum.

use ndarray::Array2;

use super::law::{assert_near, estimate, simulate};
use super::market::{certain, every_month, model, over, tiers};
use crate::fixture;
use crate::model::{
    BookedAs, CellBlock, CrossPromotion, FactorBelief, FactorName, Horizon, InputGroup, Level,
    Metric, Model, Origin, Plan, Quantity, valuation,
};
use crate::simulator::{PlanInput, Simulator};
use crate::summary::{Collector, Planned, ScopeKey, Scopes};

const TRIALS: usize = 1 << 16;

/// Certain micro creators of a market of so many months: impressions are a constant times the platform's factor.
fn market(months: usize, persistence: f64) -> (Model, Array2<f64>) {
    let tiers: Vec<_> = tiers().iter().map(certain).collect();
    let mut model = over(months, tiers, &["sponsored"]);
    model.horizon.market_persistence = persistence;
    let wanted = [("macro.sponsored", 2.0), ("micro.sponsored", 5.0)];
    let counts = every_month(&model, &wanted);
    (model, counts)
}

fn run(model: &Model, counts: &Array2<f64>, trials: usize) -> Vec<CellBlock> {
    simulate(model, counts, trials, 11)
}

fn power(x: f64, n: usize) -> f64 {
    std::iter::repeat_n(x, n).product()
}

/// Standard normals of the platform's factor: (ln U + σ²/2)/σ.
fn latents(model: &Model, block: &CellBlock) -> Vec<f64> {
    // Expectations follow beliefs; the factor's own mean is one a priori.
    let prior = Model {
        belief: None,
        ..model.clone()
    };
    let law = valuation::law_in(&prior, block.month, block.cell);
    let mean = 5.0 * law.expected().impressions.unwrap();
    let sigma = (1.0 + model.uncertainty.platform.powi(2)).ln().sqrt();
    let latent = |x: &f64| ((x / mean).ln() + 0.5 * sigma * sigma) / sigma;
    block.impressions.iter().map(latent).collect()
}

fn micro(cells: Vec<CellBlock>, model: &Model) -> Vec<CellBlock> {
    let of = |cell: &CellBlock| model.tiers[model.cells[cell.cell].tier].name == "micro";
    cells.into_iter().filter(of).collect()
}

/// Sample correlations over 65,536 trials have a standard deviation of at most 1/256 if trials are independent, and
/// less here; six of them are a false alarm of 2e-9 in each of the 31 comparisons.
#[test]
fn market_and_platform_follow_their_autoregression() {
    for phi in [0.6, -0.5, 0.0] {
        let (model, counts) = market(4, phi);
        let cells = micro(run(&model, &counts, TRIALS), &model);
        let z: Vec<Vec<f64>> = cells.iter().map(|cell| latents(&model, cell)).collect();
        for (i, a) in z.iter().enumerate() {
            for (j, b) in z.iter().enumerate().skip(i) {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let wanted = power(phi, j - i);
                let found = product / TRIALS as f64;
                assert!(
                    (found - wanted).abs() < 6.0 / 256.0,
                    "{phi} {i} {j}: {found}"
                );
            }
            let mean = a.iter().sum::<f64>() / TRIALS as f64;
            assert!(mean.abs() < 6.0 / 256.0, "{phi} {i}: {mean}");
        }
    }
}

#[test]
fn full_persistence_is_one_factor_and_any_first_month_is_the_same() {
    let (one, counts_of_one) = market(1, 1.0);
    let alone = run(&one, &counts_of_one, 2000);
    for phi in [1.0, 0.6, 0.0] {
        let (model, counts) = market(3, phi);
        let cells = run(&model, &counts, 2000);
        for (first, alone) in cells.iter().zip(&alone) {
            assert_eq!(first, alone, "{phi}");
        }
        for later in &cells[alone.len()..] {
            let same = alone.iter().find(|c| c.cell == later.cell).unwrap();
            assert_eq!(later.impressions == same.impressions, phi == 1.0);
            // Orders are drawn anew.
            assert_ne!(later.conversions, same.conversions);
        }
    }
}

#[test]
fn the_prior_as_a_belief_changes_nothing() {
    for (phi, tiers) in [(0.6, 0.0), (1.0, 0.4)] {
        let (mut model, counts) = market(3, phi);
        model.dependence.tiers = tiers;
        let before = run(&model, &counts, 500);
        model.belief = Some(FactorBelief::prior(&model));
        let after = run(&model, &counts, 500);
        for (before, after) in before.iter().zip(&after) {
            let near = |a: &[f64], b: &[f64]| {
                let mut pairs = a.iter().zip(b);
                assert!(pairs.all(|(a, b)| (a / b - 1.0).abs() < 1e-7));
            };
            near(&before.impressions, &after.impressions);
            near(&before.clicks, &after.clicks);
        }
    }
}

/// The platform's latent normals of three months, observed as y = z₀ + e with e ~ N(0, r): by the exact posterior
/// zₘ has mean φᵐ y/(1 + r) and variance 1 − φ²ᵐ/(1 + r). Six standard errors a comparison.
#[test]
fn a_belief_is_the_gaussian_posterior_it_says() {
    let (phi, noise, seen) = (0.7, 0.25_f64, 1.5);
    let (mut model, counts) = market(3, phi);
    let mut belief = FactorBelief::prior(&model);
    let place = |month| {
        let name = FactorName::new(InputGroup::Platform, "", month);
        FactorBelief::prior(&model).place(&name).unwrap()
    };
    let places: Vec<usize> = (0..3).map(place).collect();
    // The posterior's factor by hand: only the first month's own normal is known better.
    let kept = (noise / (1.0 + noise)).sqrt();
    for (month, &row) in places.iter().enumerate() {
        belief.mean[row] = power(phi, month) * seen / (1.0 + noise);
        belief.factor[[row, places[0]]] *= kept;
    }
    model.belief = Some(belief);
    let cells = micro(run(&model, &counts, TRIALS), &model);
    for (month, cell) in cells.iter().enumerate() {
        let z = latents(&model, cell);
        let power = power(phi, month);
        let (mean, error) = estimate(&z);
        let what = format!("month {month}");
        assert_near(&what, mean, power * seen / (1.0 + noise), error);
        let wanted = 1.0 - power * power / (1.0 + noise);
        let squares: Vec<f64> = z.iter().map(|z| (z - mean).powi(2)).collect();
        let (variance, error) = estimate(&squares);
        assert_near(&what, variance, wanted, error);
    }
    // What is known exactly is a constant.
    let mut belief = FactorBelief::prior(&model);
    belief.mean[places[1]] = 2.0;
    belief.factor.row_mut(places[1]).fill(0.0);
    model.belief = Some(belief.clone());
    let cells = micro(run(&model, &counts, 100), &model);
    assert!(
        latents(&model, &cells[1])
            .iter()
            .all(|z| (z - 2.0).abs() < 1e-6)
    );
    belief.mean.pop();
    model.belief = Some(belief);
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let error = Simulator::new(&[plan], 1).unwrap_err();
    assert!(error.to_string().contains("square matrix"), "{error}");
}

/// Season, tenure and fees by month: means of every month against the valuation's expectations.
#[test]
fn means_of_every_month_are_its_expectations() {
    let mut model = model(
        tiers(),
        &["sponsored", "ambassador"],
        Vec::new(),
        Vec::new(),
    );
    model.months = 3;
    model.horizon = Horizon::equal(3);
    model.horizon.market_persistence = 0.5;
    for (month, season) in model.horizon.months.iter_mut().zip([1.0, 1.3, 0.8]) {
        month.seasonality = season;
    }
    let gold = (0..model.cells.len())
        .find(|&cell| model.key(cell).to_string() == "micro.ambassador")
        .unwrap();
    model.horizon.levels.push(Level {
        name: "gold".to_owned(),
        tiers: vec![3],
        terms: model.cells[gold].terms.clone(),
        term_months: 2,
        tenure_lift: 0.3,
        tenure_lift_max: 0.4,
        origin: Origin::Default,
    });
    model.cells[gold].booked_as = BookedAs::Level { level: 0, start: 0 };
    let mut counts = Array2::zeros((3, model.cells.len()));
    counts.column_mut(gold).fill(12.0);
    let macros = (0..model.cells.len())
        .find(|&cell| model.key(cell).to_string() == "macro.sponsored")
        .unwrap();
    for (month, count) in [2.0, 5.5, 3.0].into_iter().enumerate() {
        counts[[month, macros]] = count;
    }
    let cells = run(&model, &counts, TRIALS);
    assert_eq!(cells.len(), 6);
    for cell in &cells {
        let unit = valuation::law_in(&model, cell.month, cell.cell).expected();
        let count = counts[[cell.month, cell.cell]];
        for quantity in Quantity::SIMULATED {
            let Some(column) = cell.column(quantity) else {
                continue;
            };
            let what = format!("{} in {} {quantity:?}", cell.cell, cell.month);
            let (mean, error) = estimate(column);
            assert_near(&what, mean, count * unit.get(quantity).unwrap(), error);
        }
    }
    // Tenure shows: 1.3 × 1.3 in the second month.
    let conversions = |month: usize| {
        valuation::law_in(&model, month, gold)
            .expected()
            .conversions
    };
    assert!((conversions(1) / conversions(0) - 1.69).abs() < 1e-12);
    assert!((conversions(2) / conversions(0) - 0.8 * 1.4).abs() < 1e-12);
}

/// Tagged tiers reach more: means against the valuation's, at five standard errors.
#[test]
fn tags_lift_what_is_reached() {
    let (mut model, counts) = market(2, 0.5);
    let plain = run(&model, &counts, 2000);
    model.horizon.cross_promotion = Some(CrossPromotion {
        fan_out: vec![1.0; model.tiers.len()],
        reach_lift: 0.2,
        days: None,
    });
    let mut counts = counts;
    let mid = (0..model.cells.len()).find(|&c| model.key(c).to_string() == "mid.sponsored");
    counts.column_mut(mid.unwrap()).fill(3.0);
    let lifted = run(&model, &counts, TRIALS);
    for cell in &lifted {
        let row = counts.row(cell.month).to_vec();
        let unit = valuation::units_in_month(&model, cell.month, &row)[cell.cell];
        for quantity in Quantity::SIMULATED {
            let Some(column) = cell.column(quantity) else {
                continue;
            };
            let (mean, error) = estimate(column);
            let wanted = row[cell.cell] * unit.get(quantity).unwrap();
            assert_near(&format!("{quantity:?}"), mean, wanted, error);
        }
    }
    // Three of five micro creators are tagged by three of mid: 1 + 0.2 · 3/5.
    let [before, after] = [plain, lifted].map(|cells| micro(cells, &model).remove(0));
    for (before, after) in before.impressions.iter().zip(&after.impressions) {
        assert!((after / before / 1.12 - 1.0).abs() < 1e-12);
    }
}

/// Within days of a tag, posts of some cells late: means against the valuation's, and one lift by hand.
#[test]
fn tags_lift_posts_of_the_days_after() {
    let (mut model, counts) = market(2, 0.5);
    let plain = run(&model, &counts, 2000);
    model.horizon.cross_promotion = Some(CrossPromotion {
        fan_out: vec![4.0; model.tiers.len()],
        reach_lift: 0.2,
        days: Some(6),
    });
    let mut counts = counts;
    let mid = (0..model.cells.len()).find(|&c| model.key(c).to_string() == "mid.sponsored");
    counts.column_mut(mid.unwrap()).fill(3.0);
    model.cells[mid.unwrap()].terms.post_days = 10;
    let lifted = run(&model, &counts, TRIALS);
    for cell in &lifted {
        let row = counts.row(cell.month).to_vec();
        let unit = valuation::units_in_month(&model, cell.month, &row)[cell.cell];
        for quantity in Quantity::SIMULATED {
            let Some(column) = cell.column(quantity) else {
                continue;
            };
            let (mean, error) = estimate(column);
            let wanted = row[cell.cell] * unit.get(quantity).unwrap();
            assert_near(&format!("{quantity:?}"), mean, wanted, error);
        }
    }
    // All micro creators are tagged by mid ones of the tenth to the thirty-ninth day: of the days of the month, the tenth
    // follows one of them, the eleventh two and so on until seven, from the sixteenth to the twenty-ninth.
    let pairs = 1 + 2 + 3 + 4 + 5 + 6 + 7 * 14;
    let wanted = 1.0 + 0.2 * f64::from(pairs) / 900.0;
    let [before, after] = [plain, lifted].map(|cells| micro(cells, &model).remove(0));
    for (before, after) in before.impressions.iter().zip(&after.impressions) {
        assert!((after / before / wanted - 1.0).abs() < 1e-12);
    }
}

#[test]
fn the_horizon_is_its_months_added_up() {
    let (mut model, counts) = market(3, 0.5);
    model.horizon.months[1].budget_share = 1.5;
    model.horizon.months[2].budget_share = 0.5;
    let plan = Plan {
        counts: counts.clone(),
        ..fixture::plan("base", &model, &vec![0.0; model.cells.len()])
    };
    let planned = [Planned {
        model: &model,
        plan: &plan,
    }];
    let input = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let block = Simulator::new(&[input], 5).unwrap().block(0, 8192);
    let mut collector = Collector::new(&planned, Scopes::All);
    collector.absorb(std::slice::from_ref(&block));
    let rows = collector.summary();
    let of = |month: Option<usize>, scope: &ScopeKey, metric: Metric| {
        let mut found = rows
            .iter()
            .filter(|r| r.month == month && r.scope == *scope && r.metric == metric);
        let row = found.next().unwrap();
        assert!(found.next().is_none());
        row.estimate
    };
    for scope in [ScopeKey::total(), ScopeKey::tier("micro")] {
        let sum = |metric| -> f64 {
            (1..=3)
                .map(|month| of(Some(month), &scope, metric).mean.unwrap())
                .sum()
        };
        for metric in [
            Metric::Spend,
            Metric::Revenue,
            Metric::Profit,
            Metric::Clicks,
        ] {
            let whole = of(None, &scope, metric).mean.unwrap();
            assert!((sum(metric) / whole - 1.0).abs() < 1e-12, "{metric:?}");
        }
        let roas = of(None, &scope, Metric::Roas).ratio_of_means.unwrap();
        let ratio = sum(Metric::Revenue) / sum(Metric::Spend);
        assert!((roas / ratio - 1.0).abs() < 1e-12);
    }
    // Spend is judged by the horizon's budget, and every month's by its own.
    let target = |month| of(month, &ScopeKey::total(), Metric::Spend).target.unwrap();
    let budget = model.rules.budget;
    assert_eq!(target(None), 3.0 * budget);
    assert_eq!(target(Some(2)), 1.5 * budget);
    assert!(
        of(Some(1), &ScopeKey::total(), Metric::Roas)
            .target
            .is_none()
    );
    // One month has no rows of its own.
    let (model, counts) = market(1, 1.0);
    let plan = Plan { counts, ..plan };
    let planned = [Planned {
        model: &model,
        plan: &plan,
    }];
    let rows = Collector::new(&planned, Scopes::All).summary();
    assert!(rows.iter().all(|row| row.month.is_none()));
}
