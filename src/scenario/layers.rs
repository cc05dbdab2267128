//! Presets, file, command line and what-if laid over each other.

use super::keys::ROOT;
use super::presets::Presets;
use super::tree::{Node, Value, overlay};

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
        let Some(incidents) = layer.get("incidents") else {
            overlay(&mut node, layer, ROOT);
            continue;
        };
        // A word stands for figures, so that a layer above can change one of them.
        let mut layer = (*layer).clone();
        match &incidents.value {
            Value::Text(word) => {
                layer.remove("incidents");
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
    node
}
