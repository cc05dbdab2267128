//! Trees as TOML text and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::names::quoted;
use super::tree::{Node, Value};

/// A value as one line of TOML.
pub(super) fn toml(node: &Node) -> String {
    match &node.value {
        Value::Table(items) if items.is_empty() => "{}".to_owned(),
        Value::Table(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|i| format!("{} = {}", quoted(&i.key), toml(&i.node)))
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(toml).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Text(s) => basic_string(s),
        Value::Whole(i) => i.to_string(),
        Value::Float(f) => {
            let text = format!("{f:?}");
            text.replace("NaN", "nan")
        }
        Value::Flag(b) => b.to_string(),
        Value::Date(d) => d.clone(),
        Value::Bad => "?".to_owned(),
    }
}

/// A value as JSON.
pub(super) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Table(items) => Json::Object(
            items
                .iter()
                .map(|i| (i.key.clone(), json(&i.node)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Json::Array(list.iter().map(json).collect()),
        Value::Text(s) | Value::Date(s) => Json::String(s.clone()),
        Value::Whole(i) => u64::try_from(*i)
            .map(Json::from)
            .or_else(|_| i64::try_from(*i).map(Json::from))
            .unwrap_or(Json::Null),
        Value::Float(f) => Json::from(*f),
        Value::Flag(b) => Json::Bool(*b),
        Value::Bad => Json::Null,
    }
}

/// A text as a TOML basic string, which stays on its line.
pub(super) fn basic_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                // Writing to a text does not fail.
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
