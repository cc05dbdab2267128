//! Creators who were seen: their sums are scaled to what is known of them together.
//!
//! With S the sum over all of them as drawn, T what is drawn of their sum as known, and s one creator's part of it, the creator
//! counts s T/S: who is how large among them is drawn afresh, all of them together are T.

use super::super::draws::{CHUNK, Segment};
use super::super::factors::FactorValues;
use super::super::group::Group;
use super::super::recipe::Step;
use super::{Chunk, Mode, Scratch, put};
use crate::rng::{STREAM_BLOCK, Stream};

/// Factors on creators' parts of a sum, a stream block each.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) sum: usize,
    /// T/S, on those who were seen.
    pub(super) seen: Vec<f64>,
    /// T over its expectation, on others beside them: they are taken to be like those seen.
    pub(super) others: Vec<f64>,
}

impl Scratch {
    /// Scales for a group's creators in a segment; none where nobody was seen.
    pub(super) fn scale(
        &mut self,
        group: &Group<'_>,
        segment: &Segment<'_>,
        factors: &FactorValues,
    ) {
        self.scales.clear();
        let Some(pool) = &group.known else {
            return;
        };
        let seen = pool.creators.min(group.slots.len());
        if seen == 0 {
            return;
        }
        for known in pool.sums(&group.recipe) {
            let mut others = vec![1.0; STREAM_BLOCK];
            if let Some(values) = factors.of(known.product) {
                others[..segment.len].copy_from_slice(&values[..segment.len]);
            }
            self.scales.push(Scale {
                sum: known.sum,
                seen: vec![0.0; STREAM_BLOCK],
                others,
            });
        }
        for slots in &group.slots[..seen] {
            draw(group, segment, slots[0], &mut self.scales, &mut self.chunk);
        }
        for (scale, known) in self.scales.iter_mut().zip(pool.sums(&group.recipe)) {
            // What is known is of all of them; a plan may book fewer, who are the first.
            let expected = seen as f64 * known.mean;
            for (seen, others) in scale.seen[..segment.len].iter_mut().zip(&scale.others) {
                *seen = if *seen > 0.0 {
                    others * expected / *seen
                } else {
                    *others
                };
            }
        }
    }
}

/// Adds one creator, as if its content appeared in any case.
fn draw(
    group: &Group<'_>,
    segment: &Segment<'_>,
    slot: u64,
    scales: &mut [Scale],
    chunk: &mut Chunk,
) {
    let steps = &group.recipe.steps;
    let quantities = steps.iter().filter_map(Step::quantity);
    let mut streams: Vec<Stream> = quantities
        .map(|quantity| segment.stream(slot, quantity, 0))
        .collect();
    let mut start = 0;
    while start < segment.len {
        let n = CHUNK.min(segment.len - start);
        let mut streams = streams.iter_mut();
        for step in steps {
            match step {
                Step::Add(register, sum) => {
                    let value = &chunk.registers[register.place()][..n];
                    if let Some(scale) = scales.iter_mut().find(|scale| scale.sum == *sum) {
                        let target = &mut scale.seen[start..start + n];
                        put(segment.path, target, value, Mode::Add);
                    }
                }
                Step::AddDelivery(_)
                | Step::AddKept(_)
                | Step::AddIncident(_)
                | Step::AddPresence(_) => {}
                Step::Correlated(correlated) => chunk.correlated(correlated, n),
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
