//! Sums, means and standard deviations of one column and of a pair.

/// Values per granule: the unit in which sums are reduced, whatever the block or thread count.
pub const GRANULE: usize = 1024;

/// Partial sums kept side by side within a granule, so that loops over it vectorize.
const LANES: usize = 8;

/// Partial sums of K terms per value: value i goes to partial sum i mod 8, and the eight are added
/// pairwise.
fn granule_sum<const K: usize>(
    len: usize,
    chunk: impl Fn(usize) -> [[f64; K]; LANES],
    one: impl Fn(usize) -> [f64; K],
) -> [f64; K] {
    let mut sums = [[0.0; LANES]; K];
    let whole = len - len % LANES;
    for start in (0..whole).step_by(LANES) {
        let terms = chunk(start);
        for (lane, terms) in terms.iter().enumerate() {
            for (sum, term) in sums.iter_mut().zip(terms) {
                sum[lane] += term;
            }
        }
    }
    for i in whole..len {
        for (sum, term) in sums.iter_mut().zip(one(i)) {
            sum[i - whole] += term;
        }
    }
    sums.map(|s| ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])))
}

/// Sums over one column of up to a granule.
fn sums<const K: usize>(values: &[f64], terms: impl Fn(f64) -> [f64; K]) -> [f64; K] {
    granule_sum(
        values.len(),
        |start| {
            let mut out = [[0.0; K]; LANES];
            for (out, &v) in out.iter_mut().zip(&values[start..start + LANES]) {
                *out = terms(v);
            }
            out
        },
        |i| terms(values[i]),
    )
}

/// Sums over two columns of one length, up to a granule.
fn pair_sums<const K: usize>(
    x: &[f64],
    y: &[f64],
    terms: impl Fn(f64, f64) -> [f64; K],
) -> [f64; K] {
    let len = x.len().min(y.len());
    granule_sum(
        len,
        |start| {
            let (x, y) = (&x[start..start + LANES], &y[start..start + LANES]);
            let mut out = [[0.0; K]; LANES];
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out = terms(x, y);
            }
            out
        },
        |i| terms(x[i], y[i]),
    )
}

/// Sum of `values`: sums of consecutive granules, of which the last may be shorter, added in order. NaN is not skipped.
///
/// ```
/// use influencer_matrix::stats::total;
/// assert_eq!(total(&[1.0, 2.0, 4.0]), 7.0);
/// ```
#[must_use]
pub fn total(values: &[f64]) -> f64 {
    values
        .chunks(GRANULE)
        .fold(0.0, |sum, granule| sum + sums(granule, |v| [v])[0])
}

/// Count, mean and spread of one column.
///
/// NaN (undefined) values are skipped. Within a granule mean and sum of squared deviations are
/// computed in two passes; granules merge by Chan's formula, M₂ = M₂ₐ + M₂ᵦ + δ² nₐ nᵦ/n with δ the
/// difference of means. Build from whole granules and merge in order for the same bits on any
/// number of threads.
///
/// ```
/// use influencer_matrix::stats::Moments;
/// let moments = Moments::of(&[1.0, f64::NAN, 2.0, 3.0]);
/// assert_eq!((moments.count(), moments.mean(), moments.sd()), (3, 2.0, 1.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Moments of a column of any length.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut moments = Self::default();
        moments.extend(values);
        moments
    }

    /// Adds a column, merged granule by granule: whole granules give the same bits in however many
    /// pieces they come.
    pub fn extend(&mut self, values: &[f64]) {
        for granule in values.chunks(GRANULE) {
            *self = self.merged(&Self::of_granule(granule));
        }
    }

    fn of_granule(values: &[f64]) -> Self {
        let [n, sum] = sums(values, |v| if v.is_nan() { [0.0; 2] } else { [1.0, v] });
        if n == 0.0 {
            return Self::default();
        }
        let mean = sum / n;
        let [drift, squares] = sums(values, |v| {
            let d = if v.is_nan() { 0.0 } else { v - mean };
            [d, d * d]
        });
        Self {
            count: n as u64,
            mean: mean + drift / n,
            squares: (squares - drift * drift / n).max(0.0),
        }
    }

    /// These values followed by those of `other`.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        if self.count == 0 {
            return *other;
        }
        if other.count == 0 {
            return *self;
        }
        let count = self.count + other.count;
        let share = float(other.count) / float(count);
        let delta = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + delta * share,
            squares: self.squares + other.squares + delta * delta * share * float(self.count),
        }
    }

    /// Number of defined values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean; NaN without values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Variance with n − 1; NaN below two values.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            f64::NAN
        } else {
            self.squares / float(self.count - 1)
        }
    }

    /// Standard deviation with n − 1; NaN below two values.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Standard error of the mean, sd/√n; NaN below two values.
    #[must_use]
    pub fn error(&self) -> f64 {
        mean_error(self.sd(), self.count)
    }
}

/// Moments of a pair of columns; for ratios of means and paired differences.
///
/// A trial in which either value is NaN is skipped in both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairMoments {
    count: u64,
    mean: [f64; 2],
    squares: [f64; 2],
    product: f64,
}

impl PairMoments {
    /// Moments of two columns, up to the shorter length.
    #[must_use]
    pub fn of(numerator: &[f64], denominator: &[f64]) -> Self {
        let mut moments = Self::default();
        moments.extend(numerator, denominator);
        moments
    }

    /// Adds a pair of columns, merged granule by granule: whole granules give the same bits in
    /// however many pieces they come.
    pub fn extend(&mut self, numerator: &[f64], denominator: &[f64]) {
        for (x, y) in numerator.chunks(GRANULE).zip(denominator.chunks(GRANULE)) {
            *self = self.merged(&Self::of_granule(x, y));
        }
    }

    fn of_granule(x: &[f64], y: &[f64]) -> Self {
        let defined = |x: f64, y: f64| !(x.is_nan() | y.is_nan());
        let [n, sum_x, sum_y] = pair_sums(
            x,
            y,
            |x, y| {
                if defined(x, y) { [1.0, x, y] } else { [0.0; 3] }
            },
        );
        if n == 0.0 {
            return Self::default();
        }
        let (mean_x, mean_y) = (sum_x / n, sum_y / n);
        let [dx, dy, xx, yy, xy] = pair_sums(x, y, |x, y| {
            let (dx, dy) = if defined(x, y) {
                (x - mean_x, y - mean_y)
            } else {
                (0.0, 0.0)
            };
            [dx, dy, dx * dx, dy * dy, dx * dy]
        });
        Self {
            count: n as u64,
            mean: [mean_x + dx / n, mean_y + dy / n],
            squares: [(xx - dx * dx / n).max(0.0), (yy - dy * dy / n).max(0.0)],
            product: xy - dx * dy / n,
        }
    }

    /// These pairs followed by those of `other`.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        if self.count == 0 {
            return *other;
        }
        if other.count == 0 {
            return *self;
        }
        let count = self.count + other.count;
        let share = float(other.count) / float(count);
        let weight = share * float(self.count);
        let delta = [other.mean[0] - self.mean[0], other.mean[1] - self.mean[1]];
        Self {
            count,
            mean: [
                self.mean[0] + delta[0] * share,
                self.mean[1] + delta[1] * share,
            ],
            squares: [
                self.squares[0] + other.squares[0] + delta[0] * delta[0] * weight,
                self.squares[1] + other.squares[1] + delta[1] * delta[1] * weight,
            ],
            product: self.product + other.product + delta[0] * delta[1] * weight,
        }
    }

    /// Number of pairs with both values defined.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Means of the first and the second column; NaN without pairs.
    #[must_use]
    pub fn means(&self) -> [f64; 2] {
        if self.count == 0 {
            [f64::NAN; 2]
        } else {
            self.mean
        }
    }

    /// Pearson's correlation; NaN if a column does not vary.
    #[must_use]
    pub fn correlation(&self) -> f64 {
        if self.count < 2 {
            return f64::NAN;
        }
        self.product / (self.squares[0].sqrt() * self.squares[1].sqrt())
    }

    /// Ratio of means r = mean(numerator)/mean(denominator); NaN without pairs or where the
    /// denominator's mean is 0.
    #[must_use]
    pub fn ratio_of_means(&self) -> f64 {
        if self.count == 0 || self.mean[1] == 0.0 {
            return f64::NAN;
        }
        self.mean[0] / self.mean[1]
    }

    /// Standard error of the ratio of means by the delta method,
    /// √(var(numerator − r denominator)/n)/|mean(denominator)|; NaN where the ratio or, below two
    /// pairs, the variance is undefined.
    #[must_use]
    pub fn ratio_of_means_error(&self) -> f64 {
        if self.count < 2 {
            return f64::NAN;
        }
        let r = self.ratio_of_means();
        let squares = self.squares[0] - 2.0 * r * self.product + r * r * self.squares[1];
        // Proportional columns leave only rounding, which may be negative.
        let squares = if squares < 0.0 { 0.0 } else { squares };
        let n = float(self.count);
        (squares / (n - 1.0) / n).sqrt() / self.mean[1].abs()
    }
}

/// Standard error of a mean, sd/√n.
#[must_use]
pub fn mean_error(sd: f64, count: u64) -> f64 {
    sd / float(count).sqrt()
}

/// Standard error of a probability estimated as `probability` from `count` trials.
///
/// √(p̃(1 − p̃)/n) with p̃ = (n p + ½)/(n + 1): the usual √(p(1 − p)/n) but for a term of order 1/n
/// that keeps it above zero when all trials agree. NaN without trials.
#[must_use]
pub fn probability_error(probability: f64, count: u64) -> f64 {
    if count == 0 {
        return f64::NAN;
    }
    let n = float(count);
    let (yes, no) = (n * probability + 0.5, n * (1.0 - probability) + 0.5);
    (yes * no / n).sqrt() / (n + 1.0)
}

/// Exact below 2⁵³, which no count of trials reaches.
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use statrs::statistics::Statistics;

    fn values(n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| 1e6 + libm::sin(float(i as u64) * 1.7) * 3.0)
            .collect()
    }

    #[test]
    fn a_large_offset_costs_no_precision() {
        let column = values(5000);
        let m = Moments::of(&column);
        let shifted: Vec<f64> = column.iter().map(|v| v - 1e6).collect();
        let exact = Moments::of(&shifted);
        assert!((m.sd() / exact.sd() - 1.0).abs() < 1e-9);
        assert!((m.mean() - 1e6 - exact.mean()).abs() < 1e-9);
        assert!((exact.sd() / shifted.iter().std_dev() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn undefined_values_are_skipped() {
        let mut column = values(3000);
        let plain = Moments::of(&[1.0, 2.0, 6.0]);
        assert_eq!(Moments::of(&[f64::NAN, 1.0, 2.0, f64::NAN, 6.0]), plain);
        assert_eq!(plain.mean(), 3.0);
        assert!((plain.sd() - 7.0_f64.sqrt()).abs() < 1e-15);
        column.fill(f64::NAN);
        let none = Moments::of(&column);
        assert_eq!(none.count(), 0);
        assert!(none.mean().is_nan() && none.sd().is_nan() && none.error().is_nan());
        assert!(Moments::of(&[5.0]).sd().is_nan());
        let pairs = PairMoments::of(&[1.0, f64::NAN, 3.0], &[2.0, 5.0, f64::NAN]);
        assert_eq!(pairs.count(), 1);
        assert_eq!(pairs.ratio_of_means(), 0.5);
        assert!(PairMoments::of(&[1.0], &[0.0]).ratio_of_means().is_nan());
    }

    #[test]
    fn merging_whole_granules_in_order_gives_the_same_bits() {
        let column = values(10 * GRANULE + 77);
        let other: Vec<f64> = column.iter().map(|v| v * v - 1e12).collect();
        for granules in [1, 2, 3, 8] {
            let mut all = Moments::default();
            let mut pairs = PairMoments::default();
            for (x, y) in column
                .chunks(granules * GRANULE)
                .zip(other.chunks(granules * GRANULE))
            {
                // A worker keeps one entry per granule; they are merged in order.
                for (x, y) in x.chunks(GRANULE).zip(y.chunks(GRANULE)) {
                    all = all.merged(&Moments::of(x));
                    pairs = pairs.merged(&PairMoments::of(x, y));
                }
            }
            assert_eq!(all, Moments::of(&column));
            assert_eq!(pairs, PairMoments::of(&column, &other));
        }
    }

    #[test]
    fn proportional_columns_have_a_sure_ratio() {
        let y = values(4000);
        let x: Vec<f64> = y.iter().map(|v| v * 3.0).collect();
        let pairs = PairMoments::of(&x, &y);
        assert!((pairs.ratio_of_means() - 3.0).abs() < 1e-12);
        assert!(pairs.ratio_of_means_error() < 1e-10);
        assert!((pairs.correlation() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ratio_error_matches_its_definition() {
        let y = [2.0, 3.0, 5.0, 4.0];
        let x = [1.0, 4.0, 4.0, 3.0];
        let r: f64 = 12.0 / 14.0;
        let residuals: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - r * y).collect();
        let expected = residuals.iter().std_dev() / 2.0 / 3.5;
        let pairs = PairMoments::of(&x, &y);
        assert!((pairs.ratio_of_means_error() / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn probability_errors() {
        assert!((probability_error(0.3, 100_000) / (0.21_f64 / 1e5).sqrt() - 1.0).abs() < 1e-4);
        assert!(probability_error(0.0, 1000) > 0.0);
        assert_eq!(probability_error(0.0, 1000), probability_error(1.0, 1000));
        assert!(probability_error(0.5, 0).is_nan());
    }

    proptest! {
        #[test]
        fn moments_match_the_textbook(column in prop::collection::vec(-1e3_f64..1e3, 2..3000)) {
            let m = Moments::of(&column);
            prop_assert!((m.mean() - column.iter().mean()).abs() < 1e-9);
            prop_assert!((m.sd() - column.iter().std_dev()).abs() < 1e-8);
            let split = column.len() / 3;
            let parts = Moments::of(&column[..split]).merged(&Moments::of(&column[split..]));
            prop_assert!((m.mean() - parts.mean()).abs() < 1e-9);
            prop_assert!((m.sd() - parts.sd()).abs() < 1e-8);
        }
    }
}
