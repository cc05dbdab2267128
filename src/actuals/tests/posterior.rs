//! What is learned.

use super::super::observe::{Observation, Part, observations};
use super::super::spread::Lasting;
use super::super::update::condition;
use super::super::{learned, posterior};
use super::{counts, fixed, market, row};
use crate::model::{
    ActualRow, Actuals, FactorBelief, FactorName, InputGroup, Quantity, Uncertainty, valuation,
};
use crate::simulator::{PlanInput, Simulator};

/// Solves A x = B by Gaussian elimination with pivots: nothing of it is the product's.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for i in 0..n {
        let best = (i..n)
            .max_by(|&p, &q| a[p][i].abs().total_cmp(&a[q][i].abs()))
            .unwrap();
        a.swap(i, best);
        b.swap(i, best);
        for r in 0..n {
            if r == i {
                continue;
            }
            let by = a[r][i] / a[i][i];
            if by != 0.0 {
                let (own, pivot) = (a[i].clone(), b[i].clone());
                a[r].iter_mut().zip(&own).for_each(|(x, y)| *x -= by * y);
                b[r].iter_mut().zip(&pivot).for_each(|(x, y)| *x -= by * y);
            }
        }
    }
    for i in 0..n {
        let pivot = a[i][i];
        b[i].iter_mut().for_each(|x| *x /= pivot);
    }
    b
}

fn named(part: &Part) -> FactorName {
    FactorName::lasting(part.kind.input(), ("mid", "sponsored"), part.step)
}

fn sigma(s: f64) -> f64 {
    (1.0 + s * s).ln().sqrt()
}

/// Factors of an observation, its value, and its own noise.
type Line = (
    Vec<((InputGroup, usize, usize), f64)>,
    f64,
    Vec<(usize, f64)>,
);

/// Certain creators, so that all is log-linear: Cov(z, y) and Cov(y, y) are written down from the model's words, and the
/// posterior is `μ = Σ_zy Σ_yy⁻¹ y`, `Σ = Σ_zz − Σ_zy Σ_yy⁻¹ Σ_yz`.
#[test]
#[expect(clippy::too_many_lines, reason = "the whole calculation in one place")]
fn the_posterior_is_that_of_dense_covariances() {
    let mut model = market(3);
    model.dependence.tiers = 0.3;
    let counts = counts(&model, &[20.0, 60.0]);
    let actuals = Actuals {
        months: 2,
        rows: vec![
            row(&model, &counts, (0, 0), [1.1, 0.9, 0.8, 0.85, 0.7, 0.75]),
            row(&model, &counts, (0, 1), [0.95, 0.9, 1.1, 1.2, 1.0, 1.0]),
            row(&model, &counts, (1, 0), [1.0, 1.2, 1.1, 1.0, 0.9, 0.9]),
        ],
    };
    let found = posterior(&model, &counts, &actuals);

    // Factor names: market and platform by month, the others by tier; their covariances a priori.
    let u = model.uncertainty;
    let place = |input: InputGroup, tier: usize, month: usize| -> (InputGroup, usize, usize) {
        match input {
            InputGroup::Market | InputGroup::Platform => (input, 9, month),
            _ => (input, tier, 0),
        }
    };
    let cov = |a: (InputGroup, usize, usize), b: (InputGroup, usize, usize)| {
        if a.0 != b.0 {
            0.0
        } else if a.1 == 9 {
            f64::powi(0.6, i32::try_from(a.2.abs_diff(b.2)).unwrap())
        } else if a.1 == b.1 {
            1.0
        } else {
            0.3
        }
    };
    let mut lines: Vec<Line> = Vec::new();
    for (number, row) in actuals.rows.iter().enumerate() {
        let n = counts[[row.month, row.tier]];
        let unit = valuation::law_in(&model, row.month, row.tier).expected();
        let f = |input, s: f64| (place(input, row.tier, row.month), sigma(s));
        let chain = [
            f(InputGroup::Platform, u.platform),
            f(InputGroup::EngagementRate, u.engagement_rate),
            f(InputGroup::ClickRate, u.click_rate),
            f(InputGroup::ConversionRate, u.conversion_rate),
            f(InputGroup::Market, u.market),
        ];
        let mut add = |factors: &[((InputGroup, usize, usize), f64)], log: f64, noise: f64| {
            let squares: f64 = factors.iter().map(|(_, s)| s * s).sum();
            let value = log + 0.5 * squares + 0.5 * noise;
            let own = vec![(1000 + 10 * number + lines.len(), 1e-6 + noise)];
            lines.push((factors.to_vec(), value, own));
        };
        let of = |q: Quantity| (row.get(q).unwrap() / (n * unit.get(q).unwrap())).ln();
        add(&chain[..1], of(Quantity::Impressions), 0.0);
        add(&chain[..2], of(Quantity::Engagements), 0.0);
        add(&chain[..3], of(Quantity::Clicks), 0.0);
        let orders = n * unit.conversions;
        let log = ((row.conversions + 0.5) / (orders + 0.5)).ln();
        add(&chain, log, (1.0 + 1.0 / (orders + 0.5)).ln());
        let log = (row.revenue / row.conversions / 150.0).ln();
        let relative = 0.4_f64 * 0.4 / row.conversions;
        add(
            &[f(InputGroup::OrderValue, u.order_value)],
            log,
            (1.0 + relative).ln(),
        );
        let fee = if row.tier == 0 { 2_000.0 } else { 500.0 };
        add(
            &[f(InputGroup::Fee, u.fee)],
            (row.spend / (n * fee)).ln(),
            0.0,
        );
    }
    let between = |a: &Line, b: &Line, same: bool| -> f64 {
        let mut sum = 0.0;
        for (x, s) in &a.0 {
            for (y, t) in &b.0 {
                sum += s * t * cov(*x, *y);
            }
        }
        sum + if same { a.2[0].1 } else { 0.0 }
    };
    let n = lines.len();
    let yy: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            (0..n)
                .map(|j| between(&lines[i], &lines[j], i == j))
                .collect()
        })
        .collect();
    let mut wanted = Vec::new();
    for month in 0..3 {
        wanted.push(place(InputGroup::Market, 9, month));
        wanted.push(place(InputGroup::Platform, 9, month));
    }
    for input in [
        InputGroup::EngagementRate,
        InputGroup::ClickRate,
        InputGroup::ConversionRate,
        InputGroup::OrderValue,
        InputGroup::Fee,
    ] {
        wanted.extend([place(input, 0, 0), place(input, 1, 0)]);
    }
    let zy = |z: (InputGroup, usize, usize)| -> Vec<f64> {
        let one = |line: &Line| line.0.iter().map(|(y, t)| t * cov(z, *y)).sum();
        lines.iter().map(one).collect()
    };
    let right: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut row = vec![lines[i].1];
            row.extend(wanted.iter().map(|z| zy(*z)[i]));
            row
        })
        .collect();
    let solved = solve(yy, right);
    let tier = |t: usize| if t == 0 { "mid" } else { "micro" };
    let name = |z: (InputGroup, usize, usize)| {
        let tier = if z.1 == 9 { "" } else { tier(z.1) };
        found.place(&FactorName::new(z.0, tier, z.2)).unwrap()
    };
    for (i, a) in wanted.iter().enumerate() {
        let weights = zy(*a);
        let mean: f64 = weights.iter().zip(&solved).map(|(w, s)| w * s[0]).sum();
        let own = found.mean[name(*a)];
        assert!((own - mean).abs() < 1e-7, "{a:?}: {own} {mean}");
        for (j, b) in wanted.iter().enumerate().take(i + 1) {
            let explained: f64 = weights.iter().zip(&solved).map(|(w, s)| w * s[1 + j]).sum();
            let wanted = cov(*a, *b) - explained;
            let own = found.factor.row(name(*a)).dot(&found.factor.row(name(*b)));
            assert!((own - wanted).abs() < 1e-7, "{a:?} {b:?}: {own} {wanted}");
        }
    }
}

/// One factor with one observation of it and scatter v: mean σ y/(σ² + v), variance v/(σ² + v); the lasting part of a
/// second month is the same, so that it says nothing new of a factor that is the same too.
#[test]
fn lasting_scatter_does_not_average_out_over_months() {
    let mut model = market(4);
    model.uncertainty = Uncertainty {
        engagement_rate: 0.3,
        ..Uncertainty::NONE
    };
    let prior = FactorBelief::prior(&model);
    let place = prior
        .place(&FactorName::new(InputGroup::EngagementRate, "mid", 0))
        .unwrap();
    let sigma = model.log_spread(InputGroup::EngagementRate);
    let part = Part {
        kind: Lasting::Engagement,
        tier: 0,
        partnership: 0,
        step: 0,
    };
    let one = |fresh: f64| Observation {
        value: 0.4,
        factors: vec![(place, sigma)],
        lasting: vec![(part, 0.2)],
        fresh: vec![(0, fresh)],
    };
    let after = |rows: &[Vec<Observation>]| {
        let found = condition(&prior, rows, &named);
        let row = found.factor.row(place);
        (found.mean[place], row.dot(&row))
    };
    let (mean, variance) = after(&[vec![one(0.1)]]);
    let all = sigma * sigma + 0.04 + 0.01;
    assert!((mean - sigma * 0.4 / all).abs() < 1e-12);
    assert!((variance - (1.0 - sigma * sigma / all)).abs() < 1e-12);
    // Many months: what is new averages out, what lasts does not (rounding: about 1e-10 here).
    let months: Vec<Vec<Observation>> = (0..1000).map(|_| vec![one(0.1)]).collect();
    let (mean, variance) = after(&months);
    let all = sigma * sigma + 0.04 + 0.01 / 1000.0;
    assert!((mean - sigma * 0.4 / all).abs() < 1e-9);
    assert!((variance - (1.0 - sigma * sigma / all)).abs() < 1e-9);
}

#[test]
fn nothing_seen_changes_nothing() {
    let mut model = market(3);
    model.dependence.tiers = 0.4;
    let prior = FactorBelief::prior(&model);
    let found = condition(&prior, &[], &named);
    assert_eq!(found.mean, prior.mean);
    for (a, b) in found.factor.iter().zip(&prior.factor) {
        assert!((a - b).abs() < 1e-15, "{a} {b}");
    }
}

/// Actuals exactly as expected: logarithms say a little less than nothing moved, and expectations stay near one.
#[test]
fn what_went_as_expected_moves_little() {
    let model = market(3);
    let counts = counts(&model, &[20.0, 60.0]);
    let rows = [0, 1].map(|cell| row(&model, &counts, (0, cell), [1.0; 6]));
    let actuals = Actuals {
        months: 1,
        rows: rows.to_vec(),
    };
    let belief = posterior(&model, &counts, &actuals);
    for found in learned("base", &model, &belief) {
        assert!((found.mean - 1.0).abs() < 0.02, "{found:?}");
        assert!(
            found.p10 < 1.0 + 1e-3 && found.p90 > 1.0 - 1e-3,
            "{found:?}"
        );
    }
}

/// Observations have the scatter that trials have: the standard deviation of each observed logarithm over truths, with the
/// factors turned off, against what is taken for it; 8,192 truths leave an error of 0.8 %, 8 % are allowed for the normal shape.
#[test]
fn scatter_is_that_of_trials() {
    const TRUTHS: usize = 8192;
    let mut model = fixed(1);
    model.uncertainty = Uncertainty::NONE;
    model.cells[0].terms.delivery = 0.8;
    let counts = model.counts.clone().unwrap();
    let inputs = [PlanInput {
        model: &model,
        counts: counts.view(),
    }];
    let block = Simulator::new(&inputs, 21).unwrap().block(0, TRUTHS);
    let prior = FactorBelief::prior(&model);
    for cell in &block.plans[0].cells {
        let mut sums: Vec<(f64, f64, f64)> = Vec::new();
        for truth in 0..TRUTHS {
            let actual = ActualRow {
                month: 0,
                tier: cell.cell,
                partnership: 0,
                count: None,
                spend: cell.spend[truth],
                impressions: Some(cell.impressions[truth]),
                engagements: Some(cell.engagements[truth]),
                clicks: Some(cell.clicks[truth]),
                conversions: cell.conversions[truth],
                revenue: cell.revenue[truth],
            };
            let one = Actuals {
                months: 1,
                rows: vec![actual],
            };
            let rows = observations(&model, &counts, &one, &prior);
            sums.resize(rows[0].len(), (0.0, 0.0, 0.0));
            for (sum, o) in sums.iter_mut().zip(&rows[0]) {
                let lasting: f64 = o.lasting.iter().map(|(_, w)| w * w).sum();
                let fresh: f64 = o.fresh.iter().map(|(_, w)| w * w).sum();
                sum.0 += o.value;
                sum.1 += o.value * o.value;
                sum.2 += lasting + fresh;
            }
        }
        assert_eq!(sums.len(), 6);
        for (i, (sum, squares, taken)) in sums.into_iter().enumerate() {
            let n = TRUTHS as f64;
            let mean = sum / n;
            let sd = (squares / n - mean * mean).sqrt();
            let taken = (taken / n).sqrt();
            assert!(
                (sd / taken - 1.0).abs() < 0.08,
                "{} {i}: {sd} {taken}",
                cell.cell
            );
            assert!(mean.abs() < 0.1 * sd, "{} {i}: {mean} of {sd}", cell.cell);
        }
    }
}
