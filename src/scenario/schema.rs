//! The JSON Schema of scenario files, generated from the list of keys.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::horizon_keys::{LARGEST_SEASON, MOST_MONTHS};
use super::keys::{
    Field, Kind, LARGEST, LARGEST_COUNT, MOST_TRIALS, Names, ROOT, Shape, what_if_fields,
};
use super::needed::Place;
use super::risk_keys::MOST_RULES;

/// Digits with `_` between them and a decimal point: `1_000`, `0.5`, `.5`, `1e3`.
const DIGITS: &str = r"([0-9]([0-9_]*[0-9])?|[0-9][0-9_]*\.([0-9_]*[0-9])?|\.[0-9]([0-9_]*[0-9])?|([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+)";
/// Characters that no name may hold.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";
/// Most entries of a list, and most names of the user's own.
const MOST: usize = 1000;

/// Numbers in strings, then `%`, `k` or `m`.
fn number_text(signed: bool) -> String {
    let sign = if signed { "[-+]?" } else { r"\+?" };
    format!(r"^\s*{sign}{DIGITS}\s*[%kKmM]?\s*$")
}

/// Whole numbers in strings, thousands and millions perhaps in parts.
fn whole_text() -> String {
    format!(
        r"^\s*\+?([0-9]([0-9_]*[0-9])?(\.0*)?([eE]\+?[0-9]+)?|[0-9_.]+[eE]\+?[0-9]+|{DIGITS}\s*[kKmM]|[0-9]+00\s*%)\s*$"
    )
}

/// `"a to b"`.
fn interval_text() -> String {
    format!(r"^\s*\+?{DIGITS}\s*[%kKmM]?\s* to \s*\+?{DIGITS}\s*[%kKmM]?\s*$")
}

/// Names: on one line, not empty.
fn name_text() -> String {
    format!(r"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$")
}

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
        "properties": properties(ROOT.iter(), &Place::file()),
        "$defs": {
            "counts": {
                "type": "object",
                "description": "Numbers of partnerships by cell key: tier.partnership.category.region, quoted or nested.",
                "additionalProperties": { "anyOf": [number(0.0, LARGEST_COUNT, false), { "$ref": "#/$defs/counts" }] }
            },
            "cells": {
                "type": "object",
                "description": "Numbers by cell key: tier.partnership.category.region, quoted or nested, * for any.",
                "additionalProperties": { "anyOf": [number(-LARGEST, LARGEST, false), { "$ref": "#/$defs/cells" }] }
            },
            "sizes": {
                "type": "object",
                "description": "People by region, category or both, quoted or nested.",
                "additionalProperties": { "anyOf": [number(1.0, LARGEST, false), { "$ref": "#/$defs/sizes" }] }
            },
            "ranges": {
                "type": "object",
                "description": "Numbers or pairs [least, most] by cell key.",
                "additionalProperties": { "anyOf": [range(LARGEST_COUNT), { "$ref": "#/$defs/ranges" }] }
            },
            "amount": distribution(number(0.0, LARGEST, false), false),
            "cost": distribution(number(0.0, LARGEST, true), false),
            "rate": distribution(number(0.0, 1.0, false), true)
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

fn properties<'a>(fields: impl Iterator<Item = &'a Field>, place: &Place) -> Json {
    Json::Object(
        fields
            .map(|field| {
                let mut of = shape(&field.shape, &place.key(field.name));
                if let Json::Object(map) = &mut of {
                    map.insert("description".to_owned(), Json::from(field.doc));
                }
                (field.name.to_owned(), of)
            })
            .collect::<Map<_, _>>(),
    )
}

fn object(fields: &[Field], place: &Place) -> Json {
    let mut out = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties(fields.iter(), place),
    });
    if let Json::Object(map) = &mut out {
        map.extend(place.needed());
    }
    out
}

fn shape(of: &Shape, place: &Place) -> Json {
    match of {
        Shape::Leaf(one) => kind(*one),
        Shape::Table(fields) => object(fields, place),
        Shape::LeafOr(one, fields) => json!({ "anyOf": [kind(*one), object(fields, place)] }),
        Shape::TableOrList(fields) => {
            let (one, entry) = (object(fields, place), object(fields, &place.entry()));
            json!({ "anyOf": [one, { "type": "array", "items": entry, "minItems": 1, "maxItems": MOST_RULES }, { "const": "none" }] })
        }
        Shape::Map(Names::Of(names), inner) => json!({
            "type": "object",
            "additionalProperties": false,
            "properties": names.iter().map(|n| ((*n).to_owned(), shape(inner, &place.key(n)))).collect::<Map<_, _>>(),
        }),
        Shape::Map(Names::Own, inner) => {
            let mut map = json!({
                "type": "object",
                "maxProperties": MOST,
                "propertyNames": {
                    "pattern": format!(r#"^[^\s.*"'{CONTROL}]([^.*"'{CONTROL}]{{0,58}}[^\s.*"'{CONTROL}])?$"#)
                },
                "additionalProperties": shape(inner, &place.key("*")),
            });
            if let Some(needed) = place.of_names() {
                map["allOf"] = json!([needed]);
            }
            map
        }
        Shape::List(fields) => {
            json!({ "type": "array", "maxItems": MOST, "items": object(fields, &place.entry()) })
        }
        Shape::WhatIfs => {
            let mut properties = properties(what_if_fields(), &Place::what_if());
            properties["name"] = kind(Kind::Text(true));
            properties["name"]["not"] = json!({ "const": "base" });
            properties["name"]["description"] =
                Json::from("Name of the what-if and of its plan; not \"base\".");
            json!({
                "type": "array",
                "maxItems": MOST,
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
        { "type": "string", "pattern": number_text(min < 0.0) }
    ] })
}

/// A number, or least and most, where most may be "free".
fn range(largest: f64) -> Json {
    let one = number(0.0, largest, false);
    json!({ "anyOf": [
        one,
        {
            "type": "array",
            "prefixItems": [one, { "anyOf": [one, { "const": "free" }] }],
            "items": false,
            "minItems": 2
        }
    ] })
}

/// A list of numbers, one a month.
fn monthly(max: f64) -> Json {
    json!({ "type": "array", "items": number(0.0, max, false), "minItems": 1, "maxItems": MOST_MONTHS })
}

fn whole(min: u64, max: u64) -> Json {
    json!({ "anyOf": [
        { "type": "integer", "minimum": min, "maximum": max },
        { "type": "string", "pattern": whole_text() }
    ] })
}

/// A table of cell keys that names one at least.
fn filled(cells: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{cells}"), "minProperties": 1 })
}

fn kind(kind: Kind) -> Json {
    match kind {
        Kind::Schema => json!({ "const": 1 }),
        Kind::Slug => json!({ "type": "string", "pattern": "^[a-z0-9-]{1,100}$" }),
        Kind::Text(true) => {
            json!({ "type": "string", "pattern": name_text(), "maxLength": 200 })
        }
        Kind::Text(false) => json!({ "type": "string", "maxLength": 10_000 }),
        Kind::Currency => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
        Kind::Month => {
            let year = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])";
            json!({ "type": "string", "pattern": format!("^{year}-(0[1-9]|1[0-2])$") })
        }
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
        Kind::Count => number(0.0, LARGEST_COUNT, false),
        Kind::CountOrFree => json!({ "anyOf": [
            number(0.0, LARGEST_COUNT, false),
            { "const": "free" }
        ] }),
        Kind::Amount => json!({ "$ref": "#/$defs/amount" }),
        Kind::CostPer => json!({ "$ref": "#/$defs/cost" }),
        Kind::Rate => json!({ "$ref": "#/$defs/rate" }),
        Kind::OrderValue => json!({ "anyOf": [
            number(0.0, LARGEST, false),
            parameters(&["mean", "sd"], false),
            family("gamma", &[&["mean", "sd"]], false)
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
        Kind::Cells(true) => json!({ "$ref": "#/$defs/counts" }),
        Kind::Cells(false) => filled("cells"),
        Kind::Counts => json!({ "anyOf": [
            filled("counts"),
            { "type": "array", "items": { "$ref": "#/$defs/counts" }, "minItems": 1, "maxItems": MOST_MONTHS }
        ] }),
        Kind::CellRanges => filled("ranges"),
        Kind::Range => range(LARGEST),
        Kind::Day => {
            json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" })
        }
        Kind::Sizes => json!({ "anyOf": [number(1.0, LARGEST, false), filled("sizes")] }),
    }
}

/// The parameters of a family; of a rate they lie in [0, 1], but for those that say how narrow it is.
fn parameters(names: &[&str], rate: bool) -> Json {
    let one = |name: &str| match name {
        "alpha" | "beta" => number(0.0, LARGEST, true),
        "sd" => number(0.0, LARGEST, false),
        _ => number(0.0, if rate { 1.0 } else { LARGEST }, false),
    };
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": names,
        "properties": names.iter().map(|n| ((*n).to_owned(), one(n))).collect::<Map<_, _>>(),
    })
}

fn family(name: &str, forms: &[&[&str]], rate: bool) -> Json {
    let forms: Vec<Json> = forms.iter().map(|f| parameters(f, rate)).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [name],
        "properties": { name: { "anyOf": forms } }
    })
}

fn distribution(certain: Json, rate: bool) -> Json {
    let three: &[&[&str]] = &[&["min", "mode", "max"]];
    let mut forms = vec![
        certain,
        json!({ "type": "string", "pattern": interval_text() }),
        parameters(&["mean", "sd"], rate),
        family("pert", three, rate),
        family("triangular", three, rate),
        family("uniform", &[&["min", "max"]], rate),
    ];
    if rate {
        forms.push(family(
            "beta",
            &[&["mean", "sd"], &["alpha", "beta"], &["p5", "p95"]],
            rate,
        ));
    } else {
        forms.push(family(
            "lognormal",
            &[&["mean", "sd"], &["p5", "p95"]],
            rate,
        ));
        forms.push(family("gamma", &[&["mean", "sd"]], rate));
    }
    json!({
        "description": "A number, \"a to b\" (5 % and 95 % quantile), { mean, sd }, or a family.",
        "anyOf": forms
    })
}
