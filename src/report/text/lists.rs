//! Tables of many things: the scenarios of a batch, the entries of a scenario.

use super::estimates::total;
use super::figures::{UNDEFINED, value};
use super::layout::{Grid, Page, display_width};
use crate::engine::RunResult;
use crate::model::Metric;
use crate::summary::Estimate;

/// One scenario of a batch.
#[derive(Debug, Clone)]
pub struct BatchLine<'a> {
    /// Scenario name, or the file where it has none.
    pub name: String,
    /// What came out, in a word or two: `ok`, `infeasible`, `targets missed`, `invalid` …
    pub verdict: String,
    /// Its result, if it ran.
    pub result: Option<&'a RunResult>,
    /// Sentences that explain the verdict.
    pub details: Vec<String>,
}

/// The results of a batch: a line a scenario with its base plan's figures, then the explanations.
#[must_use]
pub fn batch_table(lines: &[BatchLine<'_>], color: bool, width: usize) -> String {
    let mut page = Page::new(color, width);
    let header = [
        "scenario", "result", "spend", "revenue", "ROAS", "P5", "P95", "targets",
    ];
    let mut grid = Grid::new(header).left(1);
    for line in lines {
        let mut row = vec![line.name.clone(), line.verdict.clone()];
        row.extend(figures(line.result));
        grid.row(row);
    }
    page.table(&grid.fitted(width, &["spend", "P5", "P95", "revenue"]));
    for line in lines.iter().filter(|l| !l.details.is_empty()) {
        page.heading(&format!("{}: {}", line.name, line.verdict));
        for detail in &line.details {
            // A diagnostic with its lines stays as it is.
            if detail.contains('\n') {
                detail.lines().for_each(|l| page.line(&format!("  {l}")));
            } else {
                page.item(detail);
            }
        }
    }
    page.into_text()
}

fn figures(result: Option<&RunResult>) -> [String; 6] {
    let base = result.and_then(|r| r.plans.first().map(|p| (r, p)));
    let Some((result, base)) = base.filter(|(_, p)| p.plan.is_usable()) else {
        return std::array::from_fn(|_| UNDEFINED.to_owned());
    };
    let currency = &base.model.currency;
    let of = |metric| total(result, &base.plan.name, metric);
    let headline = |metric| value(metric, of(metric).and_then(Estimate::headline), currency);
    let roas = of(Metric::Roas);
    let targets = if base.targets.is_empty() {
        String::new()
    } else {
        let met = base.targets.iter().filter(|t| t.met).count();
        format!("{met} of {} met", base.targets.len())
    };
    [
        headline(Metric::Spend),
        headline(Metric::Revenue),
        headline(Metric::Roas),
        value(Metric::Roas, roas.and_then(Estimate::p05), currency),
        value(Metric::Roas, roas.and_then(Estimate::p95), currency),
        targets,
    ]
}

/// Keys, values and origins in aligned columns, one entry a line, so that they can be searched line by line.
#[must_use]
pub fn entries(entries: &[(String, String, String)]) -> String {
    let widest = |of: fn(&(String, String, String)) -> &String| {
        entries
            .iter()
            .map(|e| display_width(of(e)))
            .max()
            .unwrap_or(0)
    };
    // One very long value does not push all origins off the screen.
    let key_width = widest(|e| &e.0);
    let value_width = widest(|e| &e.1).min(40);
    let mut out = String::new();
    for (key, value, origin) in entries {
        let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(display_width(text)));
        let line = format!(
            "{key}{}  {value}{}  {origin}",
            pad(key, key_width),
            pad(value, value_width)
        );
        out.extend(line.trim_end().chars().filter(|c| !c.is_control()));
        out.push('\n');
    }
    out
}
