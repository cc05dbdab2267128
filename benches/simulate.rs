//! The reference work: 93 sponsored creators of five tiers on the followers basis (mega 1, macro 4,
//! mid 18, micro 40, nano 30), each with uncertain followers, fee, view, engagement, click and
//! conversion rate; gamma orders and the preset shared uncertainty. 558 draws a trial for
//! creators, 10 for cells, 27 for shared factors.
//!
//! `cargo bench --bench simulate`; throughput is trials a second on one thread. First come, for every path
//! of vector instructions of the machine, the reference work beside its **limit**: as many draws
//! from a table of quantiles, summed, and nothing else. Both take turns, so what else the machine
//! does weighs on both; processor time counts, and the best of three rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use influencer_matrix::distribution::Distribution;
use influencer_matrix::model::Model;
use influencer_matrix::rng::{Address, Path, Stream};
use influencer_matrix::scenario::{self, Overrides};
use influencer_matrix::simulator::{PlanInput, Simulator};
use ndarray::Array2;

/// Trials of one call: one stream block.
const TRIALS: usize = 8192;

/// Five tiers, sponsored, every figure of a creator uncertain; fixed counts.
const REFERENCE: &str = include_str!("peers/reference.toml");

/// The reference market with some of its keys changed.
fn market(changes: &[(&str, &str)]) -> Model {
    let changes = changes
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()));
    let overrides = Overrides {
        set: changes.collect(),
        ..Overrides::default()
    };
    match scenario::read_text("reference.toml", REFERENCE, &overrides) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// The reference plan, scaled.
fn counts(model: &Model, factor: f64) -> Array2<f64> {
    let counts = model.counts.as_ref().expect("the file fixes its counts");
    Array2::from_shape_fn((1, counts.ncols()), |(_, cell)| {
        (counts[[0, cell]] * factor).ceil()
    })
}

/// Draws a trial of the reference work: 93 creators × 6, 2 a cell, 27 shared factors.
const DRAWS: usize = 93 * 6 + 2 * 5 + 27;

/// As many draws as `TRIALS` trials of the reference work make, summed.
fn limit(path: Path) -> f64 {
    let law = Distribution::lognormal_interval(1e3, 1e4).expect("a proper interval");
    let table = law.draw_table();
    let work = || {
        let mut sums = vec![0.0; TRIALS];
        let mut draws = vec![0.0; TRIALS];
        let address = |slot| Address {
            slot,
            quantity: 0,
            block: 0,
        };
        for slot in 0..DRAWS as u64 {
            table.fill(&mut Stream::new(1, address(slot)).on(path), &mut draws);
            let (sums, draws) = (&mut sums[..], &draws[..]);
            path.run(
                #[inline(always)]
                move || {
                    for (sum, draw) in sums.iter_mut().zip(draws) {
                        *sum += draw;
                    }
                },
            );
        }
        black_box(sums);
    };
    time(work)
}

/// Rounds of one measurement: the system's clock of processor time ticks slowly.
const ROUNDS: u32 = 40;

/// Seconds of this thread's processor time that a work takes.
fn time(mut work: impl FnMut()) -> f64 {
    work();
    let start = (processor_time(), Instant::now());
    for _ in 0..ROUNDS {
        work();
    }
    let taken = match (start.0, processor_time()) {
        (Some(from), Some(to)) => to.saturating_sub(from),
        _ => start.1.elapsed(),
    };
    taken.as_secs_f64() / f64::from(ROUNDS)
}

/// Time that this thread has run, where the system tells (Linux): others on the machine are no part
/// of it.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

#[expect(clippy::print_stdout, reason = "what it is for")]
/// Prints what part of the limit's speed the engine reaches.
fn ratios(_: &mut Criterion) {
    let base = market(&[]);
    let counts = counts(&base, 1.0);
    for path in Path::available() {
        let plan = PlanInput {
            model: &base,
            counts: counts.view(),
        };
        let simulator = Simulator::new(&[plan], 1)
            .expect("plans fit their models")
            .on(path);
        let (mut engine, mut bound) = (f64::INFINITY, f64::INFINITY);
        for round in 0..3 {
            engine = engine.min(time(|| {
                black_box(simulator.block(round * TRIALS as u64, TRIALS));
            }));
            bound = bound.min(limit(path));
        }
        let (trials, draws) = (TRIALS as f64, (TRIALS * DRAWS) as f64);
        println!(
            "{path:?}: engine {:.0} ns a trial; limit {:.0} ns, {:.2} billion draws a second; \
             the engine reaches {:.0} % of the limit",
            engine / trials * 1e9,
            bound / trials * 1e9,
            draws / bound / 1e9,
            100.0 * bound / engine
        );
    }
}

fn simulate(criterion: &mut Criterion) {
    let base = market(&[]);
    let certain_rates = market(&[
        ("funnel.view_rate", "0.3"),
        ("funnel.click_rate", "0.1"),
        ("funnel.conversion_rate", "0.05"),
    ]);
    let correlated = market(&[("dependence.followers_fee", "0.6")]);
    let (whole, half, small) = (counts(&base, 1.0), counts(&base, 0.5), counts(&base, 0.01));
    let plan = |model, counts: &'static Array2<f64>| PlanInput {
        model,
        counts: counts.view(),
    };
    let [whole, half, small] = [whole, half, small].map(|counts| &*Box::leak(Box::new(counts)));
    let cases = [
        ("reference", vec![plan(&base, whole)]),
        ("correlated", vec![plan(&correlated, whole)]),
        ("preset rates certain", vec![plan(&certain_rates, whole)]),
        (
            "two plans that share",
            vec![plan(&base, whole), plan(&base, half)],
        ),
        ("one creator a tier", vec![plan(&base, small)]),
    ];
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10);
    group.measurement_time(std::time::Duration::from_secs(2));
    group.throughput(Throughput::Elements(TRIALS as u64));
    for (name, plans) in &cases {
        let simulator = Simulator::new(plans, 20_260_401).expect("plans fit their models");
        let mut first = 0;
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                first += TRIALS as u64;
                black_box(simulator.block(first, TRIALS))
            });
        });
    }
    group.finish();
    criterion.bench_function("prepare the reference work", |bencher| {
        bencher.iter(|| Simulator::new(black_box(&cases[0].1), 1).expect("plans fit their models"));
    });
}

criterion_group!(benches, ratios, simulate);
criterion_main!(benches);
