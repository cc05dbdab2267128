//! A sum of what is needed beyond what is there: Σ max(0, aᵢ·x − cᵢ).

use std::sync::Arc;

/// Σ max(0, aᵢ·x − cᵢ) over parts i: convex, the largest of the linear sums Σ_{i ∈ S} (aᵢ·x − cᵢ) over all sets S of
/// parts.
///
/// There are too many sets for a program to hold them all; it holds those that its points have asked for so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Excess {
    parts: Arc<[Part]>,
    sets: Vec<Vec<usize>>,
    columns: usize,
}

/// aᵢ by column, those that aren't 0, and cᵢ.
type Part = (Vec<(usize, f64)>, f64);

impl Excess {
    /// The sum over parts of so many columns; its first set is all parts.
    #[must_use]
    pub fn new(parts: Vec<Part>, columns: usize) -> Self {
        Self {
            columns,
            sets: vec![(0..parts.len()).collect()],
            parts: parts.into(),
        }
    }

    fn part(&self, part: usize, x: &[f64]) -> f64 {
        let (a, c) = &self.parts[part];
        let sum: f64 = a
            .iter()
            .map(|&(column, a)| a * x.get(column).unwrap_or(&0.0))
            .sum();
        sum - c
    }

    /// Σ max(0, aᵢ·x − cᵢ).
    #[must_use]
    pub fn value(&self, x: &[f64]) -> f64 {
        (0..self.parts.len())
            .map(|part| self.part(part, x).max(0.0))
            .sum()
    }

    /// The parts above 0 at a point: the set whose sum is the value there.
    #[must_use]
    pub fn set_at(&self, x: &[f64]) -> Vec<usize> {
        (0..self.parts.len())
            .filter(|&part| self.part(part, x) > 0.0)
            .collect()
    }

    /// Number of parts.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The sets that programs hold.
    #[must_use]
    pub fn sets(&self) -> &[Vec<usize>] {
        &self.sets
    }

    /// Has programs hold a set, too; false where they do already.
    pub fn hold(&mut self, set: Vec<usize>) -> bool {
        let new = !self.sets.contains(&set);
        if new {
            self.sets.push(set);
        }
        new
    }

    /// The same over other columns, so many: each at the place given, those without one held at a value.
    #[must_use]
    pub fn among(
        &self,
        columns: usize,
        place: impl Fn(usize) -> Option<usize>,
        held: impl Fn(usize) -> f64,
    ) -> Self {
        let moved = |(a, c): &Part| {
            let out = a.iter().filter(|&&(j, _)| place(j).is_none());
            let there: f64 = out.map(|&(j, a)| a * held(j)).sum();
            let own = a.iter().filter_map(|&(j, a)| Some((place(j)?, a)));
            (own.collect(), c - there)
        };
        Self::new(self.parts.iter().map(moved).collect(), columns)
    }

    /// The coefficients of a part, those that aren't 0, and what it has to pass.
    #[must_use]
    pub fn part_of(&self, part: usize) -> (&[(usize, f64)], f64) {
        let (a, c) = &self.parts[part];
        (a, *c)
    }

    /// A set's sum as Σ aⱼxⱼ − c: the coefficients, one a column, and c.
    #[must_use]
    pub fn sum_of(&self, set: &[usize]) -> (Vec<f64>, f64) {
        let mut all = vec![0.0; self.columns];
        let mut constant = 0.0;
        for &part in set {
            let (a, c) = &self.parts[part];
            for &(column, a) in a {
                all[column] += a;
            }
            constant += c;
        }
        (all, constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_the_largest_sum_over_sets() {
        // max(0, x − 1) + max(0, y − x) + max(0, −y).
        let mut excess = Excess::new(
            vec![
                (vec![(0, 1.0)], 1.0),
                (vec![(0, -1.0), (1, 1.0)], 0.0),
                (vec![(1, -1.0)], 0.0),
            ],
            2,
        );
        for x in [0.0, 0.5, 1.0, 3.0] {
            for y in [-2.0, 0.0, 0.7, 5.0] {
                let stated = f64::max(0.0, x - 1.0) + f64::max(0.0, y - x) + f64::max(0.0, -y);
                assert!((excess.value(&[x, y]) - stated).abs() < 1e-12);
                let largest = (0..8_u32)
                    .map(|bits| {
                        let set: Vec<usize> = (0..3).filter(|i| bits >> i & 1 == 1).collect();
                        let (a, c) = excess.sum_of(&set);
                        a[0] * x + a[1] * y - c
                    })
                    .fold(f64::NEG_INFINITY, f64::max);
                assert!((largest - stated).abs() < 1e-12, "{x} {y}");
                let (a, c) = excess.sum_of(&excess.set_at(&[x, y]));
                assert!((a[0] * x + a[1] * y - c - stated).abs() < 1e-12);
            }
        }
        assert!(excess.hold(vec![0]));
        assert!(!excess.hold(vec![0]));
        assert_eq!(excess.sets().len(), 2);
    }
}
