//! One creator's values onto what is there.

use super::{Mode, NO_SHOCK};
use crate::rng::Path;

pub(super) fn times(out: &mut [f64], by: &[f64]) {
    for (out, by) in out.iter_mut().zip(by) {
        *out *= by;
    }
}

pub(super) fn put(path: Path, target: &mut [f64], value: &[f64], mode: Mode) {
    path.run(
        #[inline(always)]
        move || {
            let pairs = target.iter_mut().zip(value);
            match mode {
                Mode::Add => pairs.for_each(|(target, value)| *target += value),
                Mode::Keep => pairs.for_each(|(target, value)| *target = *value),
            }
        },
    );
}

pub(super) fn put_product(
    path: Path,
    target: &mut [f64],
    value: &[f64],
    delivery: &[f64],
    mode: Mode,
) {
    path.run(
        #[inline(always)]
        move || {
            let triples = target.iter_mut().zip(value.iter().zip(delivery));
            match mode {
                Mode::Add => triples.for_each(|(target, (value, d))| *target += value * d),
                Mode::Keep => triples.for_each(|(target, (value, d))| *target = value * d),
            }
        },
    );
}

/// The uniform where there is an incident: the least so far, or this creator's own.
pub(super) fn put_shock(
    path: Path,
    target: &mut [f64],
    uniforms: &[f64],
    incident: &[f64],
    mode: Mode,
) {
    path.run(
        #[inline(always)]
        move || {
            let triples = target.iter_mut().zip(uniforms.iter().zip(incident));
            let near = |u: f64, incident: f64| if incident > 0.0 { u } else { NO_SHOCK };
            match mode {
                Mode::Add => triples.for_each(|(target, (u, i))| {
                    *target = target.min(near(*u, *i));
                }),
                Mode::Keep => triples.for_each(|(target, (u, i))| *target = near(*u, *i)),
            }
        },
    );
}
