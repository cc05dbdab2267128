//! All whole plans of a small program, one by one: where probability rules leave a question open.

use crate::optimizer::presolve::presolve;
use crate::optimizer::risk::planes::Case;
use crate::optimizer::search::Neighbourhood;

/// Most plans.
const PLANS: f64 = 20_000.0;

/// Most trials gone through in all: about two seconds'.
const TRIALS: f64 = 4e7;

/// What looking at all plans came to.
pub(crate) enum All {
    /// They are too many, or the work was ended.
    Unseen,
    /// None keeps every rule.
    None,
    /// The best one's value, and it.
    Best(f64, Vec<f64>),
}

/// The best plan of all.
pub(crate) fn best_of_all(case: &Case<'_>) -> All {
    let mut boxed = case.program.clone();
    let Ok(presolved) = presolve(&boxed) else {
        return All::None;
    };
    presolved.cap_into(&mut boxed, 1e9);
    let number: f64 = boxed
        .columns
        .iter()
        .map(|c| (c.high.floor() - c.low.ceil() + 1.0).max(0.0))
        .product();
    if number > PLANS {
        return All::Unseen;
    }
    if number == 0.0 {
        return All::None;
    }
    let near = Neighbourhood::new(case.program, case.goal);
    let mut x: Vec<f64> = boxed.columns.iter().map(|c| c.low.ceil()).collect();
    let mut best: Option<(f64, Vec<f64>)> = None;
    let mut order: Vec<usize> = (0..case.rules.len()).collect();
    let value_costs = match &case.worth {
        Some(worth) => worth.tail.field.trials() as f64,
        None => 0.0,
    };
    let mut left = TRIALS;
    loop {
        if case.over() || left <= 0.0 {
            return All::Unseen;
        }
        if near.violation(&near.point(x.clone())) == 0.0 {
            let value = case.value(&x);
            let better = best.as_ref().is_none_or(|b| value > b.0);
            left -= value_costs;
            if better && value > f64::NEG_INFINITY {
                let broken = order.iter().position(|&k| {
                    left -= case.rules[k].field.trials() as f64;
                    !case.rules[k].keeps(&x)
                });
                match broken {
                    None => best = Some((value, x.clone())),
                    // What one plan breaks the next one, its neighbour, is likely to break too.
                    Some(at) => order[..=at].rotate_right(1),
                }
            }
        }
        let Some(next) = (0..x.len()).find(|&i| x[i] + 1.0 <= boxed.columns[i].high) else {
            return best.map_or(All::None, |(value, x)| All::Best(value, x));
        };
        x[next] += 1.0;
        for (x, column) in x.iter_mut().zip(&boxed.columns).take(next) {
            *x = column.low.ceil();
        }
    }
}
