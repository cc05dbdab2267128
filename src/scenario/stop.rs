//! How long a run goes on: a number of trials, a precision, or until the best plan is known.

use super::keys::{Field, Kind, LARGEST, MOST_TRIALS, leaf};
use super::problem::Fault;
use super::reader::Reader;
use super::tree::{Node, Value};
use super::value;
use crate::model::{BestWanted, Indifference, Metric, Trials, metric_names};

/// Trials at which a run stops that found no earlier reason to.
const DEFAULT_MAX: u64 = 10_000_000;
/// Probability that the best plan is the best.
const DEFAULT_PROBABILITY: f64 = 0.95;

const CONTESTED: &[&str] = &metric_names(Metric::CONTESTED);

/// Keys of `trials` as a table.
pub(super) static STOP: &[Field] = &[
    leaf(
        "precision",
        Kind::Number {
            min: 0.0,
            max: 1.0,
            open: true,
        },
        "Relative error of the headline figures at which to stop.",
    ),
    leaf(
        "best",
        Kind::Word(CONTESTED),
        "Stop when the plan with the best figure of this metric is known.",
    ),
    leaf(
        "probability",
        Kind::Number {
            min: 0.5,
            max: 1.0,
            open: true,
        },
        "Probability with which the best plan is to be the best.",
    ),
    leaf(
        "indifference",
        Kind::Number {
            min: 0.0,
            max: LARGEST,
            open: false,
        },
        "A difference that does not matter: an amount, or a percentage of the base's figure.",
    ),
    leaf("max", Kind::Trials, "Most trials."),
];

impl Reader<'_> {
    pub(super) fn trials(&mut self) -> Trials {
        let fallback = Trials::Fixed(1);
        let Some(node) = self.node(&["trials"]) else {
            return fallback;
        };
        if node.items().is_empty() && !matches!(node.value, Value::Table(_)) {
            return self
                .with(&["trials"], |n| value::whole(n, 1, MOST_TRIALS))
                .map_or(fallback, Trials::Fixed);
        }
        let precision = self.number(&["trials", "precision"]);
        let best = self.word(&["trials", "best"], CONTESTED);
        let probability = self.number(&["trials", "probability"]);
        let indifference = self.indifference();
        let max = self
            .with(&["trials", "max"], |n| value::whole(n, 1, MOST_TRIALS))
            .unwrap_or(DEFAULT_MAX);
        match (node.get("precision"), node.get("best")) {
            (None, None)
                if ["precision", "best"]
                    .iter()
                    .any(|key| self.was_meant(&["trials", key])) => {}
            (None, None) => {
                let fault = Fault::at(node.mark, "precision or best is missing here").expected(
                    "expected e.g. { precision = \"0.5%\", max = 10_000_000 } or { best = \"profit\", indifference = \"0.5%\" }",
                );
                self.fault(fault);
            }
            (Some(_), Some(best)) => {
                let fault = Fault::at(best.mark, "trials has both precision and best")
                    .expected("keep one of them");
                self.fault(fault);
            }
            (Some(_), None) => self.only_with_best(node),
            (None, Some(_)) => {}
        }
        match (precision, best.and_then(Metric::from_name)) {
            (Some(precision), _) => Trials::Precision { precision, max },
            (None, Some(metric)) => Trials::Best(BestWanted {
                metric,
                probability: probability.unwrap_or(DEFAULT_PROBABILITY),
                indifference: indifference.unwrap_or(Indifference::Amount(0.0)),
                max,
            }),
            (None, None) => fallback,
        }
    }

    /// A percentage is a share of the base's figure, anything else an amount.
    fn indifference(&mut self) -> Option<Indifference> {
        let path = ["trials", "indifference"];
        let value = self.number(&path)?;
        let node = self.node(&path)?;
        let percent = matches!(&node.value, Value::Text(text) if text.trim_end().ends_with('%'));
        Some(if percent {
            Indifference::Share(value)
        } else {
            Indifference::Amount(value)
        })
    }

    fn only_with_best(&mut self, trials: &Node) {
        for key in ["probability", "indifference"] {
            if let Some(node) = trials.get(key) {
                let fault = Fault::at(node.mark, format!("trials.{key} belongs to trials.best"))
                    .expected("expected it beside best, not beside precision");
                self.fault(fault);
            }
        }
    }

    /// The metric that plans compete on.
    pub(super) fn contested(&mut self) -> Option<Metric> {
        self.root.at(&["trials", "best"])?;
        let name = self.word(&["trials", "best"], CONTESTED)?;
        Metric::from_name(name)
    }
}
