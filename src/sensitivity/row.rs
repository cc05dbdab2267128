//! Rows of `sensitivity.parquet`.

use ndarray::ArrayView2;

use crate::model::{InputGroup, Metric, Model};

/// The metrics that are explained.
pub const METRICS: [Metric; 5] = [
    Metric::Roas,
    Metric::Revenue,
    Metric::Profit,
    Metric::Spend,
    Metric::Conversions,
];

/// A plan to explain.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The market it buys from.
    pub model: &'a Model,
    /// Partnerships expected to be there, months × cells: the plan's counts, or fewer where partners leave.
    pub counts: ArrayView2<'a, f64>,
}

/// What a row says of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Standard deviation of the metric, all inputs together.
    Sd,
    /// First-order Sobol' index.
    FirstOrder,
    /// Total Sobol' index.
    Total,
    /// The metric in expectation.
    Expected,
    /// The metric in expectation with the input at its 10 % quantile.
    Low,
    /// The same at its 90 % quantile.
    High,
    /// Expected value of perfect information, in currency of profit.
    Evppi,
}

impl Measure {
    /// Name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sd => "sd",
            Self::FirstOrder => "first_order",
            Self::Total => "total",
            Self::Expected => "expected",
            Self::Low => "low",
            Self::High => "high",
            Self::Evppi => "evppi",
        }
    }
}

/// Which inputs a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Inputs {
    /// One group.
    One(InputGroup),
    /// All shared factors together.
    Shared,
    /// All inputs together.
    All,
}

impl Inputs {
    /// Name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::One(input) => input.name(),
            Self::Shared => "shared",
            Self::All => "all",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityRow {
    /// Plan name; `None` where the choice between plans is meant.
    pub plan: Option<String>,
    /// Metric.
    pub metric: Metric,
    /// Which inputs.
    pub inputs: Inputs,
    /// Tier name, if only this tier's factor is meant.
    pub tier: Option<String>,
    /// What is said.
    pub measure: Measure,
    /// The figure; `None` where it is not defined.
    pub value: Option<f64>,
    /// Its standard error; 0 where it is computed and not estimated, `None` where it is not known.
    pub error: Option<f64>,
}
