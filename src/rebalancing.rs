//! What moves from one plan to another, and what each move contributes to the change.
//!
//! With expected revenue R, R′ and spend S, S′ of a group before and after, and q = ΣR/ΣS the
//! baseline's ROAS, a group contributes R′ − R to the change of revenue and
//! [(R′ − qS′) − (R − qS)] / ΣS′ to the change of ROAS. Both add up over groups to the whole
//! change: Σ(R′ − qS′)/ΣS′ = q′ − q and Σ(R − qS) = 0.

use crate::model::Plan;
use crate::model::{Model, valuation};

/// One row of `rebalancing.parquet`: one tier × partnership type of a plan against the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct RebalancingRow {
    /// Plan name.
    pub plan: String,
    /// Name of the plan it is compared with.
    pub baseline: String,
    /// Tier name.
    pub tier: String,
    /// Partnership type name.
    pub partnership: String,
    /// Partnerships in the baseline.
    pub count_from: f64,
    /// Partnerships in the plan.
    pub count_to: f64,
    /// Expected spend in the baseline, in currency.
    pub spend_from: f64,
    /// Expected spend in the plan, in currency.
    pub spend_to: f64,
    /// Contribution to the change of expected revenue, in currency.
    pub revenue_contribution: f64,
    /// Contribution to the change of ROAS (ratio of expected totals).
    pub roas_contribution: Option<f64>,
}

/// Expected totals of one tier × partnership type.
#[derive(Clone, Copy, Default)]
struct Group {
    count: f64,
    spend: f64,
    revenue: f64,
}

/// Rebalancing of a plan against a baseline, one row a tier × partnership type that either
/// offers, in the glossary's order. The two may come from different models (a what-if may change costs and yields).
#[must_use]
pub fn rebalancing(baseline: (&Model, &Plan), plan: (&Model, &Plan)) -> Vec<RebalancingRow> {
    let mut groups: Vec<((String, String), [Group; 2])> = Vec::new();
    for (side, (model, plan)) in [baseline, plan].into_iter().enumerate() {
        let units = valuation::units_of_plan(model, &plan.counts);
        for (cell, unit) in units.iter().enumerate() {
            let key = model.key(cell);
            let name = (key.tier, key.partnership);
            let index = groups.iter().position(|g| g.0 == name).unwrap_or_else(|| {
                groups.push((name, [Group::default(); 2]));
                groups.len() - 1
            });
            let group = &mut groups[index].1[side];
            for month in plan.counts.rows() {
                let count = month[cell];
                group.count += count;
                group.spend += count * unit.spend;
                group.revenue += count * unit.revenue;
            }
        }
    }
    groups.sort_by_key(|((tier, partnership), _)| (rank(&TIERS, tier), rank(&TYPES, partnership)));
    let sum =
        |side: usize, of: fn(&Group) -> f64| groups.iter().map(|g| of(&g.1[side])).sum::<f64>();
    let (spend_from, spend_to) = (sum(0, |g| g.spend), sum(1, |g| g.spend));
    let base_roas = sum(0, |g| g.revenue) / spend_from;
    groups
        .iter()
        .map(|((tier, partnership), [from, to])| {
            let gain =
                (to.revenue - base_roas * to.spend) - (from.revenue - base_roas * from.spend);
            RebalancingRow {
                plan: plan.1.name.clone(),
                baseline: baseline.1.name.clone(),
                tier: tier.clone(),
                partnership: partnership.clone(),
                count_from: from.count,
                count_to: to.count,
                spend_from: from.spend,
                spend_to: to.spend,
                revenue_contribution: to.revenue - from.revenue,
                roas_contribution: Some(gain / spend_to).filter(|v| v.is_finite()),
            }
        })
        .collect()
}

const TIERS: [&str; 5] = ["mega", "macro", "mid", "micro", "nano"];
const TYPES: [&str; 4] = ["sponsored", "affiliate", "seeding", "ambassador"];

fn rank(names: &[&str], name: &str) -> usize {
    names.iter().position(|n| *n == name).unwrap_or(names.len())
}
