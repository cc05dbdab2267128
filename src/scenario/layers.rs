//! Presets, file, command line and what-if laid over each other.

use super::importance::of_diversity;
use super::keys::ROOT;
use super::presets::Presets;
use super::tree::{Item, Node, Value, overlay};
use crate::model::pipeline::LeadStep;

/// Presets with layers of the user's on top, the last one uppermost.
pub(super) fn compose(presets: &Presets, layers: &[&Node]) -> Node {
    let mut node = presets.base.clone();
    let objective = layers
        .iter()
        .rev()
        .find_map(|layer| layer.get("objective"))
        .map(|n| &n.value);
    if matches!(objective, Some(Value::Text(word)) if word == "profit") {
        overlay(&mut node, &presets.profit, ROOT);
    }
    for layer in layers {
        let mut layer = std::borrow::Cow::Borrowed(*layer);
        if let Some(budget) = layer.get("budget")
            && let Some(below) = node.get("budget")
        {
            let (above_is, below_is) = (is_table(budget), is_table(below));
            if below_is && !above_is {
                amount(layer.to_mut());
            } else if above_is && !below_is {
                amount(&mut node);
            }
        }
        if weights_differ(&node, &layer) {
            weights(layer.to_mut());
            weights(&mut node);
        }
        replace_lead(&mut node, &layer);
        let Some(incidents) = layer.get("incidents") else {
            overlay(&mut node, &layer, ROOT);
            continue;
        };
        // A word stands for figures, so that a layer above can change one of them.
        match incidents.value.clone() {
            Value::Text(word) => {
                layer.to_mut().remove("incidents");
                node.remove("incidents");
                if word == "cautious" {
                    overlay(&mut node, &presets.cautious, ROOT);
                }
            }
            Value::Table(_) if node.get("incidents").is_none() => {
                overlay(&mut node, &presets.incidents, ROOT);
            }
            _ => {}
        }
        overlay(&mut node, &layer, ROOT);
    }
    if node.at(&["trials", "best"]).is_some() {
        complete(&mut node, &presets.best);
    }
    let stated = |key| node.at(&[PIPELINE, key]).is_some();
    let (by_step, whole) = (LeadStep::ALL.iter().any(|s| stated(s.key())), stated(LEAD));
    for given in &presets.given {
        complete(&mut node, given);
    }
    if by_step {
        complete(&mut node, &presets.lead);
        if !whole {
            remove(&mut node, PIPELINE, LEAD);
        }
    }
    if let Some(Value::Table(levels)) = value_mut(&mut node, "ambassadors") {
        for level in levels {
            complete(&mut level.node, &presets.level);
        }
    }
    if let Some(Value::Array(waves)) = value_mut(&mut node, "wave") {
        for wave in waves {
            complete(wave, &presets.wave);
        }
    }
    node
}

const PIPELINE: &str = "pipeline";
const LEAD: &str = "lead_weeks";

/// The whole lead time and that of its steps replace each other.
fn replace_lead(node: &mut Node, layer: &Node) {
    let stated = |key| layer.at(&[PIPELINE, key]).is_some();
    match (LeadStep::ALL.iter().any(|s| stated(s.key())), stated(LEAD)) {
        (true, false) => remove(node, PIPELINE, LEAD),
        (false, true) => {
            for step in LeadStep::ALL {
                remove(node, PIPELINE, step.key());
            }
        }
        _ => {}
    }
}

fn remove(node: &mut Node, table: &str, key: &str) {
    if let Some(Value::Table(items)) = value_mut(node, table) {
        items.retain(|item| item.key != key);
    }
}

fn value_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Value> {
    let Value::Table(items) = &mut node.value else {
        return None;
    };
    let item = items.iter_mut().find(|item| item.key == key)?;
    Some(&mut item.node.value)
}

/// Adds what tables that are there leave out; lists of tables each for itself.
fn complete(node: &mut Node, given: &Node) {
    match &mut node.value {
        Value::Array(list) => list.iter_mut().for_each(|entry| complete(entry, given)),
        Value::Table(items) => {
            for item in given.items() {
                let own = items.iter_mut().find(|i| i.key == item.key);
                match (own, is_table(&item.node)) {
                    (Some(own), true) => complete(&mut own.node, &item.node),
                    (None, false) => items.push(item.clone()),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

const IMPORTANCE: [&str; 2] = ["diversity", "importance"];

/// Whether one of two layers has one number for the importance of rules and the other numbers by key.
pub(super) fn weights_differ(a: &Node, b: &Node) -> bool {
    let tables = a.at(&IMPORTANCE).zip(b.at(&IMPORTANCE));
    tables.is_some_and(|(a, b)| is_table(a) != is_table(b))
}

/// One number for the importance of all rules of `[diversity]` as the numbers by key it stands for,
/// so that those of two layers meet.
pub(super) fn weights(root: &mut Node) {
    let Value::Table(items) = &mut root.value else {
        return;
    };
    let diversity = items.iter_mut().find(|item| item.key == IMPORTANCE[0]);
    let Some(diversity) = diversity.map(|item| &mut item.node) else {
        return;
    };
    let Some(item) = diversity.item(IMPORTANCE[1]).cloned() else {
        return;
    };
    if is_table(&item.node) || matches!(item.node.value, Value::Bad) {
        return;
    }
    let mut table = Node::empty_table(item.node.mark);
    for key in of_diversity() {
        table.set(Item {
            key: key.to_owned(),
            key_mark: item.key_mark,
            node: item.node.clone(),
        });
    }
    diversity.set(Item {
        node: table,
        ..item
    });
}

/// A budget of one number or a list as the table it stands for, so that an amount and a probability of two
/// layers meet. Something already reported stays as it is.
pub(super) fn amount(root: &mut Node) {
    let Some(item) = root.item("budget").cloned() else {
        return;
    };
    if is_table(&item.node) || matches!(item.node.value, Value::Bad) {
        return;
    }
    let key = match item.node.value {
        Value::Array(_) => "months",
        _ => "amount",
    };
    let mut table = Node::empty_table(item.node.mark);
    table.set(Item {
        key: key.to_owned(),
        key_mark: item.key_mark,
        node: item.node,
    });
    root.set(Item {
        key: item.key,
        key_mark: item.key_mark,
        node: table,
    });
}
