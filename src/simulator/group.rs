//! Creators that the jobs of several plans share.

use super::SimulationError;
use super::draws::replacement;
use super::job::{Job, Shared};
use super::known::Pool;
use super::recipe::{Costs, Recipe};
use crate::distribution::Distribution;
use crate::model::{Basis, CellKey, Dependence, Incidents};

/// What decides the draws of a cell's creators. Terms, segment factors and shared factors are
/// constants of the sums over creators and so no part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CreatorLaw<'a> {
    /// Yield basis of the tier.
    pub(super) basis: &'a Basis,
    /// Fee per post.
    pub(super) fee: &'a Distribution,
    /// Probability that the content appears.
    pub(super) delivery: f64,
    /// Dependence between a creator's qualities.
    pub(super) dependence: Dependence,
    /// Incidents.
    pub(super) incidents: Incidents,
}

/// The creators of one cell under one law, and the jobs that book them.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// Names of the cell.
    pub(super) key: CellKey,
    /// Law of the draws.
    pub(super) law: CreatorLaw<'a>,
    /// Where creators come and go: the plan whose places they fill, and the first of these.
    pub(super) places: Option<(usize, usize)>,
    /// Creators who were seen in months that happened: the first.
    pub(super) known: Option<Pool>,
    /// Jobs, by the index of their last creator.
    pub(super) jobs: Vec<Job>,
    /// Hashes of the creators' slots, for as many as the largest job books, and for all who can follow each in its
    /// place; empty if nothing is drawn.
    pub(super) slots: Vec<Vec<u64>>,
    /// How sums over creators come about.
    pub(super) recipe: Recipe,
}

impl<'a> Group<'a> {
    /// A group without jobs.
    pub(super) fn new(
        key: CellKey,
        law: CreatorLaw<'a>,
        places: Option<(usize, usize)>,
        known: Option<Pool>,
    ) -> Self {
        Self {
            key,
            law,
            places,
            known,
            jobs: Vec::new(),
            slots: Vec::new(),
            recipe: Recipe::default(),
        }
    }

    /// Whether a creator was seen in months that happened.
    pub(super) fn seen(&self, creator: usize) -> bool {
        self.known
            .as_ref()
            .is_some_and(|pool| creator < pool.creators)
    }

    /// Orders the jobs by their last creator, writes the recipe for them and names their creators'
    /// slots. Returns the new place of each job.
    pub(super) fn prepare(
        &mut self,
        months: usize,
        shared: &mut Shared,
    ) -> Result<Vec<usize>, SimulationError> {
        let mut order: Vec<(usize, Job)> = self.jobs.drain(..).enumerate().collect();
        order.sort_by_key(|(_, job)| job.last_creator());
        let mut places = vec![0; order.len()];
        for (place, (was, _)) in order.iter().enumerate() {
            places[*was] = place;
        }
        self.jobs = order.into_iter().map(|(_, job)| job).collect();
        let fee = self.jobs.iter().any(|job| job.fee_multiplier != 0.0);
        let delivered = self.jobs.iter().any(|job| job.fixed_fee != 0.0);
        let costs = Costs {
            fee,
            delivered,
            cleanup: self.jobs.iter().any(|job| job.cleanup_cost != 0.0),
            turnover: self.places.is_some(),
        };
        self.recipe = Recipe::new(&self.law, costs, months, &mut shared.tables);
        if self.recipe.sums > 0 || self.law.incidents.shocks() {
            let booked = self.jobs.last().map_or(0, |job| job.last_creator() + 1);
            // Those who were seen are known together, however few of them are booked.
            let creators = self
                .known
                .as_ref()
                .map_or(0, |pool| pool.creators)
                .max(booked);
            let followers = if self.places.is_some() { months } else { 1 };
            for index in 0..creators as u64 {
                let slots: Vec<u64> = (0..followers as u64)
                    .map(|follower| replacement(&self.key, index, follower))
                    .collect();
                for (follower, &hash) in slots.iter().enumerate() {
                    shared.owners.register(hash, || {
                        let key = &self.key;
                        format!("creator {} of place {} of {key}", follower + 1, index + 1)
                    })?;
                }
                self.slots.push(slots);
            }
        }
        Ok(places)
    }
}
