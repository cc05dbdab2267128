//! Which sets of cells are summarized.

use crate::model::{Audience, Bound, BudgetOver, Metric, Model, TargetScope};

use super::row::{ScopeKey, ScopeKind};

/// Which scopes are summarized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scopes {
    /// Totals, tiers, partnership types, categories, regions and cells.
    All,
    /// Totals only.
    Total,
}

/// A scope with its booked cells and the bounds it is judged by.
#[derive(Debug, Clone)]
pub(super) struct ScopeCells {
    /// Month, from 0; `None` for the whole horizon.
    pub(super) month: Option<usize>,
    pub(super) key: ScopeKey,
    pub(super) cells: Vec<usize>,
    /// Audiences that are the scope's as a whole.
    pub(super) audiences: Vec<usize>,
    pub(super) bounds: Vec<(Metric, Bound)>,
}

/// Scopes of one plan, in the order of the outputs: total, tiers, types, categories, regions, booked cells.
pub(super) fn of(model: &Model, booked: &[usize], scopes: Scopes) -> Vec<ScopeCells> {
    let total_bounds = bounds(model, TargetScope::Total);
    let mut out = vec![ScopeCells {
        month: None,
        key: ScopeKey::total(),
        cells: booked.to_vec(),
        audiences: (0..model.audiences.len()).collect(),
        bounds: total_bounds,
    }];
    if scopes == Scopes::Total {
        return out;
    }
    let part = |chosen: &dyn Fn(usize) -> bool| -> Vec<usize> {
        booked.iter().copied().filter(|&c| chosen(c)).collect()
    };
    let of_audiences = |chosen: &dyn Fn(&Audience) -> bool| -> Vec<usize> {
        let all = 0..model.audiences.len();
        all.filter(|&a| chosen(&model.audiences[a])).collect()
    };
    for (i, tier) in model.tiers.iter().enumerate() {
        out.push(ScopeCells {
            month: None,
            key: ScopeKey::tier(&tier.name),
            cells: part(&|c| model.cells[c].tier == i),
            audiences: Vec::new(),
            bounds: bounds(model, TargetScope::Tier(i)),
        });
    }
    for (i, partnership) in model.partnerships.iter().enumerate() {
        out.push(ScopeCells {
            month: None,
            key: ScopeKey {
                kind: ScopeKind::Partnership,
                partnership: Some(partnership.name.clone()),
                ..ScopeKey::total()
            },
            cells: part(&|c| model.cells[c].partnership == i),
            audiences: Vec::new(),
            bounds: Vec::new(),
        });
    }
    for (i, category) in model.categories.iter().enumerate() {
        out.push(ScopeCells {
            month: None,
            key: ScopeKey {
                kind: ScopeKind::Category,
                category: Some(category.name.clone()),
                ..ScopeKey::total()
            },
            cells: part(&|c| model.cells[c].category == Some(i)),
            audiences: of_audiences(&|a| a.category == Some(i)),
            bounds: Vec::new(),
        });
    }
    for (i, region) in model.regions.iter().enumerate() {
        out.push(ScopeCells {
            month: None,
            key: ScopeKey {
                kind: ScopeKind::Region,
                region: Some(region.name.clone()),
                ..ScopeKey::total()
            },
            cells: part(&|c| model.cells[c].region == Some(i)),
            audiences: of_audiences(&|a| a.region == Some(i)),
            bounds: Vec::new(),
        });
    }
    for &cell in booked {
        let key = model.key(cell);
        out.push(ScopeCells {
            month: None,
            key: ScopeKey {
                kind: ScopeKind::Cell,
                tier: Some(key.tier),
                partnership: Some(key.partnership),
                category: key.category,
                region: key.region,
                booked_as: key.booked_as.map(|(name, start)| match start {
                    Some(start) => format!("{name}+{start}"),
                    None => name,
                }),
            },
            cells: vec![cell],
            audiences: Vec::new(),
            bounds: Vec::new(),
        });
    }
    out
}

/// Total and tiers of every month of `months`, in the order of the outputs. They are judged by no target: targets
/// speak of the horizon; but spend by the month's own budget, where months have one.
pub(super) fn by_month(
    model: &Model,
    booked: &dyn Fn(usize) -> Vec<usize>,
    months: usize,
    scopes: Scopes,
) -> Vec<ScopeCells> {
    let mut out = Vec::new();
    for month in 0..months {
        let cells = booked(month);
        let own_budget = model.horizon.budget_over == BudgetOver::Month && month < model.months;
        let budget = || (Metric::Spend, Bound::AtMost(model.budget_of(month)));
        out.push(ScopeCells {
            month: Some(month),
            key: ScopeKey::total(),
            cells: cells.clone(),
            audiences: (0..model.audiences.len()).collect(),
            bounds: own_budget.then(budget).into_iter().collect(),
        });
        if scopes == Scopes::Total {
            continue;
        }
        for (i, tier) in model.tiers.iter().enumerate() {
            let of_tier = |&cell: &usize| model.cells[cell].tier == i;
            out.push(ScopeCells {
                month: Some(month),
                key: ScopeKey::tier(&tier.name),
                cells: cells.iter().copied().filter(of_tier).collect(),
                audiences: Vec::new(),
                bounds: Vec::new(),
            });
        }
    }
    out
}

/// Targets of a scope; the budget is the target of spend unless the file names one.
fn bounds(model: &Model, scope: TargetScope) -> Vec<(Metric, Bound)> {
    let mut out: Vec<(Metric, Bound)> = model
        .targets
        .iter()
        .filter(|t| t.scope == scope)
        .map(|t| (t.metric, t.bound))
        .collect();
    if scope == TargetScope::Total && !out.iter().any(|(m, _)| *m == Metric::Spend) {
        out.push((Metric::Spend, Bound::AtMost(model.budget())));
    }
    out
}
