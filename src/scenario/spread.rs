//! Distributions in all the forms of a scenario file.

use super::keys::{Kind, LARGEST};
use super::names::nearest;
use super::problem::Fault;
use super::source::Mark;
use super::tree::{Item, Node, Value};
use super::value::{number_text, plain, ranged, short, wrong};
use crate::distribution::{Distribution, DistributionError};

const FAMILIES: &[&str] = &[
    "lognormal",
    "beta",
    "gamma",
    "pert",
    "triangular",
    "uniform",
];

const HELP: &str = "forms: a number, \"a to b\" (5 % and 95 % quantile), { mean, sd }, or a family such as \
     { lognormal = { p5, p95 } }, { beta = { mean, sd } }, { pert = { min, mode, max } }, { uniform = { min, max } }";

/// Mean and sd of the order value.
pub(super) fn order_value(node: &Node) -> Result<(f64, f64), Fault> {
    let forms = "a number or { mean = 150, sd = 60 }";
    match &node.value {
        Value::Table(items) => {
            let items = match items.as_slice() {
                [only] if only.key == "gamma" => only.node.items(),
                [only] if FAMILIES.contains(&only.key.as_str()) => {
                    return Err(Fault::at(
                        only.key_mark,
                        format!("order values are gamma, not {}", only.key),
                    )
                    .expected(format!("expected {forms}")));
                }
                _ => items,
            };
            let [mean, sd] = parameters(node.mark, items, ["mean", "sd"])?;
            let mean_value = ranged(mean, 0.0, LARGEST, false)?;
            let sd_value = ranged(sd, 0.0, LARGEST, false)?;
            if sd_value > 0.0 {
                Distribution::gamma_mean_sd(mean_value, sd_value).map_err(|e| {
                    Fault::at(node.mark, e.to_string()).expected("no such order value")
                })?;
            }
            Ok((mean_value, sd_value))
        }
        Value::Text(s) if number_text(s).is_none() => Err(wrong(node, forms).help(
            "orders enter by mean and sd only, so an interval or another family does not fit",
        )),
        Value::Array(_) | Value::Flag(_) | Value::Date(_) => Err(wrong(node, forms)),
        _ => Ok((ranged(node, 0.0, LARGEST, false)?, 0.0)),
    }
}

/// The parameters of these names, each exactly once and no others.
fn parameters<'a, const N: usize>(
    mark: Mark,
    items: &'a [Item],
    names: [&'static str; N],
) -> Result<[&'a Node; N], Fault> {
    let list = names.join(", ");
    if let Some(item) = items.iter().find(|i| !names.contains(&i.key.as_str())) {
        let fault = Fault::at(
            item.key_mark,
            format!("unknown key \"{}\"", short(&item.key)),
        )
        .expected(format!("expected {list}"));
        return Err(match nearest(&item.key, names) {
            Some(near) => fault.help(format!("did you mean \"{near}\"?")),
            None => fault,
        });
    }
    let find = |name: &'static str| {
        items
            .iter()
            .find(|i| i.key == name)
            .map(|i| &i.node)
            .ok_or_else(|| {
                Fault::at(mark, format!("\"{name}\" is missing here"))
                    .expected(format!("expected {list}"))
            })
    };
    let mut out = Vec::with_capacity(N);
    for name in names {
        out.push(find(name)?);
    }
    out.try_into()
        .map_err(|_| Fault::at(mark, format!("expected {list}")))
}

/// A distribution of an amount (0 or more), a cost-per figure (above 0) or a rate (in [0, 1]).
pub(super) fn distribution(node: &Node, kind: Kind) -> Result<Distribution, Fault> {
    let rate = kind == Kind::Rate;
    let most = if rate { 1.0 } else { LARGEST };
    let made = match &node.value {
        Value::Table(items) => family(node, items, rate)?,
        Value::Text(s) => match s.split_once(" to ") {
            Some((low, high)) => interval(node, low, high, rate)?,
            None if number_text(s).is_none() => return Err(wrong(node, forms(rate)).help(HELP)),
            None => certain(node, most)?,
        },
        Value::Array(_) | Value::Flag(_) | Value::Date(_) => {
            return Err(wrong(node, forms(rate)).help(HELP));
        }
        _ => certain(node, most)?,
    };
    let fits = match made {
        Distribution::Beta { .. } => rate,
        Distribution::LogNormal { .. } | Distribution::Gamma { .. } => !rate,
        _ => true,
    };
    if !fits {
        let text = if rate {
            format!(
                "a rate lies between 0 and 1, a {} distribution has no upper end",
                made.family()
            )
        } else {
            "an amount has no upper end, a beta distribution lies between 0 and 1".to_owned()
        };
        return Err(Fault::at(node.mark, text).expected(if rate {
            "expected beta, pert, triangular or uniform"
        } else {
            "expected lognormal, gamma, pert, triangular or uniform"
        }));
    }
    let (low, high) = made.support();
    if low < 0.0 || (rate && high > 1.0) {
        return Err(Fault::at(
            node.mark,
            format!("this reaches from {} to {}", plain(low), plain(high)),
        )
        .expected(if rate {
            "a rate lies between 0 and 1"
        } else {
            "an amount is never negative"
        }));
    }
    if !made.mean().is_finite() || made.mean() > LARGEST || !made.variance().is_finite() {
        return Err(Fault::at(
            node.mark,
            "the mean or spread of this is too large to compute with",
        )
        .expected("expected a mean below 1e15"));
    }
    if kind == Kind::CostPer {
        let inverse = made.mean_of_inverse();
        if !inverse.is_some_and(|m| m.is_finite() && m > 0.0) {
            return Err(Fault::at(
                node.mark,
                "a cost per result this close to 0 means unlimited results per currency unit",
            )
            .expected("the mean of 1/x must be finite")
            .help("keep the values away from 0, e.g. by a lognormal interval \"30 to 50\""));
        }
    }
    Ok(made)
}

fn forms(rate: bool) -> &'static str {
    if rate {
        "a rate such as 0.05, \"3% to 5%\" or { mean, sd }"
    } else {
        "an amount such as 500, \"1k to 10k\" or { mean, sd }"
    }
}

fn certain(node: &Node, most: f64) -> Result<Distribution, Fault> {
    let value = ranged(node, 0.0, most, false)?;
    Distribution::certain(value).map_err(|e| Fault::at(node.mark, e.to_string()))
}

fn interval(node: &Node, low: &str, high: &str, rate: bool) -> Result<Distribution, Fault> {
    let end = |text: &str| {
        number_text(text).ok_or_else(|| {
            Fault::at(
                node.mark,
                format!("\"{}\" in this interval is not a number", short(text)),
            )
            .expected(format!("expected {}", forms(rate)))
        })
    };
    let (p5, p95) = (end(low)?, end(high)?);
    if p5 > p95 {
        let fault = Fault::at(
            node.mark,
            format!("this interval is empty: it runs from {p5} to {p95}"),
        )
        .expected("expected the smaller number first");
        let (low, high) = (low.trim(), high.trim());
        let suffix = high.chars().last().filter(|c| !c.is_ascii_digit());
        return Err(match suffix {
            Some(unit) if low.ends_with(|c: char| c.is_ascii_digit()) => fault.help(format!(
                "each end has its own unit: \"{low}{unit} to {high}\""
            )),
            _ => fault,
        });
    }
    let made = if rate {
        Distribution::beta_interval(p5, p95)
    } else {
        Distribution::lognormal_interval(p5, p95)
    };
    made.map_err(|e| {
        impossible(node.mark, &e).help(format!(
            "\"a to b\" is the central 90 % interval of a {} distribution",
            if rate { "beta" } else { "lognormal" }
        ))
    })
}

fn impossible(mark: Mark, error: &DistributionError) -> Fault {
    Fault::at(mark, error.to_string()).expected("no such distribution")
}

fn family(node: &Node, items: &[Item], rate: bool) -> Result<Distribution, Fault> {
    let mark = node.mark;
    let make =
        |made: Result<Distribution, DistributionError>| made.map_err(|e| impossible(mark, &e));
    let numbers = |nodes: [&Node; 2]| -> Result<[f64; 2], Fault> {
        Ok([bounded(nodes[0])?, bounded(nodes[1])?])
    };
    let [only] = items else {
        let [mean, sd] = numbers(parameters(mark, items, ["mean", "sd"])?)?;
        return make(if rate {
            Distribution::beta_mean_sd(mean, sd)
        } else {
            Distribution::lognormal_mean_sd(mean, sd)
        });
    };
    let inner = only.node.items();
    let has = |key: &str| inner.iter().any(|i| i.key == key);
    let at = only.node.mark;
    if FAMILIES.contains(&only.key.as_str()) && !matches!(only.node.value, Value::Table(_)) {
        return Err(wrong(&only.node, "a table of parameters").help(HELP));
    }
    match only.key.as_str() {
        "lognormal" if has("p5") || has("p95") => {
            let [a, b] = numbers(parameters(at, inner, ["p5", "p95"])?)?;
            make(Distribution::lognormal_interval(a, b))
        }
        "lognormal" => {
            let [a, b] = numbers(parameters(at, inner, ["mean", "sd"])?)?;
            make(Distribution::lognormal_mean_sd(a, b))
        }
        "beta" if has("alpha") || has("beta") => {
            let [a, b] = numbers(parameters(at, inner, ["alpha", "beta"])?)?;
            make(Distribution::beta_shape(a, b))
        }
        "beta" if has("p5") || has("p95") => {
            let [a, b] = numbers(parameters(at, inner, ["p5", "p95"])?)?;
            make(Distribution::beta_interval(a, b))
        }
        "beta" => {
            let [a, b] = numbers(parameters(at, inner, ["mean", "sd"])?)?;
            make(Distribution::beta_mean_sd(a, b))
        }
        "gamma" => {
            let [a, b] = numbers(parameters(at, inner, ["mean", "sd"])?)?;
            make(Distribution::gamma_mean_sd(a, b))
        }
        "uniform" => {
            let [a, b] = numbers(parameters(at, inner, ["min", "max"])?)?;
            make(Distribution::uniform(a, b))
        }
        "pert" | "triangular" => {
            let [a, c, b] = parameters(at, inner, ["min", "mode", "max"])?;
            let (a, c, b) = (bounded(a)?, bounded(c)?, bounded(b)?);
            make(if only.key == "pert" {
                Distribution::pert(a, c, b)
            } else {
                Distribution::triangular(a, c, b)
            })
        }
        "mean" | "sd" => Err(Fault::at(
            mark,
            format!(
                "\"{}\" is missing here",
                if only.key == "mean" { "sd" } else { "mean" }
            ),
        )
        .expected("expected { mean, sd }")),
        other => {
            let fault = Fault::at(
                only.key_mark,
                format!("unknown distribution \"{}\"", short(other)),
            )
            .expected(format!(
                "expected mean and sd, or one of {}",
                FAMILIES.join(", ")
            ));
            Err(match nearest(other, FAMILIES.iter().copied()) {
                Some(near) => fault.help(format!("did you mean \"{near}\"?")),
                None => fault,
            })
        }
    }
}

fn bounded(node: &Node) -> Result<f64, Fault> {
    ranged(node, -LARGEST, LARGEST, false)
}
