//! From sums over creators to a cell's columns: shared factors, conversions, revenue, spend.

use super::draws::{CHUNK, Drawn, Segment};
use super::factors::FactorValues;
use super::inversion::{binomial, poisson};
use super::job::Job;
use super::kernel::NORMAL;
use super::recipe::{Recipe, Source, Total};
use crate::model::CellBlock;
use crate::rng::Stream;

/// One job's columns over all trials of a call; those that are not defined are empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) spend: Vec<f64>,
    /// Impressions, engagements, clicks.
    pub(super) yields: [Vec<f64>; 3],
    pub(super) conversions: Vec<f64>,
    pub(super) revenue: Vec<f64>,
    /// Revenue by month of sale; empty where all is sold at once.
    pub(super) sold: Vec<Vec<f64>>,
    /// Creators that are there; empty where all are.
    pub(super) places: Vec<f64>,
    /// Those of them who are new, and those who leave.
    pub(super) joined: Vec<f64>,
    pub(super) left: Vec<f64>,
    /// Empty where there is none.
    pub(super) cleanup: Vec<f64>,
    /// Whether one of the creators has a shocking incident.
    pub(super) shocked: Vec<bool>,
}

impl Columns {
    /// Zeros where the recipe and the job define a column.
    pub(super) fn new(recipe: &Recipe, job: &Job, trials: usize) -> Self {
        let if_any = |any: bool| vec![0.0; if any { trials } else { 0 }];
        let turnover = recipe.places.is_some();
        let yields = [0, 1, 2].map(|stage| {
            let defined = recipe.stages[stage].is_some();
            vec![0.0; if defined { trials } else { 0 }]
        });
        Self {
            spend: vec![0.0; trials],
            yields,
            conversions: vec![0.0; trials],
            revenue: vec![0.0; trials],
            sold: vec![vec![0.0; trials]; job.response.len()],
            places: if_any(turnover),
            joined: if_any(turnover),
            left: if_any(turnover),
            cleanup: if_any(job.cleanup_cost != 0.0),
            shocked: vec![false; if recipe.shock.is_some() { trials } else { 0 }],
        }
    }

    /// Adds the columns of a part of all `trials` that begins at `at`.
    pub(super) fn add(&mut self, part: &Self, at: usize, trials: usize) {
        let [impressions, engagements, clicks] = &mut self.yields;
        let mine = [
            &mut self.spend,
            impressions,
            engagements,
            clicks,
            &mut self.conversions,
            &mut self.revenue,
        ];
        let [impressions, engagements, clicks] = &part.yields;
        let theirs = [
            &part.spend,
            impressions,
            engagements,
            clicks,
            &part.conversions,
            &part.revenue,
        ];
        self.sold.resize_with(part.sold.len(), Vec::new);
        let mine = mine
            .into_iter()
            .chain(&mut self.sold)
            .chain([&mut self.cleanup]);
        let theirs = theirs.into_iter().chain(&part.sold).chain([&part.cleanup]);
        for (sum, part) in mine.zip(theirs) {
            // All creators of a cell define the same columns.
            if !part.is_empty() {
                sum.resize(trials, 0.0);
                add(&mut sum[at..at + part.len()], part);
            }
        }
    }

    /// As the outcome of a cell.
    pub(super) fn into_block(self, month: usize, cell: usize) -> CellBlock {
        let [impressions, engagements, clicks] = self.yields;
        CellBlock {
            month,
            cell,
            spend: self.spend,
            impressions,
            engagements,
            clicks,
            conversions: self.conversions,
            revenue: self.revenue,
            sold: self.sold,
            places: self.places,
            joined: self.joined,
            left: self.left,
            cleanup: self.cleanup,
        }
    }
}

/// Sums over the creators of a job: the running sums plus `fraction` × the next creator's values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums<'a> {
    pub(super) totals: &'a [Vec<f64>],
    pub(super) values: &'a [Vec<f64>],
    /// Sums of one set; a set a month if there is more than one.
    pub(super) per_lane: usize,
    pub(super) fraction: f64,
    /// The least of the uniforms that decide on shocks over the creators with incidents, a set a month.
    pub(super) nearest: &'a [Vec<f64>],
    /// That of the next creator.
    pub(super) own: &'a [Vec<f64>],
}

impl Sums<'_> {
    /// Whether a creator has a shocking incident, at probability `q` given an incident; a fraction of a creator
    /// at that fraction of it.
    fn shocked(&self, lane: usize, q: f64, out: &mut [bool]) {
        for (out, nearest) in out.iter_mut().zip(&self.nearest[lane]) {
            *out = *nearest < q;
        }
        if self.fraction > 0.0 {
            for (out, own) in out.iter_mut().zip(&self.own[lane]) {
                *out |= *own < q * self.fraction;
            }
        }
    }

    /// `out` = `constant` × a source, over trials from `start` of the segment on.
    pub(super) fn fill(
        &self,
        lane: usize,
        source: Source,
        start: usize,
        constant: f64,
        count: f64,
        out: &mut [f64],
    ) {
        match source {
            Source::Count => out.fill(constant * count),
            Source::Sum(sum) => {
                let totals = &self.totals[lane * self.per_lane + sum][start..];
                if self.fraction > 0.0 {
                    let values = &self.values[lane * self.per_lane + sum][start..];
                    for (out, (total, value)) in out.iter_mut().zip(totals.iter().zip(values)) {
                        *out = (total + self.fraction * value) * constant;
                    }
                } else {
                    for (out, total) in out.iter_mut().zip(totals) {
                        *out = total * constant;
                    }
                }
            }
        }
    }
}

/// What finishing needs beside a job's sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finish<'a> {
    pub(super) segment: &'a Segment<'a>,
    pub(super) factors: &'a FactorValues,
}

pub(super) fn multiply(out: &mut [f64], factors: Option<&[f64]>, start: usize) {
    if let Some(factors) = factors {
        for (out, factor) in out.iter_mut().zip(&factors[start..]) {
            *out *= factor;
        }
    }
}

/// Streams of a job's conversions and revenue.
pub(super) struct OrderStreams {
    conversions: Stream,
    revenue: Stream,
    /// Of the orders of each month of sale.
    sold: Vec<Stream>,
}

impl Finish<'_> {
    /// The streams of a job's conversions and revenue over the segment.
    pub(super) fn streams(self, job: &Job) -> OrderStreams {
        let stream = |drawn: Drawn| self.segment.stream(job.owner, drawn, job.month);
        OrderStreams {
            conversions: stream(Drawn::Conversions),
            revenue: stream(Drawn::Revenue),
            sold: job
                .response
                .iter()
                .map(|&(_, owner)| self.segment.stream(owner, Drawn::Sold, job.month))
                .collect(),
        }
    }

    /// Draws conversions and revenue over a chunk from expected conversions; `start` is the chunk's place
    /// in the segment, and the streams are there already.
    pub(super) fn orders(
        self,
        job: &Job,
        streams: &mut OrderStreams,
        expected: &[f64],
        start: usize,
        conversions: &mut [f64],
        revenue: &mut [f64],
    ) {
        let (path, n) = (self.segment.path, expected.len());
        let (mut uniforms, mut normals) = ([0.0; CHUNK], [0.0; CHUNK]);
        let (uniforms, normals) = (&mut uniforms[..n], &mut normals[..n]);
        streams.conversions.fill_uniforms(uniforms);
        NORMAL.fill_on(path, uniforms, normals);
        poisson(path, expected, uniforms, normals, conversions);

        streams.revenue.fill_uniforms(uniforms);
        NORMAL.fill_on(path, uniforms, normals);
        job.order
            .revenue(path, conversions, uniforms, normals, revenue);
        multiply(revenue, self.factors.of(job.order_factor), start);
    }

    /// Splits a chunk's revenue over the months it is sold in: orders are thinned month by month, each one's number
    /// binomial among those left, and revenue goes with orders.
    pub(super) fn sold(
        self,
        job: &Job,
        streams: &mut OrderStreams,
        (conversions, revenue): (&[f64], &[f64]),
        sold: &mut [Vec<f64>],
        from: usize,
    ) {
        let n = conversions.len();
        let (mut uniforms, mut normals, mut left) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
        let (uniforms, normals) = (&mut uniforms[..n], &mut normals[..n]);
        left[..n].copy_from_slice(conversions);
        let months = job.response.iter().zip(&mut streams.sold).zip(sold);
        for ((&(share, _), stream), sold) in months {
            stream.fill_uniforms(uniforms);
            NORMAL.fill_on(self.segment.path, uniforms, normals);
            let draws = uniforms.iter().zip(&*normals).zip(&mut left);
            let values = conversions.iter().zip(revenue);
            for ((sold, ((&u, &z), left)), (orders, revenue)) in
                sold[from..from + n].iter_mut().zip(draws).zip(values)
            {
                let now = binomial(*left, share, u, z);
                *left -= now;
                *sold = if now > 0.0 {
                    revenue * (now / orders)
                } else {
                    0.0
                };
            }
        }
    }

    /// Fills a job's columns over the segment; `at` is where in them it begins.
    pub(super) fn job(
        self,
        recipe: &Recipe,
        job: &Job,
        sums: &Sums<'_>,
        columns: &mut Columns,
        at: usize,
    ) {
        let lane = if recipe.lanes > 1 { job.month } else { 0 };
        let mut streams = (!job.deferred).then(|| self.streams(job));
        if let Some(q) = recipe.shock {
            let shocked = &mut columns.shocked[at..at + self.segment.len];
            sums.shocked(lane, q, shocked);
        }
        let mut expected = [0.0; CHUNK];
        let mut cost = [0.0; CHUNK];
        let mut start = 0;
        while start < self.segment.len {
            let n = CHUNK.min(self.segment.len - start);
            let range = at + start..at + start + n;
            let fill = |total: Total, by: f64, out: &mut [f64]| {
                sums.fill(
                    lane,
                    total.source,
                    start,
                    total.constant * by,
                    job.count,
                    out,
                );
            };
            let factor = |product| self.factors.of(product);

            for stage in 0..3 {
                if let Some(total) = recipe.stages[stage] {
                    let out = &mut columns.yields[stage][range.clone()];
                    fill(total, job.stages[stage], out);
                    multiply(out, factor(job.stage_factors[stage]), start);
                }
            }

            let expected = &mut expected[..n];
            if let Some(total) = recipe.stages[3] {
                fill(total, job.stages[3], expected);
                multiply(expected, factor(job.stage_factors[3]), start);
            }
            if let Some(total) = recipe.places {
                fill(total, 1.0, &mut columns.places[range.clone()]);
            }
            let conversions = &mut columns.conversions[range.clone()];
            let spend = &mut columns.spend[range.clone()];
            if let Some(streams) = &mut streams {
                let revenue = &mut columns.revenue[range.clone()];
                self.orders(job, streams, expected, start, conversions, revenue);
                let orders = (&*conversions, &*revenue);
                self.sold(job, streams, orders, &mut columns.sold, at + start);
                let places = columns.places.get(range.clone()).unwrap_or(&[]);
                job.standing(revenue, places, spend);
            } else {
                conversions.copy_from_slice(expected);
            }
            let cost = &mut cost[..n];
            if job.fee_multiplier != 0.0 {
                fill(recipe.fee, job.fee_multiplier, cost);
                multiply(cost, factor(job.fee_factor), start);
                add(spend, cost);
            }
            if job.fixed_fee != 0.0 {
                fill(recipe.delivered, job.fixed_fee, cost);
                add(spend, cost);
            }
            if job.cleanup_cost != 0.0 {
                fill(recipe.incidents, job.cleanup_cost, cost);
                add(spend, cost);
                columns.cleanup[range].copy_from_slice(cost);
            }
            start += n;
        }
    }
}

fn add(out: &mut [f64], values: &[f64]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += value;
    }
}
