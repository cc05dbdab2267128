//! Reading targets, and what they and the objective need to be defined.

use super::problem::Fault;
use super::reader::Reader;
use super::tree::Value;
use crate::model::{Bound, Metric, Model, Quantity, Target, TargetScope, valuation};

impl Reader<'_> {
    /// Reads targets of totals and of tiers in use.
    pub(super) fn targets(&mut self, model: &mut Model) {
        let mut out = Vec::new();
        for metric in Metric::ALL {
            out.extend(self.target(&["targets"], metric, TargetScope::Total));
        }
        for (i, tier) in model.tiers.iter().enumerate() {
            for metric in Metric::ALL {
                let path = ["tiers", tier.name.as_str(), "targets"];
                out.extend(self.target(&path, metric, TargetScope::Tier(i)));
            }
        }
        for target in &out {
            self.target_defined(model, target);
        }
        model.targets = out;
        let objective = valuation::objective_metric(model.objective);
        self.aim_defined(model, &["objective"], "the objective", objective);
        if let Some(metric) = self.contested() {
            self.aim_defined(model, &["trials", "best"], "the metric", metric);
        }
    }

    /// What the key at `path` aims at must be defined for all tiers.
    fn aim_defined(&mut self, model: &Model, path: &[&str], what: &str, metric: Metric) {
        if let Some(tier) = undefined(model, metric, TargetScope::Total) {
            let fault = self
                .fault_at(
                    path,
                    format!("{what} {} is not defined for {tier}", metric.name()),
                )
                .expected(format!("its benchmark has no {}", missing(metric)))
                .help(format!("add {} to tiers.{tier}.benchmark", missing(metric)));
            self.fault(fault);
        }
    }

    /// Net reach and frequency: of the whole plan, of models with audiences, judged only.
    fn target_of_audiences(&mut self, model: &Model, target: &Target) {
        let name = target.metric.name();
        let path: Vec<&str> = target.key.split('.').collect();
        if target.scope != TargetScope::Total {
            let fault = self
                .fault_at(&path, format!("{name} is not defined for a tier"))
                .expected("people that one tier reaches are reached by the others too")
                .help(format!("set targets.{name} for the whole plan"));
            self.fault(fault);
        } else if target.enforce {
            let fault = self
                .fault_at(&path, format!("{name} cannot be enforced"))
                .expected("it is judged only")
                .help("a budget or counts that change it can be set in what-ifs");
            self.fault(fault);
        } else if model.audiences.is_empty() {
            self.warnings.push(format!(
                "{} is undefined in plan {}, which has no [audience]",
                target.key, model.name
            ));
        }
    }

    fn target_defined(&mut self, model: &Model, target: &Target) {
        if target.metric.is_of_audiences() {
            return self.target_of_audiences(model, target);
        }
        let Some(tier) = undefined(model, target.metric, target.scope) else {
            return;
        };
        let name = target.metric.name();
        if target.enforce {
            let path: Vec<&str> = target.key.split('.').collect();
            let fault = self
                .fault_at(
                    &path,
                    format!("{name} cannot be enforced: it is not defined for {tier}"),
                )
                .expected(format!(
                    "the benchmark of {tier} has no {}",
                    missing(target.metric)
                ))
                .help(format!(
                    "add {} to tiers.{tier}.benchmark",
                    missing(target.metric)
                ));
            self.fault(fault);
        } else {
            self.warnings.push(format!(
                "{} is undefined in plans with {tier}, whose benchmark has no {}",
                target.key,
                missing(target.metric)
            ));
        }
    }

    fn target(&mut self, path: &[&str], metric: Metric, scope: TargetScope) -> Option<Target> {
        let path = [path, &[metric.name()]].concat();
        let node = self.node(&path)?;
        let nonnegative = !matches!(metric, Metric::Profit | Metric::Roi);
        let level = |reader: &mut Self, path: &[&str]| {
            let value = reader.number(path)?;
            if value < 0.0 && nonnegative {
                let mark = reader.root.at(path)?.mark;
                reader.fault(
                    Fault::at(mark, format!("a target of {value} for {}", metric.name()))
                        .expected("expected a number of 0 or more"),
                );
                return None;
            }
            Some(value)
        };
        let (bound, with, enforce) = if matches!(node.value, Value::Table(_)) {
            let at = |key| [&path[..], &[key]].concat();
            let least = level(self, &at("at_least"));
            let most = level(self, &at("at_most"));
            let with = self.number(&at("with"));
            let enforce = self.flag(&at("enforce")).unwrap_or(false);
            match (node.get("at_least"), node.get("at_most")) {
                (Some(_), None) => (Bound::AtLeast(least?), with, enforce),
                (None, Some(_)) => (Bound::AtMost(most?), with, enforce),
                (None, None) => {
                    if self.was_meant(&at("at_least")) || self.was_meant(&at("at_most")) {
                        return None;
                    }
                    self.fault(
                        Fault::at(
                            node.mark,
                            format!("the target {} has no level", path.join(".")),
                        )
                        .expected("add at_least or at_most"),
                    );
                    return None;
                }
                (Some(_), Some(_)) => {
                    self.fault(
                        Fault::at(
                            node.mark,
                            format!(
                                "the target {} has both at_least and at_most",
                                path.join(".")
                            ),
                        )
                        .expected("keep one of them"),
                    );
                    return None;
                }
            }
        } else {
            let value = level(self, &path)?;
            let bound = if metric.number_means_at_most() {
                Bound::AtMost(value)
            } else {
                Bound::AtLeast(value)
            };
            (bound, None, false)
        };
        Some(Target {
            metric,
            scope,
            bound,
            with,
            enforce,
            key: path.join("."),
            origin: self.sources.origin(node.mark),
        })
    }
}

/// A tier with cells for which a metric is not defined.
fn undefined(model: &Model, metric: Metric, scope: TargetScope) -> Option<String> {
    let quantities = [Some(metric.numerator()), metric.denominator()];
    (0..model.tiers.len())
        .filter(|&tier| match scope {
            TargetScope::Total => model.cells.iter().any(|c| c.tier == tier),
            TargetScope::Tier(own) => own == tier,
        })
        .find(|&tier| {
            quantities
                .into_iter()
                .flatten()
                .any(|quantity| !model.defines(tier, quantity))
        })
        .map(|tier| model.tiers[tier].name.clone())
}

/// The benchmark key that would define a metric.
fn missing(metric: Metric) -> &'static str {
    let quantity = metric.denominator().unwrap_or(metric.numerator());
    match quantity {
        Quantity::Impressions => "cpm",
        Quantity::Engagements => "cpe",
        Quantity::Clicks => "cpc",
        _ => "cpa",
    }
}
