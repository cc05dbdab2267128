//! Which inputs are random in a plan.

use super::row::Subject;
use crate::model::{Basis, BookedAs, InputGroup, Model, Uncertainty};

/// Spread of a shared factor; 0 for inputs that are no shared factors.
pub(super) fn spread(uncertainty: &Uncertainty, input: InputGroup) -> f64 {
    match input {
        InputGroup::Market => uncertainty.market,
        InputGroup::Platform => uncertainty.platform,
        InputGroup::EngagementRate => uncertainty.engagement_rate,
        InputGroup::ClickRate => uncertainty.click_rate,
        InputGroup::ConversionRate => uncertainty.conversion_rate,
        InputGroup::OrderValue => uncertainty.order_value,
        InputGroup::Fee => uncertainty.fee,
        InputGroup::Benchmark => uncertainty.benchmark,
        _ => 0.0,
    }
}

/// Whether an input is random in a cell and moves its spend, conversions or revenue.
pub(super) fn moves(model: &Model, cell: usize, input: InputGroup) -> bool {
    let cell = &model.cells[cell];
    let tier = &model.tiers[cell.tier];
    let terms = &cell.terms;
    let delivered = terms.delivery > 0.0;
    let pays_fee = delivered && terms.fee_amount.is_none() && terms.fee != 0.0;
    let random = spread(&model.uncertainty, input) > 0.0;
    let uncertain = |d: &crate::distribution::Distribution| !d.is_certain();
    let funnel = match &tier.basis {
        Basis::Followers(f) => Some(f),
        Basis::Benchmark(_) => None,
    };
    match input {
        InputGroup::Market | InputGroup::Platform | InputGroup::OrderValue => random && delivered,
        InputGroup::EngagementRate | InputGroup::ClickRate | InputGroup::ConversionRate => {
            random && delivered && funnel.is_some()
        }
        InputGroup::Benchmark => random && delivered && funnel.is_none(),
        InputGroup::Fee => random && pays_fee && tier.fee.mean() > 0.0,
        InputGroup::CreatorFee => {
            uncertain(&tier.fee) && delivered && (pays_fee || funnel.is_none())
        }
        InputGroup::CreatorFollowers => {
            delivered && funnel.is_some_and(|f| uncertain(&f.followers))
        }
        InputGroup::CreatorViewRate => delivered && funnel.is_some_and(|f| uncertain(&f.view_rate)),
        InputGroup::CreatorEngagementRate => {
            delivered && funnel.is_some_and(|f| uncertain(&f.engagement_rate))
        }
        InputGroup::CreatorClickRate => {
            delivered && funnel.is_some_and(|f| uncertain(&f.click_rate))
        }
        InputGroup::CreatorConversionRate => {
            delivered && funnel.is_some_and(|f| uncertain(&f.conversion_rate))
        }
        InputGroup::CreatorCpa => {
            delivered && matches!(&tier.basis, Basis::Benchmark(b) if uncertain(&b.cpa))
        }
        // Nothing that is explained depends on them: impressions, engagements and clicks do.
        InputGroup::CreatorCpm | InputGroup::CreatorCpe | InputGroup::CreatorCpc => false,
        InputGroup::CreatorDelivery => delivered && terms.delivery < 1.0,
        InputGroup::CreatorIncidents => {
            let i = &model.incidents;
            i.probability > 0.0
                && (i.cleanup_cost > 0.0 || delivered && (i.yield_lost > 0.0 || i.shocks()))
        }
        InputGroup::Pipeline => {
            model.horizon.pipeline.is_some() && !matches!(cell.booked_as, BookedAs::Wave(_))
        }
        InputGroup::Orders => delivered,
    }
}

fn booked(subject: &Subject<'_>, cell: usize) -> bool {
    subject.counts.column(cell).iter().any(|&count| count > 0.0)
}

/// The inputs that are random in a plan and move its spend, conversions or revenue, in the order of
/// [`InputGroup::ALL`].
#[must_use]
pub fn inputs(subject: &Subject<'_>) -> Vec<InputGroup> {
    let cells = 0..subject.model.cells.len();
    InputGroup::ALL
        .into_iter()
        .filter(|&input| {
            cells
                .clone()
                .any(|cell| booked(subject, cell) && moves(subject.model, cell, input))
        })
        .collect()
}

/// Names of the tiers whose own factor of an input is random in one of the plans, in order of
/// appearance; empty for inputs that all tiers share.
#[must_use]
pub fn tiers_of(subjects: &[Subject<'_>], input: InputGroup) -> Vec<String> {
    let mut tiers: Vec<String> = Vec::new();
    if input.is_per_tier() {
        for subject in subjects {
            for (index, cell) in subject.model.cells.iter().enumerate() {
                let name = &subject.model.tiers[cell.tier].name;
                if booked(subject, index)
                    && moves(subject.model, index, input)
                    && !tiers.contains(name)
                {
                    tiers.push(name.clone());
                }
            }
        }
    }
    tiers
}
