//! Quantile functions as tables for the block kernel.

use crate::distribution::Distribution;
use crate::distribution::curve::Curve;
use crate::rng::Path;
use crate::stats::special::{normal_pdf, normal_quantile};
use std::sync::LazyLock;

/// Cells per octave: 2⁵.
const BITS: u32 = 5;
/// The same, for tables made of this one.
pub(super) const SIDE_BITS: u32 = BITS;
/// Mantissa bits below a cell's index.
const SHIFT: u32 = 52 - BITS;
/// Octaves of t = min(u, 1 − u), from 2⁻⁵³ to ½.
pub(super) const OCTAVES: usize = 52;
/// Cells of one side; the last holds t = ½ alone.
const SIDE: usize = (OCTAVES << BITS) + 1;
/// Cells of both sides, padded to a power of two.
const PADDED: usize = (2 * SIDE).next_power_of_two();
/// Uniforms located together: a vector loop finds their cells, then a scalar one reads them.
const PIECE: usize = 64;
/// Least tabulated t: the smallest uniform.
const LEAST: f64 = 1.0 / 9_007_199_254_740_992.0;
/// Index of `LEAST` among all cells of positive numbers.
const FIRST: u64 = LEAST.to_bits() >> SHIFT;
/// Clears the mantissa bits below a cell's index.
const CELL_MASK: u64 = !((1 << SHIFT) - 1);

/// z = Φ⁻¹(t) and dz/dt = 1/φ(z) at the lower end of every cell of one side.
static NODES: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    (0..SIDE as u64)
        .map(|i| {
            let z = normal_quantile(node(i));
            (z, 1.0 / normal_pdf(z))
        })
        .collect()
});

/// Lower end of cell `i`.
pub(super) fn node(i: u64) -> f64 {
    f64::from_bits((FIRST + i) << SHIFT)
}

/// Width of cell `i`.
pub(super) fn cell_width(i: usize) -> f64 {
    node(i as u64 + 1) - node(i as u64)
}

/// A quantile function Q tabulated over uniforms u in (0, 1).
///
/// Cells are addressed by the exponent and leading 5 mantissa bits of t = min(u, 1 − u), so that
/// both tails are refined octave by octave down to 2⁻⁵³: 1,664 cells a side. In a cell Q is the cubic
/// that matches value and slope at both ends; a draw costs one load of four adjacent numbers and
/// no branch. Uniform and triangular distributions are computed in closed form, certain ones give
/// exactly their value.
///
/// Largest error of a value relative to the exact quantile over p in \[1e-9, 1 − 1e-9\], and of the
/// table's own mean relative to the exact mean (both held by tests):
///
/// | family | parameters | value | mean |
/// |---|---|---|---|
/// | certain | any | 0 | 0 |
/// | uniform | any | 1e-14 | 1e-15 |
/// | triangular | any (min = mode = 0: rounding) | 1e-12 (1e-6) | 1e-14 |
/// | lognormal | sigma ≤ 1.2 | 5e-8 | 5e-9 |
/// | lognormal | sigma ≤ 3 | 5e-7 | 2e-7 |
/// | beta, PERT | alpha, beta ≥ 0.3 | 1e-7 | 5e-9 |
/// | gamma | shape ≥ 0.3 | 1e-7 | 5e-9 |
/// | beta, gamma | alpha, beta, shape ≥ 0.05 | 1e-3, below 1e-4 absolute for beta | 1e-7 |
/// | standard normal | | 1e-8 absolute | 1e-15 absolute |
#[derive(Debug, Clone)]
pub struct QuantileTable {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Certain(f64),
    Uniform {
        min: f64,
        range: f64,
    },
    Triangular {
        min: f64,
        max: f64,
        /// Probability below the mode.
        turn: f64,
        /// range × (mode − min).
        rise: f64,
        /// range × (max − mode).
        fall: f64,
    },
    /// Lower side (t = u), then upper side (t = 1 − u): coefficients of a cubic in t − node.
    Cells(Box<[[f64; 4]; PADDED]>),
}

impl QuantileTable {
    /// The table of a distribution.
    #[must_use]
    pub fn new(distribution: &Distribution) -> Self {
        let form = match *distribution {
            Distribution::Certain(value) => Form::Certain(value),
            Distribution::Uniform { min, max } => Form::Uniform {
                min,
                range: max - min,
            },
            Distribution::Triangular { min, mode, max } => Form::Triangular {
                min,
                max,
                turn: (mode - min) / (max - min),
                rise: (max - min) * (mode - min),
                fall: (max - min) * (max - mode),
            },
            _ => cells(&Curve::new(distribution)),
        };
        Self { form }
    }

    /// The table of a distribution as cells, whatever its family.
    pub(super) fn of_cells(distribution: &Distribution) -> Self {
        Self {
            form: cells(&Curve::new(distribution)),
        }
    }

    /// The cubic of cell `i` of a side (0: lower), in the distance of t = min(u, 1 − u) from its
    /// node.
    pub(super) fn cubic(&self, side: usize, i: usize) -> [f64; 4] {
        match &self.form {
            Form::Cells(cells) => cells[side * SIDE + i],
            _ => [self.value(0.5), 0.0, 0.0, 0.0],
        }
    }

    /// The table of the standard normal.
    #[must_use]
    pub fn standard_normal() -> Self {
        Self {
            form: cells(&Curve::Normal),
        }
    }

    /// Quantile at `u` in (0, 1). Below 2⁻⁵³ and above 1 − 2⁻⁵³ the values there are returned.
    #[must_use]
    pub fn value(&self, u: f64) -> f64 {
        match self.form {
            Form::Certain(value) => value,
            Form::Uniform { min, range } => min + range * u,
            Form::Triangular {
                min,
                max,
                turn,
                rise,
                fall,
            } => triangular(u, min, max, turn, rise, fall),
            Form::Cells(ref cells) => {
                let (place, offset) = locate(u);
                cubic(cells, place, offset)
            }
        }
    }

    /// `out[i]` = quantile at `uniforms[i]`, up to the shorter length.
    pub fn fill(&self, uniforms: &[f64], out: &mut [f64]) {
        self.fill_on(Path::best(), uniforms, out);
    }

    /// The same on a path: same bits, other instructions.
    pub fn fill_on(&self, path: Path, uniforms: &[f64], out: &mut [f64]) {
        match &self.form {
            Form::Cells(cells) if path == Path::Avx512 => path.run(
                #[inline(always)]
                move || gather(cells, uniforms, out),
            ),
            _ => path.run(
                #[inline(always)]
                move || self.apply(uniforms, out, |_, value| value),
            ),
        }
    }

    /// `inout[i]` ×= quantile at `uniforms[i]`, up to the shorter length.
    pub fn multiply(&self, uniforms: &[f64], inout: &mut [f64]) {
        self.apply(uniforms, inout, |before, value| before * value);
    }

    #[inline(always)]
    fn apply(&self, uniforms: &[f64], out: &mut [f64], combine: impl Fn(f64, f64) -> f64) {
        let pairs = out.iter_mut().zip(uniforms);
        match self.form {
            Form::Certain(value) => {
                for (out, _) in pairs {
                    *out = combine(*out, value);
                }
            }
            Form::Uniform { min, range } => {
                for (out, &u) in pairs {
                    *out = combine(*out, min + range * u);
                }
            }
            Form::Triangular {
                min,
                max,
                turn,
                rise,
                fall,
            } => {
                for (out, &u) in pairs {
                    *out = combine(*out, triangular(u, min, max, turn, rise, fall));
                }
            }
            Form::Cells(ref cells) => {
                let mut places = [(); PIECE].map(|()| 0);
                let mut offsets = [0.0; PIECE];
                let n = out.len().min(uniforms.len());
                let pieces = out[..n].chunks_mut(PIECE).zip(uniforms.chunks(PIECE));
                for (out, uniforms) in pieces {
                    let located = places.iter_mut().zip(&mut offsets);
                    for ((place, offset), &u) in located.zip(uniforms) {
                        (*place, *offset) = locate(u);
                    }
                    let located = places.iter().zip(&offsets);
                    for (out, (&place, &offset)) in out.iter_mut().zip(located) {
                        *out = combine(*out, cubic(cells, place, offset));
                    }
                }
            }
        }
    }

    /// Mean of the tabulated values, ∫ value(u) du over \[2⁻⁵³, 1 − 2⁻⁵³\]: the expectation of a
    /// simulation that uses the table. Differs from the exact mean as the type's table says.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self.form {
            Form::Certain(value) => value,
            Form::Uniform { min, range } => min + 0.5 * range,
            Form::Triangular {
                min,
                max,
                turn,
                rise,
                fall,
            } => {
                // ∫ √(u rise) du to the turn, and the same from above.
                let (left, right) = (turn, 1.0 - turn);
                min * left
                    + max * right
                    + (left * libm::sqrt(left * rise) - right * libm::sqrt(right * fall))
                        * (2.0 / 3.0)
            }
            Form::Cells(ref cells) => {
                let mut sum = 0.0;
                for side in cells[..2 * SIDE].chunks_exact(SIDE) {
                    for (i, c) in side[..SIDE - 1].iter().enumerate() {
                        let i = i as u64;
                        let h = node(i + 1) - node(i);
                        sum += h * (c[0] + h * (c[1] / 2.0 + h * (c[2] / 3.0 + h * c[3] / 4.0)));
                    }
                }
                sum
            }
        }
    }
}

/// Where the machine loads from many places at once, one plain loop is the fastest.
#[inline(always)]
fn gather(cells: &[[f64; 4]; PADDED], uniforms: &[f64], out: &mut [f64]) {
    for (out, &u) in out.iter_mut().zip(uniforms) {
        let (place, offset) = locate(u);
        *out = cubic(cells, place, offset);
    }
}

#[inline(always)]
fn triangular(u: f64, min: f64, max: f64, turn: f64, rise: f64, fall: f64) -> f64 {
    let below = u < turn;
    // IEEE 754 rounds square roots exactly: the machine's instruction has the same bits everywhere.
    let root = (if below { u * rise } else { (1.0 - u) * fall }).sqrt();
    if below { min + root } else { max - root }
}

#[inline(always)]
fn locate(u: f64) -> (u64, f64) {
    let v = 1.0 - u;
    // Written as comparisons, not min and max, for the plain machine instruction.
    let t = if u < v { u } else { v };
    let t = if t > LEAST { t } else { LEAST };
    let bits = t.to_bits();
    let first = if u < v { FIRST } else { FIRST - SIDE as u64 };
    let place = (bits >> SHIFT).wrapping_sub(first);
    (place, t - f64::from_bits(bits & CELL_MASK))
}

#[inline(always)]
fn cubic(cells: &[[f64; 4]; PADDED], place: u64, s: f64) -> f64 {
    // The mask changes nothing: it shows that the place is inside.
    let c = &cells[place as usize & (PADDED - 1)];
    c[0] + s * (c[1] + s * (c[2] + s * c[3]))
}

fn cells(curve: &Curve) -> Form {
    let mut cells = Vec::with_capacity(2 * SIDE);
    for sign in [1.0, -1.0] {
        let at = |i: usize| {
            let (z, dz) = NODES[i];
            let (value, slope) = curve.at(sign * z);
            (value, sign * slope * dz)
        };
        let (mut f0, mut d0) = at(0);
        for i in 0..SIDE - 1 {
            let (f1, d1) = at(i + 1);
            let h = node(i as u64 + 1) - node(i as u64);
            let chord = (f1 - f0) / h;
            cells.push([
                f0,
                d0,
                (3.0 * chord - 2.0 * d0 - d1) / h,
                (d0 + d1 - 2.0 * chord) / (h * h),
            ]);
            (f0, d0) = (f1, d1);
        }
        cells.push([f0, 0.0, 0.0, 0.0]);
    }
    cells.resize(PADDED, [0.0; 4]);
    let cells = cells.into_boxed_slice().try_into();
    Form::Cells(cells.unwrap_or_else(|_| unreachable!("the length was just set")))
}
