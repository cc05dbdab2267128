//! Creators of a roster: each drawn by its own law.
//!
//! A creator's draws belong to its id, whatever it is booked as and whoever is booked beside it: two
//! selections share the draws of the creators they share. Conversions and revenue are drawn creator by
//! creator and added up by cell; given the shared factors, sums of Poissons are Poisson and sums of
//! gammas of one scale are gamma, so that a cell has the law that it has in a plan.

use std::collections::BTreeSet;

use super::draws::{Segment, of_roster, orders_of_roster};
use super::factors::FactorValues;
use super::finish::{Columns, Finish};
use super::group::{CreatorLaw, Group};
use super::job::{Job, Shared};
use super::joint::Booking;
use super::kernel::{self, Scratch};
use super::{SimulationError, Simulator};
use crate::model::{Model, OwnLaw, PlanBlock, TrialBlock, valuation};
use crate::rng::Path;

/// One creator of a roster, booked.
#[derive(Debug, Clone, Copy)]
pub struct OwnBooking<'a> {
    /// What tells it from all others.
    pub id: &'a str,
    /// Index into the model's cells.
    pub cell: usize,
    /// Its own figures.
    pub own: &'a OwnLaw,
}

/// A selection to simulate: every month books the same creators.
#[derive(Debug, Clone, Copy)]
pub struct SelectionInput<'a> {
    /// The market.
    pub model: &'a Model,
    /// Who is booked, each once.
    pub bookings: &'a [OwnBooking<'a>],
}

/// Where a selection's creators go.
#[derive(Debug)]
pub(super) struct Selected {
    /// Months and cells that are booked, in order.
    places: Vec<(usize, usize)>,
    /// Group of each creator, and the place of each of its jobs.
    creators: Vec<(usize, Vec<usize>)>,
}

impl<'a> Simulator<'a> {
    /// Prepares selections. What [`Simulator::new`] says of plans holds: an outcome depends on the seed, the
    /// selection and the number of the trial alone. Effects of a plan as a whole (audiences, shocks)
    /// are left out.
    ///
    /// # Errors
    /// If a shared factor's spread is out of range, or two owners of draws have the same hash.
    pub fn of_selections(
        selections: &[SelectionInput<'a>],
        seed: u64,
    ) -> Result<Self, SimulationError> {
        let mut shared = Shared::new(seed);
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut bookings = Vec::with_capacity(selections.len());
        let mut selected = Vec::with_capacity(selections.len());
        for input in selections {
            let months = input.model.months;
            let cells: BTreeSet<usize> = input.bookings.iter().map(|b| b.cell).collect();
            let places: Vec<(usize, usize)> = (0..months)
                .flat_map(|month| cells.iter().map(move |&cell| (month, cell)))
                .collect();
            let mut creators = Vec::with_capacity(input.bookings.len());
            let mut booked = Vec::with_capacity(input.bookings.len() * months);
            for booking in input.bookings {
                let cell = booking.cell;
                let mut group = group(input.model, booking, &mut shared)?;
                let slots = group.prepare(months, &mut shared)?;
                if !group.slots.is_empty() {
                    group.slots = vec![vec![of_roster(booking.id)]];
                }
                let own = |month: &usize| {
                    let of = |place: &(usize, usize)| *place == (*month, cell);
                    places.iter().position(of).unwrap_or_default()
                };
                creators.push((groups.len(), (0..months).map(|month| own(&month)).collect()));
                booked.extend((0..months).map(|month| Booking {
                    month,
                    cell,
                    group: groups.len(),
                    job: slots[month],
                }));
                groups.push(group);
            }
            bookings.push(booked);
            selected.push(Selected { places, creators });
        }
        Ok(Self {
            seed,
            path: Path::best(),
            groups,
            factors: shared.factors,
            together: selections.iter().map(|_| None).collect(),
            turnover: selections.iter().map(|_| None).collect(),
            bookings,
            selected,
        })
    }

    /// [`Simulator::block`] of selections.
    pub(super) fn simulate_selections<'b>(
        &self,
        segments: impl Iterator<Item = Segment<'b>>,
        first_trial: u64,
        trials: usize,
        scratch: &mut Scratch,
        factors: &mut FactorValues,
    ) -> TrialBlock {
        let mut sums: Vec<Vec<Columns>> = self
            .selected
            .iter()
            .map(|plan| vec![Columns::default(); plan.places.len()])
            .collect();
        let mut at = 0;
        for segment in segments {
            self.factors.fill(&segment, factors);
            let finish = Finish {
                segment: &segment,
                factors,
            };
            for (plan, sums) in self.selected.iter().zip(&mut sums) {
                for (number, places) in &plan.creators {
                    let group = &self.groups[*number];
                    let empty = |job: &Job| Columns::new(&group.recipe, job, segment.len);
                    let mut own: Vec<Columns> = group.jobs.iter().map(empty).collect();
                    kernel::run(group, &segment, finish, scratch, &mut own, &[], 0);
                    for (own, &place) in own.iter().zip(places) {
                        sums[place].add(own, at, trials);
                    }
                }
            }
            at += segment.len;
        }
        let block = |(plan, sums): (&Selected, Vec<Columns>)| PlanBlock {
            cells: plan
                .places
                .iter()
                .zip(sums)
                .map(|(&(month, cell), sum)| sum.into_block(month, cell))
                .collect(),
            audiences: Vec::new(),
        };
        TrialBlock {
            first_trial,
            trials,
            plans: self.selected.iter().zip(sums).map(block).collect(),
        }
    }
}

/// A group of one creator, with a job a month.
fn group<'a>(
    model: &'a Model,
    booking: &OwnBooking<'a>,
    shared: &mut Shared,
) -> Result<Group<'a>, SimulationError> {
    let law = |month| valuation::law_in(model, month, booking.cell);
    let of_cell = law(0);
    let own = booking.own.law(&of_cell);
    let key = model.key(booking.cell);
    let mut group = Group::new(
        key.clone(),
        CreatorLaw {
            basis: own.basis,
            fee: own.fee,
            delivery: own.terms.delivery,
            dependence: model.dependence.within(),
            incidents: model.incidents.of_one(),
        },
        None,
    );
    for month in 0..model.months {
        let of_cell = law(month);
        let law = booking.own.law(&of_cell);
        let job = Job::new(&key, &law, model, (month, 1.0), shared)?;
        let mut job = Job {
            owner: orders_of_roster(booking.id),
            ..job
        };
        if model.sells_later(booking.cell) {
            job = job.sold(&model.response_shares(month, booking.cell), shared)?;
        }
        group.jobs.push(job);
    }
    let named = |what: &str| format!("{what} {} of the roster", booking.id);
    let owners = &mut shared.owners;
    owners.register(of_roster(booking.id), || named("the creator"))?;
    owners.register(orders_of_roster(booking.id), || named("the orders of"))?;
    Ok(group)
}
