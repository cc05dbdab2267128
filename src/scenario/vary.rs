//! Which keys of a scenario take a number, for a walk over its values.

use serde_json::Value as Json;

use super::keys::{NOT_IN_WHAT_IF, ROOT};
use super::read::Scenario;
use super::shape::{Field, Kind, Shape};
use super::source::{Kind as SourceKind, Sources};
use super::{tree, value};

/// What a key makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// A whole number.
    Whole,
    /// Any number.
    Real,
    /// No number: why, in words.
    Nothing(String),
    /// There is no such key. Setting it gives an error that names the nearest one.
    Unknown,
}

/// What the key of a path, as in `--set`, makes of a number.
///
/// ```
/// use influencer_matrix::scenario::{Takes, takes};
/// assert_eq!(takes("budget"), Takes::Real);
/// assert_eq!(takes("tiers.micro.max_creators"), Takes::Whole);
/// assert_eq!(takes("budgte"), Takes::Unknown);
/// assert!(matches!(takes("stage"), Takes::Nothing(_)));
/// assert!(matches!(takes("seed"), Takes::Nothing(_)));
/// ```
#[must_use]
pub fn takes(key: &str) -> Takes {
    let Some(path) = path(key) else {
        return Takes::Unknown;
    };
    if let Some(first) = path.first()
        && (NOT_IN_WHAT_IF.contains(&first.as_str()) || first == "name")
    {
        return Takes::Nothing(format!("{first} belongs to the whole file"));
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    in_table(ROOT, &path)
}

impl Scenario {
    /// The number that a key path, as in `--set`, has in the resolved base; nothing where it has none, or a distribution.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<f64> {
        match at(&self.resolved, &path(key)?)? {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => value::number_text(text),
            _ => None,
        }
    }
}

/// What stands at a path: entries of lists by their names, cells in quoted or nested keys.
fn at<'j>(json: &'j Json, path: &[String]) -> Option<&'j Json> {
    match json {
        _ if path.is_empty() => Some(json),
        Json::Object(map) => (1..=path.len()).find_map(|n| {
            let (own, rest) = path.split_at(n);
            at(map.get(&own.join("."))?, rest)
        }),
        Json::Array(list) => {
            let named = |entry: &&Json| entry.get("name").and_then(Json::as_str) == Some(&path[0]);
            at(list.iter().find(named)?, &path[1..])
        }
        _ => None,
    }
}

/// The names of a dotted key.
pub(super) fn path(key: &str) -> Option<Vec<String>> {
    if key.contains(['\n', '\r']) {
        return None;
    }
    let text = format!("{key} = 0");
    let mut sources = Sources::default();
    let source = sources.add("", SourceKind::Default, &text);
    let mut faults = Vec::new();
    let root = tree::parse(source, &sources, &text, &mut faults);
    let mut node = &root;
    let mut names = Vec::new();
    while let [only] = node.items() {
        names.push(only.key.clone());
        node = &only.node;
    }
    (faults.is_empty() && !names.is_empty()).then_some(names)
}

fn in_table(fields: &[Field], path: &[&str]) -> Takes {
    let [first, rest @ ..] = path else {
        return Takes::Nothing("it is a table; name one of its keys".to_owned());
    };
    match fields.iter().find(|field| field.name == *first) {
        Some(field) => in_shape(&field.shape, rest),
        None => Takes::Unknown,
    }
}

fn in_shape(shape: &Shape, path: &[&str]) -> Takes {
    match (shape, path) {
        (Shape::Leaf(kind) | Shape::LeafOr(kind, _), []) | (Shape::Leaf(kind), _) => {
            of_kind(*kind, path)
        }
        (Shape::Table(fields) | Shape::TableOrList(fields) | Shape::LeafOr(_, fields), path) => {
            in_table(fields, path)
        }
        (Shape::Map(_, shape), [_, rest @ ..]) => in_shape(shape, rest),
        (Shape::Map(..), []) | (Shape::List(_), [_]) => {
            Takes::Nothing("it is a table; name one of its keys".to_owned())
        }
        (Shape::List(fields), [_, rest @ ..]) => in_table(fields, rest),
        _ => Takes::Nothing("it is a list".to_owned()),
    }
}

fn of_kind(kind: Kind, inside: &[&str]) -> Takes {
    match kind {
        Kind::Count | Kind::CountOrFree | Kind::Whole { .. } => Takes::Whole,
        Kind::Cells(true) | Kind::Counts | Kind::CellRanges if !inside.is_empty() => Takes::Whole,
        Kind::Cells(false) if !inside.is_empty() => Takes::Real,
        Kind::Number { .. } | Kind::Budgets if !inside.is_empty() => Takes::Unknown,
        Kind::Number { .. }
        | Kind::Amount
        | Kind::CostPer
        | Kind::Rate
        | Kind::Band
        | Kind::OrderValue
        | Kind::LevelOrFree
        | Kind::Range
        | Kind::Budgets
        | Kind::Sizes => Takes::Real,
        Kind::Cells(_) | Kind::Counts | Kind::CellRanges => {
            Takes::Nothing("it takes numbers by cell".to_owned())
        }
        Kind::Word(words) => Takes::Nothing(format!("it is one of {}", words.join(", "))),
        Kind::Flag => Takes::Nothing("it is true or false".to_owned()),
        Kind::Some(_) => Takes::Nothing("it is a list of names".to_owned()),
        Kind::Month => Takes::Nothing("it is a month".to_owned()),
        Kind::Day => Takes::Nothing("it is a day".to_owned()),
        Kind::Months => Takes::Nothing("months belongs to the whole file".to_owned()),
        Kind::MonthAmounts | Kind::Seasons => {
            Takes::Nothing("it is a list of numbers, one a month".to_owned())
        }
        _ => Takes::Nothing("it takes no number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_what_the_reader_takes() {
        for real in [
            "order.value",
            "order.margin",
            "diversity.tier_budget_share.micro",
            "tiers.micro.followers",
            "tiers.mid.benchmark.roas",
            "partnerships.affiliate.commission",
            "uncertainty.market",
            "funnel.conversion_rate",
            "risk.objective.cvar",
            "risk.cvar.at_least",
            "budget.with",
            "budget.amount",
            "wave.launch.conversion_lift",
            "wave.launch.budget",
            "constraint.\"no more macro\".max",
            "constraint.few.count.mid",
        ] {
            assert_eq!(takes(real), Takes::Real, "{real}");
        }
        for whole in [
            "diversity.min_creators",
            "risk.trials",
            "tiers.\"micro\".max_creators",
            "counts.\"mid.sponsored\"",
            "counts.mid.sponsored",
            "wave.launch.days",
            "wave.launch.count.\"mid.sponsored\"",
        ] {
            assert_eq!(takes(whole), Takes::Whole, "{whole}");
        }
        for none in [
            "objective",
            "trials",
            "schema",
            "name",
            "tiers",
            "tiers.use",
            "diversity",
            "start",
            "constraint",
            "constraint.few",
            "constraint.few.name",
            "wave.launch",
            "wave.launch.start",
            "wave.launch.count",
            "what_if",
            "roster",
            "months",
            "currency",
        ] {
            assert!(
                matches!(takes(none), Takes::Nothing(_)),
                "{none}: {:?}",
                takes(none)
            );
        }
        for unknown in [
            "",
            "x",
            "tiers.micro.folowers",
            "order.value.x.y.",
            "a b",
            "budget.x.y",
            "wave.launch.fees",
            "= 3",
        ] {
            assert_eq!(takes(unknown), Takes::Unknown, "{unknown}");
        }
    }
}
