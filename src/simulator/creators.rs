//! What single creators cost and sell: a pass of its own over the same draws.

use super::draws::Segment;
use super::factors::FactorValues;
use super::finish::multiply;
use super::group::Group;
use super::job::Job;
use super::kernel::{self, Scratch};
use super::recipe::Total;
use super::turnover::Histories;
use super::{Seeds, Simulator};
use crate::model::CreatorBlock;

/// A plan's bookings of one group.
struct Bookings<'a> {
    plan: usize,
    cell: usize,
    jobs: Vec<&'a Job>,
}

impl Simulator<'_> {
    /// Shows every creator of the plans that `wanted` names (by their index) in `trials` trials from
    /// number `first_trial` on to `visit`, until it returns false.
    ///
    /// The draws are those of [`Simulator::block`]. A plan's creators come in an order that depends
    /// on the plan alone. Costs about as much as simulating the trials, and memory for one creator.
    pub fn creators(
        &self,
        wanted: impl Fn(usize) -> bool,
        first_trial: u64,
        trials: usize,
        mut visit: impl FnMut(&CreatorBlock<'_>) -> bool,
    ) {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by(|&a, &b| self.groups[a].key.cmp(&self.groups[b].key));
        let seeds = Seeds::all(self.seed);
        let segments: Vec<_> =
            Segment::cut(&seeds, (self.path, true), first_trial, trials).collect();
        let factors: Vec<FactorValues> = segments
            .iter()
            .map(|segment| {
                let mut values = FactorValues::default();
                self.factors.fill(segment, &mut values);
                values
            })
            .collect();
        let histories: Vec<Vec<Histories>> = segments
            .iter()
            .map(|segment| {
                let mut values = Vec::new();
                self.fill_histories(segment, &mut values);
                values
            })
            .collect();
        let mut scratch = Scratch::default();
        let mut parts = Parts::new(trials);
        for number in order {
            let group = &self.groups[number];
            let mut plans = self.bookings_of(number);
            plans.retain(|bookings| wanted(bookings.plan));
            let booked = plans.iter().flat_map(|bookings| &bookings.jobs);
            let creators = booked.map(|job| job.last_creator() + 1).max().unwrap_or(0);
            // Without draws all creators are alike but for a fraction.
            for creator in 0..creators {
                let mut due: Vec<(&Bookings<'_>, Vec<(&Job, f64)>)> = Vec::new();
                for bookings in &plans {
                    let weighted: Vec<(&Job, f64)> = bookings
                        .jobs
                        .iter()
                        .filter(|job| creator <= job.last_creator())
                        .map(|&job| (job, job.weight(creator)))
                        .collect();
                    if !weighted.is_empty() {
                        due.push((bookings, weighted));
                    }
                }
                parts.clear(due.len());
                let mut at = 0;
                let each = segments.iter().zip(&factors).zip(&histories);
                for ((segment, factors), histories) in each {
                    if group.recipe.sums > 0 {
                        let of =
                            |(plan, first): (usize, usize)| histories[plan].of(first + creator);
                        let who = (creator, group.places.map(of));
                        kernel::alone(group, segment, who, factors, &mut scratch);
                    }
                    for (number, (_, jobs)) in due.iter().enumerate() {
                        for &(job, weight) in jobs {
                            let view = View {
                                group,
                                scratch: &scratch,
                                factors,
                                job,
                                weight,
                                len: segment.len,
                            };
                            parts.add(number, at, &view);
                        }
                    }
                    at += segment.len;
                }
                for (number, (bookings, _)) in due.iter().enumerate() {
                    let (spend, revenue) = &parts.plans[number];
                    let go_on = visit(&CreatorBlock {
                        plan: bookings.plan,
                        cell: bookings.cell,
                        slot: creator,
                        spend,
                        revenue,
                    });
                    if !go_on {
                        return;
                    }
                }
            }
        }
    }

    fn bookings_of(&self, group: usize) -> Vec<Bookings<'_>> {
        let mut out: Vec<Bookings<'_>> = Vec::new();
        for (plan, bookings) in self.bookings.iter().enumerate() {
            for booking in bookings.iter().filter(|b| b.group == group) {
                let job = &self.groups[group].jobs[booking.job];
                match out.last_mut() {
                    Some(last) if last.plan == plan => last.jobs.push(job),
                    _ => out.push(Bookings {
                        plan,
                        cell: booking.cell,
                        jobs: vec![job],
                    }),
                }
            }
        }
        out
    }
}

/// One job's creator in one segment.
struct View<'a> {
    group: &'a Group<'a>,
    scratch: &'a Scratch,
    factors: &'a FactorValues,
    job: &'a Job,
    weight: f64,
    len: usize,
}

impl View<'_> {
    /// `out` = `by` × a total of this creator alone.
    fn fill(&self, total: Total, by: f64, out: &mut [f64]) {
        let recipe = &self.group.recipe;
        let lane = if recipe.lanes > 1 { self.job.month } else { 0 };
        let sums = self.scratch.view(recipe, self.weight);
        sums.fill(lane, total.source, 0, total.constant * by, self.weight, out);
    }
}

/// Spend and revenue of the creator at hand, a pair a plan, and a buffer.
struct Parts {
    plans: Vec<(Vec<f64>, Vec<f64>)>,
    buffer: Vec<f64>,
    trials: usize,
}

impl Parts {
    fn new(trials: usize) -> Self {
        Self {
            plans: Vec::new(),
            buffer: vec![0.0; trials],
            trials,
        }
    }

    fn clear(&mut self, plans: usize) {
        let none = || (vec![0.0; self.trials], vec![0.0; self.trials]);
        self.plans.resize_with(plans.max(self.plans.len()), none);
        for (spend, revenue) in &mut self.plans[..plans] {
            spend.fill(0.0);
            revenue.fill(0.0);
        }
    }

    /// Adds a creator of a job in a segment to a plan's, from trial `at` of the call on.
    fn add(&mut self, plan: usize, at: usize, view: &View<'_>) {
        let (spend, revenue) = &mut self.plans[plan];
        let range = at..at + view.len;
        let (spend, revenue) = (&mut spend[range.clone()], &mut revenue[range.clone()]);
        let buffer = &mut self.buffer[range];
        let (job, recipe) = (view.job, &view.group.recipe);
        if let Some(total) = recipe.places {
            view.fill(total, job.standing_cost, buffer);
            add(spend, buffer, 1.0);
        } else {
            for spend in &mut *spend {
                *spend += view.weight * job.standing_cost;
            }
        }
        if job.fee_multiplier != 0.0 {
            view.fill(recipe.fee, job.fee_multiplier, buffer);
            multiply(buffer, view.factors.of(job.fee_factor), 0);
            add(spend, buffer, 1.0);
        }
        if job.fixed_fee != 0.0 {
            view.fill(recipe.delivered, job.fixed_fee, buffer);
            add(spend, buffer, 1.0);
        }
        if job.cleanup_cost != 0.0 {
            view.fill(recipe.incidents, job.cleanup_cost, buffer);
            add(spend, buffer, 1.0);
        }
        if let Some(total) = recipe.stages[3] {
            view.fill(total, job.stages[3] * job.order.mean(), buffer);
            multiply(buffer, view.factors.of(job.stage_factors[3]), 0);
            multiply(buffer, view.factors.of(job.order_factor), 0);
            add(revenue, buffer, 1.0);
            add(spend, buffer, job.commission);
        }
    }
}

fn add(out: &mut [f64], values: &[f64], by: f64) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += by * value;
    }
}
