//! The contenders written in Rust: the engine, scalar sampling by `rand_distr`, and the limit loop.
//!
//! `benches/peers/run` builds this, starts it and its Python peers, and asks them in turn. The one
//! argument is the vector path of the engine and the limit loop: baseline, avx2, avx512 or best. A
//! command is a line of standard input, its answer a line of JSON:
//!
//! - `paths`: those of this machine, narrowest first
//! - `parameters`: the reference work in numbers, which every contender but the engine reads
//! - `time CONTENDER TRIALS THREADS`: simulates that many trials; seconds and the six plan totals
//!   summed over all trials
//! - `write CONTENDER TRIALS FILE`: the six plan totals trial by trial, one column after the other,
//!   as 64-bit floats, little endian

mod engine;
mod limit;
mod parameters;
mod scalar;

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use influencer_matrix::model::Quantity;
use influencer_matrix::rng::Path;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde_json::{Value, json};

use parameters::Parameters;

/// Trials computed at once by one thread: a stream block.
const BLOCK: usize = influencer_matrix::rng::STREAM_BLOCK;
const SEED: u64 = 20_260_401;
const TOTALS: usize = Quantity::SIMULATED.len();

/// The plan's totals of a block of trials, in the order of `Quantity::SIMULATED`.
type Totals = [Vec<f64>; TOTALS];

/// Somebody who can simulate the reference work.
trait Contender: Sync {
    /// Totals of `trials` trials from `first` on, which begins a block.
    fn block(&self, first: u64, trials: usize) -> Totals;
}

/// The blocks of so many trials.
fn blocks(trials: usize) -> impl IndexedParallelIterator<Item = (u64, usize)> {
    (0..trials.div_ceil(BLOCK)).into_par_iter().map(move |i| {
        let first = i * BLOCK;
        (first as u64, BLOCK.min(trials - first))
    })
}

/// What every contender does with its totals while it is timed: one number each.
fn sums(contender: &dyn Contender, trials: usize) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = blocks(trials)
        .map(|(first, n)| {
            let totals = contender.block(first, n);
            totals.iter().map(|column| column.iter().sum()).collect()
        })
        .collect();
    (0..TOTALS)
        .map(|i| parts.iter().map(|part| part[i]).sum())
        .collect()
}

fn time(contender: &dyn Contender, trials: usize, threads: usize) -> Value {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.expect("threads can be started");
    pool.install(|| {
        sums(contender, threads * BLOCK); // wakes the threads and fills their buffers
        let start = Instant::now();
        let sums = sums(contender, trials);
        json!({ "seconds": start.elapsed().as_secs_f64(), "sums": sums })
    })
}

fn write(contender: &dyn Contender, trials: usize, file: &str) -> Value {
    let parts: Vec<Totals> = blocks(trials)
        .map(|(first, n)| contender.block(first, n))
        .collect();
    let columns = (0..TOTALS).flat_map(|i| parts.iter().flat_map(move |part| &part[i]));
    let bytes: Vec<u8> = columns.flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(file, bytes).expect("the file can be written");
    json!({})
}

fn name(path: Path) -> &'static str {
    match path {
        Path::Baseline => "baseline",
        Path::Avx2 => "avx2",
        Path::Avx512 => "avx512",
    }
}

/// A path of this machine.
fn path(named: &str) -> Option<Path> {
    if named == "best" {
        return Some(Path::best());
    }
    let mut available = Path::available().into_iter();
    available.find(|&path| name(path) == named)
}

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        eprintln!("the peers are measured by benches/peers/run");
        return;
    }
    let named = std::env::args().nth(1).unwrap_or_default();
    let path = path(&named).unwrap_or_else(|| panic!("this machine has no path \"{named}\""));
    let model = engine::market();
    let engine = engine::Engine::new(&model, path);
    let parameters = Parameters::of(&model, engine.draws_per_trial());
    let scalar = scalar::Scalar::new(&parameters);
    let limit = limit::Limit::new(parameters.draws_per_trial, path);
    let contender = |name: &str| -> &dyn Contender {
        match name {
            "engine" => &engine,
            "rand_distr" => &scalar,
            "limit" => &limit,
            _ => panic!("no contender {name}"),
        }
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("commands are text");
        let number = |text: &str| text.parse().expect("a whole number");
        let answer = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["paths"] => Path::available().into_iter().map(name).collect(),
            ["parameters"] => parameters.json(),
            ["time", name, trials, threads] => {
                time(contender(name), number(trials), number(threads))
            }
            ["write", name, trials, file] => write(contender(name), number(trials), file),
            _ => panic!("no command: {line}"),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").expect("the answer can be written");
        out.flush().expect("the answer can be written");
    }
}
