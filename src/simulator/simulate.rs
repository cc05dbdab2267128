//! The simulator: plans in, blocks of trials out.

use std::cell::RefCell;
use std::collections::HashSet;

use ndarray::ArrayView2;

use super::draws::{MAX_MONTHS, Segment};
use super::factors::{FactorValues, Factors};
use super::finish::{Columns, Finish};
use super::group::{CreatorLaw, Group};
use super::individual::Selected;
use super::job::{Job, Shared};
use super::joint::{Booking, Own, Together};
use super::kernel::{self, Scratch};
use super::turnover::{Histories, Turnover};
use super::{Seeds, SimulationError};
use crate::model::{
    CellBlock, FactorBelief, Model, PlanBlock, TrialBlock, joint, reach_factors, valuation,
};
use crate::rng::Path;

/// Most creators of one cell and month.
const MAX_COUNT: f64 = 1e7;

/// A plan to simulate: the market it buys from and what it books.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// The market. Plans of one run may have different ones.
    pub model: &'a Model,
    /// Counts, months × cells of the model.
    pub counts: ArrayView2<'a, f64>,
}

/// Plans prepared for simulation.
///
/// Every random number has an address: seed, owner (a creator, a cell, a shared factor), quantity
/// and trial. So plans share the draws of the creators they share (common random numbers), any
/// range of trials can be computed on any thread, and an outcome depends on the seed, the plan and
/// the number of the trial alone: the same bits however trials are cut into blocks, whatever other
/// plans are simulated beside it, in whatever order tiers stand in the model.
///
/// Creators that several plans share are drawn once. The cost of a call grows with the number
/// of creators in the union of the plans (per cell and law of their draws), and with the trials.
/// Stream blocks hold [`STREAM_BLOCK`](crate::rng::STREAM_BLOCK) trials: a range that begins inside
/// one makes the uniforms before it, too, so ranges aligned to it are the cheapest.
///
/// ```
/// use influencer_matrix::simulator::{PlanInput, Simulator};
/// use ndarray::Array2;
///
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n";
/// # let model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario
/// let counts = Array2::from_elem((model.months, model.cells.len()), 2.0);
/// let plan = PlanInput { model: &model, counts: counts.view() };
/// let simulator = Simulator::new(&[plan], 42)?;
/// let block = simulator.block(0, 64);
/// let spend = &block.plans[0].cells[0].spend;
/// assert_eq!(spend.len(), 64);
/// // The last trial on its own has the same bits.
/// assert_eq!(simulator.block(63, 1).plans[0].cells[0].spend[0], spend[63]);
/// # Ok::<(), influencer_matrix::simulator::SimulationError>(())
/// ```
#[derive(Debug)]
pub struct Simulator<'a> {
    pub(super) seed: u64,
    pub(super) path: Path,
    pub(super) groups: Vec<Group<'a>>,
    pub(super) factors: Factors,
    /// Booked cells of each plan, month by month, in the order of its model's cells.
    pub(super) bookings: Vec<Vec<Booking>>,
    /// Of each plan, if its creators act on each other.
    pub(super) together: Vec<Option<Together>>,
    /// Of each plan, if its creators come and go.
    pub(super) turnover: Vec<Option<Turnover>>,
    /// Of each selection; empty where plans are simulated.
    pub(super) selected: Vec<Selected>,
}

impl<'a> Simulator<'a> {
    /// Builds the tables and finds what plans share.
    ///
    /// # Errors
    /// If counts do not fit their model or are no counts, a shared factor's spread is out of range,
    /// or two owners of draws have the same hash.
    pub fn new(plans: &[PlanInput<'a>], seed: u64) -> Result<Self, SimulationError> {
        let mut shared = Shared::new(seed);
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut bookings = Vec::with_capacity(plans.len());
        let mut turnover = Vec::with_capacity(plans.len());
        let mut months = 1;
        for (number, plan) in plans.iter().enumerate() {
            let model = plan.model;
            check(plan)?;
            months = months.max(model.months);
            let who = Turnover::new(model, &plan.counts, &mut shared)?;
            let mut booked = Vec::new();
            let rows = plan.counts.rows().into_iter().enumerate();
            let reach: Vec<Vec<f64>> = rows
                .map(|(month, row)| reach_factors(model, month, &row.to_vec()))
                .collect();
            let mut keys = HashSet::new();
            for ((month, cell), &count) in plan.counts.indexed_iter() {
                if count == 0.0 {
                    continue;
                }
                let law = valuation::law_in(model, month, cell);
                let key = model.key(cell);
                if !keys.insert((month, key.clone())) {
                    return Err(SimulationError::EqualHashes {
                        first: format!("the cell {key}"),
                        second: "another cell of that key".to_owned(),
                    });
                }
                let mut job = Job {
                    deferred: joint::applies(model),
                    ..Job::new(&key, &law, model, (month, count), &mut shared)?
                };
                job.reached(reach[month][cell]);
                if model.sells_later(cell) {
                    job = job.sold(&model.response_shares(month, cell), &mut shared)?;
                }
                let first = who.as_ref().and_then(|who| who.first_place(cell));
                let places = first.map(|first| (number, first));
                let creators = CreatorLaw {
                    basis: law.basis,
                    fee: law.fee,
                    delivery: law.terms.delivery,
                    dependence: model.dependence.within(),
                    incidents: model.incidents.of_one(),
                };
                let known = groups
                    .iter()
                    .position(|g| g.key == key && g.law == creators && g.places == places);
                let group = known.unwrap_or_else(|| {
                    groups.push(Group::new(key, creators, places));
                    groups.len() - 1
                });
                let jobs = &mut groups[group].jobs;
                let known = jobs.iter().position(|j| *j == job);
                let job = known.unwrap_or_else(|| {
                    jobs.push(job);
                    jobs.len() - 1
                });
                booked.push(Booking {
                    month,
                    cell,
                    group,
                    job,
                });
            }
            bookings.push(booked);
            turnover.push(who);
        }
        for (number, group) in groups.iter_mut().enumerate() {
            let places = group.prepare(months, &mut shared)?;
            for booking in bookings.iter_mut().flatten() {
                if booking.group == number {
                    booking.job = places[booking.job];
                }
            }
        }
        Ok(Self {
            seed,
            path: Path::best(),
            groups,
            factors: shared.factors,
            together: plans
                .iter()
                .zip(&bookings)
                .map(|(plan, booked)| Together::new(plan.model, booked))
                .collect(),
            bookings,
            turnover,
            selected: Vec::new(),
        })
    }

    /// Uniforms that one trial takes, each the argument of one quantile: the size of the work.
    #[must_use]
    pub fn draws_per_trial(&self) -> usize {
        let creators = |group: &Group<'_>| {
            let slots: usize = group.slots.iter().map(Vec::len).sum();
            slots * group.recipe.draws()
        };
        // Two a job: its conversions and its revenue.
        let cells = |group: &Group<'_>| creators(group) + 2 * group.jobs.len();
        self.groups.iter().map(cells).sum::<usize>() + self.factors.draws()
    }

    /// The same with its loops on a path of the caller's choice: the same bits, at another speed.
    #[must_use]
    pub fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// Outcomes of `trials` trials from number `first_trial` on. A pure function: the same bits for
    /// a trial whatever the range.
    #[must_use]
    pub fn block(&self, first_trial: u64, trials: usize) -> TrialBlock {
        self.with_scratch(&Seeds::all(self.seed), true, first_trial, trials)
    }

    /// The same with a seed for each group of inputs, all draws plain and independent from trial to
    /// trial, those of the shared factors too: groups of different seeds are independent, those of
    /// equal seeds are equal.
    #[must_use]
    pub fn block_with(&self, seeds: &Seeds, first_trial: u64, trials: usize) -> TrialBlock {
        self.with_scratch(seeds, false, first_trial, trials)
    }

    fn with_scratch(
        &self,
        seeds: &Seeds,
        quasi: bool,
        first_trial: u64,
        trials: usize,
    ) -> TrialBlock {
        thread_local! {
            static SCRATCH: RefCell<(Scratch, FactorValues)> = RefCell::default();
        }
        SCRATCH.with_borrow_mut(|(scratch, factors)| {
            let segments = Segment::cut(seeds, (self.path, quasi), first_trial, trials);
            if self.selected.is_empty() {
                self.simulate(segments, first_trial, trials, scratch, factors)
            } else {
                self.simulate_selections(segments, first_trial, trials, scratch, factors)
            }
        })
    }

    fn simulate<'b>(
        &self,
        segments: impl Iterator<Item = Segment<'b>>,
        first_trial: u64,
        trials: usize,
        scratch: &mut Scratch,
        factors: &mut FactorValues,
    ) -> TrialBlock {
        let mut columns: Vec<Vec<Columns>> = self
            .groups
            .iter()
            .map(|group| {
                let empty = |job| Columns::new(&group.recipe, job, trials);
                group.jobs.iter().map(empty).collect()
            })
            .collect();
        let mut own: Vec<Option<Own>> = self
            .bookings
            .iter()
            .zip(&self.together)
            .map(|(booked, plan)| Some(plan.as_ref()?.columns(booked, &self.groups, trials)))
            .collect();
        let mut histories = Vec::new();
        let mut at = 0;
        for segment in segments {
            self.factors.fill(&segment, factors);
            self.fill_histories(&segment, &mut histories);
            let finish = Finish {
                segment: &segment,
                factors,
            };
            for (group, columns) in self.groups.iter().zip(&mut columns) {
                kernel::run(group, &segment, finish, scratch, columns, &histories, at);
            }
            for ((booked, plan), own) in self.bookings.iter().zip(&self.together).zip(&mut own) {
                if let (Some(plan), Some(own)) = (plan, own) {
                    plan.finish(booked, finish, (&self.groups, &columns), own, at);
                }
            }
            at += segment.len;
        }
        TrialBlock {
            first_trial,
            trials,
            plans: self.hand_out(columns, own),
        }
    }

    /// What becomes of the places of every plan, empty where nothing turns over.
    pub(super) fn fill_histories(&self, segment: &Segment<'_>, histories: &mut Vec<Histories>) {
        histories.resize_with(self.turnover.len(), Histories::default);
        for (who, histories) in self.turnover.iter().zip(histories) {
            if let Some(who) = who {
                who.fill(segment, histories);
            }
        }
    }

    /// Gives every plan its columns; the last that shares a job takes them, the others get copies.
    fn hand_out(&self, mut columns: Vec<Vec<Columns>>, own: Vec<Option<Own>>) -> Vec<PlanBlock> {
        let mut users: Vec<Vec<usize>> = self
            .groups
            .iter()
            .map(|group| vec![0; group.jobs.len()])
            .collect();
        for booking in self.bookings.iter().flatten() {
            users[booking.group][booking.job] += 1;
        }
        let mut hand = |booking: &Booking| -> CellBlock {
            let left = &mut users[booking.group][booking.job];
            let columns = &mut columns[booking.group][booking.job];
            *left -= 1;
            let own = if *left == 0 {
                std::mem::take(columns)
            } else {
                columns.clone()
            };
            own.into_block(booking.month, booking.cell)
        };
        self.bookings
            .iter()
            .zip(&self.together)
            .zip(own)
            .map(|((bookings, plan), own)| {
                let cells = bookings.iter().map(&mut hand).collect();
                match (plan, own) {
                    (Some(plan), Some(own)) => plan.block(cells, own),
                    _ => PlanBlock {
                        cells,
                        audiences: Vec::new(),
                    },
                }
            })
            .collect()
    }
}

/// Whether counts fit their model.
fn check(plan: &PlanInput<'_>) -> Result<(), SimulationError> {
    let model = plan.model;
    let (found_months, found_cells) = plan.counts.dim();
    if found_months != model.months || found_cells != model.cells.len() {
        return Err(SimulationError::Shape {
            plan: model.name.clone(),
            months: model.months,
            cells: model.cells.len(),
            found_months,
            found_cells,
        });
    }
    if model.months > MAX_MONTHS {
        return Err(SimulationError::Months {
            plan: model.name.clone(),
            months: model.months,
            most: MAX_MONTHS,
        });
    }
    if let Some(reason) = model.belief.as_ref().and_then(FactorBelief::fault) {
        return Err(SimulationError::Belief {
            plan: model.name.clone(),
            reason,
        });
    }
    for ((_, cell), &count) in plan.counts.indexed_iter() {
        if !(0.0..=MAX_COUNT).contains(&count) {
            return Err(SimulationError::Count {
                plan: model.name.clone(),
                cell: model.key(cell).to_string(),
                count,
            });
        }
    }
    Ok(())
}
