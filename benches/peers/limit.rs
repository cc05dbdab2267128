//! The limit: as many uniforms as the engine takes, each looked up in a table, all summed, and
//! nothing else. What the engine falls short of it is what its model costs beyond drawing.

use influencer_matrix::rng::{Address, Path, Stream};

use crate::{Contender, SEED, TOTALS, Totals};

/// Entries of the table, interpolated linearly; one more closes the last cell.
const ENTRIES: usize = 1024;
/// Mantissa bits below the number of a table's cell.
const SHIFT: u32 = 52 - ENTRIES.ilog2();
/// Uniforms at a time: they and their sums stay in the fastest cache.
const CHUNK: usize = 1024;

pub(crate) struct Limit {
    draws: usize,
    path: Path,
    table: Box<[f64; ENTRIES + 1]>,
}

impl Limit {
    pub(crate) fn new(draws: usize, path: Path) -> Self {
        // Any smooth curve will do: this is the quantile function of 1 + the standard exponential's
        // share below its 99.9 % quantile.
        let curve = |i: usize| 1.0 - (1.0 - 0.999 * i as f64 / ENTRIES as f64).ln();
        Self {
            draws,
            path,
            table: Box::new(std::array::from_fn(curve)),
        }
    }
}

/// Adds a chunk's quantiles to its sums.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the path of its caller")]
fn add(table: &[f64; ENTRIES + 1], uniforms: &[f64; CHUNK], sums: &mut [f64; CHUNK]) {
    for (sum, &u) in sums.iter_mut().zip(uniforms) {
        // The leading bits of the mantissa of 1 + u are the cell.
        let place = 1.0 + u;
        let bits = place.to_bits();
        let cell = (bits >> SHIFT) as usize & (ENTRIES - 1);
        let share = (place - f64::from_bits(bits >> SHIFT << SHIFT)) * ENTRIES as f64;
        let (low, high) = (table[cell], table[cell + 1]);
        *sum += low + share * (high - low);
    }
}

impl Contender for Limit {
    fn block(&self, first: u64, trials: usize) -> Totals {
        let mut sums = vec![[0.0; CHUNK]; trials.div_ceil(CHUNK)];
        let mut uniforms = [0.0; CHUNK];
        let address = Address {
            slot: 0,
            quantity: 0,
            block: first,
        };
        let mut stream = Stream::new(SEED, address).on(self.path);
        let all = &mut sums;
        self.path.run(
            #[inline(always)]
            move || {
                for sums in all {
                    for _ in 0..self.draws {
                        stream.fill_uniforms(&mut uniforms);
                        add(&self.table, &uniforms, sums);
                    }
                }
            },
        );
        let mut totals: Totals = [(); TOTALS].map(|()| Vec::new());
        totals[0] = sums.concat();
        totals[0].truncate(trials);
        totals
    }
}
