//! What the search may know of a program over months beyond its rows.
//!
//! A kind is a cell however late its bookings begin. At a point of the relaxation months trade fractions of
//! one kind against each other, and branching on single counts moves the fraction to the next month. So the search also branches on what
//! is booked of a kind, or of a tier, in a month, until a month, and over the horizon.

use super::pipeline::Limits;
use crate::model::{Activity, BookedAs, Form, Model, joint};
use crate::optimizer::branch::{Part, Structure, Sum};

/// What a search may cost, in multiplications: a few seconds.
const WORK: f64 = 8e9;

/// Searches that it is for where creators act on each other.
const SEARCHES: f64 = 4.0;

/// What tells kinds apart: indices of the tier, the type, the category and the region, and how they are booked.
type Kind = (usize, usize, Option<usize>, Option<usize>, (u8, usize));

/// The structure of a model's programs.
pub(super) fn of(model: &Model, activities: &[Activity]) -> Structure {
    let parts = activities.iter().map(|a| Part {
        months: a.months.clone(),
        lasts: matches!(model.cells[a.cell].booked_as, BookedAs::Level { .. }),
    });
    let limits = Limits::of(model, activities).map_or_else(Vec::new, |limits| limits.rules());
    let limits = limits.into_iter().filter_map(|rule| match rule.form {
        Form::Excess(excess) => Some((excess, rule.high?)),
        _ => None,
    });
    let act = joint::applies(model) || model.horizon.cross_promotion.is_some();
    Structure {
        sums: sums(model, activities),
        parts: parts.collect(),
        limits: limits.collect(),
        work: if act { WORK / SEARCHES } else { WORK },
    }
}

fn kind(model: &Model, activity: &Activity) -> Kind {
    let cell = &model.cells[activity.cell];
    let booked = match cell.booked_as {
        BookedAs::Open => (0, 0),
        BookedAs::Wave(wave) => (1, wave),
        BookedAs::Level { level, .. } => (2, level),
    };
    (
        cell.tier,
        cell.partnership,
        cell.category,
        cell.region,
        booked,
    )
}

/// Sums to branch on, those first that matter most; as many as there are columns.
fn sums(model: &Model, activities: &[Activity]) -> Vec<Sum> {
    let mut kinds: Vec<Kind> = activities.iter().map(|a| kind(model, a)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let of_kind = kinds.iter().map(|&own| {
        let members = activities.iter().enumerate();
        members.filter(|(_, a)| kind(model, a) == own).collect()
    });
    let of_tier = (0..model.tiers.len()).map(|tier| {
        let members = activities.iter().enumerate();
        let own = |a: &Activity| model.cells[a.cell].tier == tier;
        members.filter(|(_, a)| own(a)).collect()
    });
    let sets: Vec<Vec<(usize, &Activity)>> = of_kind.chain(of_tier).collect();
    let months = model.months;
    let windows = (0..months)
        .map(|month| month..month + 1)
        .chain(std::iter::once(0..months))
        .chain((2..months).map(|until| 0..until));
    let mut out: Vec<Sum> = Vec::new();
    for window in windows {
        for set in &sets {
            let inside = |a: &Activity| {
                let (first, end) = (
                    a.months.start.max(window.start),
                    a.months.end.min(window.end),
                );
                end.saturating_sub(first)
            };
            let own = set.iter().map(|&(j, a)| (j, inside(a) as f64));
            let sum: Sum = own.filter(|&(_, times)| times > 0.0).collect();
            if sum.len() > 1 && !out.contains(&sum) {
                out.push(sum);
            }
        }
    }
    out.truncate(activities.len());
    out
}
