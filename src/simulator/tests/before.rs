//! Partners of a month that happened: who of them is there as the first month begins.

use ndarray::Array2;

use super::law::{assert_near, estimate, spread};
use super::market::number;
use super::turnover::{TRIALS, beta, cell, market, power, run, still};
use crate::model::Before;

/// Partners of the month before the first: each stays with (1 − c)ρ where they are asked to work again, ambassadors in their term with 1 − c.
/// Of n the number who are there in month m (from 0) is binomial given ρ, with ((1 − c)ρ)^(m + 1), or (1 − c)((1 − c)ρ)^m where the
/// term holds at first. Comparisons at five standard errors: a false alarm of 6e-7 each, in twenty-four.
#[test]
fn who_was_there_before_stays_by_chance() {
    for repeat in [number(0.7), beta(0.7, 0.15)] {
        for asked in [true, false] {
            let mut model = market(&["sponsored"], 3);
            let micro = cell(&model, "micro.sponsored");
            let mut flow = still(&model);
            (flow.churn, flow.repeat) = (number(0.08), repeat);
            let mut before = Before {
                partners: vec![0.0; model.cells.len()],
                asked: vec![asked; model.cells.len()],
            };
            before.partners[micro] = 20.0;
            flow.starting = before.stay(flow.churn.mean(), flow.repeat.mean());
            flow.before = Some(before);
            model.horizon.pipeline = Some(flow);
            let mut counts = Array2::zeros((3, model.cells.len()));
            counts.column_mut(micro).fill(20.0);
            for block in run(&model, &counts, TRIALS) {
                let m = i32::try_from(block.month).unwrap();
                let again = m + i32::from(asked);
                let s = |k: i32| 0.92_f64.powi((m + 1) * k) * power(&repeat, again * k);
                let what = format!("month {m}, asked {asked}");
                let (mean, error) = estimate(&block.places);
                assert_near(&what, mean, 20.0 * s(1), error);
                let wanted = 20.0 * (s(1) - s(2)) + 400.0 * (s(2) - s(1) * s(1));
                let (variance, error) = spread(&block.places);
                assert_near(&what, variance, wanted, error);
                // Nobody is new.
                assert!(block.joined.iter().all(|&n| n == 0.0));
            }
        }
    }
}

/// Of 10 partners of whom each stays with s, those who stay fill the 6 places that are booked: min(6, Binomial(10, s)) are there, and
/// of these each is there in the month after with s. Comparisons at five standard errors: a false alarm of 6e-7 each, in four.
#[test]
fn who_stays_takes_a_place_that_is_booked() {
    let stay = 0.9 * 0.7;
    let mut model = market(&["sponsored"], 2);
    let micro = cell(&model, "micro.sponsored");
    let mut flow = still(&model);
    (flow.churn, flow.repeat) = (number(0.1), number(0.7));
    let mut before = Before {
        partners: vec![0.0; model.cells.len()],
        asked: vec![true; model.cells.len()],
    };
    before.partners[micro] = 10.0;
    flow.starting = before.stay(flow.churn.mean(), 0.7);
    flow.before = Some(before);
    model.horizon.pipeline = Some(flow);
    let mut counts = Array2::zeros((2, model.cells.len()));
    counts[[0, micro]] = 6.0;
    counts[[1, micro]] = 6.0;
    let mut law = vec![1.0];
    for _ in 0..10 {
        let mut next = vec![0.0; law.len() + 1];
        for (k, p) in law.iter().enumerate() {
            next[k] += p * (1.0 - stay);
            next[k + 1] += p * stay;
        }
        law = next;
    }
    let moment = |power: i32| -> f64 {
        let of = |(k, p): (usize, &f64)| p * f64::from(k.min(6) as u32).powi(power);
        law.iter().enumerate().map(of).sum()
    };
    let (first, second) = (moment(1), moment(2));
    for block in run(&model, &counts, TRIALS) {
        let (mean, error) = estimate(&block.places);
        let (variance, noise) = spread(&block.places);
        let what = format!("month {}", block.month);
        let (wanted, scatter) = if block.month == 0 {
            (first, second - first * first)
        } else {
            let thinned = first * stay * (1.0 - stay) + stay * stay * (second - first * first);
            (first * stay, thinned)
        };
        assert_near(&what, mean, wanted, error);
        assert_near(&what, variance, scatter, noise);
    }
}
