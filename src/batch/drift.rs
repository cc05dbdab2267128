//! Compares a run with an earlier one, row by row.
//!
//! A figure has drifted when it differs by more than chance and by more than the tolerance:
//! |x − x₀| > 4·√(e² + e₀²) and |x − x₀| > tolerance · |x₀|, with e and e₀ the Monte Carlo errors.
//! For probabilities the tolerance is in absolute points: |p − p₀| > tolerance. A mean or ratio
//! that is defined in one run only has drifted too, and so has the probability of a target that
//! the new run does not judge.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::model::Metric;
use crate::summary::{Estimate, ScopeKey, SummaryRow};
use crate::units::significant;

/// How many standard errors of the difference count as chance.
const ERRORS: f64 = 4.0;

/// A compared figure of a summary row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Mean over trials.
    Mean,
    /// E(numerator)/E(denominator).
    RatioOfMeans,
    /// Probability of meeting the target.
    ProbTarget,
}

impl Figure {
    const ALL: [Self; 3] = [Self::Mean, Self::RatioOfMeans, Self::ProbTarget];

    /// Column of `summary.parquet`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::RatioOfMeans => "ratio_of_means",
            Self::ProbTarget => "prob_target",
        }
    }

    fn value(self, of: &Estimate) -> Option<f64> {
        match self {
            Self::Mean => of.mean,
            Self::RatioOfMeans => of.ratio_of_means,
            Self::ProbTarget => of.prob_target,
        }
    }

    fn error(self, of: &Estimate) -> f64 {
        let error = match self {
            Self::Mean => of.mc_error,
            Self::RatioOfMeans => of.ratio_of_means_error,
            Self::ProbTarget => of.prob_target_error,
        };
        error.filter(|e| e.is_finite()).unwrap_or(0.0)
    }
}

/// A figure that has drifted.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftRow {
    /// Scenario name.
    pub scenario: String,
    /// Plan name.
    pub plan: String,
    /// Month from 1; `None` for the whole horizon.
    pub month: Option<usize>,
    /// Scope.
    pub scope: ScopeKey,
    /// Metric.
    pub metric: Metric,
    /// Which figure of it.
    pub figure: Figure,
    /// Value now; `None` if undefined.
    pub value: Option<f64>,
    /// Value in the earlier run; `None` if undefined.
    pub baseline: Option<f64>,
    /// The difference that would have been let pass.
    pub allowed: f64,
}

impl fmt::Display for DriftRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>| value.map_or_else(|| "undefined".to_owned(), number);
        write!(
            f,
            "{}: {}, {}: {} was {}, is {} (allowed ± {})",
            self.scenario,
            place(&self.plan, self.month, &self.scope),
            self.metric.name(),
            self.figure.name(),
            shown(self.baseline),
            shown(self.value),
            number(self.allowed),
        )
    }
}

/// What comparing one scenario found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift {
    /// Figures that have drifted, in the order of the new run's rows.
    pub rows: Vec<DriftRow>,
    /// Rows of the earlier run that the new one lacks, in words.
    pub missing: Vec<String>,
    /// Rows that the earlier run lacks, in words.
    pub new: Vec<String>,
    /// Rows compared.
    pub compared: usize,
}

type Key = (String, Option<usize>, ScopeKey, Metric);

/// An earlier run's summaries.
#[derive(Debug, Clone)]
pub struct Baseline {
    tolerance: f64,
    scenarios: HashMap<String, Vec<SummaryRow>>,
}

impl Baseline {
    /// Takes an earlier run's rows, each with its scenario's name, and the tolerance as a share.
    #[must_use]
    pub fn new(rows: Vec<(String, SummaryRow)>, tolerance: f64) -> Self {
        let mut scenarios: HashMap<String, Vec<SummaryRow>> = HashMap::new();
        for (scenario, row) in rows {
            scenarios.entry(scenario).or_default().push(row);
        }
        Self {
            tolerance,
            scenarios,
        }
    }

    /// Whether the earlier run knew a scenario.
    #[must_use]
    pub fn knows(&self, scenario: &str) -> bool {
        self.scenarios.contains_key(scenario)
    }

    /// Scenarios of the earlier run that are not among the names given, sorted.
    pub fn absent<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let mut absent: Vec<String> = self
            .scenarios
            .keys()
            .filter(|name| !names.contains(name.as_str()))
            .cloned()
            .collect();
        absent.sort();
        absent
    }

    /// Compares a scenario's rows with the earlier run's.
    #[must_use]
    pub fn compare(&self, scenario: &str, rows: &[SummaryRow]) -> Drift {
        let Some(earlier) = self.scenarios.get(scenario) else {
            // A scenario without a plan has no rows in either run.
            let new = (!rows.is_empty()).then(|| format!("{scenario}: the whole scenario"));
            return Drift {
                new: new.into_iter().collect(),
                ..Drift::default()
            };
        };
        let mut known: HashMap<Key, &SummaryRow> =
            earlier.iter().map(|row| (key(row), row)).collect();
        let mut drift = Drift::default();
        let mut new = Vec::new();
        for row in rows {
            let Some(before) = known.remove(&key(row)) else {
                new.push(row);
                continue;
            };
            drift.compared += 1;
            for figure in Figure::ALL {
                let allowed = self.allowed(figure, &row.estimate, &before.estimate);
                let (value, baseline) =
                    (figure.value(&row.estimate), figure.value(&before.estimate));
                let drifted = match (value, baseline) {
                    // NaN compares as drifted.
                    (Some(value), Some(baseline)) => !matches!(
                        (value - baseline).abs().partial_cmp(&allowed),
                        Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
                    ),
                    (None, None) => false,
                    (Some(_), None) => figure != Figure::ProbTarget,
                    (None, Some(_)) => true,
                };
                if drifted {
                    drift.rows.push(DriftRow {
                        scenario: scenario.to_owned(),
                        plan: row.plan.clone(),
                        month: row.month,
                        scope: row.scope.clone(),
                        metric: row.metric,
                        figure,
                        value,
                        baseline,
                        allowed,
                    });
                }
            }
        }
        // In the earlier run's order, which the map does not keep.
        let missing = earlier.iter().filter(|row| known.contains_key(&key(row)));
        drift.missing = unpaired(scenario, missing, rows);
        drift.new = unpaired(scenario, new.into_iter(), earlier);
        drift
    }

    /// The larger of what chance and what the tolerance let pass.
    fn allowed(&self, figure: Figure, now: &Estimate, before: &Estimate) -> f64 {
        let chance = ERRORS * libm::hypot(figure.error(now), figure.error(before));
        let tolerated = match figure {
            Figure::ProbTarget => self.tolerance,
            _ => self.tolerance * figure.value(before).unwrap_or(0.0).abs(),
        };
        chance.max(tolerated)
    }
}

fn key(row: &SummaryRow) -> Key {
    (row.plan.clone(), row.month, row.scope.clone(), row.metric)
}

/// Rows of one run without a counterpart in the other, in words; a plan that the other run lacks
/// altogether is named once.
fn unpaired<'a>(
    scenario: &str,
    rows: impl Iterator<Item = &'a SummaryRow>,
    other: &[SummaryRow],
) -> Vec<String> {
    let plans: BTreeSet<&str> = other.iter().map(|row| row.plan.as_str()).collect();
    let mut named = BTreeSet::new();
    let mut texts = Vec::new();
    for row in rows {
        if plans.contains(row.plan.as_str()) {
            texts.push(words(scenario, row));
        } else if named.insert(row.plan.as_str()) {
            texts.push(format!("{scenario}: the whole plan {}", row.plan));
        }
    }
    texts
}

fn words(scenario: &str, row: &SummaryRow) -> String {
    format!(
        "{scenario}: {}, {}",
        place(&row.plan, row.month, &row.scope),
        row.metric.name()
    )
}

/// `plan base, tier micro`, `plan base, month 2, total`.
fn place(plan: &str, month: Option<usize>, scope: &ScopeKey) -> String {
    let month = month.map_or_else(String::new, |month| format!("month {month}, "));
    let mut words = format!("plan {plan}, {month}{}", scope.kind.name());
    let names = [
        &scope.tier,
        &scope.partnership,
        &scope.category,
        &scope.region,
        &scope.booked_as,
    ];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    if !names.is_empty() {
        words.push(' ');
        words.push_str(&names.join("."));
    }
    words
}

fn number(value: f64) -> String {
    significant(value, 6)
}
