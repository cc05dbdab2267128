//! Which sets of cells are summarized.

use crate::model::{Audience, Bound, Metric, Model, TargetScope};

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
            key: ScopeKey::tier(&tier.name),
            cells: part(&|c| model.cells[c].tier == i),
            audiences: Vec::new(),
            bounds: bounds(model, TargetScope::Tier(i)),
        });
    }
    for (i, partnership) in model.partnerships.iter().enumerate() {
        out.push(ScopeCells {
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
            key: ScopeKey {
                kind: ScopeKind::Cell,
                tier: Some(key.tier),
                partnership: Some(key.partnership),
                category: key.category,
                region: key.region,
            },
            cells: vec![cell],
            audiences: Vec::new(),
            bounds: Vec::new(),
        });
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
        out.push((Metric::Spend, Bound::AtMost(model.rules.budget)));
    }
    out
}
