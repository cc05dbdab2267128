//! The loops: one creator × one quantity at a time over a chunk of trials.

use std::sync::LazyLock;

use super::draws::{CHUNK, Drawn, Segment};
use super::finish::{Columns, Finish, Sums};
use super::group::{Group, REGISTERS, Recipe, Step};
use crate::distribution::QuantileTable;
use crate::rng::{STREAM_BLOCK, Stream};

/// Standard normal quantiles.
pub(super) static NORMAL: LazyLock<QuantileTable> = LazyLock::new(QuantileTable::standard_normal);

/// Buffers that one thread reuses from call to call.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Running sums over creators, set by set, sum by sum, a stream block each.
    totals: Vec<Vec<f64>>,
    /// The same of one creator alone.
    values: Vec<Vec<f64>>,
    streams: Vec<Stream>,
    /// Whether content appears, a chunk a month.
    delivery: Vec<[f64; CHUNK]>,
    chunk: Chunk,
}

/// One creator's running products over a chunk of trials.
#[derive(Debug)]
struct Chunk {
    registers: [Box<[f64]>; REGISTERS],
    /// Standard normals kept for the correlated fee.
    normal: Box<[f64]>,
    uniforms: Box<[f64]>,
}

impl Default for Chunk {
    fn default() -> Self {
        let buffer = || vec![0.0; CHUNK].into_boxed_slice();
        Self {
            registers: [(); REGISTERS].map(|()| buffer()),
            normal: buffer(),
            uniforms: buffer(),
        }
    }
}

impl Scratch {
    fn clear(&mut self, recipe: &Recipe, len: usize) {
        let buffers = recipe.sums * recipe.lanes;
        for set in [&mut self.totals, &mut self.values] {
            if set.len() < buffers {
                set.resize_with(buffers, || vec![0.0; STREAM_BLOCK]);
            }
        }
        for total in &mut self.totals[..buffers] {
            total[..len].fill(0.0);
        }
        if self.delivery.len() < recipe.lanes {
            self.delivery.resize(recipe.lanes, [0.0; CHUNK]);
        }
    }

    fn view(&self, recipe: &Recipe, fraction: f64) -> Sums<'_> {
        Sums {
            totals: &self.totals,
            values: &self.values,
            per_lane: recipe.sums,
            fraction,
        }
    }

    fn add_values(&mut self, recipe: &Recipe, len: usize) {
        let buffers = recipe.sums * recipe.lanes;
        for (total, value) in self.totals[..buffers].iter_mut().zip(&self.values) {
            for (total, value) in total[..len].iter_mut().zip(value) {
                *total += value;
            }
        }
    }
}

/// Where a creator's values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Onto the running sums.
    Add,
    /// Aside, since a job books a fraction of this creator.
    Keep,
}

/// Runs all creators of a group over a segment. Each job is finished right after its last creator,
/// from the running sums as they then stand; `columns` are the jobs' in order, `at` is where in
/// them the segment begins.
pub(super) fn run(
    group: &Group<'_>,
    segment: &Segment<'_>,
    finish: Finish<'_>,
    scratch: &mut Scratch,
    columns: &mut [Columns],
    at: usize,
) {
    let recipe = &group.recipe;
    scratch.clear(recipe, segment.len);
    if recipe.sums == 0 {
        for (job, columns) in group.jobs.iter().zip(columns) {
            finish.job(recipe, job, &scratch.view(recipe, 0.0), columns, at);
        }
        return;
    }
    let mut jobs = &group.jobs[..];
    let mut columns = columns;
    for (creator, &slot) in group.slots.iter().enumerate() {
        let ending = jobs.partition_point(|job| job.last_creator() <= creator);
        let (due, later) = jobs.split_at(ending);
        let (due_columns, later_columns) = columns.split_at_mut(ending);
        (jobs, columns) = (later, later_columns);

        let keep = due.iter().any(|job| job.fraction() > 0.0);
        let mode = if keep { Mode::Keep } else { Mode::Add };
        draw(recipe, segment, slot, scratch, mode);
        // Fractions of this creator go on top of the sums before it, whole ones into them.
        for fractional in [true, false] {
            for (job, columns) in due.iter().zip(&mut *due_columns) {
                let fraction = job.fraction();
                if (fraction > 0.0) == fractional {
                    finish.job(recipe, job, &scratch.view(recipe, fraction), columns, at);
                }
            }
            if fractional && keep {
                scratch.add_values(recipe, segment.len);
            }
        }
    }
}

/// Draws one creator over a segment.
fn draw(recipe: &Recipe, segment: &Segment<'_>, slot: u64, scratch: &mut Scratch, mode: Mode) {
    let Scratch {
        totals,
        values,
        streams,
        delivery,
        chunk,
    } = scratch;
    let months = if recipe.delivery.is_some() {
        0..recipe.lanes
    } else {
        0..0
    };
    let deliveries = months.map(|month| (Drawn::Delivery, month));
    let others = recipe.steps.iter().filter_map(Step::quantity);
    let quantities = deliveries.chain(others.map(|quantity| (quantity, 0)));
    streams.clear();
    streams.extend(quantities.map(|(drawn, month)| segment.stream(slot, drawn, month)));

    let target = match mode {
        Mode::Add => totals,
        Mode::Keep => values,
    };
    let mut start = 0;
    while start < segment.len {
        let n = CHUNK.min(segment.len - start);
        let mut streams = streams.iter_mut();
        if let Some(probability) = recipe.delivery {
            for (appears, stream) in delivery[..recipe.lanes].iter_mut().zip(&mut streams) {
                let uniforms = &mut chunk.uniforms[..n];
                stream.fill_uniforms(uniforms);
                for (appears, &u) in appears.iter_mut().zip(&*uniforms) {
                    *appears = if u < probability { 1.0 } else { 0.0 };
                }
            }
        }
        for step in &recipe.steps {
            match *step {
                Step::Add(register, sum) => {
                    let value = &chunk.registers[register as usize][..n];
                    for lane in 0..recipe.lanes {
                        let target = &mut target[lane * recipe.sums + sum][start..start + n];
                        if recipe.delivery.is_some() {
                            put_product(target, value, &delivery[lane], mode);
                        } else {
                            put(target, value, mode);
                        }
                    }
                }
                Step::AddDelivery(sum) => {
                    for lane in 0..recipe.lanes {
                        let target = &mut target[lane * recipe.sums + sum][start..start + n];
                        put(target, &delivery[lane], mode);
                    }
                }
                _ => {
                    if let Some(stream) = streams.next() {
                        chunk.step(step, stream, n);
                    }
                }
            }
        }
        start += n;
    }
}

impl Chunk {
    /// One step that draws, from its stream, over the next `n` trials.
    fn step(&mut self, step: &Step, stream: &mut Stream, n: usize) {
        let [product, fee, quotient] = self.registers.each_mut().map(|register| &mut register[..n]);
        let normal = &mut self.normal[..n];
        match step {
            Step::FillYield(draw) => draw.table.fill(stream, product),
            Step::FillFee(draw) => draw.table.fill(stream, fee),
            Step::Multiply(draw) => draw.table.multiply(stream, product),
            Step::FillKeepingNormal(draw) => {
                // The same numbers twice, so that the draw has the bits it has on its own.
                draw.table.fill(&mut stream.clone(), product);
                let uniforms = &mut self.uniforms[..n];
                stream.fill_sided(uniforms);
                NORMAL.fill(uniforms, normal);
            }
            Step::FillCorrelatedFee {
                correlation,
                root,
                table,
            } => {
                let uniforms = &mut self.uniforms[..n];
                stream.fill_sided(uniforms);
                let latent = quotient;
                NORMAL.fill(uniforms, latent);
                for (latent, kept) in latent.iter_mut().zip(normal) {
                    *latent = correlation * *kept + root * *latent;
                }
                table.fill(latent, fee);
            }
            Step::Reciprocal(draw) => {
                draw.table.fill(stream, quotient);
                for quotient in quotient {
                    *quotient = 1.0 / *quotient;
                }
            }
            Step::Divide(draw) => {
                draw.table.fill(stream, quotient);
                for (quotient, fee) in quotient.iter_mut().zip(fee) {
                    *quotient = *fee / *quotient;
                }
            }
            // Nothing to draw: the sums are the caller's.
            Step::Add(..) | Step::AddDelivery(_) => {}
        }
    }
}

fn put(target: &mut [f64], value: &[f64], mode: Mode) {
    let pairs = target.iter_mut().zip(value);
    match mode {
        Mode::Add => pairs.for_each(|(target, value)| *target += value),
        Mode::Keep => pairs.for_each(|(target, value)| *target = *value),
    }
}

fn put_product(target: &mut [f64], value: &[f64], delivery: &[f64], mode: Mode) {
    let triples = target.iter_mut().zip(value.iter().zip(delivery));
    match mode {
        Mode::Add => triples.for_each(|(target, (value, d))| *target += value * d),
        Mode::Keep => triples.for_each(|(target, (value, d))| *target = value * d),
    }
}
