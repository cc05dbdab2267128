//! A dual simplex over boxes, for the many small relaxations of a branch and bound.
//!
//! Every unknown lies in a finite box: a count xⱼ in its own, a row's sum sᵢ = Σ aᵢⱼxⱼ in its
//! bounds or in what the counts' boxes leave it. Then any basis can be made dual feasible by
//! moving each nonbasic unknown to the end of its box that its reduced cost points to, so each
//! relaxation starts from the last one's basis, whatever became of the boxes in between.
//!
//! What is proven does not rest on the basis's accuracy. For any y,
//! c·x = Σⱼ (cⱼ − Σᵢ yᵢaᵢⱼ) xⱼ + Σᵢ yᵢsᵢ, which is at most the sum of each term's largest value in
//! its box (Neumaier and Shcherbina 2004); rounding is bounded and added. A row of the basis
//! proves emptiness in the same way, as an identity that no point of the boxes fulfils.

pub(crate) mod dictionary;
mod rows;

use self::dictionary::{ASLEEP, NOWHERE, State, length};

/// How far a basic unknown may be out of its box; rows have largest coefficients of 1 to 2.
const FEASIBLE: f64 = 1e-9;

/// Least pivot.
const PIVOT: f64 = 1e-9;

/// Reduced costs below this have no sign.
const NO_SIGN: f64 = 1e-12;

/// Pivots after which the dictionary is built afresh from the rows.
const FRESH: usize = 200;

/// What became of a relaxation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// Solved.
    Optimal,
    /// Proven to have no point.
    Empty,
    /// Its proven bound is not above the cutoff.
    Cut,
    /// Given up; its bound is proven all the same.
    Stopped,
}

/// max c·x over boxes.
#[derive(Debug, Clone)]
pub(crate) struct Simplex {
    /// Counts.
    n: usize,
    /// Rows.
    m: usize,
    matrix: Vec<f64>,
    objective: Vec<f64>,
    /// How far beyond its box a row's sum may lie and still count as inside.
    slack: Vec<f64>,
    /// Boxes of rows that limit nothing; no number for rows that are the program's own.
    wide: Vec<(f64, f64)>,
    /// The boxes: counts first, then rows.
    pub(crate) low: Vec<f64>,
    pub(crate) high: Vec<f64>,
    /// What the last proven bound charges for each unknown.
    pub(crate) costs: Vec<f64>,
    /// Whether what is short by rounding alone still pivots. Plans of one month were found without it and stay what they are.
    pub(crate) forgives: bool,
    /// Multiplications so far, about.
    pub(crate) work: u64,
    state: State,
}

impl Simplex {
    /// A program of so many counts with rows of equal length, all boxes finite.
    pub(crate) fn new(
        objective: Vec<f64>,
        matrix: Vec<f64>,
        slack: Vec<f64>,
        wide: Vec<(f64, f64)>,
        low: Vec<f64>,
        high: Vec<f64>,
    ) -> Self {
        let (n, m) = (objective.len(), slack.len());
        let state = State {
            dictionary: Vec::new(),
            reduced: Vec::new(),
            basic: Vec::new(),
            nonbasic: Vec::new(),
            row_of: Vec::new(),
            length: Vec::new(),
            value: low.clone(),
            pivots: 0,
        };
        let mut simplex = Self {
            n,
            m,
            matrix,
            objective,
            slack,
            wide,
            low,
            high,
            costs: Vec::new(),
            forgives: false,
            work: 0,
            state,
        };
        let limiting: Vec<usize> = (0..m).filter(|&row| simplex.limits(row)).collect();
        simplex.start(&limiting);
        simplex
    }

    /// The basis of rows; the others are asleep.
    fn start(&mut self, rows: &[usize]) {
        let (n, m) = (self.n, self.m);
        let state = &mut self.state;
        state.dictionary.clear();
        state.reduced.clone_from(&self.objective);
        state.basic.clear();
        state.length.clear();
        state.nonbasic = (0..n).collect();
        state.row_of = vec![NOWHERE; n];
        state.row_of.resize(n + m, ASLEEP);
        for (at, &row) in rows.iter().enumerate() {
            let a = &self.matrix[row * n..(row + 1) * n];
            state.dictionary.extend_from_slice(a);
            state.length.push(length(a));
            state.basic.push(n + row);
            state.row_of[n + row] = at;
        }
        state.pivots = 0;
    }

    /// Another objective over the same boxes, from the present basis.
    pub(crate) fn aim(&mut self, objective: &[f64]) {
        let n = self.n;
        self.objective.clear();
        self.objective.extend_from_slice(objective);
        let state = &mut self.state;
        let own = |&v: &usize| if v < n { objective[v] } else { 0.0 };
        state.reduced = state.nonbasic.iter().map(own).collect();
        for (line, v) in state.dictionary.chunks_exact(n).zip(&state.basic) {
            let c = own(v);
            if c != 0.0 {
                for (d, a) in state.reduced.iter_mut().zip(line) {
                    *d += c * a;
                }
            }
        }
    }

    /// The dictionary, to come back to.
    pub(crate) fn save(&self) -> State {
        self.state.clone()
    }

    /// Comes back to a dictionary.
    pub(crate) fn restore(&mut self, state: &State) {
        self.state.clone_from(state);
    }

    /// The dictionary, to read.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Counts at the last optimum.
    pub(crate) fn counts(&self) -> &[f64] {
        &self.state.value[..self.n]
    }

    /// Solves within so many pivots; the answer comes with a proven bound.
    pub(crate) fn solve(&mut self, cutoff: f64, limit: usize) -> (Outcome, f64) {
        if (0..self.low.len()).any(|v| self.low[v] > self.high[v]) {
            return (Outcome::Empty, f64::NEG_INFINITY);
        }
        if self.state.pivots > FRESH {
            self.rebuild();
        }
        self.doze();
        self.place();
        self.fill();
        let mut freshened = false;
        self.work += 2 * self.state.dictionary.len() as u64;
        for _ in 0..limit {
            let Some((row, short)) = self.leaving() else {
                // The running sums drift: the answer is read from fresh ones.
                self.fill();
                if self.leaving().is_some() {
                    continue;
                }
                return (Outcome::Optimal, self.proven());
            };
            if self.height() <= cutoff {
                let bound = self.proven();
                if bound <= cutoff {
                    return (Outcome::Cut, bound);
                }
            }
            self.work += self.state.dictionary.len() as u64;
            if self.advance(row, short) {
                continue;
            }
            if self.proves_empty(row) {
                return (Outcome::Empty, f64::NEG_INFINITY);
            }
            if freshened {
                break;
            }
            freshened = true;
            self.rebuild();
            self.doze();
            self.place();
            self.fill();
        }
        (Outcome::Stopped, self.proven())
    }

    /// Leaves basic rows without limits out of the dictionary and takes those back that got some.
    fn doze(&mut self) {
        for row in 0..self.m {
            let unknown = self.n + row;
            match (self.limits(row), self.state.row_of[unknown]) {
                (true, ASLEEP) => self.wake(row),
                (_, NOWHERE | ASLEEP) | (true, _) => {}
                (false, at) => self.state.drop_row(self.n, at),
            }
        }
    }

    /// Whether a row's box is narrower than the root's.
    fn limits(&self, row: usize) -> bool {
        self.wide[row] != (self.low[self.n + row], self.high[self.n + row])
    }

    fn wake(&mut self, row: usize) {
        let n = self.n;
        let mut fresh = vec![0.0; n];
        let a = &self.matrix[row * n..(row + 1) * n];
        let state = &mut self.state;
        for (f, &v) in fresh.iter_mut().zip(&state.nonbasic) {
            if v < n {
                *f = a[v];
            }
        }
        for (v, &a) in a.iter().enumerate() {
            let from = state.row_of[v];
            if a != 0.0 && from != NOWHERE {
                let source = &state.dictionary[from * n..(from + 1) * n];
                for (f, s) in fresh.iter_mut().zip(source) {
                    *f += a * s;
                }
            }
        }
        state.row_of[n + row] = state.basic.len();
        state.basic.push(n + row);
        state.length.push(length(&fresh));
        state.dictionary.extend_from_slice(&fresh);
    }

    /// Moves every nonbasic unknown to the end of its box that its reduced cost points to.
    fn place(&mut self) {
        let state = &mut self.state;
        for (&v, &d) in state.nonbasic.iter().zip(&state.reduced) {
            let (low, high) = (self.low[v], self.high[v]);
            let upper = if d.abs() > NO_SIGN {
                d > 0.0
            } else {
                state.value[v] - low > high - state.value[v]
            };
            state.value[v] = if upper { high } else { low };
        }
    }

    /// Sums of the basic unknowns.
    fn fill(&mut self) {
        let n = self.n;
        let state = &mut self.state;
        let nonbasic: Vec<f64> = state.nonbasic.iter().map(|&v| state.value[v]).collect();
        for (row, d) in state.dictionary.chunks_exact(n).enumerate() {
            state.value[state.basic[row]] = d.iter().zip(&nonbasic).map(|(d, x)| d * x).sum();
        }
    }

    /// The objective at the present values.
    fn height(&self) -> f64 {
        let state = &self.state;
        let terms = state.nonbasic.iter().zip(&state.reduced);
        terms.map(|(&v, d)| d * state.value[v]).sum()
    }

    /// The row whose basic unknown is farthest out of its box for its row's length, and how far
    /// it has to move.
    fn leaving(&self) -> Option<(usize, f64)> {
        let state = &self.state;
        let mut best: Option<(usize, f64)> = None;
        let mut most = 0.0;
        for (row, &v) in state.basic.iter().enumerate() {
            let x = state.value[v];
            let short = if x < self.low[v] - FEASIBLE {
                self.low[v] - x
            } else if x > self.high[v] + FEASIBLE {
                self.high[v] - x
            } else {
                continue;
            };
            let weight = short * short / state.length[row];
            if weight > most {
                most = weight;
                best = Some((row, short));
            }
        }
        best
    }

    /// One step of the dual simplex: flips the nonbasic unknowns that cannot close the distance
    /// and swaps the one that can. False where none can.
    fn advance(&mut self, row: usize, short: f64) -> bool {
        let n = self.n;
        let state = &mut self.state;
        let line = &state.dictionary[row * n..(row + 1) * n];
        let mut candidates: Vec<(f64, usize)> = Vec::with_capacity(n);
        for (j, &a) in line.iter().enumerate() {
            let v = state.nonbasic[j];
            let range = self.high[v] - self.low[v];
            if a.abs() <= PIVOT || range <= 0.0 {
                continue;
            }
            let up = state.value[v] - self.low[v] < 0.5 * range;
            if (a * short > 0.0) == up {
                candidates.push(((state.reduced[j] / a).abs(), j));
            }
        }
        candidates.sort_by(|a, b| {
            let longer = || line[b.1].abs().total_cmp(&line[a.1].abs());
            a.0.total_cmp(&b.0).then_with(longer).then(a.1.cmp(&b.1))
        });
        let mut left = short.abs();
        let mut entering = None;
        for (at, &(_, j)) in candidates.iter().enumerate() {
            let v = state.nonbasic[j];
            left -= line[j].abs() * (self.high[v] - self.low[v]);
            if left <= 0.0 {
                entering = Some(at);
                break;
            }
        }
        if self.forgives && left <= FEASIBLE {
            // Short of it by rounding alone.
            entering = entering.or(candidates.len().checked_sub(1));
        }
        let Some(at) = entering else {
            return false;
        };
        for &(_, j) in &candidates[..at] {
            let v = state.nonbasic[j];
            let low = state.value[v] - self.low[v] < self.high[v] - state.value[v];
            let to = if low { self.high[v] } else { self.low[v] };
            let by = to - state.value[v];
            state.value[v] = to;
            for (i, &b) in state.basic.iter().enumerate() {
                state.value[b] += state.dictionary[i * n + j] * by;
            }
        }
        let column = candidates[at].1;
        let leaver = state.basic[row];
        let to = if short > 0.0 {
            self.low[leaver]
        } else {
            self.high[leaver]
        };
        let by = (to - state.value[leaver]) / state.dictionary[row * n + column];
        for (i, &b) in state.basic.iter().enumerate() {
            state.value[b] += state.dictionary[i * n + column] * by;
        }
        state.value[state.nonbasic[column]] += by;
        state.value[leaver] = to;
        state.pivot(n, row, column);
        true
    }

    /// The dictionary of the present basis from the rows.
    fn rebuild(&mut self) {
        let n = self.n;
        let inside: Vec<bool> = self.state.row_of.iter().map(|&r| r < ASLEEP).collect();
        let awake = |row: &usize| self.state.row_of[n + row] != ASLEEP;
        let rows: Vec<usize> = (0..self.m).filter(awake).collect();
        self.start(&rows);
        let inner = inside[..n].iter().filter(|&&inside| inside).count();
        self.work += (inner * self.state.dictionary.len()) as u64;
        let state = &mut self.state;
        let mut open: Vec<usize> = (0..rows.len())
            .filter(|&at| !inside[n + rows[at]])
            .collect();
        for v in (0..n).filter(|&v| inside[v]) {
            let size = |row: usize| state.dictionary[row * n + v].abs();
            let largest = (0..open.len()).max_by(|&a, &b| size(open[a]).total_cmp(&size(open[b])));
            if let Some(at) = largest
                && size(open[at]) > PIVOT
            {
                state.pivot(n, open.swap_remove(at), v);
            }
        }
        state.pivots = 0;
    }

    /// A bound proven by the present reduced costs.
    fn proven(&mut self) -> f64 {
        let (n, state) = (self.n, &self.state);
        let mut y = vec![0.0; self.m];
        for (&v, &d) in state.nonbasic.iter().zip(&state.reduced) {
            if v >= n && d.abs() > NO_SIGN {
                y[v - n] = d;
            }
        }
        let (most, error, mut costs) = self.largest(&self.objective, &y);
        costs.extend(y);
        self.costs = costs;
        most + error
    }

    /// Whether a basic unknown's row shows that the boxes have no point in common.
    fn proves_empty(&self, row: usize) -> bool {
        let (n, state) = (self.n, &self.state);
        let mut y = vec![0.0; self.m];
        let line = &state.dictionary[row * n..(row + 1) * n];
        for (&v, &d) in state.nonbasic.iter().zip(line) {
            if v >= n && d.abs() > NO_SIGN {
                y[v - n] = -d;
            }
        }
        if state.basic[row] >= n {
            y[state.basic[row] - n] = 1.0;
        }
        // Σ yᵢsᵢ − Σ yᵢaᵢⱼxⱼ is zero at every point.
        let nothing = vec![0.0; n];
        let (most, error, _) = self.largest(&nothing, &y);
        if most + error < 0.0 {
            return true;
        }
        for y in &mut y {
            *y = -*y;
        }
        let (most, error, _) = self.largest(&nothing, &y);
        most + error < 0.0
    }

    /// Largest value of Σⱼ (cⱼ − Σᵢ yᵢaᵢⱼ) xⱼ + Σᵢ yᵢsᵢ over the boxes, rows with their slack,
    /// how far rounding may have put it off, and the
    /// bracketed costs.
    fn largest(&self, objective: &[f64], y: &[f64]) -> (f64, f64, Vec<f64>) {
        let n = self.n;
        let mut cost = objective.to_vec();
        let mut size: Vec<f64> = objective.iter().map(|c| c.abs()).collect();
        let (mut most, mut total, mut terms) = (0.0, 0.0, 2 * n);
        for (i, &y) in y.iter().enumerate() {
            if y == 0.0 {
                continue;
            }
            let a = &self.matrix[i * n..(i + 1) * n];
            for ((c, s), a) in cost.iter_mut().zip(&mut size).zip(a) {
                *c -= y * a;
                *s += (y * a).abs();
            }
            let end = if y > 0.0 {
                self.high[n + i] + self.slack[i]
            } else {
                self.low[n + i] - self.slack[i]
            };
            most += y * end;
            total += (y * end).abs();
            terms += 4;
        }
        for (j, (&c, &s)) in cost.iter().zip(&size).enumerate() {
            let (low, high) = (self.low[j], self.high[j]);
            most += if c > 0.0 { c * high } else { c * low };
            total += s * low.abs().max(high.abs());
        }
        (most, total * terms as f64 * f64::EPSILON, cost)
    }
}
