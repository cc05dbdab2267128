//! TOML as a tree whose every key and value knows its place, and how such trees are laid over
//! each other.

use std::collections::HashSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Field, Shape};
use super::problem::Fault;
use super::source::{Mark, Sources};

/// Deepest nesting read; the contract needs eight levels.
const DEEPEST: usize = 24;

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) mark: Mark,
}

/// A value as written.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Table(Vec<Item>),
    Array(Vec<Node>),
    Text(String),
    Whole(i128),
    Float(f64),
    Flag(bool),
    Date(String),
    /// Something already reported as a problem.
    Bad,
}

/// A key of a table with its value.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) key_mark: Mark,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn empty_table(mark: Mark) -> Self {
        Self {
            value: Value::Table(Vec::new()),
            mark,
        }
    }

    /// The items of a table; none for other values.
    pub(super) fn items(&self) -> &[Item] {
        match &self.value {
            Value::Table(items) => items,
            _ => &[],
        }
    }

    pub(super) fn item(&self, key: &str) -> Option<&Item> {
        self.items().iter().find(|i| i.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.item(key).map(|i| &i.node)
    }

    /// The node at a key path of plain names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Whether something in it has been reported as a problem.
    pub(super) fn has_bad(&self) -> bool {
        match &self.value {
            Value::Bad => true,
            Value::Table(items) => items.iter().any(|item| item.node.has_bad()),
            Value::Array(list) => list.iter().any(Self::has_bad),
            _ => false,
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Node> {
        let Value::Table(items) = &mut self.value else {
            return None;
        };
        let index = items.iter().position(|i| i.key == key)?;
        Some(items.remove(index).node)
    }

    /// Sets a key of a table, in place if it is there.
    pub(super) fn set(&mut self, item: Item) {
        let Value::Table(items) = &mut self.value else {
            return;
        };
        match items.iter_mut().find(|i| i.key == item.key) {
            Some(old) => *old = item,
            None => items.push(item),
        }
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Table(_) => "a table",
            Value::Array(_) => "an array",
            Value::Text(_) => "a string",
            Value::Whole(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::Date(_) => "a date",
            Value::Bad => "an invalid value",
        }
    }
}

/// Parses a text of `sources`. Every syntax error is a fault; what could be read is returned too.
pub(super) fn parse(source: usize, sources: &Sources, text: &str, faults: &mut Vec<Fault>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut said = HashSet::new();
    for error in errors {
        let span = error.span().unwrap_or_else(|| deepest_line(text));
        // The parser's recovery repeats itself within a line.
        let mark = Mark {
            source,
            start: span.start,
            end: span.end,
        };
        if said.insert(sources.line(mark)) {
            faults.push(syntax_fault(mark, error.message()));
        }
    }
    let whole = Mark {
        source,
        start: 0,
        end: 0,
    };
    Node {
        value: convert_table(source, table.into_inner(), 0, faults),
        mark: whole,
    }
}

/// The parser gives no place to a key of too many parts: the first line that has so many.
fn deepest_line(text: &str) -> std::ops::Range<usize> {
    let mut start = 0;
    for line in text.split('\n') {
        if line.matches('.').count() >= 79 {
            return start..start + line.len();
        }
        start += line.len() + 1;
    }
    0..0
}

fn syntax_fault(mark: Mark, message: &str) -> Fault {
    let (what, expected) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (message, None),
    };
    if what == "duplicate key" {
        return Fault::at(mark, "this key is written twice in the same table")
            .expected("second of the two")
            .help("keep one of them; a table has one place in a file");
    }
    if what == "string values must be quoted" {
        return Fault::at(mark, "not valid TOML: text stands in quotation marks")
            .expected("expected \"…\"");
    }
    let what = if what == "recursion limit" {
        "a key of more than 80 parts, or tables nested as deeply; reading stops here"
    } else {
        what
    };
    let fault = Fault::at(mark, format!("not valid TOML: {what}"));
    match expected {
        Some(expected) => fault.expected(format!("expected {expected}")),
        None => fault.expected("here"),
    }
}

fn convert_table(
    source: usize,
    table: DeTable<'_>,
    depth: usize,
    faults: &mut Vec<Fault>,
) -> Value {
    let items = table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            Item {
                key: key.into_inner().into_owned(),
                key_mark: Mark {
                    source,
                    start: span.start,
                    end: span.end,
                },
                node: convert(source, value, depth + 1, faults),
            }
        })
        .collect();
    Value::Table(items)
}

fn convert(
    source: usize,
    value: Spanned<DeValue<'_>>,
    depth: usize,
    faults: &mut Vec<Fault>,
) -> Node {
    let span = value.span();
    let mark = Mark {
        source,
        start: span.start,
        end: span.end,
    };
    let value = value.into_inner();
    if depth > DEEPEST {
        faults.push(
            Fault::at(mark, "this is nested too deeply")
                .expected(format!("at most {DEEPEST} levels of tables and arrays")),
        );
        return Node {
            value: Value::Bad,
            mark,
        };
    }
    let value = match value {
        DeValue::String(s) => Value::Text(s.into_owned()),
        DeValue::Integer(i) => match i128::from_str_radix(i.as_str(), i.radix()) {
            Ok(whole) => Value::Whole(whole),
            Err(_) => Value::Float(f64::INFINITY),
        },
        DeValue::Float(f) => f.as_str().parse().map_or(Value::Bad, Value::Float),
        DeValue::Boolean(b) => Value::Flag(b),
        DeValue::Datetime(d) => Value::Date(d.to_string()),
        DeValue::Array(a) => Value::Array(
            a.into_iter()
                .map(|v| convert(source, v, depth + 1, faults))
                .collect(),
        ),
        DeValue::Table(t) => convert_table(source, t, depth, faults),
    };
    Node { value, mark }
}

/// Lays `over` on `under`. Tables of the key list merge key by key; values, arrays, distributions
/// and cell counts are replaced whole.
pub(super) fn overlay(under: &mut Node, over: &Node, fields: &'static [Field]) {
    for item in over.items() {
        let Some(field) = fields.iter().find(|f| f.name == item.key) else {
            continue;
        };
        // A fee and a monthly fee amount replace each other.
        for (one, other) in [("fee", "fee_amount"), ("fee_amount", "fee")] {
            if item.key == one
                && fields.iter().any(|f| f.name == other)
                && over.get(other).is_none()
            {
                under.remove(other);
            }
        }
        // So do the two reasons to stop; what belongs to one goes with it. And the forms of a budget.
        for (one, others) in [
            ("amount", &["total", "months"][..]),
            ("total", &["amount", "months"]),
            ("months", &["total", "amount"]),
            ("precision", &["best", "probability", "indifference"]),
            ("best", &["precision"]),
        ] {
            if item.key == one && fields.iter().any(|f| f.name == others[0]) {
                for other in others.iter().filter(|&&other| over.get(other).is_none()) {
                    under.remove(other);
                }
            }
        }
        overlay_item(under, item, &field.shape);
    }
}

fn overlay_item(under: &mut Node, item: &Item, shape: &'static Shape) {
    let merges = matches!(item.node.value, Value::Table(_)) && shape.merges();
    if let Value::Table(items) = &mut under.value
        && let Some(old) = items.iter_mut().find(|i| i.key == item.key)
        && matches!(old.node.value, Value::Table(_))
        && merges
    {
        match shape {
            Shape::Table(fields) | Shape::LeafOr(_, fields) | Shape::TableOrList(fields) => {
                overlay(&mut old.node, &item.node, fields);
            }
            Shape::Map(_, inner) => {
                for item in item.node.items() {
                    overlay_item(&mut old.node, item, inner);
                }
            }
            _ => {}
        }
        old.key_mark = item.key_mark;
        old.node.mark = item.node.mark;
        return;
    }
    under.set(item.clone());
}
