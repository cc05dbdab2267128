//! What can be wrong with the parameters of a distribution.

use thiserror::Error;

/// Parameters that make no distribution; the text says what is possible.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DistributionError {
    /// NaN or infinite.
    #[error("{what} is {value}; it must be a finite number")]
    NotFinite {
        /// The parameter.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// Zero or negative where only positive numbers make sense.
    #[error("{what} of a {family} distribution is {value}; it must be above 0")]
    NotPositive {
        /// The parameter.
        what: &'static str,
        /// The family.
        family: &'static str,
        /// Its value.
        value: f64,
    },
    /// A negative standard deviation.
    #[error("sd is {value}; a standard deviation must be 0 or more")]
    NegativeSd {
        /// Its value.
        value: f64,
    },
    /// Outside [0, 1] where the family lives there.
    #[error("{what} of a beta distribution is {value}; it must lie between 0 and 1")]
    NotInUnit {
        /// The parameter.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// Two or three bounds in the wrong order.
    #[error("{low_name} {low} is above {high_name} {high}; the order must be {order}")]
    Order {
        /// Name of the bound that must be lower.
        low_name: &'static str,
        /// Its value.
        low: f64,
        /// Name of the bound that must be higher.
        high_name: &'static str,
        /// Its value.
        high: f64,
        /// The order wanted.
        order: &'static str,
    },
    /// A spread that no beta of that mean has.
    #[error(
        "no beta distribution has mean {mean} and sd {sd}; with this mean the sd must be below {limit:.4}"
    )]
    SdTooLarge {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        sd: f64,
        /// √(mean (1 − mean)).
        limit: f64,
    },
    /// An interval that touches the ends of the unit interval.
    #[error(
        "no beta distribution has its 5 % quantile at {p5} and its 95 % quantile at {p95}; both must lie strictly between 0 and 1"
    )]
    IntervalAtEnds {
        /// 5 % quantile.
        p5: f64,
        /// 95 % quantile.
        p95: f64,
    },
    /// A spread so small or large that the numerics leave their range.
    #[error("{what} is out of range: {hint}")]
    OutOfRange {
        /// What was asked.
        what: String,
        /// What is possible.
        hint: &'static str,
    },
}
