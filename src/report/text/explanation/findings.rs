//! What the rows say of one metric of one plan, and of the choice between plans.

use crate::engine::Explanation;
use crate::model::{InputGroup, Metric};
use crate::sensitivity::{Inputs, Measure, SensitivityRow};
use crate::units::{listed, money};

/// Inputs that together explain this much of a spread are named.
const NAMED: f64 = 0.7;
/// But no more of them than this.
const MOST_NAMED: usize = 3;

/// What is known of one metric of one plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Findings {
    pub(super) expected: Option<f64>,
    pub(super) sd: Option<f64>,
    /// By their total index, the largest first.
    pub(super) inputs: Vec<Input>,
}

/// What is known of one input.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Input {
    pub(super) group: InputGroup,
    pub(super) first: Option<f64>,
    pub(super) first_error: Option<f64>,
    pub(super) total: Option<f64>,
    pub(super) total_error: Option<f64>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

impl Findings {
    pub(super) fn of(explanation: &Explanation, plan: &str, metric: Metric) -> Self {
        let rows: Vec<&SensitivityRow> = explanation
            .sensitivity
            .iter()
            .filter(|r| r.plan.as_deref() == Some(plan) && r.metric == metric && r.tier.is_none())
            .collect();
        let find = |inputs, measure| {
            rows.iter()
                .find(|r| r.inputs == inputs && r.measure == measure)
        };
        let figure = |inputs, measure| find(inputs, measure).and_then(|r| r.value);
        let off = |inputs, measure| find(inputs, measure).and_then(|r| r.error);
        let mut inputs: Vec<Input> = explanation
            .inputs
            .iter()
            .filter(|&&input| find(Inputs::One(input), Measure::Total).is_some())
            .map(|&input| {
                let one = Inputs::One(input);
                Input {
                    group: input,
                    first: figure(one, Measure::FirstOrder),
                    first_error: off(one, Measure::FirstOrder),
                    total: figure(one, Measure::Total),
                    total_error: off(one, Measure::Total),
                    low: figure(one, Measure::Low),
                    high: figure(one, Measure::High),
                }
            })
            .collect();
        let total = |input: &Input| input.total.unwrap_or(0.0);
        inputs.sort_by(|a, b| total(b).total_cmp(&total(a)));
        Self {
            expected: figure(Inputs::All, Measure::Expected),
            sd: figure(Inputs::All, Measure::Sd),
            inputs,
        }
    }

    pub(super) fn largest_total(&self) -> Option<f64> {
        self.inputs.first().and_then(|input| input.total)
    }

    /// The largest standard error of an index.
    pub(super) fn largest_error(&self) -> Option<f64> {
        self.inputs
            .iter()
            .flat_map(|i| [i.first_error, i.total_error])
            .flatten()
            .reduce(f64::max)
    }

    fn alone(&self, meant: impl Fn(InputGroup) -> bool) -> f64 {
        let own = self.inputs.iter().filter(|i| meant(i.group));
        own.filter_map(|i| i.first).map(|f| f.max(0.0)).sum()
    }

    /// The inputs that explain most, named with their shares: "conversion rates (44 %) and market (20 %)".
    pub(super) fn causes(&self) -> Option<String> {
        let (named, _) = self.named()?;
        Some(named)
    }

    /// The named inputs and the share that they explain together.
    fn named(&self) -> Option<(String, f64)> {
        let mut names = Vec::new();
        let mut explained = 0.0;
        for input in self.inputs.iter().take(MOST_NAMED) {
            let first = input.first?.max(0.0);
            if !names.is_empty() && (explained >= NAMED || first < 0.02) {
                break;
            }
            explained += first;
            names.push(format!(
                "{} ({})",
                input.group.words(),
                super::share(Some(first))
            ));
        }
        (!names.is_empty()).then(|| (listed(&names), explained))
    }

    /// Where the spread comes from, how inputs act together, and what part is luck.
    pub(super) fn sentences(&self, metric: &str) -> Vec<String> {
        let Some((named, explained)) = self.named() else {
            return Vec::new();
        };
        let mut sentences = vec![if explained > 0.5 {
            format!("Most of {metric}'s spread comes from {named}.")
        } else {
            format!("{metric}'s spread has many causes; the largest are {named}.")
        }];
        let whole = self.alone(|_| true);
        let error: f64 = self
            .inputs
            .iter()
            .filter_map(|i| i.first_error)
            .map(|e| e * e)
            .sum::<f64>()
            .sqrt();
        let together = 1.0 - whole;
        sentences.push(if together > 0.01 && together > 2.0 * error {
            format!(
                "Inputs alone explain {} of it; the rest, {}, comes from inputs that strengthen each other.",
                super::share(Some(whole)),
                super::share(Some(together)),
            )
        } else {
            "Inputs alone explain all of it, within error: they do not act on each other.".to_owned()
        });
        let doubt = self.alone(InputGroup::is_shared);
        let orders = self.alone(|i| i == InputGroup::Orders);
        let creators = (whole - doubt - orders).max(0.0);
        sentences.push(format!(
            "Doubt about averages, which learning can lessen, is {} of it; differences between creators {}, chance in \
             orders {}.",
            super::share(Some(doubt)),
            super::share(Some(creators)),
            super::share(Some(orders)),
        ));
        sentences
    }
}

/// What it is worth to know inputs before choosing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    /// The most worth first.
    pub(super) inputs: Vec<KnownInput>,
    /// All shared inputs: value and error.
    pub(super) shared: Option<(f64, f64)>,
    /// Everything.
    pub(super) all: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct KnownInput {
    pub(super) group: InputGroup,
    pub(super) worth: (f64, f64),
    /// Tiers alone, the most worth first.
    pub(super) tiers: Vec<(String, f64)>,
}

impl KnownInput {
    /// Whether it is worth more than `floor`, and than its error.
    pub(super) fn is_worth(&self, floor: f64) -> bool {
        self.worth.0 > floor && self.worth.0 > self.worth.1
    }
}

impl Known {
    pub(super) fn of(explanation: &Explanation) -> Self {
        let rows = || {
            explanation
                .sensitivity
                .iter()
                .filter(|r| r.measure == Measure::Evppi)
        };
        let worth = |inputs: Inputs| {
            let row = rows().find(|r| r.inputs == inputs && r.tier.is_none())?;
            Some((row.value?, row.error.unwrap_or(0.0)))
        };
        let mut inputs: Vec<KnownInput> = InputGroup::ALL
            .into_iter()
            .filter_map(|input| {
                let mut tiers: Vec<(String, f64)> = rows()
                    .filter(|r| r.inputs == Inputs::One(input))
                    .filter_map(|r| Some((r.tier.clone()?, r.value?)))
                    .collect();
                tiers.sort_by(|a, b| b.1.total_cmp(&a.1));
                Some(KnownInput {
                    group: input,
                    worth: worth(Inputs::One(input))?,
                    tiers,
                })
            })
            .collect();
        inputs.sort_by(|a, b| b.worth.0.total_cmp(&a.worth.0));
        Self {
            inputs,
            shared: worth(Inputs::Shared),
            all: worth(Inputs::All),
        }
    }

    /// Which input is worth learning most, in words. Worth below `floor` is next to nothing.
    pub(super) fn sentence(&self, floor: f64, currency: &str) -> Option<String> {
        let mut worthy = self.inputs.iter().filter(|i| i.is_worth(floor));
        let first = worthy.next()?;
        let rest = match worthy.next() {
            None => ", the others next to nothing".to_owned(),
            Some(second) => format!(
                ", {} {}",
                second.group.words(),
                money(second.worth.0, currency)
            ),
        };
        Some(format!(
            "Knowing {} before deciding is worth {}{rest}. That is the most that testing or asking can be worth: it \
             tells less than all.",
            first.group.words(),
            money(first.worth.0, currency),
        ))
    }
}
