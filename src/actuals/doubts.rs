//! Rows of actuals that can hardly be what they say.

use ndarray::Array2;

use super::observe::booked;
use crate::model::{ActualRow, Actuals, Model, valuation};
use crate::units::money;

/// A partnership that cost this many times less or more than planned is doubted.
const FAR: f64 = 10.0;

/// Sentences on rows that nobody planned, that cost less than their terms allow, or whose counts do not fit their spend.
pub(super) fn doubts(model: &Model, counts: &Array2<f64>, actuals: &Actuals) -> Vec<String> {
    let of = |row: &ActualRow| doubt(model, counts, row);
    actuals.rows.iter().filter_map(of).collect()
}

fn doubt(model: &Model, counts: &Array2<f64>, row: &ActualRow) -> Option<String> {
    let name = format!(
        "actuals of month {}: {}.{}",
        row.month + 1,
        model.tiers[row.tier].name,
        model.partnerships[row.partnership].name
    );
    if row.spend == 0.0 && row.conversions == 0.0 && row.revenue == 0.0 {
        return None;
    }
    if let Some(less) = funnel(row) {
        return Some(format!(
            "{name} has {less}: was a column taken for another?"
        ));
    }
    let cells = booked(model, counts, row);
    let number: f64 = cells.iter().map(|(_, count)| count).sum();
    if number <= 0.0 {
        return Some(format!(
            "{name} was not in the plan and has no count: it stands as one partnership, and nothing is learned from it; a column count says how many there were"
        ));
    }
    let currency = &model.currency;
    let (mut terms, mut expected, mut commission) = (0.0, 0.0, 0.0);
    for &(cell, count) in &cells {
        let law = valuation::law(model, cell);
        terms += count * (law.terms.product_cost + law.handling_cost);
        expected += count * law.expected().spend;
        commission += count / number * law.terms.commission;
    }
    let least = terms + commission * row.revenue;
    if row.spend < least * (1.0 - 1e-6) {
        return Some(format!(
            "{name} cost {}, less than product, handling and commission by its terms ({}): spend is all of them; where the file leaves them out, add them, and where they were cheaper, [partnerships] sets the terms",
            money(row.spend, currency),
            money(least, currency)
        ));
    }
    let times = row.spend / expected;
    (!(1.0 / FAR..=FAR).contains(&times)).then(|| {
        format!(
            "{name} cost {} for {number} partnerships, of which {} were expected: are count and spend of the same partnerships?",
            money(row.spend, currency),
            money(expected, currency)
        )
    })
}

/// Where a stage has more than the one before it: nobody engages with what nobody saw, and one order comes of one click.
fn funnel(row: &ActualRow) -> Option<String> {
    let stages = [
        ("impressions", row.impressions),
        ("engagements", row.engagements),
        ("clicks", row.clicks),
        ("conversions", Some(row.conversions)),
    ];
    let known: Vec<(&str, f64)> = stages
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    known
        .windows(2)
        .find(|pair| pair[1].1 > pair[0].1)
        .map(|pair| format!("more {} than {}", pair[1].0, pair[0].0))
}
