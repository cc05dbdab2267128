//! The JSON Schema of scenario files, generated from the list of keys.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::horizon_keys::{LARGEST_SEASON, MOST_MONTHS};
use super::keys::{Field, Kind, LARGEST, MOST_TRIALS, Names, ROOT, Shape, what_if_fields};
use super::risk_keys::MOST_RULES;

/// Numbers in strings: digits and `_`, then `%`, `k` or `m`.
const NUMBER_TEXT: &str = r"^\s*[-+]?[0-9.][0-9_.]*([eE][-+]?[0-9]+)?\s*[%kKmM]?\s*$";
/// `"a to b"`.
const INTERVAL_TEXT: &str = r"^\s*[0-9.][0-9_.]*([eE][-+]?[0-9]+)?\s*[%kKmM]?\s+to\s+[0-9.][0-9_.]*([eE][-+]?[0-9]+)?\s*[%kKmM]?\s*$";

/// The JSON Schema (draft 2020-12) of scenario files, for editors and validators. It knows every
/// key and the form of every value; sums of shares, offered cells and the like only the reader
/// checks.
#[must_use]
pub fn schema() -> Json {
    let mut whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Influencer Matrix scenario, schema 1",
        "type": "object",
        "additionalProperties": false,
        "required": ["schema", "name", "budget"],
        "properties": properties(ROOT.iter()),
        "$defs": {
            "cells": {
                "type": "object",
                "description": "Numbers by cell key: tier.partnership.category.region, quoted or nested, * for any.",
                "additionalProperties": { "anyOf": [{ "$ref": "#/$defs/number" }, { "$ref": "#/$defs/cells" }] }
            },
            "ranges": {
                "type": "object",
                "description": "Numbers or pairs [least, most] by cell key.",
                "additionalProperties": { "anyOf": [range(), { "$ref": "#/$defs/ranges" }] }
            },
            "number": {
                "description": "A number, or a string such as \"40%\", \"5k\", \"1.2m\" or \"300_000\".",
                "anyOf": [{ "type": "number" }, { "type": "string", "pattern": NUMBER_TEXT }]
            },
            "amount": distribution(false),
            "rate": distribution(true)
        }
    });
    share(&mut whole, "#", &mut HashMap::new());
    whole
}

/// Characters from which on a part is worth a reference.
const SHARED: usize = 200;

/// Writes every larger part once, where it comes first, and refers to it from then on: a tier's
/// keys stand in the file five times, and all keys again in what-ifs. `place` is the reference to
/// `part`.
fn share(part: &mut Json, place: &str, seen: &mut HashMap<String, String>) {
    match part {
        Json::Object(map) => {
            if map.contains_key("type") || map.contains_key("anyOf") {
                // What it says about itself is its own.
                let description = map.shift_remove("description");
                let text = Json::Object(map.clone()).to_string();
                if text.len() >= SHARED {
                    if let Some(first) = seen.get(&text) {
                        *map = Map::from_iter([("$ref".to_owned(), Json::from(first.as_str()))]);
                    } else {
                        seen.insert(text, place.to_owned());
                    }
                }
                map.extend(description.map(|text| ("description".to_owned(), text)));
            }
            for (name, inner) in map {
                share(inner, &format!("{place}/{name}"), seen);
            }
        }
        Json::Array(parts) => {
            for (index, inner) in parts.iter_mut().enumerate() {
                share(inner, &format!("{place}/{index}"), seen);
            }
        }
        _ => {}
    }
}

fn properties<'a>(fields: impl Iterator<Item = &'a Field>) -> Json {
    Json::Object(
        fields
            .map(|field| {
                let mut of = shape(&field.shape);
                if let Json::Object(map) = &mut of {
                    map.insert("description".to_owned(), Json::from(field.doc));
                }
                (field.name.to_owned(), of)
            })
            .collect::<Map<_, _>>(),
    )
}

fn object(fields: &[Field], required: &[&str]) -> Json {
    let mut out = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties(fields.iter()),
    });
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    out
}

fn shape(of: &Shape) -> Json {
    match of {
        Shape::Leaf(one) => kind(*one),
        Shape::Table(fields) => object(fields, &[]),
        Shape::LeafOr(one, fields) => json!({ "anyOf": [kind(*one), object(fields, &[])] }),
        Shape::TableOrList(fields) => {
            let one = object(fields, &[]);
            json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "maxItems": MOST_RULES }, { "const": "none" }] })
        }
        Shape::Map(Names::Of(names), inner) => json!({
            "type": "object",
            "additionalProperties": false,
            "properties": names.iter().map(|n| ((*n).to_owned(), shape(inner))).collect::<Map<_, _>>(),
        }),
        Shape::Map(Names::Own, inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[^.*\"']{1,60}$" },
            "additionalProperties": shape(inner),
        }),
        Shape::List(fields) => json!({ "type": "array", "items": object(fields, &["name"]) }),
        Shape::WhatIfs => {
            let mut properties = properties(what_if_fields());
            properties["name"] = json!({
                "type": "string",
                "minLength": 1,
                "description": "Name of the what-if and of its plan; not \"base\"."
            });
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name"],
                    "properties": properties,
                }
            })
        }
    }
}

/// A number in a range, or a string of one.
fn number(min: f64, max: f64, open: bool) -> Json {
    let (least, most) = if open {
        ("exclusiveMinimum", "exclusiveMaximum")
    } else {
        ("minimum", "maximum")
    };
    json!({ "anyOf": [
        { "type": "number", least: min, most: max },
        { "type": "string", "pattern": NUMBER_TEXT }
    ] })
}

/// A number, or least and most, where most may be "free".
fn range() -> Json {
    let one = number(0.0, LARGEST, false);
    json!({ "anyOf": [
        one,
        { "type": "array", "items": { "anyOf": [one, { "const": "free" }] }, "minItems": 2, "maxItems": 2 }
    ] })
}

/// A list of numbers, one a month.
fn monthly(max: f64) -> Json {
    json!({ "type": "array", "items": number(0.0, max, false), "minItems": 1, "maxItems": MOST_MONTHS })
}

fn whole(min: u64, max: u64) -> Json {
    json!({ "anyOf": [
        { "type": "integer", "minimum": min, "maximum": max },
        { "type": "string", "pattern": NUMBER_TEXT }
    ] })
}

fn kind(kind: Kind) -> Json {
    match kind {
        Kind::Schema => json!({ "const": 1 }),
        Kind::Slug => json!({ "type": "string", "pattern": "^[a-z0-9-]{1,100}$" }),
        Kind::Text(true) => json!({ "type": "string", "minLength": 1, "maxLength": 200 }),
        Kind::Text(false) => json!({ "type": "string" }),
        Kind::Currency => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
        Kind::Month => json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Seed => whole(0, u64::MAX),
        Kind::Trials => whole(1, MOST_TRIALS),
        Kind::Months => whole(1, MOST_MONTHS),
        Kind::Budgets => {
            json!({ "anyOf": [number(0.0, LARGEST, true), monthly(LARGEST)] })
        }
        Kind::MonthAmounts => monthly(LARGEST),
        Kind::Seasons => monthly(LARGEST_SEASON),
        Kind::Number { min, max, open } => number(min, max, open),
        Kind::LevelOrFree => json!({ "anyOf": [number(0.0, 1.0, true), { "const": "free" }] }),
        Kind::Whole { min, max } => whole(min, max),
        Kind::Count => number(0.0, super::keys::LARGEST_COUNT, false),
        Kind::CountOrFree => json!({ "anyOf": [
            number(0.0, super::keys::LARGEST_COUNT, false),
            { "const": "free" }
        ] }),
        Kind::Amount | Kind::CostPer => json!({ "$ref": "#/$defs/amount" }),
        Kind::Rate => json!({ "$ref": "#/$defs/rate" }),
        Kind::OrderValue => json!({ "anyOf": [
            number(0.0, LARGEST, false),
            parameters(&["mean", "sd"]),
            family("gamma", &[&["mean", "sd"]])
        ] }),
        Kind::Band => json!({ "anyOf": [
            number(0.0, 1.0, false),
            { "const": "free" },
            { "type": "array", "items": number(0.0, 1.0, false), "minItems": 2, "maxItems": 2 }
        ] }),
        Kind::Some(names) => json!({
            "type": "array",
            "items": { "enum": names },
            "minItems": 1,
            "uniqueItems": true
        }),
        Kind::Cells(_) => json!({ "$ref": "#/$defs/cells" }),
        Kind::Counts => json!({ "anyOf": [
            { "$ref": "#/$defs/cells" },
            { "type": "array", "items": { "$ref": "#/$defs/cells" }, "minItems": 1, "maxItems": MOST_MONTHS }
        ] }),
        Kind::CellRanges => json!({ "$ref": "#/$defs/ranges" }),
        Kind::Range => range(),
        Kind::Day => {
            json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" })
        }
        Kind::Sizes => {
            let people = number(1.0, LARGEST, false);
            json!({ "anyOf": [
                people,
                {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": { "anyOf": [
                        people,
                        { "type": "object", "additionalProperties": people }
                    ] }
                }
            ] })
        }
    }
}

fn parameters(names: &[&str]) -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": names,
        "properties": names
            .iter()
            .map(|n| ((*n).to_owned(), json!({ "$ref": "#/$defs/number" })))
            .collect::<Map<_, _>>(),
    })
}

fn family(name: &str, forms: &[&[&str]]) -> Json {
    let forms: Vec<Json> = forms.iter().map(|f| parameters(f)).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [name],
        "properties": { name: { "anyOf": forms } }
    })
}

fn distribution(rate: bool) -> Json {
    let three: &[&[&str]] = &[&["min", "mode", "max"]];
    let mut forms = vec![
        number(0.0, if rate { 1.0 } else { LARGEST }, false),
        json!({ "type": "string", "pattern": INTERVAL_TEXT }),
        parameters(&["mean", "sd"]),
        family("pert", three),
        family("triangular", three),
        family("uniform", &[&["min", "max"]]),
    ];
    if rate {
        forms.push(family(
            "beta",
            &[&["mean", "sd"], &["alpha", "beta"], &["p5", "p95"]],
        ));
    } else {
        forms.push(family("lognormal", &[&["mean", "sd"], &["p5", "p95"]]));
        forms.push(family("gamma", &[&["mean", "sd"]]));
    }
    json!({
        "description": "A number, \"a to b\" (5 % and 95 % quantile), { mean, sd }, or a family.",
        "anyOf": forms
    })
}
