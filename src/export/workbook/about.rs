//! Sheets `assumptions` and `about`.

use super::cell::{Cell, Kind, Sheet};
use super::whole::WorkbookRecord;
use crate::engine::{PlanResult, RunResult};

/// Every key of the resolved scenario with its value and where that came from, as `imatrix show` has them.
pub(super) fn assumptions(record: &WorkbookRecord) -> Sheet {
    let head = [("key", 44.0), ("value", 40.0), ("origin", 44.0)];
    let mut sheet = Sheet::new("assumptions", &head, 1);
    for (key, value, origin) in &record.assumptions {
        sheet.row([key, value, origin].map(Cell::text).to_vec());
    }
    sheet
}

const NOTES: [&str; 5] = [
    "P10, P50 and P90 are quantiles over the trials: in one trial of ten the figure is below P10, in one of ten above P90.",
    "Quantiles are not additive: the P10 of a horizon is not the sum of its months' P10. They are values, not formulas.",
    "Expected figures of ratios are ratios of expected totals, e.g. expected revenue / expected spend.",
    "Totals and differences are formulas; with their results as the run computed them.",
    "Sorting the sheet forecast changes the order of the points in the charts; filtering does not.",
];

const FILLED: &str = "Sheets plan and months are of plans whose booked places are all filled; forecast, comparison and targets are of trials, \
                      in which a place that a partner left stays empty until another comes.";

/// What was run, and how to read the rest.
pub(super) fn about(result: &RunResult, record: &WorkbookRecord) -> Sheet {
    let mut sheet = Sheet::new("about", &[("what", 24.0), ("value", 110.0)], 1);
    let mut text = |what: &str, value: &str| sheet.row(vec![Cell::text(what), Cell::text(value)]);
    text("scenario", &result.scenario);
    if let Some(description) = &record.description {
        text("description", description);
    }
    text(
        "made by",
        concat!("influencer-matrix ", env!("CARGO_PKG_VERSION")),
    );
    text("SHA-256 of the scenario", &record.scenario_hash);
    // As text: it may have more digits than a spreadsheet's numbers.
    text("seed", &result.seed.to_string());
    if let Some(first) = result.plans.first() {
        text("currency", &first.model.currency);
    }
    for plan in &result.plans {
        text(
            "plan",
            &format!("{}: {}", plan.plan.name, plan.plan.status.name()),
        );
    }
    for warning in &result.warnings {
        text("warning", warning);
    }
    for note in NOTES {
        text("note", note);
    }
    let flows = |p: &PlanResult| p.model.horizon.pipeline.is_some();
    if result.plans.iter().any(flows) {
        text("note", FILLED);
    }
    let trials = vec![
        Cell::text("trials"),
        Cell::Number(result.trials as f64, Kind::Count),
    ];
    sheet.rows.insert(4.min(sheet.rows.len()), trials);
    sheet
}
