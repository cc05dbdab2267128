//! Who is there: partners leave, and a pipeline delivers new ones.
//!
//! A plan's cell has places, one for each creator that it books in some month. A place holds a creator or nobody:
//!
//! - In the first month the starting partners hold the first places of their cells, a part of one with its probability.
//! - In every month, creators that the pipeline has delivered until its end and who have no place yet take the empty
//!   places that the plan books in the month: those first that are the smallest part of their cell's count,
//!   (i + ½)/n for the i-th of n places, so that cells fill up alike; of equal ones the first by the names of the cells.
//!   They work for the whole month. Who finds no place waits for one.
//! - At the end of a month a creator leaves with probability c (churn). Where the place is booked in the
//!   next month too, those left stay away with probability 1 − ρ (repeat), ambassadors within their term not.
//!
//! Waves are booked one by one: their places are always filled. Of the pipeline a trial has its own number identified a month N,
//! its own rates, and its own c and ρ. Every month ⌊N⌋ are identified, and one more with probability N − ⌊N⌋; each
//! becomes a partner with the product of the rates and lands in a month by [`Pipeline::landing`], so that those
//! who land are binomial.
//!
//! [`Pipeline::landing`]: crate::model::Pipeline::landing

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::SimulationError;
use super::draws::{Drawn, Segment, landing, pipeline, place};
use super::inversion::binomial;
use super::job::Shared;
use super::kernel::NORMAL;
use crate::distribution::{Distribution, QuantileTable};
use crate::model::{BookedAs, CellKey, Model, Pipeline};

/// Most months of a plan with a pipeline.
pub(super) const MOST_MONTHS: usize = 32;

/// A plan's places and where new creators come from.
#[derive(Debug)]
pub(super) struct Turnover {
    months: usize,
    places: Vec<Place>,
    /// First place of each cell; `None` where nothing turns over.
    first: Vec<Option<usize>>,
    /// Booked places of each month, in the order in which they are filled.
    order: Vec<Vec<usize>>,
    arrivals: Arrivals,
}

/// One place.
#[derive(Debug)]
struct Place {
    owner: u64,
    /// Probability that a partner is there from the beginning.
    started: f64,
    /// Months at whose end a creator is asked to work again and may not, bit by bit.
    asked: u32,
}

/// The pipeline's random flow.
#[derive(Debug)]
struct Arrivals {
    identified: Uncertain,
    rates: [(Drawn, Uncertain); 4],
    churn: Uncertain,
    repeat: Uncertain,
    landing: Array2<f64>,
}

/// A number drawn once a trial.
#[derive(Debug)]
enum Uncertain {
    Certain(f64),
    Drawn(Box<QuantileTable>),
}

impl Uncertain {
    fn new(distribution: &Distribution) -> Self {
        match *distribution {
            Distribution::Certain(value) => Self::Certain(value),
            _ => Self::Drawn(Box::new(distribution.table())),
        }
    }

    /// Its values in a segment.
    fn values(&self, segment: &Segment<'_>, drawn: Drawn) -> Vec<f64> {
        match self {
            Self::Certain(value) => vec![*value; segment.len],
            Self::Drawn(table) => {
                let mut uniforms = vec![0.0; segment.len];
                let mut values = vec![0.0; segment.len];
                let mut stream = segment.stream(pipeline(), drawn, 0);
                stream.fill_uniforms(&mut uniforms);
                table.fill_on(segment.path, &uniforms, &mut values);
                values
            }
        }
    }
}

/// What became of a plan's places in a segment: two words of bits, month by month, a trial.
#[derive(Debug, Default)]
pub(super) struct Histories {
    /// Place after place: months in which it is filled.
    filled: Vec<Vec<u32>>,
    /// Months in which somebody new is in it.
    joined: Vec<Vec<u32>>,
    /// Months at whose end its creator leaves for good.
    left: Vec<Vec<u32>>,
    /// Whether the first of them was there from the beginning.
    started: Vec<Started>,
}

/// In which trials somebody is in a place from the beginning.
#[derive(Debug, Clone)]
enum Started {
    All(bool),
    Some(Vec<u32>),
}

impl Started {
    fn bit(&self, trial: usize) -> u32 {
        match self {
            Self::All(started) => u32::from(*started),
            Self::Some(started) => started[trial],
        }
    }
}

/// One place's months.
#[derive(Debug, Clone, Copy)]
pub(super) struct History<'a> {
    pub(super) filled: &'a [u32],
    pub(super) joined: &'a [u32],
    pub(super) left: &'a [u32],
    /// Whether its first creator was there from the beginning.
    started: &'a Started,
}

impl History<'_> {
    /// Creators that are ever in the place, in the trial with the most.
    pub(super) fn creators(&self) -> usize {
        let most = self.joined.iter().map(|months| months.count_ones()).max();
        most.unwrap_or(0) as usize
    }

    /// Adds one where somebody new comes in a month, and where the creator leaves at its end.
    pub(super) fn count(&self, month: usize, joined: &mut [f64], left: &mut [f64]) {
        for (trial, (sum, months)) in joined.iter_mut().zip(self.joined).enumerate() {
            let known = if month == 0 {
                self.started.bit(trial)
            } else {
                0
            };
            *sum += f64::from((months >> month & 1) - known);
        }
        for (sum, months) in left.iter_mut().zip(self.left) {
            *sum += f64::from(months >> month & 1);
        }
    }

    /// Whether the creator of a number is there in a month: 1 or 0, from trial `start` on.
    pub(super) fn presence(&self, month: usize, creator: usize, start: usize, out: &mut [f64]) {
        let until = u32::MAX >> (MOST_MONTHS - 1 - month);
        let months = self.filled[start..].iter().zip(&self.joined[start..]);
        for (out, (filled, joined)) in out.iter_mut().zip(months) {
            let here = filled >> month & 1;
            let number = (joined & until).count_ones();
            *out = f64::from(here * u32::from(number == creator as u32 + 1));
        }
    }
}

impl Histories {
    /// Those of a place.
    pub(super) fn of(&self, place: usize) -> History<'_> {
        History {
            filled: &self.filled[place],
            joined: &self.joined[place],
            left: &self.left[place],
            started: &self.started[place],
        }
    }
}

impl Turnover {
    /// Of a plan; `None` where the model has no pipeline.
    pub(super) fn new(
        model: &Model,
        counts: &ArrayView2<'_, f64>,
        shared: &mut Shared,
    ) -> Result<Option<Self>, SimulationError> {
        let Some(flow) = &model.horizon.pipeline else {
            return Ok(None);
        };
        if model.months > MOST_MONTHS {
            return Err(SimulationError::Months {
                plan: model.name.clone(),
                months: model.months,
                most: MOST_MONTHS,
            });
        }
        let mut places = Vec::new();
        let mut first = vec![None; model.cells.len()];
        let mut order: Vec<Vec<(f64, CellKey, usize)>> = vec![Vec::new(); model.months];
        for (cell, own) in model.cells.iter().enumerate() {
            if matches!(own.booked_as, BookedAs::Wave(_)) {
                continue;
            }
            let column = counts.column(cell);
            let most = column.iter().fold(0.0, |a: f64, &b| a.max(b)).ceil() as usize;
            if most == 0 {
                continue;
            }
            first[cell] = Some(places.len());
            let key = model.key(cell);
            let starting = flow.starting.get(cell).copied().unwrap_or(0.0);
            for index in 0..most {
                let booked = |month: usize| column.get(month).is_some_and(|n| *n > index as f64);
                let mut asked = 0;
                for month in 0..model.months {
                    if booked(month) {
                        let share = (index as f64 + 0.5) / column[month].ceil();
                        order[month].push((share, key.clone(), places.len()));
                    }
                    if booked(month) && booked(month + 1) && !bound(model, cell, month + 1) {
                        asked |= 1 << month;
                    }
                }
                let owner = place(&key, index as u64);
                let name = || format!("place {} of {key}", index + 1);
                shared.owners.register(owner, name)?;
                places.push(Place {
                    owner,
                    started: started(starting, &column, index),
                    asked,
                });
            }
        }
        let owners = &mut shared.owners;
        owners.register(pipeline(), || "the pipeline".to_owned())?;
        for month in 0..model.months {
            let name = || format!("the pipeline in month {}", month + 1);
            owners.register(landing(month), name)?;
        }
        let order = order.into_iter().map(|mut month| {
            // Names and not numbers: a plan's trials do not depend on the order of its model's cells.
            month.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            month.into_iter().map(|(_, _, place)| place).collect()
        });
        Ok(Some(Self {
            months: model.months,
            places,
            first,
            order: order.collect(),
            arrivals: Arrivals::new(flow, model),
        }))
    }

    /// First place of a cell; `None` where nothing turns over.
    pub(super) fn first_place(&self, cell: usize) -> Option<usize> {
        self.first[cell]
    }

    /// What becomes of the places in a segment.
    pub(super) fn fill(&self, segment: &Segment<'_>, histories: &mut Histories) {
        let len = segment.len;
        let Histories {
            filled,
            joined,
            left,
            started,
        } = histories;
        for words in [&mut *filled, &mut *joined, &mut *left] {
            words.resize_with(self.places.len(), Vec::new);
            for words in words {
                words.clear();
                words.resize(len, 0);
            }
        }
        let arrivals = self.arrivals.draw(segment, self.months);
        let repeat = self.arrivals.repeat.values(segment, Drawn::Repeat);
        let churn = self.arrivals.churn.values(segment, Drawn::Churn);
        let rates: Vec<(f64, f64)> = churn.into_iter().zip(repeat).collect();
        let mut waiting = vec![0.0; len];
        let mut uniforms = vec![0.0; len];
        // Whether somebody is in a place as a month begins stands in its bit of `filled`.
        started.clear();
        for (number, place) in self.places.iter().enumerate() {
            let own = if place.started > 0.0 && place.started < 1.0 {
                let mut stream = segment.stream(place.owner, Drawn::Starts, 0);
                stream.fill_uniforms(&mut uniforms);
                let starts = |u: &f64| u32::from(*u < place.started);
                Started::Some(uniforms.iter().map(starts).collect())
            } else {
                Started::All(place.started >= 1.0)
            };
            match &own {
                Started::All(all) => {
                    filled[number].fill(u32::from(*all));
                    joined[number].fill(u32::from(*all));
                }
                Started::Some(starts) => {
                    filled[number].copy_from_slice(starts);
                    joined[number].copy_from_slice(starts);
                }
            }
            started.push(own);
        }
        for (month, arrived) in arrivals.iter().enumerate() {
            let bit = 1_u32 << month;
            for (waiting, arrived) in waiting.iter_mut().zip(arrived) {
                *waiting += arrived;
            }
            for &place in &self.order[month] {
                let words = filled[place].iter_mut().zip(&mut joined[place]);
                for ((filled, joined), waiting) in words.zip(&mut waiting) {
                    let comes = *filled & bit == 0 && *waiting >= 1.0;
                    let new = if comes { bit } else { 0 };
                    *filled |= new;
                    *joined |= new;
                    *waiting -= if comes { 1.0 } else { 0.0 };
                }
            }
            if month + 1 == self.months {
                continue;
            }
            for (number, place) in self.places.iter().enumerate() {
                let asked = place.asked & bit != 0;
                let mut stream = segment.stream(place.owner, Drawn::Leaves, month);
                stream.fill_uniforms(&mut uniforms);
                let words = filled[number].iter_mut().zip(&mut left[number]);
                for ((filled, left), (u, (churn, repeat))) in words.zip(uniforms.iter().zip(&rates))
                {
                    let back = if asked { *repeat } else { 1.0 };
                    let goes = *u >= (1.0 - churn) * back;
                    let here = *filled & bit != 0;
                    *left |= if here && goes { bit } else { 0 };
                    *filled |= if here && !goes { bit << 1 } else { 0 };
                }
            }
        }
    }
}

/// Probability that somebody is in a place from the beginning: a part of a partner fills as much of a place as it is in
/// expectation, and a place of which the first month books a part takes that part.
fn started(starting: f64, counts: &ArrayView1<'_, f64>, index: usize) -> f64 {
    let part = |n: f64| (n - index as f64).clamp(0.0, 1.0);
    let booked = part(counts[0]);
    let booked = if booked > 0.0 { booked } else { 1.0 };
    (part(starting) / booked).min(1.0)
}

/// Whether an ambassador's term holds in a month.
fn bound(model: &Model, cell: usize, month: usize) -> bool {
    match model.cells[cell].booked_as {
        BookedAs::Level { level, start } => month < start + model.horizon.levels[level].term_months,
        _ => false,
    }
}

impl Arrivals {
    fn new(flow: &Pipeline, model: &Model) -> Self {
        let drawn = [
            Drawn::Vetted,
            Drawn::Contacted,
            Drawn::Response,
            Drawn::Agreed,
        ];
        let [a, b, c, d] = flow.rates();
        let mut number = 0;
        let rates = [a, b, c, d].map(|rate| {
            number += 1;
            (drawn[number - 1], Uncertain::new(&rate))
        });
        Self {
            identified: Uncertain::new(&flow.identified),
            rates,
            churn: Uncertain::new(&flow.churn),
            repeat: Uncertain::new(&flow.repeat),
            landing: flow.landing(&model.horizon),
        }
    }

    /// New partners, month by month.
    fn draw(&self, segment: &Segment<'_>, months: usize) -> Vec<Vec<f64>> {
        let len = segment.len;
        let people = self.identified.values(segment, Drawn::Identified);
        let mut passed = vec![1.0; len];
        for (drawn, rate) in &self.rates {
            for (passed, rate) in passed.iter_mut().zip(rate.values(segment, *drawn)) {
                *passed *= rate;
            }
        }
        let mut arrivals = vec![vec![0.0; len]; months];
        let (mut uniforms, mut normals) = (vec![0.0; len], vec![0.0; len]);
        for identified in 0..months {
            let mut stream = segment.stream(pipeline(), Drawn::OneMore, identified);
            stream.fill_uniforms(&mut uniforms);
            let mut left: Vec<f64> = people
                .iter()
                .zip(&uniforms)
                .map(|(n, u)| n.floor() + f64::from(u8::from(*u < n - n.floor())))
                .collect();
            let mut before = 0.0;
            for (month, arrivals) in arrivals.iter_mut().enumerate() {
                let share = self.landing[[identified, month]];
                if share <= 0.0 {
                    continue;
                }
                let mut stream = segment.stream(landing(month), Drawn::Landing, identified);
                stream.fill_uniforms(&mut uniforms);
                NORMAL.fill_on(segment.path, &uniforms, &mut normals);
                for trial in 0..len {
                    // Of those who have not landed before.
                    let p = passed[trial] * share / (1.0 - passed[trial] * before);
                    let new = binomial(left[trial], p.min(1.0), uniforms[trial], normals[trial]);
                    left[trial] -= new;
                    arrivals[trial] += new;
                }
                before += share;
            }
        }
        arrivals
    }
}
