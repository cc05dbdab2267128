//! The loops: one creator × one quantity at a time over a chunk of trials.

mod pool;
mod put;

use std::sync::LazyLock;

use pool::Scale;
use put::{put, put_product, put_shock, times};

use super::draws::{CHUNK, Drawn, Segment};
use super::factors::FactorValues;
use super::finish::{Columns, Finish, Sums};
use super::group::Group;
use super::recipe::{Correlated, REGISTERS, Recipe, Register, Step};
use super::turnover::{Histories, History};
use crate::distribution::QuantileTable;
use crate::model::Quality;
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
    /// Whether a creator is there, a chunk a month.
    presence: Vec<[f64; CHUNK]>,
    /// Whether content appears, a chunk a month.
    delivery: Vec<[f64; CHUNK]>,
    /// Whether there is an incident, and what it leaves of content that appears.
    incident: Vec<[f64; CHUNK]>,
    kept: Vec<[f64; CHUNK]>,
    /// The least over creators of the uniforms that decide on shocks, [`NO_SHOCK`] without an incident, a
    /// stream block a month; and those of one creator alone.
    nearest: Vec<Vec<f64>>,
    own: Vec<Vec<f64>>,
    /// Of creators who were seen in months that happened.
    scales: Vec<Scale>,
    chunk: Chunk,
}

/// Above every uniform.
const NO_SHOCK: f64 = 2.0;

/// One creator's running products over a chunk of trials.
#[derive(Debug)]
struct Chunk {
    registers: [Box<[f64]>; REGISTERS],
    /// Standard normals kept for what is correlated, by quality.
    normals: [Box<[f64]>; 6],
    uniforms: Box<[f64]>,
    /// A register's values, scaled.
    scaled: Box<[f64]>,
}

impl Default for Chunk {
    fn default() -> Self {
        let buffer = || vec![0.0; CHUNK].into_boxed_slice();
        Self {
            registers: [(); REGISTERS].map(|()| buffer()),
            normals: [(); 6].map(|()| buffer()),
            uniforms: buffer(),
            scaled: buffer(),
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
        let shocks = if recipe.shock.is_some() {
            recipe.lanes
        } else {
            0
        };
        for set in [&mut self.nearest, &mut self.own] {
            if set.len() < shocks {
                set.resize_with(shocks, || vec![NO_SHOCK; STREAM_BLOCK]);
            }
        }
        for nearest in &mut self.nearest[..shocks] {
            nearest[..len].fill(NO_SHOCK);
        }
        for chunks in [
            &mut self.presence,
            &mut self.delivery,
            &mut self.incident,
            &mut self.kept,
        ] {
            if chunks.len() < recipe.lanes {
                chunks.resize(recipe.lanes, [0.0; CHUNK]);
            }
        }
    }

    pub(super) fn view(&self, recipe: &Recipe, fraction: f64) -> Sums<'_> {
        Sums {
            totals: &self.totals,
            values: &self.values,
            per_lane: recipe.sums,
            fraction,
            nearest: &self.nearest,
            own: &self.own,
        }
    }

    /// Zeros where one creator's values stand, for those of several to be added.
    fn clear_values(&mut self, recipe: &Recipe, len: usize) {
        for value in &mut self.values[..recipe.sums * recipe.lanes] {
            value[..len].fill(0.0);
        }
        if recipe.shock.is_some() {
            for own in &mut self.own[..recipe.lanes] {
                own[..len].fill(NO_SHOCK);
            }
        }
    }

    fn add_values(&mut self, recipe: &Recipe, len: usize) {
        let buffers = recipe.sums * recipe.lanes;
        for (total, value) in self.totals[..buffers].iter_mut().zip(&self.values) {
            for (total, value) in total[..len].iter_mut().zip(value) {
                *total += value;
            }
        }
        if recipe.shock.is_some() {
            for (nearest, own) in self.nearest[..recipe.lanes].iter_mut().zip(&self.own) {
                for (nearest, own) in nearest[..len].iter_mut().zip(own) {
                    *nearest = nearest.min(*own);
                }
            }
        }
    }
}

/// How a creator's values go to where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Onto what is there.
    Add,
    /// In its place.
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
    histories: &[Histories],
    at: usize,
) {
    let recipe = &group.recipe;
    scratch.clear(recipe, segment.len);
    if recipe.sums == 0 && recipe.shock.is_none() {
        for (job, columns) in group.jobs.iter().zip(columns) {
            finish.job(recipe, job, &scratch.view(recipe, 0.0), columns, at);
        }
        return;
    }
    scratch.scale(group, segment, finish.factors);
    let mut jobs = &group.jobs[..];
    let mut columns = columns;
    for (creator, slots) in group.slots.iter().enumerate() {
        if jobs.is_empty() {
            break;
        }
        let history = group
            .places
            .map(|(plan, first)| histories[plan].of(first + creator));
        if let Some(history) = history {
            let range = at..at + segment.len;
            for (job, columns) in jobs.iter().zip(&mut *columns) {
                let (joined, left) = (&mut columns.joined, &mut columns.left);
                history.count(
                    job.month,
                    &mut joined[range.clone()],
                    &mut left[range.clone()],
                );
            }
        }
        let ending = jobs.partition_point(|job| job.last_creator() <= creator);
        let (due, later) = jobs.split_at(ending);
        let (due_columns, later_columns) = columns.split_at_mut(ending);
        (jobs, columns) = (later, later_columns);

        let keep = due.iter().any(|job| job.fraction() > 0.0);
        let seen = group.seen(creator);
        draw_all(recipe, segment, (slots, history, seen), scratch, keep);
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

/// Draws one creator of a group on its own: its values stand beside running sums of zero.
pub(super) fn alone(
    group: &Group<'_>,
    segment: &Segment<'_>,
    (creator, history): (usize, Option<History<'_>>),
    factors: &FactorValues,
    scratch: &mut Scratch,
) {
    scratch.clear(&group.recipe, segment.len);
    scratch.scale(group, segment, factors);
    let who = (&*group.slots[creator], history, group.seen(creator));
    draw_all(&group.recipe, segment, who, scratch, true);
}

/// Draws a creator, or all who are ever in a place, over a segment, aside or onto the running sums.
fn draw_all(
    recipe: &Recipe,
    segment: &Segment<'_>,
    (slots, history, seen): (&[u64], Option<History<'_>>, bool),
    scratch: &mut Scratch,
    aside: bool,
) {
    let Some(history) = history else {
        let mode = if aside { Mode::Keep } else { Mode::Add };
        let who = (slots[0], None, seen);
        return draw(recipe, segment, who, scratch, (aside, mode));
    };
    if aside {
        scratch.clear_values(recipe, segment.len);
    }
    for (number, &slot) in slots.iter().enumerate().take(history.creators()) {
        draw(
            recipe,
            segment,
            (slot, Some((history, number)), seen),
            scratch,
            (aside, Mode::Add),
        );
    }
}

/// Draws one creator over a segment.
#[expect(clippy::too_many_lines, reason = "one pass over a chunk of trials")]
fn draw(
    recipe: &Recipe,
    segment: &Segment<'_>,
    (slot, place, seen): (u64, Option<(History<'_>, usize)>, bool),
    scratch: &mut Scratch,
    (aside, mode): (bool, Mode),
) {
    let Scratch {
        totals,
        values,
        streams,
        presence,
        delivery,
        incident,
        kept,
        nearest,
        own,
        scales,
        chunk,
    } = scratch;
    let months = |drawn: bool| 0..if drawn { recipe.lanes } else { 0 };
    let deliveries = months(recipe.delivery.is_some()).map(|month| (Drawn::Delivery, month));
    let incidents = months(recipe.incident.is_some()).map(|month| (Drawn::Incident, month));
    let shocks = months(recipe.shock.is_some()).map(|month| (Drawn::Shock, month));
    let others = recipe.steps.iter().filter_map(Step::quantity);
    let quantities = deliveries
        .chain(incidents)
        .chain(shocks)
        .chain(others.map(|quantity| (quantity, 0)));
    streams.clear();
    streams.extend(quantities.map(|(drawn, month)| segment.stream(slot, drawn, month)));

    // Aside, where a job books a fraction of this creator.
    let (target, shocking) = if aside {
        (values, own)
    } else {
        (totals, nearest)
    };
    let mut start = 0;
    while start < segment.len {
        let n = CHUNK.min(segment.len - start);
        let mut streams = streams.iter_mut();
        if let Some((history, number)) = place {
            for (month, presence) in presence[..recipe.lanes].iter_mut().enumerate() {
                history.presence(month, number, start, &mut presence[..n]);
            }
            if recipe.delivery.is_none() {
                delivery[..recipe.lanes].copy_from_slice(&presence[..recipe.lanes]);
            }
        }
        if let Some(probability) = recipe.delivery {
            for (appears, stream) in delivery[..recipe.lanes].iter_mut().zip(&mut streams) {
                let uniforms = &mut chunk.uniforms[..n];
                stream.fill_uniforms(uniforms);
                for (appears, &u) in appears.iter_mut().zip(&*uniforms) {
                    *appears = if u < probability { 1.0 } else { 0.0 };
                }
            }
            if place.is_some() {
                for (appears, here) in delivery[..recipe.lanes].iter_mut().zip(&*presence) {
                    times(&mut appears[..n], here);
                }
            }
        }
        if let Some((probability, lost)) = recipe.incident {
            for (lane, stream) in (0..recipe.lanes).zip(&mut streams) {
                let uniforms = &mut chunk.uniforms[..n];
                stream.fill_uniforms(uniforms);
                let chunks = incident[lane].iter_mut().zip(&mut kept[lane]);
                for ((incident, kept), &u) in chunks.zip(&*uniforms) {
                    *incident = if u < probability { 1.0 } else { 0.0 };
                    *kept = 1.0 - lost * *incident;
                }
                if place.is_some() {
                    times(&mut incident[lane][..n], &presence[lane]);
                }
                if recipe.is_unsure() {
                    for (kept, appears) in kept[lane][..n].iter_mut().zip(&delivery[lane]) {
                        *kept *= appears;
                    }
                }
            }
        }
        for (lane, stream) in months(recipe.shock.is_some()).zip(&mut streams) {
            stream.fill_uniforms(&mut chunk.uniforms[..n]);
            let target = &mut shocking[lane][start..start + n];
            put_shock(segment.path, target, &chunk.uniforms, &incident[lane], mode);
        }
        for step in &recipe.steps {
            match *step {
                Step::Add(register, sum) => {
                    let scale = scales.iter().find(|scale| scale.sum == sum);
                    let value = match scale {
                        None => &chunk.registers[register.place()][..n],
                        Some(scale) => {
                            let by = if seen { &scale.seen } else { &scale.others };
                            let scaled = &mut chunk.scaled[..n];
                            scaled.copy_from_slice(&chunk.registers[register.place()][..n]);
                            times(scaled, &by[start..start + n]);
                            scaled
                        }
                    };
                    let weight = if recipe.incident.is_some() && register != Register::Fee {
                        Some(&*kept)
                    } else {
                        recipe.is_unsure().then_some(&*delivery)
                    };
                    for lane in 0..recipe.lanes {
                        let target = &mut target[lane * recipe.sums + sum][start..start + n];
                        match weight {
                            Some(weight) => {
                                put_product(segment.path, target, value, &weight[lane], mode);
                            }
                            None => put(segment.path, target, value, mode),
                        }
                    }
                }
                Step::AddDelivery(sum)
                | Step::AddKept(sum)
                | Step::AddIncident(sum)
                | Step::AddPresence(sum) => {
                    let values = match step {
                        Step::AddPresence(_) => &*presence,
                        Step::AddKept(_) => &*kept,
                        Step::AddIncident(_) => &*incident,
                        _ => &*delivery,
                    };
                    for lane in 0..recipe.lanes {
                        let target = &mut target[lane * recipe.sums + sum][start..start + n];
                        put(segment.path, target, &values[lane], mode);
                    }
                }
                Step::Correlated(ref correlated) => chunk.correlated(correlated, n),
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
        match step {
            Step::FillYield(draw) => draw.table.fill(stream, product),
            Step::FillFee(draw) => draw.table.fill(stream, fee),
            Step::Multiply(draw) => draw.table.multiply(stream, product),
            Step::FillKeepingNormal(draw) => {
                // The same numbers twice, so that the draw has the bits it has on its own.
                draw.table.fill(&mut stream.clone(), product);
                let uniforms = &mut self.uniforms[..n];
                stream.fill_sided(uniforms);
                let normals = &mut self.normals[Quality::Followers as usize][..n];
                NORMAL.fill_on(stream.path(), uniforms, normals);
            }
            Step::KeepNormal(quality) => {
                let uniforms = &mut self.uniforms[..n];
                stream.fill_sided(uniforms);
                let normals = &mut self.normals[*quality as usize][..n];
                NORMAL.fill_on(stream.path(), uniforms, normals);
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
            Step::Correlated(_)
            | Step::Add(..)
            | Step::AddDelivery(_)
            | Step::AddKept(_)
            | Step::AddIncident(_)
            | Step::AddPresence(_) => {}
        }
    }

    /// A correlated quality from the normals kept, over the first `n` trials.
    fn correlated(&mut self, quality: &Correlated, n: usize) {
        let latent = &mut self.uniforms[..n];
        let mut terms = self.normals.iter().zip(&quality.row);
        let mut term = || terms.find(|&(_, &weight)| weight != 0.0);
        if let Some((normal, weight)) = term() {
            for (latent, normal) in latent.iter_mut().zip(normal) {
                *latent = weight * normal;
            }
        }
        while let Some((normal, weight)) = term() {
            for (latent, normal) in latent.iter_mut().zip(normal) {
                *latent += weight * normal;
            }
        }
        let register = &mut self.registers[quality.register.place()][..n];
        if quality.multiply {
            quality.table.multiply(latent, register);
        } else {
            quality.table.fill(latent, register);
        }
    }
}
