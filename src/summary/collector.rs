//! Takes blocks of trials and turns them into summary and difference estimates.

use rayon::prelude::*;

use crate::model::{Metric, Model, Plan, Quantity, TrialBlock};

use super::difference::{DifferenceRow, DifferenceStream};
use super::row::{Histogram, ScopeKey, ScopeKind, SummaryRow};
use super::scopes::{self, Scopes};
use super::store::ScopeStore;
use super::stream::{PILOT, Quantities};

/// Up to so many trials, all are kept for totals, tiers, types, categories and regions.
const EXACT_TRIALS: u64 = 131_072;
/// Up to so many trials, all are kept for cells, of which there may be hundreds.
const EXACT_TRIALS_CELLS: u64 = 16_384;
const _: () = assert!(PILOT as u64 <= EXACT_TRIALS_CELLS);

/// Up to so many trials, all are kept for totals of the horizon.
#[must_use]
pub fn kept_of_totals() -> u64 {
    EXACT_TRIALS
}

/// Up to so many trials, all are kept for totals of each of so many months: together they take as much room as the
/// horizon's.
#[must_use]
pub fn kept_a_month(months: usize) -> u64 {
    (EXACT_TRIALS / months as u64).max(EXACT_TRIALS_CELLS)
}

/// A plan that is simulated, with the model it was made for.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// Model.
    pub model: &'a Model,
    /// Plan.
    pub plan: &'a Plan,
}

/// Collects the trials of several plans.
#[derive(Debug)]
pub struct Collector {
    names: Vec<String>,
    stores: Vec<ScopeStore>,
    /// Largest trial count at which a store keeps all trials.
    exact_up_to: Vec<u64>,
    /// In output order.
    scopes: Vec<Listed>,
    differences: Vec<Difference>,
    trials: u64,
}

/// Month and cells of a store, and which it is.
type Known = ((Option<usize>, Vec<usize>), usize);

/// A scope of a plan and where its trials are.
#[derive(Debug)]
struct Listed {
    plan: usize,
    month: Option<usize>,
    key: ScopeKey,
    store: usize,
}

/// A scope of a plan against the same scope of the baseline; `None` where a side has no such scope.
#[derive(Debug)]
struct Difference {
    plan: usize,
    month: Option<usize>,
    scope: ScopeKey,
    /// Largest trial count up to which it waits for the end.
    exact_up_to: u64,
    mine: Option<usize>,
    theirs: Option<usize>,
    streams: Vec<DifferenceStream>,
}

impl Collector {
    /// Prepares for plans of which the first is the baseline.
    #[must_use]
    pub fn new(plans: &[Planned<'_>], scopes: Scopes) -> Self {
        let mut stores: Vec<ScopeStore> = Vec::new();
        let mut exact_up_to = Vec::new();
        let mut listed = Vec::new();
        let months = plans.iter().map(|p| p.model.months).max().unwrap_or(1);
        for (index, planned) in plans.iter().enumerate() {
            let model = planned.model;
            let booked: Vec<usize> = (0..model.cells.len())
                .filter(|&cell| planned.plan.counts.column(cell).iter().any(|&x| x > 0.0))
                .collect();
            let mut listing = scopes::of(model, &booked, scopes);
            if months > 1 {
                let counts = &planned.plan.counts;
                let booked = |month: usize| {
                    let counts = (month < counts.nrows()).then(|| counts.row(month));
                    let counts = counts.iter().flatten().enumerate();
                    counts
                        .filter(|(_, x)| **x > 0.0)
                        .map(|(cell, _)| cell)
                        .collect()
                };
                listing.extend(scopes::by_month(model, &booked, months, scopes));
            }
            // Scopes of the same cells (a tier with one type, say) share one store.
            let mut known: Vec<Known> = Vec::new();
            for scope in listing {
                let limit = if scope.month.is_some() {
                    kept_a_month(months)
                } else if scope.key.kind == ScopeKind::Cell {
                    EXACT_TRIALS_CELLS
                } else {
                    EXACT_TRIALS
                };
                let same = known
                    .iter()
                    .filter(|((month, cells), _)| *month == scope.month && *cells == scope.cells)
                    .map(|&(_, store)| store)
                    .find(|&store| stores[store].accepts(&scope.bounds, &scope.audiences));
                let store = if let Some(store) = same {
                    exact_up_to[store] = limit.max(exact_up_to[store]);
                    store
                } else {
                    let defined = Quantity::COLLECTED.map(|quantity| {
                        scope
                            .cells
                            .iter()
                            .all(|&cell| model.defines(model.cells[cell].tier, quantity))
                    });
                    known.push(((scope.month, scope.cells.clone()), stores.len()));
                    stores.push(ScopeStore::new(
                        (index, scope.month),
                        (scope.cells, scope.audiences),
                        defined,
                        model.order.margin,
                        scope.bounds,
                    ));
                    exact_up_to.push(limit);
                    stores.len() - 1
                };
                listed.push(Listed {
                    plan: index,
                    month: scope.month,
                    key: scope.key,
                    store,
                });
            }
        }
        Self {
            names: plans.iter().map(|p| p.plan.name.clone()).collect(),
            differences: differences(plans.len(), &listed, &exact_up_to),
            stores,
            exact_up_to,
            scopes: listed,
            trials: 0,
        }
    }

    /// Takes further blocks, in trial order. All but the last block ever must be whole granules.
    pub fn absorb(&mut self, blocks: &[TrialBlock]) {
        let added: u64 = blocks.iter().map(|b| b.trials as u64).sum();
        self.trials += added;
        let trials = self.trials;
        self.sketch_beyond(trials);
        self.stores.par_iter_mut().for_each(|store| {
            for block in blocks {
                store.absorb(&block.plans[store.plan], block.trials);
            }
        });
        let stores = &self.stores;
        self.differences
            .par_iter_mut()
            .filter(|difference| trials > difference.exact_up_to)
            .for_each(|difference| {
                for block in blocks {
                    let (mine, theirs) = (difference.mine, difference.theirs);
                    with_side(stores, mine, block, |mine| {
                        with_side(stores, theirs, block, |theirs| {
                            difference.push(mine, theirs);
                        });
                    });
                }
            });
    }

    /// Turns what was kept whole into streams where the trial count passes a limit.
    fn sketch_beyond(&mut self, trials: u64) {
        let stores = &self.stores;
        self.differences.par_iter_mut().for_each(|difference| {
            if trials > difference.exact_up_to && difference.streams.is_empty() {
                difference.begin(false);
                difference.push_kept(stores);
            }
        });
        self.stores
            .par_iter_mut()
            .zip(&self.exact_up_to)
            .for_each(|(store, &limit)| {
                if trials > limit {
                    store.sketch();
                }
            });
    }

    /// Trials taken so far.
    #[must_use]
    pub fn trials(&self) -> u64 {
        self.trials
    }

    /// The largest relative error among the headline figures (spend, revenue,
    /// conversions, ROAS of every plan); `None` if one is not defined, or is zero so far: nothing
    /// that has never happened is known to a share of itself.
    #[must_use]
    pub fn worst_relative_error(&self) -> Option<f64> {
        self.totals()
            .flat_map(|store| {
                [
                    Metric::Spend,
                    Metric::Revenue,
                    Metric::Conversions,
                    Metric::Roas,
                ]
                .map(|metric| store.relative_error(metric))
            })
            .try_fold(0.0, |worst: f64, error| error.map(|e| worst.max(e)))
    }

    fn totals(&self) -> impl Iterator<Item = &ScopeStore> {
        self.scopes
            .iter()
            .filter(|listed| listed.month.is_none() && listed.key.kind == ScopeKind::Total)
            .map(|listed| &self.stores[listed.store])
    }

    /// Summary rows in output order: by plan, month (the horizon first), scope, metric.
    #[must_use]
    pub fn summary(&self) -> Vec<SummaryRow> {
        let estimates: Vec<_> = self.stores.par_iter().map(ScopeStore::estimates).collect();
        let mut rows = Vec::with_capacity(self.scopes.len() * Metric::ALL.len());
        for listed in &self.scopes {
            for (metric, estimate) in Metric::ALL.into_iter().zip(&estimates[listed.store]) {
                if !self.stores[listed.store].lists(metric) {
                    continue;
                }
                rows.push(SummaryRow {
                    plan: self.names[listed.plan].clone(),
                    month: listed.month.map(|month| month + 1),
                    scope: listed.key.clone(),
                    metric,
                    estimate: *estimate,
                });
            }
        }
        rows
    }

    /// Differences to the baseline, by plan, month (the horizon first), scope (total, then tiers) and metric.
    #[must_use]
    pub fn differences(&self) -> Vec<DifferenceRow> {
        self.differences
            .par_iter()
            .flat_map_iter(|difference| {
                let streams = if difference.streams.is_empty() {
                    let mut kept = difference.unstarted();
                    kept.begin(true);
                    kept.push_kept(&self.stores);
                    kept.streams
                } else {
                    difference.streams.clone()
                };
                Metric::ALL
                    .into_iter()
                    .zip(streams)
                    .filter(|&(metric, _)| difference.lists(metric, &self.stores))
                    .map(|(metric, stream)| DifferenceRow {
                        plan: difference.plan,
                        month: difference.month.map(|month| month + 1),
                        scope: difference.scope.clone(),
                        metric,
                        estimate: stream.estimate(),
                    })
            })
            .collect()
    }

    /// Small pictures of a plan's headline metrics.
    #[must_use]
    pub fn histograms(&self, plan: usize) -> Vec<Histogram> {
        self.totals()
            .filter(|store| store.plan == plan)
            .flat_map(|store| store.histograms(&Metric::HEADLINE))
            .collect()
    }
}

impl Difference {
    /// Whether a metric has rows: both sides must list it.
    fn lists(&self, metric: Metric, stores: &[ScopeStore]) -> bool {
        let lists = |store: Option<usize>| store.is_none_or(|s| stores[s].lists(metric));
        lists(self.mine) && lists(self.theirs)
    }

    fn unstarted(&self) -> Self {
        Self {
            plan: self.plan,
            month: self.month,
            scope: self.scope.clone(),
            exact_up_to: self.exact_up_to,
            mine: self.mine,
            theirs: self.theirs,
            streams: Vec::new(),
        }
    }

    fn begin(&mut self, exact: bool) {
        self.streams = Metric::ALL.map(|m| DifferenceStream::new(m, exact)).into();
    }

    fn push(&mut self, plan: &Quantities<'_>, baseline: &Quantities<'_>) {
        for stream in &mut self.streams {
            stream.push(plan, baseline);
        }
    }

    /// Takes all trials that the stores have kept.
    fn push_kept(&mut self, stores: &[ScopeStore]) {
        let kept = |store: Option<usize>| store.and_then(|s| stores[s].quantities());
        let (mine, theirs) = (kept(self.mine), kept(self.theirs));
        let trials = mine
            .as_ref()
            .or(theirs.as_ref())
            .map_or(0, Quantities::trials);
        let mine = mine.unwrap_or_else(|| Quantities::zero(trials));
        let theirs = theirs.unwrap_or_else(|| Quantities::zero(trials));
        self.push(&mine, &theirs);
    }
}

/// Gives one side's quantities in a block to a reader; zeros where the side has no such scope.
fn with_side<T>(
    stores: &[ScopeStore],
    store: Option<usize>,
    block: &TrialBlock,
    read: impl FnOnce(&Quantities<'_>) -> T,
) -> T {
    match store.map(|s| &stores[s]) {
        Some(store) => store.with_block(&block.plans[store.plan], block.trials, read),
        None => read(&Quantities::zero(block.trials)),
    }
}

/// Every plan but the baseline, total and the tiers of either side, of the horizon and of every month.
fn differences(plans: usize, scopes: &[Listed], exact_up_to: &[u64]) -> Vec<Difference> {
    let mut out = Vec::new();
    for plan in 1..plans {
        let find = |plan: usize, (month, key): (Option<usize>, &ScopeKey)| {
            let mut of_plan = scopes.iter().filter(|s| s.plan == plan);
            of_plan
                .find(|s| s.month == month && s.key == *key)
                .map(|s| s.store)
        };
        let mut keys: Vec<(Option<usize>, &ScopeKey)> = Vec::new();
        for scope in scopes.iter().filter(|s| s.plan == 0 || s.plan == plan) {
            let key = (scope.month, &scope.key);
            if matches!(scope.key.kind, ScopeKind::Total | ScopeKind::Tier) && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        // Months in order, whichever side has them.
        keys.sort_by_key(|(month, _)| *month);
        for key in keys {
            let (mine, theirs) = (find(plan, key), find(0, key));
            let limits = [mine, theirs].into_iter().flatten();
            out.push(Difference {
                plan,
                month: key.0,
                scope: key.1.clone(),
                exact_up_to: limits.map(|s| exact_up_to[s]).min().unwrap_or(EXACT_TRIALS),
                mine,
                theirs,
                streams: Vec::new(),
            });
        }
    }
    out
}
