//! Families against statrs and closed forms; tables against exact quantiles.

mod families;
mod properties;
mod tables;

use super::*;

fn close(a: f64, b: f64, relative: f64, what: &str) {
    assert!(
        (a - b).abs() <= relative * b.abs().max(1e-290),
        "{what}: {a} is not {b} ({:e})",
        (a - b).abs() / b.abs()
    );
}
