//! How many times fewer trials the error of a what-if's ROAS difference needs than two independent
//! plain simulations, for three shipped scenarios.
//!
//! `cargo bench --bench efficiency` (or `… -- 64` for as many seeds; 16 by default). The table is
//! kept in docs/design/quasi-random.md.
//!
//! With A and B the ROAS of base and what-if in a trial, D = B − A, U the shared factors and n = 2¹⁷
//! trials, all by the definition (Var A + Var B)/(n · variance of the estimate of E D):
//!
//! - *common draws*: both plans on the same pseudo-random draws: (Var A + Var B)/Var D.
//! - *as built*: shared factors by scrambled Sobol' points. The variance of the estimate is that of
//!   the sixteen replicates, pooled over the seeds.
//! - *ceiling*: (Var A + Var B)/E Var(D | U), had the shared factors no error at all. E Var(D | U) is
//!   half the mean square of D − D′ over pairs of trials with equal U and independent other draws.
//! - *with controls*: as built, with linear control variates of known mean beside it (spend,
//!   impressions, engagements, clicks of both plans, as far as they are defined), coefficients by least
//!   squares on the means of granules of 1,024 trials. Not part of the product; the note says why.
//! - *their ceiling*: what the best such controls leave of E Var(D | U), regressed within the pairs.
//!
//! A variance with f degrees of freedom has the standard error √(2/f) of itself, which is given for
//! what is built.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use influencer_matrix::model::{
    Cancel, InputGroup, Model, Plan, PlanBlock, PlanSettings, Quantity, TrialBlock,
};
use influencer_matrix::optimizer;
use influencer_matrix::rng::{Address, REPLICATES, Sobol, Stream};
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::simulator::{PlanInput, Seeds, Simulator};
use influencer_matrix::stats::GRANULE;
use rayon::prelude::*;

const SCENARIOS: [&str; 3] = ["q2-rebalancing", "micro-to-40", "case-study"];
const TRIALS: usize = 1 << 17;
const BLOCK: usize = 8192;
const FIRST_SEED: u64 = 20_260_401;

/// Groups of inputs that all creators share.
const SHARED: [InputGroup; 8] = [
    InputGroup::Market,
    InputGroup::Platform,
    InputGroup::EngagementRate,
    InputGroup::ClickRate,
    InputGroup::ConversionRate,
    InputGroup::OrderValue,
    InputGroup::Fee,
    InputGroup::Benchmark,
];

/// Totals with known means that may control a difference.
const CONTROLS: [Quantity; 4] = [
    Quantity::Spend,
    Quantity::Impressions,
    Quantity::Engagements,
    Quantity::Clicks,
];

/// ROAS of both plans in every trial of a block, and their controls.
struct Outcomes {
    roas: [Vec<f64>; 2],
    controls: Vec<Vec<f64>>,
}

fn total(plan: &PlanBlock, quantity: Quantity) -> Option<Vec<f64>> {
    let mut columns = plan.cells.iter().map(|cell| cell.column(quantity));
    let mut sum = columns.next()??.to_vec();
    for column in columns {
        for (sum, value) in sum.iter_mut().zip(column?) {
            *sum += value;
        }
    }
    Some(sum)
}

impl Outcomes {
    fn of(block: &TrialBlock) -> Self {
        let roas = [0, 1].map(|plan| {
            let sum = |quantity| total(&block.plans[plan], quantity).expect("always defined");
            let (revenue, spend) = (sum(Quantity::Revenue), sum(Quantity::Spend));
            revenue.iter().zip(&spend).map(|(r, s)| r / s).collect()
        });
        let controls = block.plans.iter().flat_map(|plan| {
            CONTROLS
                .iter()
                .filter_map(move |&quantity| total(plan, quantity))
        });
        Self {
            roas,
            controls: controls.collect(),
        }
    }

    fn difference(&self) -> Vec<f64> {
        let [a, b] = &self.roas;
        b.iter().zip(a).map(|(b, a)| b - a).collect()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    let squares: f64 = values.iter().map(|v| (v - m) * (v - m)).sum();
    squares / (values.len() - 1) as f64
}

/// Variances found with one seed.
#[derive(Debug, Clone, Default)]
struct Found {
    /// Var A + Var B.
    plans: f64,
    /// Var D on common draws.
    difference: f64,
    /// n × variance of the estimate, from the replicates.
    estimate: f64,
    /// The same after control variates whose coefficients come from the granules.
    adjusted: f64,
    /// E Var(D | U).
    within: f64,
    /// The same after control variates.
    controlled: f64,
}

fn measure(plans: &[PlanInput<'_>; 2], seed: u64) -> Found {
    let simulator = Simulator::new(plans, seed).expect("plans fit their models");
    // Column by column (the difference, then its controls): means of granules, then of replicates.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let granules = TRIALS / GRANULE;
    for first in (0..TRIALS).step_by(BLOCK) {
        let block = simulator.block(first as u64, BLOCK);
        let outcomes = Outcomes::of(&block);
        let all = std::iter::once(outcomes.difference()).chain(outcomes.controls);
        for (i, column) in all.enumerate() {
            if columns.len() <= i {
                columns.push(vec![0.0; granules + REPLICATES]);
            }
            let (by_granule, by_replicate) = columns[i].split_at_mut(granules);
            for (trial, value) in (first..).zip(column) {
                by_granule[trial / GRANULE] += value / GRANULE as f64;
                by_replicate[trial % REPLICATES] += value / (TRIALS / REPLICATES) as f64;
            }
        }
    }
    for column in &mut columns {
        let mean = mean(&column[granules..]);
        for value in column {
            *value -= mean;
        }
    }
    let of_each = (TRIALS / REPLICATES) as f64;
    let squares = |v: &[f64]| v[granules..].iter().map(|v| v * v).sum::<f64>();
    let freedom = (REPLICATES - 1) as f64;
    let target = columns.remove(0);
    let estimate = squares(&target) / freedom * of_each;
    let adjusted = squares(&residuals(target, columns, granules)) / freedom * of_each;

    // A quarter of the trials fixes the other variances to a percent.
    let common = Seeds::all(seed);
    let apart = InputGroup::ALL
        .into_iter()
        .filter(|input| !SHARED.contains(input))
        .fold(common, |seeds, input| seeds.with(input, seed ^ (1 << 40)));
    let mut found = Found {
        estimate,
        adjusted,
        ..Found::default()
    };
    let blocks = TRIALS / BLOCK / 4;
    for first in (0..blocks).map(|b| (b * BLOCK) as u64) {
        let one = Outcomes::of(&simulator.block_with(&common, first, BLOCK));
        let other = Outcomes::of(&simulator.block_with(&apart, first, BLOCK));
        let d = one.difference();
        found.plans += variance(&one.roas[0]) + variance(&one.roas[1]);
        found.difference += variance(&d);
        let apart =
            |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let target = apart(&d, &other.difference());
        let controls: Vec<Vec<f64>> = one
            .controls
            .iter()
            .zip(&other.controls)
            .map(|(a, b)| apart(a, b))
            .collect();
        let squares = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>() / v.len() as f64;
        found.within += 0.5 * squares(&target);
        found.controlled += 0.5 * squares(&residuals(target, controls, BLOCK));
    }
    let n = blocks as f64;
    Found {
        plans: found.plans / n,
        difference: found.difference / n,
        within: found.within / n,
        controlled: found.controlled / n,
        ..found
    }
}

/// What least squares on the controls over the first `fitted` values leave of all (Gram–Schmidt).
fn residuals(mut target: Vec<f64>, controls: Vec<Vec<f64>>, fitted: usize) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| -> f64 {
        a[..fitted]
            .iter()
            .zip(&b[..fitted])
            .map(|(a, b)| a * b)
            .sum()
    };
    let take = |from: &mut Vec<f64>, basis: &[f64]| {
        let share = dot(from, basis) / dot(basis, basis);
        for (from, basis) in from.iter_mut().zip(basis) {
            *from -= share * basis;
        }
    };
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut control in controls {
        let before = dot(&control, &control);
        for known in &basis {
            take(&mut control, known);
        }
        if dot(&control, &control) > 1e-9 * before {
            take(&mut target, &control);
            basis.push(control);
        }
    }
    target
}

fn plans(name: &str) -> Vec<(Model, Plan)> {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let scenario = match scenario::read_file(Path::new(&path), &Overrides::default()) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", problems.render(false)),
    };
    let models = scenario.models().take(2).map(|model| {
        let plan = optimizer::plan(model, &PlanSettings::default(), &Cancel::new());
        (model.clone(), plan)
    });
    models.collect()
}

/// Nanoseconds a uniform, of the points and of a stream.
#[expect(clippy::print_stdout, reason = "this is its report")]
fn print_speed() {
    let mut out = vec![0.0; BLOCK];
    let rounds = 2000;
    let per_uniform =
        |start: Instant| start.elapsed().as_secs_f64() * 1e9 / (rounds * BLOCK) as f64;
    let points = Sobol::new(FIRST_SEED, 1, 0, 3);
    let start = Instant::now();
    for round in 0..rounds {
        points.fill_uniforms((round * BLOCK) as u64, black_box(&mut out));
    }
    let of_points = per_uniform(start);
    let start = Instant::now();
    for block in 0..rounds as u64 {
        let address = Address {
            slot: 1,
            quantity: 0,
            block,
        };
        Stream::new(FIRST_SEED, address).fill_uniforms(black_box(&mut out));
    }
    let of_stream = per_uniform(start);
    println!("a uniform of a point {of_points:.2} ns, of a stream {of_stream:.2} ns\n");
}

#[expect(clippy::print_stdout, reason = "this is its report")]
fn main() {
    print_speed();
    let mut wanted = std::env::args().filter_map(|argument| argument.parse().ok());
    let seeds: u64 = wanted.next_back().unwrap_or(16);
    println!("n = {TRIALS} trials, {seeds} seeds; times fewer trials than two plain runs apart\n");
    println!(
        "| scenario | common draws | as built | ceiling | as built / ceiling | with controls | their ceiling |"
    );
    println!("|---|---|---|---|---|---|---|");
    for name in SCENARIOS {
        let plans = plans(name);
        let inputs = [0, 1].map(|i: usize| PlanInput {
            model: &plans[i].0,
            counts: plans[i].1.counts.view(),
        });
        let found: Vec<Found> = (0..seeds)
            .into_par_iter()
            .map(|seed| measure(&inputs, FIRST_SEED + seed))
            .collect();
        let pooled = |of: fn(&Found) -> f64| mean(&found.iter().map(of).collect::<Vec<_>>());
        let plans = pooled(|f| f.plans);
        let ratio = |of: fn(&Found) -> f64| plans / pooled(of);
        let built = ratio(|f| f.estimate);
        let ceiling = ratio(|f| f.within);
        let relative = (2.0 / (seeds * (REPLICATES as u64 - 1)) as f64).sqrt();
        println!(
            "| {name} | {:.1} | {built:.1} ± {:.1} | {ceiling:.1} | {:.2} | {:.1} | {:.1} |",
            ratio(|f| f.difference),
            built * relative,
            built / ceiling,
            ratio(|f| f.adjusted),
            ratio(|f| f.controlled),
        );
    }
}
