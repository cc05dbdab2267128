//! Revenue given conversions: the gamma law of a sum of orders.

use std::sync::{Arc, OnceLock};

use super::coefficients::{GAMMA_0, GAMMA_1, GAMMA_2, GAMMA_3, GAMMA_4};
use super::polynomial;
use crate::distribution::{Distribution, QuantileTable, ZTable};
use crate::model::valuation::OrderValue;
use crate::rng::Path;
use crate::stats::special::{LogConcave, LogGamma};

/// Least shape of the expansion.
const EXPANDED: f64 = 10.0;
/// Largest |s| of the expansion: |z| ≤ 6.48 at the least shape.
const REACH: f64 = 2.05;
/// Most tables of one order law.
const MAX_TABLES: f64 = 256.0;

/// Law of the revenue of n orders: gamma of mean n·value and variance n·sd², so of shape
/// n·(value/sd)² and scale sd²/value.
///
/// From shape 10 on the quantile is Temme's expansion with five terms; below it is a table for every n; what
/// neither reaches (|z| above 6.4, over 256 tables) is Newton's method. Largest error relative to
/// the exact quantile for p in \[1e-9, 1 − 1e-9\] (held by tests): 1e-7 from shape 10 on, 1e-6 from shape
/// 0.3 on.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct OrderLaw {
    /// Mean of one order.
    value: f64,
    /// The gamma laws of sums; `None` if orders are all the same.
    spread: Option<Arc<Tables>>,
}

impl OrderLaw {
    /// Mean of one order.
    pub(in crate::simulator) fn mean(&self) -> f64 {
        self.value
    }
}

impl PartialEq for OrderLaw {
    fn eq(&self, other: &Self) -> bool {
        let shape = |law: &Self| law.spread.as_ref().map(|tables| tables.shape);
        self.value == other.value && shape(self) == shape(other)
    }
}

/// Tables of order laws by the shape of one order, shared by cells whose orders have the same
/// relative spread.
#[derive(Debug, Default)]
pub(in crate::simulator) struct OrderTables {
    known: Vec<Arc<Tables>>,
}

#[derive(Debug)]
struct Tables {
    /// Shape of one order.
    shape: f64,
    /// Quantiles of the sum of n orders of scale 1, n = 1, 2, …, built when first met.
    sums: Vec<OnceLock<Table>>,
}

#[derive(Debug)]
enum Table {
    /// Over the uniform: shapes below 1, too steep at 0 for even steps of z.
    Steep(QuantileTable),
    /// Over z: a third of the size.
    Smooth(ZTable),
}

impl OrderTables {
    /// The law of an order value.
    pub(in crate::simulator) fn law(&mut self, order: OrderValue) -> OrderLaw {
        let OrderValue { mean: value, sd } = order;
        let ratio = value / sd;
        // A spread below the rounding of sums is none.
        if !(value > 0.0 && sd > 0.0 && ratio < 1e8) {
            return OrderLaw {
                value,
                spread: None,
            };
        }
        // Forty bits: relative spreads that differ by rounding alone share their tables.
        let shape = f64::from_bits(((ratio * ratio).to_bits() + (1 << 11)) & !((1 << 12) - 1));
        let known = self.known.iter().find(|tables| tables.shape == shape);
        let tables = known.cloned().unwrap_or_else(|| {
            let count = (EXPANDED / shape).ceil().min(MAX_TABLES) as usize;
            let tables = Arc::new(Tables {
                shape,
                sums: (0..count).map(|_| OnceLock::new()).collect(),
            });
            self.known.push(Arc::clone(&tables));
            tables
        });
        OrderLaw {
            value,
            spread: Some(tables),
        }
    }
}

impl OrderLaw {
    /// `out[i]` = quantile at `uniforms[i]` of the revenue of `orders[i]` orders; `normals` are the
    /// standard normal quantiles of the uniforms.
    pub(in crate::simulator) fn revenue(
        &self,
        path: Path,
        orders: &[f64],
        uniforms: &[f64],
        normals: &[f64],
        out: &mut [f64],
    ) {
        let Some(tables) = &self.spread else {
            for (out, &n) in out.iter_mut().zip(orders) {
                *out = n * self.value;
            }
            return;
        };
        let shape = tables.shape;
        let scale = self.value / shape;
        for (((out, orders), uniforms), normals) in out
            .chunks_mut(PIECE)
            .zip(orders.chunks(PIECE))
            .zip(uniforms.chunks(PIECE))
            .zip(normals.chunks(PIECE))
        {
            let open = {
                let out = &mut *out;
                path.run(
                    #[inline(always)]
                    move || expand(orders, normals, shape, scale, out),
                )
            };
            if !open {
                continue;
            }
            let draws = orders.iter().zip(uniforms).zip(normals);
            for (out, ((&n, &u), &z)) in out.iter_mut().zip(draws) {
                if out.is_nan() {
                    *out = scale * tables.outside(n, u, z);
                }
            }
        }
    }
}

/// Trials that are looked at together for what they need.
const PIECE: usize = 128;

/// `out[i]` = quantile where there are no orders or the expansion reaches, else NaN. Returns whether
/// there is one.
#[inline(always)]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "straight code becomes vectors"
)]
fn expand(orders: &[f64], normals: &[f64], shape: f64, scale: f64, out: &mut [f64]) -> bool {
    for (out, (&n, &z)) in out.iter_mut().zip(orders.iter().zip(normals)) {
        let a = n * shape;
        let reached = (a >= EXPANDED) & (z * z <= (REACH * REACH) * a);
        let value = if reached {
            scale * expansion(a, z)
        } else {
            f64::NAN
        };
        *out = if n == 0.0 { 0.0 } else { value };
    }
    out.iter().fold(false, |open, value| open | value.is_nan())
}

impl Tables {
    /// Quantile where the expansion does not reach, of scale 1.
    #[cold]
    fn outside(&self, n: f64, u: f64, z: f64) -> f64 {
        if n == 0.0 {
            return 0.0;
        }
        let a = n * self.shape;
        match self.sums.get(n as usize - 1) {
            Some(table) if a < EXPANDED => {
                let law = Distribution::Gamma {
                    shape: a,
                    scale: 1.0,
                };
                match table.get_or_init(|| {
                    if a < 1.0 {
                        Table::Steep(law.table())
                    } else {
                        Table::Smooth(law.z_table())
                    }
                }) {
                    Table::Steep(table) => table.value(u),
                    Table::Smooth(table) => table.value(z),
                }
            }
            _ => libm::exp(LogGamma::new(a).quantile(u, 1.0 - u)),
        }
    }
}

/// Gamma quantile of shape `a` and scale 1 at Φ(z); anything where it does not hold.
#[inline(always)]
fn expansion(a: f64, z: f64) -> f64 {
    let r = 1.0 / a;
    let s = z * (a.sqrt() * r);
    let tail = polynomial(&GAMMA_1, s)
        + r * (polynomial(&GAMMA_2, s)
            + r * (polynomial(&GAMMA_3, s) + r * polynomial(&GAMMA_4, s)));
    a * (1.0 + s + s * s * polynomial(&GAMMA_0, s)) + tail
}
