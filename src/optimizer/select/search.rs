//! From multipliers to a selection that keeps every rule: rounding, repair and polish.
//!
//! A selection's distance from the bound is Σ losses + λ·slack, a creator's loss being its best
//! reduced gain less that of its booking. So changes of small loss are all that a good repair needs:
//! a pool of a few thousand creators, some of every cell, whatever the size of the roster.

use super::dual::best_choices;
use super::rows::{Bookings, Rows, Weights, dot};

/// How far a row may be off, relative to its bound and coefficients.
const SLACK: f64 = 1e-9;
/// Creators of the pool by smallest loss.
const POOL: usize = 2000;
/// Creators of the pool by cell: to be booked there, and booked there.
const POOL_CELL: usize = 60;
/// Changes of a repair.
const REPAIRS: usize = 1500;
/// Times the multipliers that a violation is charged.
const CHARGES: [f64; 3] = [1.2, 2.0, 5.0];
/// Creators of smallest margin that are shaken.
const NEAR: usize = 120;
/// Weight at which a row that stays broken ends a repair.
const HEAVIEST: f64 = 1e6;
/// Single changes that are tried in pairs.
const PAIRED: usize = 350;
/// Changes of a polish.
const POLISHES: usize = 300;

/// Bookings made, at most one a creator, with the rows' sums.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Booking of each creator.
    pub(super) choice: Vec<Option<usize>>,
    sums: Vec<f64>,
    pub(super) value: f64,
}

/// A change: what a creator is booked for instead.
type Change = (usize, Option<usize>);

/// One program to search, around multipliers.
pub(super) struct Search<'a> {
    all: &'a Bookings,
    rows: &'a Rows,
    objective: &'a Weights,
    slack: Vec<f64>,
    scale: Vec<f64>,
    pool: Vec<usize>,
    /// Coefficients of the pool's bookings, a slice of all rows each; by booking.
    place: Vec<u32>,
    coefficients: Vec<f64>,
    /// Loss of not booking each creator of the pool, and of each of its bookings, is measured from these.
    gains: &'a [f64],
    /// Of rows scaled to average coefficients of one.
    multipliers: Vec<f64>,
    /// Average gain of the pool.
    unit: f64,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        all: &'a Bookings,
        rows: &'a Rows,
        objective: &'a Weights,
        gains: &'a [f64],
        prices: &[f64],
        scale: Vec<f64>,
    ) -> Self {
        let slack = rows
            .list
            .iter()
            .zip(&scale)
            .map(|(row, s)| SLACK * row.bound.abs().max(*s))
            .collect();
        let mut search = Self {
            all,
            rows,
            objective,
            slack,
            scale,
            pool: Vec::new(),
            place: vec![u32::MAX; all.len()],
            coefficients: Vec::new(),
            gains,
            multipliers: Vec::new(),
            unit: 1.0,
        };
        search.multipliers = prices
            .iter()
            .zip(&search.scale)
            .map(|(price, scale)| price * scale)
            .collect();
        search.fill_pool();
        let sizes = search.pool.iter().map(|&i| {
            let gains = all.of_creator(i).map(|j| search.gain(j).abs());
            gains.fold(0.0, f64::max)
        });
        let unit = sizes.sum::<f64>() / search.pool.len().max(1) as f64;
        if unit > 0.0 {
            search.unit = unit;
        }
        search
    }

    /// How far a creator's best choice is ahead of its second, none being one of them.
    pub(super) fn margins(&self) -> Vec<f64> {
        (0..self.all.creators())
            .map(|creator| {
                let (mut first, mut second) = (0.0_f64, f64::NEG_INFINITY);
                for j in self.all.of_creator(creator) {
                    let gain = self.gains[j];
                    if gain > first {
                        (first, second) = (gain, first);
                    } else {
                        second = second.max(gain);
                    }
                }
                first - second
            })
            .collect()
    }

    fn fill_pool(&mut self) {
        let margins = self.margins();
        let mut wanted = vec![false; self.all.creators()];
        let mut order: Vec<usize> = (0..self.all.creators())
            .filter(|&i| !self.all.of_creator(i).is_empty())
            .collect();
        let most = POOL.min(order.len());
        if most < order.len() {
            order.select_nth_unstable_by(most, |&a, &b| {
                margins[a].total_cmp(&margins[b]).then(a.cmp(&b))
            });
        }
        for &i in &order[..most] {
            wanted[i] = true;
        }
        // Of every cell those that cost least to book there, and least to let go.
        let cells = self.objective.len();
        let best: Vec<f64> = (0..self.all.creators())
            .map(|i| {
                self.all
                    .of_creator(i)
                    .map(|j| self.gains[j])
                    .fold(0.0, f64::max)
            })
            .collect();
        let mut by_cell: Vec<Vec<usize>> = vec![Vec::new(); cells];
        for (j, &cell) in self.all.cell.iter().enumerate() {
            by_cell[cell as usize].push(j);
        }
        for list in &mut by_cell {
            let loss = |j: usize| best[self.all.creator[j] as usize] - self.gains[j];
            for booked in [false, true] {
                let mut part: Vec<usize> = list
                    .iter()
                    .copied()
                    .filter(|&j| (loss(j) == 0.0 && self.gains[j] > 0.0) == booked)
                    .collect();
                let key = |j: usize| if booked { self.gains[j] } else { loss(j) };
                if part.len() > POOL_CELL {
                    part.select_nth_unstable_by(POOL_CELL, |&a, &b| {
                        key(a).total_cmp(&key(b)).then(a.cmp(&b))
                    });
                    part.truncate(POOL_CELL);
                }
                for j in part {
                    wanted[self.all.creator[j] as usize] = true;
                }
            }
        }
        self.pool = (0..wanted.len()).filter(|&i| wanted[i]).collect();
        self.pool
            .sort_by(|&a, &b| margins[a].total_cmp(&margins[b]).then(a.cmp(&b)));
        for i in self.pool.clone() {
            self.know(i);
        }
    }

    fn know(&mut self, creator: usize) {
        for j in self.all.of_creator(creator) {
            let cell = self.all.cell[j] as usize;
            // Without rows nothing has coefficients.
            self.place[j] = (self.coefficients.len() / self.rows.list.len().max(1)) as u32;
            for row in &self.rows.list {
                self.coefficients
                    .push(dot(&row.weights[cell], &self.all.features[j]));
            }
        }
    }

    fn coefficients(&self, booking: usize) -> &[f64] {
        let m = self.rows.list.len();
        let at = self.place[booking] as usize * m;
        &self.coefficients[at..at + m]
    }

    fn gain(&self, booking: usize) -> f64 {
        dot(
            &self.objective[self.all.cell[booking] as usize],
            &self.all.features[booking],
        )
    }

    /// The state of choices, summed afresh.
    pub(super) fn state(&self, choice: Vec<Option<usize>>) -> State {
        let mut sums = vec![0.0; self.rows.list.len()];
        let mut value = 0.0;
        for &j in choice.iter().flatten() {
            let cell = self.all.cell[j] as usize;
            for (sum, row) in sums.iter_mut().zip(&self.rows.list) {
                *sum += dot(&row.weights[cell], &self.all.features[j]);
            }
            value += self.gain(j);
        }
        State {
            choice,
            sums,
            value,
        }
    }

    fn excess(&self, row: usize, sum: f64) -> f64 {
        let over = sum - self.rows.list[row].bound;
        if over <= self.slack[row] {
            0.0
        } else {
            over / self.scale[row]
        }
    }

    /// Whether every row holds.
    pub(super) fn keeps(&self, state: &State) -> bool {
        (0..state.sums.len()).all(|r| self.excess(r, state.sums[r]) == 0.0)
    }

    /// All changes of the pool, those of small loss first.
    fn changes<'s>(&'s self, state: &'s State) -> impl Iterator<Item = Change> + 's {
        self.pool.iter().flat_map(move |&creator| {
            let now = state.choice[creator];
            now.map(|_| (creator, None)).into_iter().chain(
                self.all
                    .of_creator(creator)
                    .filter(move |&j| now != Some(j))
                    .map(move |j| (creator, Some(j))),
            )
        })
    }

    fn delta(&self, state: &State, change: Change, out: &mut [f64]) {
        out.fill(0.0);
        if let Some(j) = change.1 {
            out.copy_from_slice(self.coefficients(j));
        }
        if let Some(j) = state.choice[change.0] {
            for (o, a) in out.iter_mut().zip(self.coefficients(j)) {
                *o -= a;
            }
        }
    }

    fn gained(&self, state: &State, change: Change) -> f64 {
        change.1.map_or(0.0, |j| self.gain(j))
            - state.choice[change.0].map_or(0.0, |j| self.gain(j))
    }

    /// How much a change loses of the creator's best reduced gain.
    fn loss(&self, state: &State, change: Change) -> f64 {
        let reduced = |booking: Option<usize>| booking.map_or(0.0, |j| self.gains[j]);
        reduced(state.choice[change.0]) - reduced(change.1)
    }

    fn apply(&self, state: &mut State, change: Change) {
        let mut delta = vec![0.0; state.sums.len()];
        self.delta(state, change, &mut delta);
        state.value += self.gained(state, change);
        for (sum, d) in state.sums.iter_mut().zip(&delta) {
            *sum += d;
        }
        state.choice[change.0] = change.1;
    }

    /// Σ of the rows' violations, each at its weight.
    fn charged(&self, sums: &[f64], delta: &[f64], weights: &[f64]) -> f64 {
        let mut total = 0.0;
        for r in 0..sums.len() {
            total += weights[r] * self.excess(r, sums[r] + delta[r]);
        }
        total
    }

    /// A selection near the multipliers' own that keeps every row, the best that repairing finds at
    /// several charges.
    pub(super) fn rounded(&self) -> Option<State> {
        let start = self.state(best_choices(self.all, self.gains));
        let mut best: Option<State> = None;
        for charge in CHARGES {
            if let Some(state) = self.repair(start.clone(), charge)
                && best.as_ref().is_none_or(|b| state.value > b.value)
            {
                best = Some(state);
            }
        }
        best
    }

    /// Follows the changes that raise most the value less a charge for violations: so many times the
    /// multipliers, more for rows that stay broken (an exact penalty: above the multipliers no violation
    /// is worth its while).
    pub(super) fn repair(&self, mut state: State, charge: f64) -> Option<State> {
        let m = state.sums.len();
        let none = vec![0.0; m];
        let mut delta = vec![0.0; m];
        let least = 0.02 * self.unit;
        let mut weights: Vec<f64> = self
            .multipliers
            .iter()
            .map(|l| charge * l.max(least))
            .collect();
        for _ in 0..REPAIRS {
            let now = self.charged(&state.sums, &none, &weights);
            let mut best: Option<(f64, Change)> = None;
            for change in self.changes(&state) {
                let gain = self.gained(&state, change);
                let floor = best.map_or(1e-9 * self.unit, |b| b.0);
                // No change can bring more than its gain and all that is charged.
                if gain + now <= floor {
                    continue;
                }
                self.delta(&state, change, &mut delta);
                let merit = gain + now - self.charged(&state.sums, &delta, &weights);
                if merit > floor {
                    best = Some((merit, change));
                }
            }
            if let Some((_, change)) = best {
                self.apply(&mut state, change);
                continue;
            }
            // Sums drift by rounding from change to change.
            state = self.state(state.choice);
            if self.keeps(&state) {
                return Some(state);
            }
            for (r, weight) in weights.iter_mut().enumerate() {
                if self.excess(r, state.sums[r]) > 0.0 {
                    *weight *= 2.0;
                    if *weight > HEAVIEST * self.unit {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Betters a selection by rounds of a few changes at random (the same ones on every run), repair and polish,
    /// keeping what is better (iterated local search; Lourenço, Martin and Stützle 2003).
    pub(super) fn shaken(
        &self,
        mut best: State,
        enough: f64,
        rounds: u64,
        stop: &dyn Fn() -> bool,
    ) -> State {
        let near = self.pool.len().min(NEAR);
        if near == 0 {
            return best;
        }
        let mut draw = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |n: usize| {
            // Marsaglia's xorshift; any spread of choices will do.
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            (draw >> 11) as usize % n
        };
        for round in 0..rounds {
            if best.value >= enough || stop() {
                break;
            }
            let mut state = best.clone();
            for _ in 0..2 + round % 4 {
                let creator = self.pool[below(near)];
                let offers = self.all.of_creator(creator);
                let pick = below(offers.len() + 1);
                let choice = (pick > 0).then(|| offers.start + pick - 1);
                if choice != state.choice[creator] {
                    self.apply(&mut state, (creator, choice));
                }
            }
            let charge = CHARGES[(round % CHARGES.len() as u64) as usize];
            let Some(state) = self.repair(state, charge) else {
                continue;
            };
            let state = self.polish(state, enough);
            if state.value > best.value {
                best = state;
            }
        }
        best
    }

    /// Follows the changes, single and in pairs, that gain most while every row holds.
    pub(super) fn polish(&self, mut state: State, enough: f64) -> State {
        let m = state.sums.len();
        let mut delta = vec![0.0; m];
        for _ in 0..POLISHES {
            if state.value >= enough {
                break;
            }
            let floor = 1e-12 * state.value.abs();
            let mut best: Option<(f64, Change, Option<Change>)> = None;
            let mut near: Vec<(f64, Change)> = Vec::new();
            for change in self.changes(&state) {
                near.push((self.loss(&state, change), change));
                let gain = self.gained(&state, change);
                if gain <= best.map_or(floor, |b| b.0) {
                    continue;
                }
                self.delta(&state, change, &mut delta);
                if (0..m).all(|r| self.excess(r, state.sums[r] + delta[r]) == 0.0) {
                    best = Some((gain, change, None));
                }
            }
            if best.is_none() {
                best = self.best_pair(&state, near, floor);
            }
            let Some((_, first, second)) = best else {
                break;
            };
            self.apply(&mut state, first);
            if let Some(second) = second {
                self.apply(&mut state, second);
            }
        }
        let fresh = self.state(state.choice.clone());
        if self.keeps(&fresh) { fresh } else { state }
    }

    fn best_pair(
        &self,
        state: &State,
        mut near: Vec<(f64, Change)>,
        floor: f64,
    ) -> Option<(f64, Change, Option<Change>)> {
        let m = state.sums.len();
        let most = PAIRED.min(near.len());
        if most < near.len() {
            near.select_nth_unstable_by(most, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            near.truncate(most);
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut deltas = vec![0.0; near.len() * m];
        let mut gains = Vec::with_capacity(near.len());
        for (i, &(_, change)) in near.iter().enumerate() {
            self.delta(state, change, &mut deltas[i * m..(i + 1) * m]);
            gains.push(self.gained(state, change));
        }
        let mut best: Option<(f64, Change, Option<Change>)> = None;
        for i in 0..near.len() {
            for k in 0..i {
                let gain = gains[i] + gains[k];
                if near[i].1.0 == near[k].1.0 || gain <= best.map_or(floor, |b| b.0) {
                    continue;
                }
                let (a, b) = (&deltas[i * m..(i + 1) * m], &deltas[k * m..(k + 1) * m]);
                if (0..m).all(|r| self.excess(r, state.sums[r] + a[r] + b[r]) == 0.0) {
                    best = Some((gain, near[i].1, Some(near[k].1)));
                }
            }
        }
        best
    }
}
