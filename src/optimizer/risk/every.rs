//! All whole plans of a small program, one by one: where probability rules leave a question open.

use crate::optimizer::presolve::presolve;
use crate::optimizer::risk::planes::Case;
use crate::optimizer::search::Neighbourhood;

/// Most plans.
const PLANS: f64 = 5_000.0;

/// Most trials gone through in all: about a second's.
const TRIALS: f64 = 2e7;

/// The best plan of all, if there is one; `None` if they are too many to look at.
pub(crate) fn best_of_all(case: &Case<'_>) -> Option<Option<(f64, Vec<f64>)>> {
    let mut boxed = case.program.clone();
    let Ok(presolved) = presolve(&boxed) else {
        return Some(None);
    };
    presolved.cap_into(&mut boxed, 1e9);
    let number: f64 = boxed
        .columns
        .iter()
        .map(|c| (c.high.floor() - c.low.ceil() + 1.0).max(0.0))
        .product();
    let trials: usize = case.rules.iter().map(|rule| rule.field.trials()).sum();
    if number > PLANS || number * trials as f64 > TRIALS {
        return None;
    }
    if number == 0.0 {
        return Some(None);
    }
    let near = Neighbourhood::new(case.program, case.goal);
    let mut x: Vec<f64> = boxed.columns.iter().map(|c| c.low.ceil()).collect();
    let mut best: Option<(f64, Vec<f64>)> = None;
    loop {
        if case.cancel.requested() {
            return None;
        }
        if near.violation(&near.point(x.clone())) == 0.0 {
            let value = case.value(&x);
            let better = best.as_ref().is_none_or(|b| value > b.0);
            if better && value > f64::NEG_INFINITY && case.keeps(&x) {
                best = Some((value, x.clone()));
            }
        }
        let Some(next) = (0..x.len()).find(|&i| x[i] + 1.0 <= boxed.columns[i].high) else {
            return Some(best);
        };
        x[next] += 1.0;
        for (x, column) in x.iter_mut().zip(&boxed.columns).take(next) {
            *x = column.low.ceil();
        }
    }
}
