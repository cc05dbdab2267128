//! What a run is asked to do, beside the market.

use super::metric::Metric;

/// What the program maximizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Objective {
    /// Expected revenue.
    Revenue,
    /// Expected margin × revenue − spend.
    Profit,
    /// Expected conversions.
    Conversions,
    /// Expected engagements.
    Engagements,
    /// Expected impressions.
    Impressions,
    /// Expected revenue / expected spend.
    Roas,
}

impl Objective {
    /// All, in the contract's order.
    pub const ALL: [Self; 6] = [
        Self::Revenue,
        Self::Profit,
        Self::Conversions,
        Self::Engagements,
        Self::Impressions,
        Self::Roas,
    ];

    /// Name in scenario files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Profit => "profit",
            Self::Conversions => "conversions",
            Self::Engagements => "engagements",
            Self::Impressions => "impressions",
            Self::Roas => "roas",
        }
    }
}

/// How many trials to run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trials {
    /// So many.
    Fixed(u64),
    /// Until the relative error of every headline figure (spend, revenue, conversions,
    /// ROAS of every plan) is below `precision`, checked at 1024·2^k trials, at most `max`.
    Precision {
        /// Relative error wanted, of the error that 95 % intervals are 1.96 times.
        precision: f64,
        /// Most trials.
        max: u64,
    },
    /// Until the best of the plans is known, checked at 1024·2^k trials.
    Best(BestWanted),
}

/// When the best of several plans is known well enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestWanted {
    /// What they compete on: its headline figure, a ratio of expected totals for ratios. Not
    /// spend, of which neither more nor less is better.
    pub metric: Metric,
    /// Least probability that the choice is right, in (½, 1).
    pub probability: f64,
    /// Differences that do not matter.
    pub indifference: Indifference,
    /// Most trials.
    pub max: u64,
}

/// A difference of figures that does not matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Indifference {
    /// In the figure's unit; 0: every difference matters.
    Amount(f64),
    /// Share of the first plan's figure.
    Share(f64),
}

/// How to solve programs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanSettings {
    /// Relative gap at which a plan counts as optimal (default 0.001).
    pub gap: f64,
    /// Branch-and-bound nodes: the deterministic limit.
    pub node_limit: u64,
    /// Seconds: the backstop. A plan stopped by it is not reproducible.
    pub time_limit: f64,
    /// How many other plans to look for that are as good within the gap.
    pub alternatives: usize,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            gap: 0.001,
            node_limit: 20_000,
            time_limit: 30.0,
            alternatives: 0,
        }
    }
}
