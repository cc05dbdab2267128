//! What time of its day a post is at.

use std::collections::HashSet;

use super::days::Dated;
use super::post::Post;
use crate::model::{Model, WaveSchedule};

/// Half hours of the slots in the order in which they are filled: prime, noon, morning, late.
const TIMES: [u16; 16] = [
    19 * 60,
    19 * 60 + 30,
    20 * 60,
    20 * 60 + 30,
    21 * 60,
    21 * 60 + 30,
    12 * 60,
    12 * 60 + 30,
    7 * 60,
    7 * 60 + 30,
    8 * 60,
    8 * 60 + 30,
    22 * 60,
    22 * 60 + 30,
    23 * 60,
    23 * 60 + 30,
];
/// Times of mid in the playbook's weekly calendar: 19 to 21 h.
const MID_OF_WEEK: [u16; 5] = [19 * 60, 19 * 60 + 30, 20 * 60, 20 * 60 + 30, 21 * 60];
const MINUTES: u16 = 24 * 60;

/// Who posts when on one day.
#[derive(Default)]
struct Day {
    /// Posts at each of [`TIMES`].
    load: [usize; TIMES.len()],
    taken: HashSet<(usize, usize, u16)>,
}

impl Day {
    /// The least filled half hour.
    fn next(&mut self) -> u16 {
        let least = (0..TIMES.len()).min_by_key(|&i| self.load[i]).unwrap_or(0);
        self.load[least] += 1;
        TIMES[least]
    }

    /// A time for a creator: the wanted one, or the next half hour that the creator is free, or minute.
    fn book(&mut self, post: &Dated, wanted: u16) -> u16 {
        let half_hours = (wanted..MINUTES).step_by(30);
        let minutes = (1..MINUTES).map(|later| (wanted + later) % MINUTES);
        let free = half_hours
            .chain(minutes)
            .find(|&at| !self.taken.contains(&(post.cell, post.creator, at)));
        let at = free.unwrap_or(wanted);
        self.taken.insert((post.cell, post.creator, at));
        if let (true, Some(i)) = (at != wanted, TIMES.iter().position(|&time| time == at)) {
            self.load[i] += 1;
        }
        at
    }

    /// Times of a wave's posts in the order of its stages.
    fn wave(&mut self, schedule: WaveSchedule, posts: &[Dated], out: &mut Vec<Post>) {
        let fixed = |post: &Dated, before: usize| match (schedule, post.stage) {
            (WaveSchedule::Week, 0) => Some(10 * 60),
            (WaveSchedule::Week, 1) => Some(14 * 60),
            (WaveSchedule::Week, 2) => Some(MID_OF_WEEK[before % MID_OF_WEEK.len()]),
            _ => None,
        };
        let mut free = Vec::new();
        let mut of_stage = [0; 4];
        for post in posts {
            let before = of_stage[post.stage.min(3)];
            of_stage[post.stage.min(3)] += 1;
            match fixed(post, before) {
                Some(wanted) => {
                    if let Some(i) = TIMES.iter().position(|&time| time == wanted) {
                        self.load[i] += 1;
                    }
                    out.push(at(post, self.book(post, wanted)));
                }
                None => free.push(post),
            }
        }
        let mut wanted: Vec<u16> = free.iter().map(|_| self.next()).collect();
        // In time as in stages.
        wanted.sort_unstable();
        for (post, wanted) in free.into_iter().zip(wanted) {
            out.push(at(post, self.book(post, wanted)));
        }
    }
}

fn at(post: &Dated, minute: u16) -> Post {
    Post {
        day: post.day,
        minute,
        cell: post.cell,
        creator: post.creator,
        number: 0,
        month: post.month,
        booked: post.booked,
    }
}

/// Gives the posts times, day by day: waves first, in the order of the file.
pub(super) fn times(model: &Model, mut dated: Vec<Dated>) -> Vec<Post> {
    let mut out = Vec::with_capacity(dated.len());
    // Stable: within a stage the order in which days were given.
    dated.sort_by_key(|p| (p.day, p.wave.is_none(), p.wave, p.stage));
    for today in dated.chunk_by(|a, b| a.day == b.day) {
        let mut day = Day::default();
        for group in today.chunk_by(|a, b| a.wave == b.wave) {
            if let Some(wave) = group[0].wave {
                day.wave(model.horizon.waves[wave].schedule, group, &mut out);
            } else {
                for post in group {
                    let wanted = day.next();
                    out.push(at(post, day.book(post, wanted)));
                }
            }
        }
    }
    out
}
