//! A good first plan of a wide program.
//!
//! Its columns are many and nearly alike, its rows few: the relaxation books as many as rows bind,
//! and rounding them leaves every row short of its bound. A few dozen columns more are enough to
//! fill the rows up, so short searches among few columns find plans that the search among all
//! would take long to come by.

use std::time::Instant;

use super::{Tree, WIDE, WIDEST};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::Program;

/// Searches.
const ROUNDS: usize = 4;

/// Columns of each beside those booked.
const OTHERS: usize = 40;

/// Nodes of each.
const NODES: u64 = 500;

/// Share of the wanted gap to which each goes on: its best plan is to be good among all.
const FINER: f64 = 0.25;

/// A better first plan of a wide program, and the nodes it took: from searches among the columns
/// that the relaxation or the best plan books and those whose costs come next.
pub(super) fn among_likely(
    program: &Program,
    start: Option<Vec<f64>>,
    settings: &PlanSettings,
    cancel: &Cancel,
    started: Instant,
) -> (Option<Vec<f64>>, u64) {
    let Ok(presolved) = presolve(program) else {
        return (start, 0);
    };
    let small = presolved.capped(WIDEST);
    if small.columns.len() < WIDE {
        return (start, 0);
    }
    let goal = Goal::Sum(small.maximize.clone());
    let mut tree = Tree::new(&small, &goal, settings, None, (cancel, started));
    if let Some(start) = &start {
        tree.offer(presolved.shrink(start));
    }
    let Some(outlook) = tree.outlook() else {
        return (start, tree.nodes);
    };
    let mut nodes = tree.nodes;
    for round in 0..ROUNDS {
        let left = settings.node_limit.saturating_sub(nodes);
        if tree.out_of_means(u64::MAX) || left == 0 || outlook.bound <= tree.cutoff() {
            break;
        }
        let mut narrow = small.clone();
        let booked = |j: usize| {
            let planned = tree.best.as_ref().is_some_and(|b| b.1[j] > 0.0);
            outlook.x[j] > 0.0 || planned
        };
        let others = outlook.order.iter().filter(|&&j| !booked(j));
        for (rank, &j) in others.enumerate() {
            if rank / OTHERS != round {
                narrow.columns[j].high = narrow.columns[j].low;
            }
        }
        let Ok(presolved) = presolve(&narrow) else {
            continue;
        };
        let narrow = presolved.capped(WIDEST);
        let goal = Goal::Sum(narrow.maximize.clone());
        let part = PlanSettings {
            gap: FINER * settings.gap,
            node_limit: NODES.min(left),
            ..*settings
        };
        let mut inner = Tree::new(&narrow, &goal, &part, None, (cancel, started));
        if let Some((_, x)) = &tree.best {
            inner.offer(presolved.shrink(x));
        }
        let solved = inner.run();
        nodes += solved.nodes;
        if !solved.x.is_empty() {
            tree.offer(presolved.widen(&solved.x));
        }
    }
    let best = tree.best.map(|(_, x)| presolved.widen(&x));
    (best.or(start), nodes)
}
