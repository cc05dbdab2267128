//! Rules on random totals, in words: for reports and for the reasons of failed cases.

use crate::model::{Bound, Metric, RiskMeasure, RiskObjective, RiskState};
use crate::units::{count, currency_sign, money, percent, ratio, significant};

/// A measured figure in a sentence: `revenue averages ¥291,300 ± ¥400 over the worst 10 % of fresh
/// trials`, `ROAS is at least 3.00 in 71.2 % ± 0.2 % of fresh trials`.
#[must_use]
pub fn measured(
    state: &RiskState,
    (value, error): (f64, f64),
    which: &str,
    currency: &str,
) -> String {
    let figure = figure(state, (value, error), currency);
    match state.measure {
        RiskMeasure::Cvar { level } => format!(
            "{} averages {figure} over the {} {} of {which} trials",
            gain(state, currency).unwrap_or_else(|| state.metric.name().to_owned()),
            if state.metric == Metric::Spend {
                "dearest"
            } else {
                "worst"
            },
            percent(1.0 - level),
        ),
        RiskMeasure::Probability { .. } => format!(
            "{} is {} in {figure} of {which} trials",
            label(state.metric),
            state
                .bound
                .map_or_else(String::new, |b| bound(b, state.metric, currency)),
        ),
    }
}

/// A measured figure and its error: `¥291,300 ± ¥400`, `71.2 % ± 0.2 %`.
#[must_use]
pub fn figure(state: &RiskState, (value, error): (f64, f64), currency: &str) -> String {
    let money_like = gain(state, currency).is_some() || state.metric.is_money();
    // Rounding is no doubt.
    let error = if error.abs() < 1e-9 * value.abs() {
        0.0
    } else {
        error
    };
    match state.measure {
        RiskMeasure::Probability { .. } => {
            let error = significant(100.0 * error, 2);
            format!("{} ± {error} %", beside(value, state))
        }
        RiskMeasure::Cvar { .. } if money_like && error == 0.0 => {
            format!("{} ± 0", money(value, currency))
        }
        RiskMeasure::Cvar { .. } if money_like => {
            let (sign, error) = (currency_sign(currency), significant(error, 2));
            format!("{} ± {sign}{error}", money(value, currency))
        }
        RiskMeasure::Cvar { .. } => format!("{} ± {}", count(value), significant(error, 2)),
    }
}

/// What an objective of risk weighs: `expected revenue + 0.5 × its average over the worst 10 % of
/// trials`.
#[must_use]
pub fn objective(objective: &RiskObjective, goal: &str) -> String {
    let times = |weight: f64| {
        if weight == 1.0 {
            String::new()
        } else {
            format!("{} × ", significant(weight, 4))
        }
    };
    let worst = percent(1.0 - objective.level);
    let (mean, tail) = (times(objective.mean), times(objective.cvar));
    if objective.cvar == 0.0 {
        format!("expected {goal}")
    } else if objective.mean == 0.0 {
        format!("the average {goal} over the worst {worst} of trials")
    } else {
        format!("{mean}expected {goal} + {tail}its average over the worst {worst} of trials")
    }
}

/// A probability with as many digits as it takes to see that it is not the one wanted: `95.03 %`.
fn beside(value: f64, state: &RiskState) -> String {
    let plain = percent(value);
    match state.measure {
        RiskMeasure::Probability { with } if plain == percent(with) => [(2, 1e4), (3, 1e5)]
            .into_iter()
            .find(|(_, size)| ((value - with) * size).abs() >= 0.5)
            .map_or(plain, |(digits, _)| {
                format!("{:.*} %", digits, 100.0 * value)
            }),
        _ => plain,
    }
}

/// What to add to the probability that the run's own trials show of a rule, where they have it on the other side of
/// what is wanted than the fresh ones do; `None` where both agree.
#[must_use]
pub fn decided(state: &RiskState, shown: f64, trials: usize, currency: &str) -> Option<String> {
    let RiskMeasure::Probability { with } = state.measure else {
        return None;
    };
    let fresh = (state.out_of_sample?, state.out_of_sample_error?);
    ((shown >= with) != state.held()?).then(|| {
        format!(
            "whether that is {} the {} fresh trials of its risk decide: {}",
            percent(with),
            count(trials as f64),
            figure(state, fresh, currency)
        )
    })
}

/// What is wanted of the figure: `at least ¥300,000`, `80 %`; empty for the objective's.
#[must_use]
pub fn wanted(state: &RiskState, currency: &str) -> String {
    match (state.measure, state.bound) {
        (_, None) => String::new(),
        (RiskMeasure::Probability { with }, _) => percent(with),
        (RiskMeasure::Cvar { .. }, Some(_)) if gain(state, currency).is_some() => {
            format!("at least {}", money(0.0, currency))
        }
        (RiskMeasure::Cvar { .. }, Some(level)) => bound(level, state.metric, currency),
    }
}

/// By how much the program's rule is tighter: `¥1,200`, `0.8 points`; looser if below 0.
#[must_use]
pub fn tightened(state: &RiskState, currency: &str) -> String {
    let by = state.tightened.abs();
    match state.measure {
        RiskMeasure::Probability { .. } => format!("{} points", significant(100.0 * by, 2)),
        RiskMeasure::Cvar { .. } if gain(state, currency).is_some() || state.metric.is_money() => {
            money(by, currency)
        }
        RiskMeasure::Cvar { .. } => count(by),
    }
}

/// The linear gain that stands for a ratio in its tail mean.
fn gain(state: &RiskState, currency: &str) -> Option<String> {
    let level = state.bound?.value();
    match state.metric {
        Metric::Roas => Some(format!("revenue less {} × spend", ratio(level))),
        Metric::Roi => Some(format!("profit less {} × spend", ratio(level))),
        Metric::Cpa => Some(format!(
            "{} × conversions less spend",
            money(level, currency)
        )),
        _ => None,
    }
}

fn bound(bound: Bound, metric: Metric, currency: &str) -> String {
    let figure = |level: f64| match metric {
        Metric::Roas | Metric::Roi => ratio(level),
        _ if metric.is_money() => money(level, currency),
        _ => count(level),
    };
    match bound {
        Bound::AtLeast(level) => format!("at least {}", figure(level)),
        Bound::AtMost(level) => format!("at most {}", figure(level)),
    }
}

fn label(metric: Metric) -> String {
    match metric {
        Metric::Roas | Metric::Roi | Metric::Cpa => metric.name().to_uppercase(),
        _ => metric.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_in_plain_words() {
        let state = |metric, measure, bound| RiskState {
            key: "risk.cvar".to_owned(),
            month: None,
            metric,
            measure,
            bound: Some(bound),
            in_sample: 0.0,
            in_sample_error: 0.0,
            out_of_sample: None,
            out_of_sample_error: None,
            tightened: 0.008,
        };
        let tail = RiskMeasure::Cvar { level: 0.9 };
        let revenue = state(Metric::Revenue, tail, Bound::AtLeast(300_000.0));
        assert_eq!(
            measured(&revenue, (291_300.4, 412.3), "fresh", "CNY"),
            "revenue averages ¥291,300 ± ¥410 over the worst 10 % of fresh trials"
        );
        assert_eq!(wanted(&revenue, "CNY"), "at least ¥300,000");
        let roas = state(Metric::Roas, tail, Bound::AtLeast(3.0));
        assert_eq!(
            measured(&roas, (-1200.0, 90.0), "fresh", "EUR"),
            "revenue less 3.00 × spend averages -€1,200 ± €90 over the worst 10 % of fresh trials"
        );
        assert_eq!(wanted(&roas, "EUR"), "at least €0");
        let share = RiskMeasure::Probability { with: 0.8 };
        let share = state(Metric::Cpa, share, Bound::AtMost(55.0));
        assert_eq!(
            measured(&share, (0.712, 0.0021), "fresh", "CNY"),
            "CPA is at most ¥55 in 71.2 % ± 0.21 % of fresh trials"
        );
        assert_eq!(wanted(&share, "CNY"), "80 %");
        // Digits enough to see on which side of what is wanted it is.
        for (value, shown) in [
            (0.7996, "79.96 % ± 0.21 %"),
            (0.79997, "79.997 % ± 0.21 %"),
            (0.8, "80 % ± 0.21 %"),
            (0.8004, "80.04 % ± 0.21 %"),
        ] {
            assert_eq!(figure(&share, (value, 0.0021), "CNY"), shown);
        }
        let fresh = RiskState {
            out_of_sample: Some(0.8012),
            out_of_sample_error: Some(0.001),
            ..share.clone()
        };
        assert_eq!(decided(&fresh, 0.8001, 131_072, "CNY"), None);
        assert_eq!(
            decided(&fresh, 0.7991, 131_072, "CNY").as_deref(),
            Some(
                "whether that is 80 % the 131,072 fresh trials of its risk decide: 80.1 % ± 0.1 %"
            )
        );
        assert_eq!(decided(&share, 0.7991, 131_072, "CNY"), None);
        let weighed = |mean, cvar| {
            let of = RiskObjective {
                mean,
                cvar,
                level: 0.9,
                origin: crate::model::Origin::Default,
            };
            objective(&of, "profit")
        };
        assert_eq!(
            weighed(1.0, 0.5),
            "expected profit + 0.5 × its average over the worst 10 % of trials"
        );
        assert_eq!(
            weighed(0.0, 2.0),
            "the average profit over the worst 10 % of trials"
        );
        assert_eq!(weighed(1.0, 0.0), "expected profit");
        assert_eq!(tightened(&share, "CNY"), "0.8 points");
    }
}
