//! What is walked over, and at which values.

/// What is walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// The budget.
    Budget,
    /// The weight of `CVaR` in the objective.
    Risk,
    /// Another key.
    Key,
}

impl By {
    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Risk => "risk",
            Self::Key => "key",
        }
    }
}

/// The key that is walked over.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it is.
    pub by: By,
    /// Key path.
    pub key: String,
    /// Whether values read as percentages.
    pub percent: bool,
    /// The scenario's own value, if it has one.
    pub own: Option<f64>,
    /// Level of the tail means, in [0, 1).
    pub level: f64,
}

/// So many values from one to another, evenly spread, those between the ends rounded to a hundredth of a
/// step (to whole numbers if `whole`), in order, each once.
///
/// ```
/// use influencer_matrix::frontier::spread;
/// assert_eq!(spread(1.0, 2.0, 4, false), [1.0, 1.333, 1.667, 2.0]);
/// assert_eq!(spread(1.0, 4.0, 9, true), [1.0, 2.0, 3.0, 4.0]);
/// ```
#[must_use]
pub fn spread(from: f64, to: f64, points: usize, whole: bool) -> Vec<f64> {
    let points = points.max(2);
    let step = (to - from) / (points - 1) as f64;
    let mut values = vec![from];
    for i in 1..points - 1 {
        values.push(rounded(from + step * i as f64, step, whole));
    }
    values.push(to);
    values.dedup();
    values
}

/// Up to so many values strictly between two, rounded likewise.
#[must_use]
pub fn between(from: f64, to: f64, points: usize, whole: bool) -> Vec<f64> {
    let mut values = spread(from, to, points + 2, whole);
    values.retain(|v| from < *v && *v < to);
    values
}

/// To a hundredth of a step's power of ten.
fn rounded(value: f64, step: f64, whole: bool) -> f64 {
    let digits = 2 - libm::floor(libm::log10(step.abs())) as i32;
    let digits = if whole { digits.min(0) } else { digits };
    // Through its text, so that 0.35 is the number that people write.
    if digits >= 0 {
        let text = format!("{value:.0$}", digits.min(17) as usize);
        text.parse().unwrap_or(value)
    } else {
        let unit = libm::pow(10.0, f64::from(-digits));
        (value / unit).round() * unit
    }
}

/// Weights λ of `CVaR` beside a mean of weight one: λ/(1 + λ) in even steps from 0 to 7/8.
///
/// ```
/// use influencer_matrix::frontier::weights;
/// assert_eq!(weights(8), [0.0, 0.14, 0.33, 0.6, 1.0, 1.7, 3.0, 7.0]);
/// ```
#[must_use]
pub fn weights(points: usize) -> Vec<f64> {
    let points = points.max(2);
    let mut values: Vec<f64> = (0..points)
        .map(|i| {
            let share = 0.875 * i as f64 / (points - 1) as f64;
            let text = format!("{:.1e}", share / (1.0 - share));
            text.parse().unwrap_or(0.0)
        })
        .collect();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_even_round_and_in_order() {
        let budgets = spread(50_000.0, 400_000.0, 15, false);
        assert_eq!(budgets[6], 200_000.0);
        assert!(budgets.windows(2).all(|w| w[1] - w[0] == 25_000.0));
        assert_eq!(spread(0.2, 0.4, 5, false), [0.2, 0.25, 0.3, 0.35, 0.4]);
        assert_eq!(spread(1e9, 7e9, 4, false), [1e9, 3e9, 5e9, 7e9]);
        assert_eq!(spread(3.0, 4.0, 20, true), [3.0, 4.0]);
        let odd = spread(1.0, 1.000_000_1, 3, false);
        assert!(odd[0] < odd[1] && odd[1] < odd[2]);
        assert_eq!(between(1.0, 2.0, 3, true), [0.0; 0]);
        assert_eq!(between(0.0, 5.0, 4, false), [1.0, 2.0, 3.0, 4.0]);
    }
}
