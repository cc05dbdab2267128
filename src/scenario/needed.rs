//! What the JSON Schema asks of tables beyond the form of each value: keys that must be there, and keys that exclude each
//! other. The reader says the same in words.

use serde_json::{Map, Value as Json, json};

/// Where in the file a part of the schema stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Key path, `*` for names and `[]` for entries of a list.
    path: String,
    /// Whether nothing lies below it: a what-if changes tables of the file, which may have what it leaves out.
    whole: bool,
}

impl Place {
    /// The file itself.
    pub(super) fn file() -> Self {
        Self {
            path: String::new(),
            whole: true,
        }
    }

    /// A what-if.
    pub(super) fn what_if() -> Self {
        Self {
            whole: false,
            ..Self::file()
        }
    }

    /// What stands under a key.
    pub(super) fn key(&self, key: &str) -> Self {
        let path = match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        Self { path, ..*self }
    }

    /// An entry of the list that stands here. Lists are replaced whole.
    pub(super) fn entry(&self) -> Self {
        Self {
            path: format!("{}[]", self.path),
            whole: true,
        }
    }

    /// What must hold for the table that stands here.
    pub(super) fn needed(&self) -> Map<String, Json> {
        let one = |keys: &[&str]| -> Json {
            let forms: Vec<Json> = keys
                .iter()
                .map(|key| json!({ "required": [key] }))
                .collect();
            json!({ "oneOf": forms })
        };
        let needed = match self.path.as_str() {
            "wave[]" => json!({
                "required": ["name", "days"],
                "allOf": [
                    one(&["start", "week"]),
                    { "properties": { "name": { "pattern": "^[^.*\"'@+]{1,60}$" } } }
                ]
            }),
            "constraint[]" => json!({
                "required": ["name"],
                "allOf": [
                    one(&["count", "spend"]),
                    { "anyOf": [{ "required": ["min"] }, { "required": ["max"] }] }
                ]
            }),
            _ if !self.whole => json!({}),
            "budget" => one(&["amount", "total", "months"]),
            "trials" => json!({
                "oneOf": [{ "required": ["precision"] }, { "required": ["best"] }],
                "dependentRequired": { "probability": ["best"], "indifference": ["best"] }
            }),
            "cross_promotion" => json!({ "required": ["fan_out", "reach_lift"] }),
            "incidents" => json!({ "required": ["probability"] }),
            "audience" => json!({ "required": ["size"] }),
            "risk.objective" => json!({ "required": ["cvar"] }),
            "risk.cvar" | "risk.cvar[]" => {
                let mut of = one(&["at_least", "at_most"]);
                of["required"] = json!(["metric"]);
                of
            }
            "risk.probability" | "risk.probability[]" => {
                let mut of = one(&["at_least", "at_most"]);
                of["required"] = json!(["metric", "with"]);
                of
            }
            path => self.of_tables(path, one(&["at_least", "at_most"])),
        };
        match needed {
            Json::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Tables that stand in several places. `level` is what a target needs.
    fn of_tables(&self, path: &str, level: Json) -> Json {
        match path.rsplit_once('.') {
            Some(("targets", _)) => level,
            Some((above, _)) if above.ends_with(".targets") => level,
            Some((above, "benchmark")) if above.starts_with("tiers.") => {
                json!({ "required": ["cpa"] })
            }
            _ => json!({}),
        }
    }

    /// What must hold for the map of names that stands here: of ambassador levels, those without presets say all of themselves.
    pub(super) fn of_names(&self) -> Option<Json> {
        (self.whole && self.path == "ambassadors").then(|| {
            json!({
                "properties": { "bronze": true, "silver": true, "gold": true },
                "additionalProperties": { "anyOf": [
                    { "type": "string" },
                    { "required": ["tiers", "retainer", "term_months"] }
                ] }
            })
        })
    }
}
