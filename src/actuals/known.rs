//! Creators who were seen in months that happened, as the months to come have them.

use ndarray::Array2;

use super::lasting::Weights;
use super::observe::{Part, alike, booked};
use super::spread::{Lasting, Spread};
use super::there::is_nothing;
use crate::model::{
    ActualRow, Actuals, BookedAs, CellPattern, FactorName, Known, LASTING_STAGES, LastingPart,
    Model, Objective, Origin, Quantity, THERE, UserAmount, UserRule, valuation,
};

/// Whether what is known of creators is carried on. With a pipeline creators come and go; where audiences saturate, and where plans
/// promise something of random totals, programs take all creators of a cell to be alike.
fn carries(model: &Model) -> bool {
    model.horizon.pipeline.is_none()
        && model.audiences.is_empty()
        && model.risk.rules.is_empty()
        && model.risk.objective.is_none()
}

/// Creators who were seen, by cell of the months to come: `cells` says which of the whole problem each is.
pub(super) fn known(
    model: &Model,
    (counts, actuals): (&Array2<f64>, &Actuals),
    cells: &[usize],
) -> Vec<Option<Known>> {
    let mut out = vec![None; cells.len()];
    if !carries(model) {
        return out;
    }
    let weights = Weights::new(model, counts, actuals);
    let mut rows: Vec<&ActualRow> = actuals.rows.iter().filter(|r| !is_nothing(r)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.month));
    let mut done = Vec::new();
    for row in rows {
        if done.contains(&(row.tier, row.partnership)) {
            continue;
        }
        done.push((row.tier, row.partnership));
        let mut all = booked(model, counts, row);
        all.retain(|(_, count)| *count > 0.0);
        let Some(&(first, _)) = all.first() else {
            continue;
        };
        let mut month = counts.row(row.month).to_vec();
        for &(cell, count) in &all {
            month[cell] = count;
        }
        let units = valuation::units_in_month(model, row.month, &month);
        // A wave's creators are its own.
        let stays = |cell: usize| {
            !matches!(model.cells[cell].booked_as, BookedAs::Wave(_)) && cells.contains(&cell)
        };
        let left: Vec<(usize, f64)> = all.iter().copied().filter(|(c, _)| stays(*c)).collect();
        if left.is_empty() {
            continue;
        }
        let spread =
            |of: &[(usize, f64)]| Spread::of(model, &model.cells[first], alike(of, &units));
        let (seen, own) = (spread(&all), spread(&left));
        let weights = |kind: Lasting| weights.of(kind, (row.tier, row.partnership), row.month);
        let names = (
            model.tiers[row.tier].name.as_str(),
            model.partnerships[row.partnership].name.as_str(),
        );
        let parts: [Vec<LastingPart>; LASTING_STAGES] = std::array::from_fn(|stage| {
            let pairs = seen.of_stage(stage).into_iter().zip(own.of_stage(stage));
            let steps = |((kind, variance), (_, own)): ((Lasting, f64), (Lasting, f64))| {
                let further = (own - variance).max(0.0);
                let steps = weights(kind).into_iter().enumerate();
                let step = move |(number, (part, weight)): (usize, (Part, f64))| LastingPart {
                    name: FactorName::lasting(kind.input(), names, part.step),
                    variance: weight * weight,
                    further: if number == 0 { further } else { 0.0 },
                };
                steps.map(step).collect::<Vec<_>>()
            };
            pairs.flat_map(steps).collect()
        });
        if parts.iter().all(Vec::is_empty) {
            continue;
        }
        for (cell, count) in left {
            if let Some(place) = cells.iter().position(|&own| own == cell) {
                out[place] = Some(Known {
                    creators: count.round().max(1.0) as usize,
                    alone: false,
                    parts: parts.clone(),
                });
            }
        }
    }
    out
}

/// Gives those who are new cells of their own where a plan may book some beside those who were seen: in a fixed plan that does, and
/// where those seen are worth more than others, so that they are booked first. Where they are worth less, further ones are taken to be like
/// them. `cells` gets the cells' places in the whole problem.
pub(super) fn part_the_new(left: &mut Model, cells: &mut Vec<usize>) {
    for cell in 0..left.cells.len() {
        let Some(known) = left.known_in(cell) else {
            continue;
        };
        if left.cells[cell].booked_as != BookedAs::Open {
            continue;
        }
        let most = known.creators as f64;
        let parts = match &left.counts {
            Some(counts) => counts.column(cell).iter().any(|&n| n > most),
            None => worth(left, cell, true) > worth(left, cell, false) * (1.0 + 1e-9),
        };
        if !parts {
            continue;
        }
        let key = left.key(cell);
        left.cells.push(left.cells[cell].clone());
        left.known.push(None);
        cells.push(cells[cell]);
        if let Some(known) = &mut left.known[cell] {
            known.alone = true;
        }
        if let Some(counts) = &mut left.counts {
            let seen = counts.column(cell).mapv(|n| n.min(most));
            let new = &counts.column(cell) - &seen;
            counts.column_mut(cell).assign(&seen);
            // A shape of as many rows always fits.
            let _ = counts.push_column(new.view());
            continue;
        }
        left.rules.user.push(UserRule {
            name: format!("{key} of those there"),
            amount: UserAmount::Count,
            terms: vec![(
                CellPattern {
                    tier: Some(key.tier),
                    partnership: Some(key.partnership),
                    category: key.category,
                    region: key.region,
                    booked_as: Some((THERE.to_owned(), None)),
                },
                1.0,
            )],
            min: None,
            max: Some(most),
            origin: Origin::Default,
        });
    }
}

/// What a partnership brings of the objective for what it costs, of those seen or of others.
fn worth(left: &Model, cell: usize, seen: bool) -> f64 {
    let mut law = valuation::law_in(left, 0, cell);
    if !seen {
        let mut others = left.clone();
        others.known.clear();
        law.believed = crate::model::Believed::of(&others, 0, cell);
    }
    let unit = law.expected();
    let quantity = match left.objective {
        Objective::Conversions => Quantity::Conversions,
        Objective::Engagements => Quantity::Engagements,
        Objective::Impressions => Quantity::Impressions,
        Objective::Revenue | Objective::Profit | Objective::Roas => Quantity::Revenue,
    };
    unit.get(quantity).unwrap_or(0.0) / unit.spend.max(f64::MIN_POSITIVE)
}
