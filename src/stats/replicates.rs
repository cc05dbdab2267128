//! Errors from independent replicates that take turns among the trials.

use super::moments::{GRANULE, probability_error};

/// Independent replicates of a run: value i of a column belongs to replicate i mod 16.
pub const REPLICATES: usize = 16;

/// Fewest defined values from which replicates tell an error: 32 each.
///
/// Below, errors are those of independent trials, which replicates of evenly spread points do not
/// exceed.
pub const REPLICATED: u64 = 32 * REPLICATES as u64;

/// t₀.₉₇₅ with 15 degrees of freedom over the normal's z₀.₉₇₅: makes ± 1.96 errors a 95 % interval
/// where the error itself is known from sixteen replicates only.
pub const T_OVER_Z: f64 = 1.087_494_240_900_536;

/// Lanes summed at a time: their sums and counts fit the vector registers of every machine.
const HALF: usize = REPLICATES / 2;

const _: () = assert!(GRANULE.is_multiple_of(REPLICATES));

/// Numerator and denominator of a ratio of totals, replicate by replicate; a mean is the ratio of
/// the sum to the count of defined values.
///
/// Replicates are independent and have one law, trials within a replicate need not be independent
/// (randomized quasi-Monte Carlo points are not). So with θ = Σ Nᵣ/Σ Dᵣ over R = 16 replicates and
/// residuals eᵣ = Nᵣ − θ Dᵣ the standard error is
///
/// √(R/(R − 1) · Σ eᵣ²)/|Σ Dᵣ|,
///
/// exact for a mean of equally long replicates, and for ratios and unequal lengths the linearization
/// (Cochran, *Sampling Techniques*, 1977, §6.4 and §11.7), whose bias is of order 1/n. It is known
/// to about 18 %; (θ̂ − θ)/error follows t(15) as replicate means approach the normal law.
/// [`ReplicateSums::error`] is this times [`T_OVER_Z`].
///
/// Sums run over granules in order: whole granules give the same bits in however many pieces they
/// come.
///
/// ```
/// use influencer_matrix::stats::ReplicateSums;
/// let column: Vec<f64> = (0..1600).map(|i| f64::from(i % 16)).collect();
/// let mut sums = ReplicateSums::default();
/// sums.extend(&column);
/// assert_eq!(sums.ratio(), 7.5);
/// // The replicate means 0, 1, …, 15 have a variance of 22⅔.
/// let standard_error = (68.0_f64 / 3.0 / 16.0).sqrt();
/// assert!((sums.error() / standard_error - 1.0874942).abs() < 1e-7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReplicateSums {
    pub(super) numerator: [f64; REPLICATES],
    pub(super) denominator: [f64; REPLICATES],
}

impl ReplicateSums {
    /// Adds a column whose mean is wanted; NaN is skipped.
    pub fn extend(&mut self, values: &[f64]) {
        self.extend_by(values, |v| v);
    }

    /// Adds a function of a column; where it is NaN the value is skipped.
    pub fn extend_by(&mut self, values: &[f64], of: impl Fn(f64) -> f64) {
        let term = |value: f64| {
            let value = of(value);
            if value.is_nan() {
                [0.0; 2]
            } else {
                [value, 1.0]
            }
        };
        for granule in values.chunks(GRANULE) {
            let (rows, rest) = granule.as_chunks::<REPLICATES>();
            for half in [0, HALF] {
                let (mut numerator, mut denominator) = ([0.0; HALF], [0.0; HALF]);
                for row in rows {
                    let sums = numerator.iter_mut().zip(&mut denominator);
                    for ((numerator, denominator), &value) in sums.zip(&row[half..]) {
                        let [x, y] = term(value);
                        *numerator += x;
                        *denominator += y;
                    }
                }
                self.add(half, &numerator, &denominator);
            }
            for (replicate, &value) in rest.iter().enumerate() {
                let [x, y] = term(value);
                self.add(replicate, &[x], &[y]);
            }
        }
    }

    /// Adds the parts of a ratio of means; pairs with a NaN are skipped.
    pub fn extend_ratio(&mut self, numerator: &[f64], denominator: &[f64]) {
        let term = |x: f64, y: f64| {
            if x.is_nan() | y.is_nan() {
                [0.0; 2]
            } else {
                [x, y]
            }
        };
        let len = numerator.len().min(denominator.len());
        let (numerator, denominator) = (&numerator[..len], &denominator[..len]);
        for (x, y) in numerator.chunks(GRANULE).zip(denominator.chunks(GRANULE)) {
            let (x, x_rest) = x.as_chunks::<REPLICATES>();
            let (y, y_rest) = y.as_chunks::<REPLICATES>();
            for half in [0, HALF] {
                let (mut numerator, mut denominator) = ([0.0; HALF], [0.0; HALF]);
                for (x, y) in x.iter().zip(y) {
                    let sums = numerator.iter_mut().zip(&mut denominator);
                    let pairs = x[half..].iter().zip(&y[half..]);
                    for ((numerator, denominator), (&x, &y)) in sums.zip(pairs) {
                        let [x, y] = term(x, y);
                        *numerator += x;
                        *denominator += y;
                    }
                }
                self.add(half, &numerator, &denominator);
            }
            for (replicate, (&x, &y)) in x_rest.iter().zip(y_rest).enumerate() {
                let [x, y] = term(x, y);
                self.add(replicate, &[x], &[y]);
            }
        }
    }

    /// Adds sums of the replicates from `first` on.
    fn add(&mut self, first: usize, numerator: &[f64], denominator: &[f64]) {
        for (all, own) in self.numerator[first..].iter_mut().zip(numerator) {
            *all += own;
        }
        for (all, own) in self.denominator[first..].iter_mut().zip(denominator) {
            *all += own;
        }
    }

    /// Totals of numerator and denominator.
    fn totals(&self) -> [f64; 2] {
        [self.numerator, self.denominator].map(|sums| sums.iter().sum())
    }

    /// Ratio of the totals; NaN where the denominator's is 0.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        let [numerator, denominator] = self.totals();
        if denominator == 0.0 {
            f64::NAN
        } else {
            numerator / denominator
        }
    }

    /// Error of the ratio: its standard error by the replicates × [`T_OVER_Z`], so that ± 1.96
    /// errors hold the truth with 95 %; NaN where the ratio is.
    #[must_use]
    pub fn error(&self) -> f64 {
        let [numerator, denominator] = self.totals();
        let ratio = self.ratio();
        let pairs = self.numerator.iter().zip(&self.denominator);
        let residuals = pairs.map(|(n, d)| n - ratio * d);
        let squares: f64 = residuals.map(|e| e * e).sum();
        // Replicates that agree leave only rounding.
        let rounding = 1e-13 * numerator.abs();
        let standard = (squares / (REPLICATES - 1) as f64 * REPLICATES as f64).sqrt();
        if standard <= rounding {
            return 0.0;
        }
        T_OVER_Z * standard / denominator.abs()
    }

    /// This ratio less another's and the difference's error, of the same meaning as
    /// [`ReplicateSums::error`]: what the two have in common cancels replicate by replicate. With
    /// dᵣ = 16 (Nᵣ − θ Dᵣ)/Σ D − 16 (N′ᵣ − θ′ D′ᵣ)/Σ D′ the standard error is √(Σ dᵣ²/(16·15)).
    /// NaN where either ratio is.
    #[must_use]
    pub fn difference(&self, other: &Self) -> (f64, f64) {
        let (mine, theirs) = (self.ratio(), other.ratio());
        let deviations = |sums: &Self, ratio: f64| -> [f64; REPLICATES] {
            let mean = sums.totals()[1] / REPLICATES as f64;
            std::array::from_fn(|r| (sums.numerator[r] - ratio * sums.denominator[r]) / mean)
        };
        let (d, e) = (deviations(self, mine), deviations(other, theirs));
        let squares: f64 = d.iter().zip(&e).map(|(d, e)| (d - e) * (d - e)).sum();
        let standard = (squares / (REPLICATES * (REPLICATES - 1)) as f64).sqrt();
        // Replicates that agree leave only rounding.
        let rounding = 1e-13 * mine.abs().max(theirs.abs());
        let exact = |x: f64| if x.abs() <= rounding { 0.0 } else { x };
        (exact(mine - theirs), T_OVER_Z * exact(standard))
    }
}

/// How many values of each replicate are at most each of some levels.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelCounts<const K: usize> {
    levels: [f64; K],
    counts: [[u64; REPLICATES]; K],
    defined: [u64; REPLICATES],
}

impl<const K: usize> LevelCounts<K> {
    /// None yet.
    #[must_use]
    pub fn new(levels: [f64; K]) -> Self {
        Self {
            levels,
            counts: [[0; REPLICATES]; K],
            defined: [0; REPLICATES],
        }
    }

    /// Counts a column, which begins at a trial of the first replicate. NaN is skipped.
    pub fn extend(&mut self, values: &[f64]) {
        for part in values.chunks(GRANULE) {
            // Every value is at most infinity, NaN is not.
            count(part, f64::INFINITY, &mut self.defined);
            for (counts, &level) in self.counts.iter_mut().zip(&self.levels) {
                count(part, level, counts);
            }
        }
    }

    /// Error of the share of values at or below a level, by the replicates; never below that of one
    /// value more or less, 1/n.
    #[must_use]
    pub fn error(&self, level: usize) -> f64 {
        let as_float = |counts: &[u64; REPLICATES]| counts.map(|count| count as f64);
        let sums = ReplicateSums {
            numerator: as_float(&self.counts[level]),
            denominator: as_float(&self.defined),
        };
        let n: u64 = self.defined.iter().sum();
        sums.error().max(1.0 / n as f64)
    }
}

/// Counts the values at or below a level, in turn for each replicate.
fn count(values: &[f64], level: f64, counts: &mut [u64; REPLICATES]) {
    let (rows, rest) = values.as_chunks::<REPLICATES>();
    let mut own = *counts;
    for row in rows {
        for (count, &value) in own.iter_mut().zip(row) {
            *count += u64::from(value <= level);
        }
    }
    for (count, &value) in own.iter_mut().zip(rest) {
        *count += u64::from(value <= level);
    }
    *counts = own;
}

/// Error of a probability from indicators summed by replicate: that of the replicates, but never
/// below what independent trials that all agree would have, [`probability_error`] at 0.
#[must_use]
pub fn replicated_probability_error(sums: &ReplicateSums, count: u64) -> f64 {
    sums.error().max(probability_error(0.0, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{normal_quantile, student_t_quantile};

    #[test]
    fn the_multiplier_is_t_over_z() {
        let wanted = student_t_quantile(0.975, 15.0) / normal_quantile(0.975);
        assert!((T_OVER_Z / wanted - 1.0).abs() < 1e-12, "{wanted}");
    }

    fn columns(n: usize) -> (Vec<f64>, Vec<f64>) {
        let wave = |i: usize, f: f64| libm::sin(i as f64 * f);
        let x = (0..n).map(|i| 5.0 + wave(i, 1.7) + wave(i % 16, 3.1));
        let y = (0..n).map(|i| 2.0 + wave(i, 0.9));
        (x.collect(), y.collect())
    }

    /// The definition, replicate by replicate.
    fn slow(x: &[f64], y: &[f64]) -> (f64, f64) {
        let total = |column: &[f64], r: usize| column.iter().skip(r).step_by(16).sum::<f64>();
        let sums: Vec<_> = (0..16).map(|r| (total(x, r), total(y, r))).collect();
        let (n, d) = sums.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        let ratio = n / d;
        let squares: f64 = sums.iter().map(|(n, d)| (n - ratio * d).powi(2)).sum();
        (ratio, T_OVER_Z * (squares * 16.0 / 15.0).sqrt() / d.abs())
    }

    #[test]
    fn errors_are_those_of_the_definition() {
        let (x, y) = columns(5 * GRANULE + 77);
        let ones = vec![1.0; x.len()];
        let mut mean = ReplicateSums::default();
        mean.extend(&x);
        let mut ratio = ReplicateSums::default();
        ratio.extend_ratio(&x, &y);
        for (sums, y) in [(mean, &ones), (ratio, &y)] {
            let (wanted, error) = slow(&x, y);
            assert!((sums.ratio() / wanted - 1.0).abs() < 1e-13);
            assert!((sums.error() / error - 1.0).abs() < 1e-9);
        }
        // NaN is no value.
        let gaps = |column: &[f64]| -> Vec<f64> {
            let gap = |(i, &v): (usize, &f64)| if i % 7 == 0 { f64::NAN } else { v };
            column.iter().enumerate().map(gap).collect()
        };
        let zeros = |column: &[f64]| -> Vec<f64> {
            let zero = |(i, &v): (usize, &f64)| if i % 7 == 0 { 0.0 } else { v };
            column.iter().enumerate().map(zero).collect()
        };
        let mut mean = ReplicateSums::default();
        mean.extend(&gaps(&x));
        let (wanted, error) = slow(&zeros(&x), &zeros(&ones));
        assert!((mean.ratio() / wanted - 1.0).abs() < 1e-13);
        assert!((mean.error() / error - 1.0).abs() < 1e-9);
        let mut ratio = ReplicateSums::default();
        ratio.extend_ratio(&gaps(&x), &y);
        let (wanted, _) = slow(&zeros(&x), &zeros(&y));
        assert!((ratio.ratio() / wanted - 1.0).abs() < 1e-13);
    }

    #[test]
    fn pieces_of_whole_granules_give_the_same_bits() {
        let (x, y) = columns(9 * GRANULE + 5);
        let mut whole = ReplicateSums::default();
        whole.extend(&x);
        whole.extend_ratio(&x, &y);
        let (mut means, mut ratios) = (ReplicateSums::default(), LevelCounts::new([4.5, 5.5]));
        for part in x.chunks(2 * GRANULE) {
            means.extend(part);
            ratios.extend(part);
        }
        for (x, y) in x.chunks(3 * GRANULE).zip(y.chunks(3 * GRANULE)) {
            means.extend_ratio(x, y);
        }
        assert_eq!(whole, means);
        let mut counts = LevelCounts::new([4.5, 5.5]);
        counts.extend(&x);
        assert_eq!(counts, ratios);
    }

    #[test]
    fn a_level_counts_as_its_indicator() {
        let (mut x, _) = columns(3000);
        x[17] = f64::NAN;
        let mut counts = LevelCounts::new([4.2]);
        counts.extend(&x);
        let mut sums = ReplicateSums::default();
        sums.extend_by(&x, |v| if v.is_nan() { v } else { f64::from(v <= 4.2) });
        assert!((counts.error(0) / sums.error() - 1.0).abs() < 1e-12);
        let below = x.iter().filter(|&&v| v <= 4.2).count() as f64;
        assert!((sums.ratio() - below / 2999.0).abs() < 1e-15);
        // Replicates that agree still leave one value of doubt.
        let mut all = LevelCounts::new([9.0]);
        all.extend(&x);
        assert_eq!(all.error(0), 1.0 / 2999.0);
    }

    #[test]
    fn replicates_that_agree_have_no_error() {
        let mut sums = ReplicateSums::default();
        sums.extend(&vec![0.1; 4000]);
        assert_eq!(sums.error(), 0.0);
        assert!(replicated_probability_error(&sums, 4000) > 0.0);
        assert!(ReplicateSums::default().ratio().is_nan());
        assert!(ReplicateSums::default().error().is_nan());
    }

    #[test]
    fn a_difference_of_means_is_that_of_the_paired_replicates() {
        let (x, y) = columns(1600);
        let mut plans = [ReplicateSums::default(), ReplicateSums::default()];
        plans[0].extend(&x);
        plans[1].extend(&y);
        let pairs = |r: usize| (r..1600).step_by(16).map(|i| x[i] - y[i]);
        let means: Vec<f64> = (0..16).map(|r| pairs(r).sum::<f64>() / 100.0).collect();
        let all = means.iter().sum::<f64>() / 16.0;
        let variance = means.iter().map(|m| (m - all) * (m - all)).sum::<f64>() / 15.0;
        let (difference, error) = plans[0].difference(&plans[1]);
        assert!((difference / all - 1.0).abs() < 1e-12);
        assert!((error / (T_OVER_Z * (variance / 16.0).sqrt()) - 1.0).abs() < 1e-9);
        assert_eq!(plans[0].difference(&plans[0]), (0.0, 0.0));
    }

    #[test]
    fn the_error_of_a_difference_of_ratios_is_near_its_jackknife() {
        let (x, y) = columns(160_000);
        let mut plans = [ReplicateSums::default(), ReplicateSums::default()];
        plans[0].extend_ratio(&x, &y);
        plans[1].extend_ratio(&y, &x);
        // Leaving out one replicate at a time.
        let without = |r: usize| {
            let ratio = |sums: &ReplicateSums| {
                let [n, d] = sums.totals();
                (n - sums.numerator[r]) / (d - sums.denominator[r])
            };
            ratio(&plans[0]) - ratio(&plans[1])
        };
        let all: Vec<f64> = (0..16).map(without).collect();
        let mean = all.iter().sum::<f64>() / 16.0;
        let squares: f64 = all.iter().map(|v| (v - mean) * (v - mean)).sum();
        let jackknife = T_OVER_Z * (squares * 15.0 / 16.0).sqrt();
        let (difference, error) = plans[0].difference(&plans[1]);
        let (x, y) = (x.iter().sum::<f64>(), y.iter().sum::<f64>());
        assert!((difference / (x / y - y / x) - 1.0).abs() < 1e-12);
        assert!(
            (error / jackknife - 1.0).abs() < 1e-2,
            "{error} {jackknife}"
        );
    }
}
