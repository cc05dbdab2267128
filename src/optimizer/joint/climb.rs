//! Improving whole counts along neighbours that are valued as they are.

use super::values::Values;

/// Unit values looked at from one start, at most: some tenths of a second.
const EFFORT: usize = 20_000_000;

/// Neighbours by value that are held against the rules before a step is given up.
const TRIED: usize = 400;

/// Neighbours up to which all are looked at; of more, those that promise most by their two halves.
const ALL: usize = 4_000;

/// Neighbours that promise most, of a step up and of one repair.
const PROMISING: usize = 1_000;
const HALVES: usize = 30;

/// Steps of a repair.
const REPAIRS: usize = 60;

/// A cell with one creator more, and one with one less.
type Change = (Option<usize>, Option<usize>);

pub(super) struct Climb<'a> {
    values: &'a Values<'a>,
}

impl<'a> Climb<'a> {
    pub(super) fn new(values: &'a Values<'a>) -> Self {
        Self { values }
    }

    /// The best plan found from counts by repair and ascent, with its value; `None` if no repair
    /// makes it keep the rules.
    pub(super) fn from(&self, start: &[f64]) -> Option<(f64, Vec<f64>)> {
        let mut effort = 0;
        let x = self.repaired(start.to_vec(), &mut effort)?;
        Some(self.ascend(x, &mut effort))
    }

    /// Counts with one creator more, less or swapped.
    fn neighbours(x: &[f64]) -> impl Iterator<Item = Change> + '_ {
        let n = x.len();
        let drops = move || {
            (0..n)
                .filter(|&j| x[j] >= 1.0)
                .map(Some)
                .chain(std::iter::once(None))
        };
        drops().flat_map(move |drop| {
            (0..n)
                .map(Some)
                .chain(std::iter::once(None))
                .filter(move |&add| add != drop)
                .map(move |add| (add, drop))
        })
    }

    fn with<T>(x: &mut [f64], (add, drop): Change, read: impl FnOnce(&[f64]) -> T) -> T {
        let change = |by: f64, x: &mut [f64]| {
            if let Some(i) = add {
                x[i] += by;
            }
            if let Some(j) = drop {
                x[j] -= by;
            }
        };
        change(1.0, x);
        let out = read(x);
        change(-1.0, x);
        out
    }

    /// The neighbours worth a look: all of them, or, where they are many, those single creators more and less that are
    /// best by `rate` (less is better), and swaps of the best `halves` of each.
    fn promising(
        &self,
        x: &mut [f64],
        effort: &mut usize,
        halves: usize,
        weight: usize,
        rate: impl Fn(&Values<'a>, &[f64]) -> f64,
    ) -> Vec<Change> {
        let all: Vec<Change> = Self::neighbours(x).collect();
        if all.len() <= ALL {
            return all;
        }
        let (singles, _): (Vec<Change>, Vec<Change>) = all
            .iter()
            .partition(|(add, drop)| add.is_none() || drop.is_none());
        *effort += weight * singles.len() * x.len();
        let mut rated: Vec<(f64, Change)> = singles
            .iter()
            .map(|&change| (Self::with(x, change, |x| rate(self.values, x)), change))
            .collect();
        // Stable: of equals the first.
        rated.sort_by(|a, b| a.0.total_cmp(&b.0));
        let adds = rated
            .iter()
            .filter_map(|(_, (add, drop))| drop.is_none().then_some(*add));
        let drops = rated
            .iter()
            .filter_map(|(_, (add, drop))| add.is_none().then_some(*drop));
        let (adds, drops): (Vec<_>, Vec<_>) =
            (adds.take(halves).collect(), drops.take(halves).collect());
        let mut out: Vec<Change> = rated.iter().take(2 * halves).map(|r| r.1).collect();
        for &add in &adds {
            out.extend(
                drops
                    .iter()
                    .filter(|&&drop| drop != add)
                    .map(|&drop| (add, drop)),
            );
        }
        out
    }

    fn repaired(&self, mut x: Vec<f64>, effort: &mut usize) -> Option<Vec<f64>> {
        for _ in 0..REPAIRS {
            let now = self.values.excess(&x);
            if now == 0.0 {
                return Some(x);
            }
            let moves = self.promising(&mut x, effort, HALVES, 10, Values::excess);
            let mut best: Option<(f64, f64, _)> = None;
            for change in moves {
                *effort += 10 * x.len();
                if *effort > EFFORT {
                    return None;
                }
                let (excess, value) = Self::with(&mut x, change, |x| {
                    (self.values.excess(x), self.values.value(x))
                });
                let better = best.is_none_or(|(e, v, _)| excess < e || (excess <= e && value > v));
                if excess < now && better {
                    best = Some((excess, value, change));
                }
            }
            let (_, _, change) = best?;
            Self::apply(&mut x, change);
        }
        None
    }

    fn apply(x: &mut [f64], (add, drop): Change) {
        if let Some(i) = add {
            x[i] += 1.0;
        }
        if let Some(j) = drop {
            x[j] -= 1.0;
        }
    }

    fn ascend(&self, mut x: Vec<f64>, effort: &mut usize) -> (f64, Vec<f64>) {
        let mut now = self.values.value(&x);
        loop {
            let halves = libm::sqrt(PROMISING as f64) as usize;
            let moves = self.promising(&mut x, effort, halves, 1, |values, x| -values.value(x));
            *effort += moves.len() * x.len();
            if *effort > EFFORT {
                return (now, x);
            }
            let floor = now + 1e-12 * now.abs();
            let mut gains: Vec<(f64, _)> = Vec::new();
            for change in moves {
                let value = Self::with(&mut x, change, |x| self.values.value(x));
                if value > floor {
                    gains.push((value, change));
                }
            }
            // Stable: of equals the first.
            gains.sort_by(|a, b| b.0.total_cmp(&a.0));
            gains.truncate(TRIED);
            let found = gains.into_iter().find(|&(_, change)| {
                *effort += 10 * x.len();
                Self::with(&mut x, change, |x| self.values.keeps(x))
            });
            let Some((value, change)) = found else {
                return (now, x);
            };
            Self::apply(&mut x, change);
            now = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Audience, Origin};
    use crate::optimizer::sample;

    #[test]
    fn hundreds_of_cells_are_climbed() {
        let mut model = sample::segmented(300_000.0, 8, 4);
        assert!(model.cells.len() > 220, "{}", model.cells.len());
        // Nothing but the budget, so that any plan within it keeps the rules.
        model.rules.min_spend = 0.0;
        model.rules.min_creators = None;
        for band in [
            &mut model.rules.tier_budget_share,
            &mut model.rules.partnership_share,
            &mut model.rules.category_budget_share,
            &mut model.rules.region_budget_share,
        ] {
            band.fill(None);
        }
        for category in 0..model.categories.len() {
            for region in 0..model.regions.len() {
                model.audiences.push(Audience {
                    category: Some(category),
                    region: Some(region),
                    size: 200_000.0,
                    origin: Origin::Default,
                });
            }
        }
        let values = Values::new(&model);
        let mut start = vec![0.0; model.cells.len()];
        start[0] = 1.0;
        let before = values.value(&start);
        let (after, found) = Climb::new(&values).from(&start).unwrap();
        assert!(values.keeps(&found));
        assert_eq!(after, values.value(&found));
        // One creator, and room for dozens.
        assert!(after > 2.0 * before, "{before} {after}");
    }
}
