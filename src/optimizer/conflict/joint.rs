//! The cheapest joint change: an elastic program over all rules at once.
//!
//! Every bound may give way at a price: 1 for one point of a share, 1 for one percent of any other
//! bound (of ten times the largest coefficient where the bound is 0), and the budget may grow at
//! 1 for one percent, taking along every bound that is a share of it. Each price is multiplied by
//! the rule's importance.
//!
//! How far a share gives way is a ratio, which no linear program adds up. Its rows let go of an
//! amount instead, Σ (aᵢ − h·bᵢ) xᵢ ≤ s, priced per unit of the largest Σ bᵢxᵢ in question. That
//! price is never above the true one, so the search splits the ranges of the denominators
//! Σ bᵢxᵢ, best first, until no range is left whose least price is below that of a plan found.

mod elastic;
mod priced;
mod written;

use elastic::{Cap, Elastic, Region, price_of};

use super::budgets;
use super::change::{Change, Side, changed};
use super::probe::{Answer, Prober};
use crate::model::Constraint;

/// Most ranges of denominators looked at.
const REGIONS: usize = 100;

/// Prices closer than this count as equal.
const CLOSE: f64 = 1e-3;

/// Bounds to move together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Joint {
    /// Rule by index, and what becomes of its bound.
    pub(super) changes: Vec<(usize, Change)>,
    /// What it costs.
    pub(super) price: f64,
    /// Whether no cheaper one exists.
    pub(super) proven: bool,
}

/// The rules with all changes made.
pub(super) fn jointly(all: &[Constraint], changes: &[(usize, Change)]) -> Vec<Constraint> {
    let mut out = all.to_vec();
    // the budget first: it sets the bounds that the others then move
    let months = budgets::of_months(all);
    for budget in [true, false] {
        for (index, change) in changes {
            if (change.side == Side::Budget || months.contains(index)) == budget {
                out = changed(&out, *index, change);
            }
        }
    }
    out
}

/// The cheapest joint change found; `None` if no plan would help.
pub(super) fn cheapest(prober: &mut Prober, all: &[Constraint]) -> Option<Joint> {
    let elastic = Elastic::new(all)?;
    let mut best = None;
    let first = Region {
        cap: Cap::Stands,
        ranges: elastic.ranges(elastic.budget),
        least: 0.0,
    };
    elastic.look(prober, &first, &mut best);
    // a plan that spends more costs more than this one for its budget alone
    let most = best.as_ref().map_or(f64::INFINITY, |b: &Joint| b.price);
    let spend = elastic.budget * (1.0 + (most / elastic.budget_price).min(1e3));
    let mut open: Vec<Region> = elastic
        .caps()
        .into_iter()
        .map(|cap| Region {
            cap,
            ranges: elastic.ranges(spend),
            least: elastic.cap_price(cap),
        })
        .collect();
    let mut looked = 0;
    let mut proven = true;
    while let Some(region) = take_least(&mut open) {
        if best
            .as_ref()
            .is_some_and(|b| region.least >= b.price * (1.0 - CLOSE))
        {
            break;
        }
        if looked == REGIONS {
            proven = false;
            break;
        }
        looked += 1;
        let before = prober.open;
        prober.open = false;
        let found = elastic.look(prober, &region, &mut best);
        proven &= !prober.open;
        // said of the joint change itself, not of the whole explanation
        prober.open = before;
        if let Some((x, least)) = found {
            let least = least.max(region.least);
            let parts = elastic.split(&region, &x, least);
            let settled = best
                .as_ref()
                .is_some_and(|b| least >= b.price * (1.0 - 4.0 * CLOSE));
            proven &= settled || !parts.is_empty();
            open.extend(parts);
        }
    }
    let best = Joint { proven, ..best? };
    match prober.feasible(&jointly(all, &best.changes)) {
        Answer::Nothing => None,
        Answer::Point(_) => Some(best),
        Answer::Open => Some(Joint {
            proven: false,
            ..best
        }),
    }
}

/// The joint change, or the one change known to be enough that costs no more: branch and bound
/// stops short of the last yuan, and two changes where one would do puzzle the reader.
pub(super) fn or_single(
    joint: Option<Joint>,
    all: &[Constraint],
    enough: impl IntoIterator<Item = (usize, Change)>,
) -> Option<Joint> {
    let single = enough
        .into_iter()
        .map(|(index, change)| Joint {
            price: price_of(&all[index], &change),
            changes: vec![(index, change)],
            proven: joint.as_ref().is_some_and(|j| j.proven),
        })
        .min_by(|a, b| a.price.total_cmp(&b.price));
    match (joint, single) {
        (Some(joint), Some(single)) => {
            let cheaper = single.price < joint.price * (1.0 - CLOSE);
            let simpler = joint.changes.len() > 1 && single.price <= joint.price * (1.0 + CLOSE);
            // of one change twice the smaller: it was looked for more closely
            let of = |j: &Joint| j.changes.first().map(|(index, c)| (*index, c.side));
            let smaller = joint.changes.len() == 1
                && of(&joint) == of(&single)
                && single.price <= joint.price;
            Some(if cheaper || simpler || smaller {
                single
            } else {
                joint
            })
        }
        (joint, single) => joint.or(single),
    }
}

fn take_least(open: &mut Vec<Region>) -> Option<Region> {
    let least = open
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.least.total_cmp(&b.1.least))
        .map(|(i, _)| i)?;
    Some(open.swap_remove(least))
}
