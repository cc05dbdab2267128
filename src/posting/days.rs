//! Which day a post is on.

use super::dates::weekday_of;
use super::deal::Dealt;
use crate::model::{BookedAs, Model, Wave, WaveSchedule};

/// A post with its day, before it has a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dated {
    pub(super) cell: usize,
    pub(super) month: usize,
    pub(super) creator: usize,
    pub(super) day: u32,
    /// The day it is booked on.
    pub(super) booked: u32,
    /// The wave whose order of tiers it keeps: its own, where it appears when it is booked.
    pub(super) wave: Option<usize>,
    /// When its tier's turn is, 0 first.
    pub(super) stage: usize,
}

/// Days of a week of the playbook's launch for each stage: mega, macro, mid, micro and nano.
const LAUNCH_DAYS: [u64; 4] = [1, 2, 2, 2];
/// Weekdays of each stage in the playbook's weekly calendar, Monday being 0.
const WEEK: [&[usize]; 4] = [&[0], &[0], &[1, 2], &[3, 4]];

/// When a tier's turn is in a wave.
fn stage(model: &Model, cell: usize) -> usize {
    match model.tiers[model.cells[cell].tier].name.as_str() {
        "mega" => 0,
        "macro" => 1,
        "mid" => 2,
        _ => 3,
    }
}

/// All posts with their days, in the order in which they were given days.
pub(super) fn days(model: &Model, dealt: &[Dealt]) -> Vec<Dated> {
    let mut dated = Vec::new();
    for month in 0..model.months {
        let of_month: Vec<&Dealt> = dealt.iter().filter(|d| d.month == month).collect();
        let booked = |wave: Option<usize>| -> Vec<&Dealt> {
            let mine = |d: &&Dealt| match model.cells[d.cell].booked_as {
                BookedAs::Wave(of) => wave == Some(of),
                BookedAs::Open | BookedAs::Level { .. } => wave.is_none(),
            };
            of_month.iter().copied().filter(mine).collect()
        };
        let first = model.horizon.first_day(month);
        let all: Vec<u32> = (first..first + model.horizon.months[month].days).collect();
        for (at, day) in evenly(&booked(None), &all) {
            dated.push(at.on(model, day));
        }
        for wave in 0..model.horizon.waves.len() {
            let posts = booked(Some(wave));
            if !posts.is_empty() {
                of_wave(model, wave, dealt, &posts, month, &mut dated);
            }
        }
    }
    dated
}

fn of_wave(
    model: &Model,
    index: usize,
    dealt: &[Dealt],
    posts: &[&Dealt],
    month: usize,
    dated: &mut Vec<Dated>,
) {
    let wave = &model.horizon.waves[index];
    let part = part(model, wave, month);
    let stages = |d: &Dealt| stage(model, d.cell);
    match wave.schedule {
        WaveSchedule::Even => {
            for (at, day) in evenly(posts, &part) {
                dated.push(at.on(model, day));
            }
        }
        WaveSchedule::Week => {
            for (turn, wanted) in WEEK.iter().enumerate() {
                let own: Vec<&Dealt> = only(posts, |d| stages(d) == turn);
                let on = weekdays(model, wave, month, &part, wanted);
                for (at, day) in evenly(&own, &on) {
                    dated.push(at.on(model, day));
                }
            }
        }
        WaveSchedule::Launch => {
            let here = BookedAs::Wave(index);
            let in_wave: Vec<usize> = dealt
                .iter()
                .filter(|d| model.cells[d.cell].booked_as == here)
                .map(stages)
                .collect();
            for turn in 0..LAUNCH_DAYS.len() {
                let own: Vec<&Dealt> = only(posts, |d| stages(d) == turn);
                let within = Within::of(wave, &part, turn, &in_wave);
                let ordered = ordered(&own);
                let number = ordered.len();
                for (rank, at) in ordered.into_iter().enumerate() {
                    dated.push(at.on(model, within.day(wave, rank, number)));
                }
            }
        }
    }
}

fn only<'a>(posts: &[&'a Dealt], keep: impl Fn(&Dealt) -> bool) -> Vec<&'a Dealt> {
    posts.iter().copied().filter(|d| keep(d)).collect()
}

/// Days of a wave within a month; where there are none, the month's day nearest to it.
fn part(model: &Model, wave: &Wave, month: usize) -> Vec<u32> {
    let first = model.horizon.first_day(month);
    let end = first + model.horizon.months[month].days;
    let own: Vec<u32> =
        (wave.first_day.max(first)..(wave.first_day + wave.days).min(end)).collect();
    if own.is_empty() {
        vec![
            wave.first_day
                .clamp(first, end.saturating_sub(1).max(first)),
        ]
    } else {
        own
    }
}

/// The days of a part that fall on weekdays; where none does, the first of those nearest to them.
fn weekdays(model: &Model, wave: &Wave, month: usize, part: &[u32], wanted: &[usize]) -> Vec<u32> {
    let off = |day: u32| {
        let is = weekday_of(model, wave, month, day);
        let apart = |&want: &usize| (is + 7 - want) % 7;
        wanted
            .iter()
            .map(|want| apart(want).min(7 - apart(want)))
            .min()
            .unwrap_or(0)
    };
    let on: Vec<u32> = part.iter().copied().filter(|&day| off(day) == 0).collect();
    if on.is_empty() {
        let nearest = part.iter().copied().min_by_key(|&day| off(day));
        nearest.into_iter().collect()
    } else {
        on
    }
}

/// A stage's time within a part of its wave, in fractions of days from the wave's first.
struct Within {
    low: u64,
    high: u64,
    /// Fractions of a day.
    unit: u64,
    /// Last day of the part.
    last: u64,
}

impl Within {
    fn of(wave: &Wave, part: &[u32], turn: usize, in_wave: &[usize]) -> Self {
        let taken = |stage: usize| in_wave.contains(&stage);
        let until =
            |end: usize| -> u64 { (0..end).filter(|&s| taken(s)).map(|s| LAUNCH_DAYS[s]).sum() };
        let unit = until(LAUNCH_DAYS.len()).max(1);
        let days = u64::from(wave.days.max(1));
        let relative =
            |day: Option<&u32>| u64::from(day.map_or(0, |d| d.saturating_sub(wave.first_day)));
        let (first, last) = (relative(part.first()), relative(part.last()));
        let inside = |at: u64| at.clamp(first * unit, (last + 1) * unit);
        Self {
            low: inside(days * until(turn)),
            high: inside(days * until(turn + 1)),
            unit,
            last,
        }
    }

    /// The day of one of so many posts, spread evenly.
    fn day(&self, wave: &Wave, rank: usize, number: usize) -> u32 {
        let (rank, number) = (rank as u64, number.max(1) as u64);
        let at = (self.low * 2 * number + (2 * rank + 1) * (self.high - self.low))
            / (2 * number * self.unit);
        wave.first_day + at.min(self.last) as u32
    }
}

/// One post of a cell's, not yet on a day.
#[derive(Debug, Clone, Copy)]
struct Undated {
    cell: usize,
    month: usize,
    creator: usize,
}

impl Undated {
    /// Booked on a day, it appears as many days later as the terms of its cell say.
    fn on(self, model: &Model, booked: u32) -> Dated {
        let Self {
            cell,
            month,
            creator,
        } = self;
        let later = model.cells[cell].terms.post_days;
        let wave = match model.cells[cell].booked_as {
            BookedAs::Wave(wave) if later == 0 => Some(wave),
            BookedAs::Wave(_) | BookedAs::Open | BookedAs::Level { .. } => None,
        };
        let stage = stage(model, cell);
        Dated {
            cell,
            month,
            creator,
            day: booked + later,
            booked,
            wave,
            stage,
        }
    }
}

/// Spreads the posts of all cells together over days.
fn evenly(posts: &[&Dealt], days: &[u32]) -> Vec<(Undated, u32)> {
    let ordered = ordered(posts);
    let number = ordered.len();
    let day = |rank: usize| days[((2 * rank + 1) * days.len() / (2 * number)).min(days.len() - 1)];
    ordered
        .into_iter()
        .enumerate()
        .filter(|_| !days.is_empty())
        .map(|(rank, post)| (post, day(rank)))
        .collect()
}

/// Step of the offsets of cells: multiples of the golden section's fraction are spread evenly, however many.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The posts of several cells in an order in which each cell's are spread evenly: the j-th of n stands at
/// (j + u)/n, with an offset u of each cell.
fn ordered(posts: &[&Dealt]) -> Vec<Undated> {
    let mut at: Vec<(f64, Undated)> = Vec::new();
    for (index, dealt) in posts.iter().enumerate() {
        let offset = (0.5 + GOLDEN * index as f64).fract();
        let number = dealt.creators.len() as f64;
        for (j, &creator) in dealt.creators.iter().enumerate() {
            let post = Undated {
                cell: dealt.cell,
                month: dealt.month,
                creator,
            };
            at.push(((j as f64 + offset) / number, post));
        }
    }
    at.sort_by(|a, b| a.0.total_cmp(&b.0)); // stable: equal ones stay in the cells' order
    at.into_iter().map(|(_, post)| post).collect()
}
