//! Who is there: closed forms, and a slow simulation of places written from their description.

use ndarray::Array2;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Beta, Distribution as _};

use super::law::{agree, assert_near, estimate, simulate, spread};
use super::market::{number, over, tiers};
use crate::distribution::Distribution;
use crate::fixture;
use crate::model::{BookedAs, CellBlock, Level, Model, Origin, Pipeline, PipelineLaw, valuation};
use crate::simulator::{PlanInput, Simulator};

const TRIALS: usize = 40_000;

/// Nobody is found, nobody leaves.
fn still(model: &Model) -> Pipeline {
    Pipeline {
        identified: number(0.0),
        vetted: number(0.3),
        contacted: number(0.7),
        response: number(0.4),
        partnership: number(0.5),
        repeat: number(1.0),
        lead_weeks: 4.0.into(),
        churn: Distribution::Certain(0.0),
        starting: vec![0.0; model.cells.len()],
        with: None,
        origin: Origin::Default,
    }
}

fn market(types: &[&str], months: usize) -> Model {
    over(months, tiers(), types)
}

fn cell(model: &Model, key: &str) -> usize {
    let mut cells = 0..model.cells.len();
    cells.find(|&c| model.key(c).to_string() == key).unwrap()
}

fn run(model: &Model, counts: &Array2<f64>, trials: usize) -> Vec<CellBlock> {
    simulate(model, counts, trials, 23)
}

fn beta(mean: f64, sd: f64) -> Distribution {
    Distribution::beta_mean_sd(mean, sd).unwrap()
}

/// E[Xⁿ].
fn power(d: &Distribution, n: i32) -> f64 {
    let Distribution::Beta { alpha, beta } = *d else {
        return d.mean().powi(n);
    };
    (0..n)
        .map(|i| (alpha + f64::from(i)) / (alpha + beta + f64::from(i)))
        .product()
}

/// Survivors of n partners after m months are binomial given churn c and the repeat rate ρ, with ((1 − c)ρ)^m. Comparisons at
/// five standard errors: a false alarm of 6e-7 each, in eighty.
#[test]
fn survivors_are_binomial() {
    let wide = beta(0.7, 0.15);
    for (kept, repeat) in [
        (number(0.92), number(0.7)),
        (number(0.92), wide),
        (beta(0.92, 0.05), number(0.7)),
        (beta(0.85, 0.1), wide),
    ] {
        let churn = match kept {
            Distribution::Beta { alpha, beta } => Distribution::Beta {
                alpha: beta,
                beta: alpha,
            },
            certain => number(1.0 - certain.mean()),
        };
        let mut model = market(&["sponsored"], 4);
        let micro = cell(&model, "micro.sponsored");
        let mut flow = still(&model);
        (flow.churn, flow.repeat) = (churn, repeat);
        flow.starting[micro] = 20.0;
        model.horizon.pipeline = Some(flow);
        let mut counts = Array2::zeros((4, model.cells.len()));
        counts.column_mut(micro).fill(20.0);
        for block in run(&model, &counts, TRIALS) {
            let m = i32::try_from(block.month).unwrap();
            let s = |k: i32| power(&kept, m * k) * power(&repeat, m * k);
            let what = format!("{kept:?}, {repeat:?}, month {m}");
            let (mean, error) = estimate(&block.places);
            assert_near(&what, mean, 20.0 * s(1), error);
            let wanted = 20.0 * (s(1) - s(2)) + 400.0 * (s(2) - s(1) * s(1));
            let (variance, error) = spread(&block.places);
            assert_near(&what, variance, wanted, error);
            assert!(block.joined.iter().all(|&n| n == 0.0));
            // Empty places cost and yield nothing.
            let unit = valuation::law_in(&model, block.month, micro).expected();
            for (column, unit) in [
                (&block.spend, unit.spend),
                (&block.revenue, unit.revenue),
                (&block.impressions, unit.impressions.unwrap()),
            ] {
                let (mean, error) = estimate(column);
                assert_near(&what, mean, 20.0 * s(1) * unit, error);
            }
            let nobody = block.places.iter().zip(&block.spend).zip(&block.revenue);
            for ((_, spend), revenue) in nobody.filter(|((places, _), _)| **places == 0.0) {
                assert_eq!((*spend, *revenue), (0.0, 0.0));
            }
        }
    }
}

/// A part of a starting partner: 2.5 are there in expectation at first, and n(1 − c)^m after m months, whether the plan books as many or
/// whole places. Comparisons at five standard errors: a false alarm of 6e-7 each, in eleven.
#[test]
fn a_part_of_a_starting_partner_fills_its_part() {
    for booked in [2.5, 3.0] {
        let mut model = market(&["sponsored"], 4);
        let micro = cell(&model, "micro.sponsored");
        let mut flow = still(&model);
        flow.churn = number(0.2);
        flow.starting[micro] = 2.5;
        model.horizon.pipeline = Some(flow);
        let mut counts = Array2::zeros((4, model.cells.len()));
        counts.column_mut(micro).fill(booked);
        for block in run(&model, &counts, TRIALS) {
            let wanted = 2.5 * 0.8_f64.powi(i32::try_from(block.month).unwrap());
            let (mean, error) = estimate(&block.places);
            let what = format!("{booked} booked, month {}", block.month);
            assert_near(&what, mean, wanted, error.max(1e-9));
            assert!(block.joined.iter().all(|&n| n == 0.0));
            if block.month == 0 && booked == 3.0 {
                let (variance, error) = spread(&block.places);
                assert_near(&what, variance, 0.25, error);
                assert!(block.places.iter().all(|&n| n == 2.0 || n == 3.0));
            }
        }
    }
}

/// Partners delivered into a plan with room for all: the pipeline's law, whose mean and variance are closed forms.
#[test]
fn arrivals_have_the_pipelines_law() {
    let mut model = market(&["sponsored"], 4);
    let micro = cell(&model, "micro.sponsored");
    let flow = Pipeline {
        identified: Distribution::lognormal_mean_sd(30.0, 9.0).unwrap(),
        response: beta(0.4, 0.1),
        partnership: beta(0.5, 0.12),
        vetted: number(0.6),
        contacted: number(0.8),
        lead_weeks: 5.0.into(),
        ..still(&model)
    };
    let law = PipelineLaw::new(&flow, &model.horizon);
    model.horizon.pipeline = Some(flow);
    let mut counts = Array2::zeros((4, model.cells.len()));
    counts.column_mut(micro).fill(70.0);
    let cells = run(&model, &counts, TRIALS);
    assert!(cells[3].places.iter().all(|&n| n < 70.0), "room for all");
    assert!(cells[0].places.iter().all(|&n| n == 0.0), "five weeks");
    for block in &cells {
        let what = format!("until month {}", block.month);
        let (mean, error) = estimate(&block.places);
        assert_near(&what, mean, law.delivered_mean(block.month), error);
        let (variance, error) = spread(&block.places);
        assert_near(&what, variance, law.delivered_variance(block.month), error);
        let (mean, error) = estimate(&block.joined);
        assert_near(&what, mean, law.mean_in(block.month), error);
        let p = 0.9;
        let quantile = law.delivered_quantile(block.month, p) as f64;
        let share =
            |n: f64| block.places.iter().filter(|x| **x <= n).count() as f64 / TRIALS as f64;
        let slack = 5.0 * (p * (1.0 - p) / TRIALS as f64).sqrt();
        assert!(share(quantile) >= p - slack && share(quantile - 1.0) < p + slack);
    }
    // Leavers and a steady flow: E[places in m] = Σ_k E[arrivals in k] s^(m − k).
    let flow = model.horizon.pipeline.as_mut().unwrap();
    (flow.churn, flow.repeat) = (number(0.1), number(0.8));
    let cells = run(&model, &counts, TRIALS);
    for block in &cells {
        let (mean, error) = estimate(&block.places);
        let wanted: f64 = (0..=block.month)
            .map(|k| law.mean_in(k) * 0.72_f64.powf((block.month - k) as f64))
            .sum();
        assert_near("with leavers", mean, wanted, error);
    }
}

/// With more partners waiting than places, every place is filled, and whoever stays has the draws it always had.
#[test]
fn an_endless_pipeline_fills_every_place() {
    let types = ["sponsored", "seeding"];
    let mut model = market(&types, 3);
    let (sponsored, seeding) = (
        cell(&model, "micro.sponsored"),
        cell(&model, "micro.seeding"),
    );
    let mut counts = Array2::zeros((3, model.cells.len()));
    counts.column_mut(sponsored).fill(4.5);
    counts.column_mut(seeding).fill(3.0);
    let plain = run(&model, &counts, 3000);
    let mut flow = still(&model);
    (flow.identified, flow.lead_weeks, flow.churn) = (number(5000.0), 0.0.into(), number(0.3));
    model.horizon.pipeline = Some(flow);
    let full = run(&model, &counts, 3000);
    for (full, plain) in full.iter().zip(&plain) {
        let n = counts[[full.month, full.cell]];
        assert!(full.places.iter().all(|&x| x == n));
        if full.month == 0 {
            assert_eq!(full.impressions, plain.impressions);
            assert_eq!(full.spend, plain.spend);
            assert!(full.joined.iter().all(|&x| x == n.ceil()));
        } else {
            assert_ne!(full.impressions, plain.impressions);
        }
    }
    for (before, after) in full.iter().zip(&full[2..]) {
        assert_eq!(before.cell, after.cell);
        assert_eq!(before.left, after.joined);
    }
    // Nobody leaves: as if there were no pipeline, bit by bit.
    model.horizon.pipeline.as_mut().unwrap().churn = number(0.0);
    for (full, plain) in run(&model, &counts, 3000).iter().zip(&plain) {
        assert_eq!(full.revenue, plain.revenue);
        assert_eq!(full.spend, plain.spend);
    }
}

/// Cells of all kinds under one pipeline.
fn everything() -> (Model, Array2<f64>) {
    let mut model = market(&["sponsored", "ambassador", "seeding"], 4);
    let open = cell(&model, "micro.sponsored");
    let gold = cell(&model, "micro.ambassador");
    let wave = cell(&model, "macro.sponsored");
    let mid = cell(&model, "mid.seeding");
    model.horizon.levels.push(Level {
        name: "gold".to_owned(),
        tiers: vec![3],
        terms: model.cells[gold].terms.clone(),
        term_months: 2,
        tenure_lift: 0.0,
        tenure_lift_max: 0.0,
        origin: Origin::Default,
    });
    model.cells[gold].booked_as = BookedAs::Level { level: 0, start: 1 };
    model.horizon.waves.push(fixture::wave(35, 5));
    model.cells[wave].booked_as = BookedAs::Wave(0);
    let flow = Pipeline {
        identified: number(17.4),
        vetted: number(0.9),
        response: beta(0.5, 0.2),
        repeat: beta(0.8, 0.1),
        churn: Distribution::Certain(0.12),
        lead_weeks: 3.0.into(),
        ..still(&model)
    };
    model.horizon.pipeline = Some(flow);
    let flow = model.horizon.pipeline.as_mut().unwrap();
    flow.starting[open] = 5.0;
    flow.starting[mid] = 1.0;
    let mut counts = Array2::zeros((4, model.cells.len()));
    for (month, n) in [6.0, 9.0, 0.0, 7.5].into_iter().enumerate() {
        counts[[month, open]] = n;
    }
    for (month, n) in [2.0, 3.0, 3.0, 1.0].into_iter().enumerate() {
        counts[[month, mid]] = n;
    }
    for month in 1..4 {
        counts[[month, gold]] = 4.0;
    }
    counts[[1, wave]] = 2.0;
    (model, counts)
}

/// One trial, place by place and person by person: filled places, newcomers and leavers by (month, cell).
fn slowly(model: &Model, counts: &Array2<f64>, rng: &mut StdRng) -> Vec<[f64; 3]> {
    let flow = model.horizon.pipeline.as_ref().unwrap();
    let draw = |d: &Distribution, rng: &mut StdRng| match *d {
        Distribution::Beta { alpha, beta } => Beta::new(alpha, beta).unwrap().sample(rng),
        _ => d.mean(),
    };
    let people = draw(&flow.identified, rng);
    let passed: f64 = flow.rates().iter().map(|rate| draw(rate, rng)).product();
    let repeat = draw(&flow.repeat, rng);
    let months = model.months;
    let mut landed = vec![0; months];
    for month in 0..months {
        let more = rng.random::<f64>() < people.fract();
        for _ in 0..people.floor() as usize + usize::from(more) {
            // Identified on a day of the month.
            let day = 30.0 * (month as f64 + rng.random::<f64>()) + 7.0 * flow.lead_weeks.mean();
            let lands = (day / 30.0) as usize;
            if rng.random::<f64>() < passed && lands < months {
                landed[lands] += 1;
            }
        }
    }
    let mut there: Vec<Vec<bool>> = (0..model.cells.len())
        .map(|cell| {
            (0..12)
                .map(|i| f64::from(i) < flow.starting[cell])
                .collect()
        })
        .collect();
    let mut out = Vec::new();
    let mut waiting = 0;
    for month in 0..months {
        waiting += landed[month];
        let n = |month: usize, cell: usize| {
            if month < months {
                counts[[month, cell]].ceil() as usize
            } else {
                0
            }
        };
        let mut empty = Vec::new();
        for (cell, there) in there.iter().enumerate() {
            let wave = matches!(model.cells[cell].booked_as, BookedAs::Wave(_));
            for i in (0..n(month, cell)).filter(|&i| !wave && !there[i]) {
                let share = (i as f64 + 0.5) / n(month, cell) as f64;
                empty.push((share, model.key(cell), cell, i));
            }
        }
        empty.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        let mut joined = vec![0.0; model.cells.len()];
        for (_, _, cell, i) in empty.into_iter().take(waiting) {
            there[cell][i] = true;
            joined[cell] += 1.0;
            waiting -= 1;
        }
        for cell in 0..model.cells.len() {
            let count = counts[[month, cell]];
            if matches!(model.cells[cell].booked_as, BookedAs::Wave(_)) {
                if count > 0.0 {
                    out.push([count, 0.0, 0.0]);
                }
                continue;
            }
            let mut row = [0.0, joined[cell], 0.0];
            for (i, there) in there[cell].iter_mut().enumerate() {
                let weight = (count - i as f64).clamp(0.0, 1.0);
                row[0] += if *there { weight } else { 0.0 };
                let again = i < n(month, cell) && i < n(month + 1, cell);
                let bound = match model.cells[cell].booked_as {
                    BookedAs::Level { start, .. } => month + 1 < start + 2,
                    _ => false,
                };
                let stays = rng.random::<f64>() >= flow.churn.mean()
                    && (!again || bound || rng.random::<f64>() < repeat);
                if *there && !stays && month + 1 < months {
                    *there = false;
                    row[2] += f64::from(u8::from(i < n(month, cell)));
                }
            }
            if count > 0.0 {
                out.push(row);
            }
        }
    }
    out
}

/// Means, variances and shares of every month and cell, at five standard errors.
#[test]
fn places_agree_with_a_slow_simulation() {
    let (model, counts) = everything();
    let fast = run(&model, &counts, TRIALS);
    let mut rng = StdRng::seed_from_u64(77);
    let slow: Vec<_> = (0..20_000)
        .map(|_| slowly(&model, &counts, &mut rng))
        .collect();
    assert_eq!(fast.len(), slow[0].len());
    for (place, block) in fast.iter().enumerate() {
        let of = |i: usize| -> Vec<f64> { slow.iter().map(|trial| trial[place][i]).collect() };
        let what = format!("{} in {}", model.key(block.cell), block.month);
        if block.places.is_empty() {
            assert!(of(0).iter().all(|&n| n == 2.0), "a wave's");
            continue;
        }
        agree(&format!("{what}: places"), &of(0), &block.places);
        agree(&format!("{what}: joined"), &of(1), &block.joined);
        if block.month < 3 {
            agree(&format!("{what}: left"), &of(2), &block.left);
        }
        let unit = valuation::law_in(&model, block.month, block.cell).expected();
        let (places, _) = estimate(&block.places);
        let (revenue, error) = estimate(&block.revenue);
        assert_near(&what, revenue, places * unit.revenue, error * 1.2);
    }
}

#[test]
fn places_are_the_same_bits_however_trials_are_cut() {
    let (model, counts) = everything();
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let simulator = Simulator::new(&[plan], 5).unwrap();
    let whole = simulator.block(0, 9000).plans.remove(0);
    for (first, trials) in [(0, 1), (1000, 1024), (8191, 2), (8192, 808), (3333, 100)] {
        let part = simulator.block(first as u64, trials).plans.remove(0);
        for (part, whole) in part.cells.iter().zip(&whole.cells) {
            let cut = |column: &[f64]| column[first..first + trials].to_vec();
            assert_eq!(part.spend, cut(&whole.spend));
            assert_eq!(part.revenue, cut(&whole.revenue));
            if !part.places.is_empty() {
                assert_eq!(part.places, cut(&whole.places));
                assert_eq!(part.left, cut(&whole.left));
            }
        }
    }
    // Another plan beside it, and one without a pipeline, change nothing.
    let mut more = counts.clone();
    more.mapv_inplace(|n| if n > 0.0 { n + 2.0 } else { 0.0 });
    let mut plain = model.clone();
    plain.horizon.pipeline = None;
    let plans = [
        PlanInput {
            model: &plain,
            counts: counts.view(),
        },
        plan,
        PlanInput {
            model: &model,
            counts: more.view(),
        },
    ];
    let beside = Simulator::new(&plans, 5).unwrap().block(0, 9000);
    assert_eq!(beside.plans[1], whole);
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let blocks: Vec<_> = pool.unwrap().install(|| {
            use rayon::prelude::*;
            (0..3_u64)
                .into_par_iter()
                .map(|i| simulator.block(i * 3000, 3000))
                .collect()
        });
        for (i, block) in blocks.iter().enumerate() {
            let found = &block.plans[0].cells[0].spend;
            assert_eq!(found, &whole.cells[0].spend[i * 3000..(i + 1) * 3000]);
        }
    }
}

/// What single creators cost and sell adds up to the plan's, whoever is in their places.
#[test]
fn creators_of_places_add_up() {
    let (mut model, counts) = everything();
    model.hour_cost = 7.0;
    let plan = PlanInput {
        model: &model,
        counts: counts.view(),
    };
    let simulator = Simulator::new(&[plan], 5).unwrap();
    let whole = simulator.block(0, 4000).plans.remove(0);
    let commission = |block: &CellBlock| model.cells[block.cell].terms.commission;
    let mut wanted = vec![0.0; 4000];
    for block in &whole.cells {
        for (sum, (spend, revenue)) in wanted
            .iter_mut()
            .zip(block.spend.iter().zip(&block.revenue))
        {
            *sum += spend - commission(block) * revenue;
        }
    }
    let mut found = vec![0.0; 4000];
    simulator.creators(
        |_| true,
        0,
        4000,
        |creator| {
            let rate = model.cells[creator.cell].terms.commission;
            for (sum, (spend, revenue)) in found
                .iter_mut()
                .zip(creator.spend.iter().zip(creator.revenue))
            {
                *sum += spend - rate * revenue;
            }
            true
        },
    );
    for (found, wanted) in found.iter().zip(&wanted) {
        assert!((found / wanted - 1.0).abs() < 1e-9, "{found} {wanted}");
    }
}
