//! trials.parquet: every plan's outcome in every trial, as the simulation goes.
//!
//! Rows are ordered by trial, plan, month and tier (the total first, then the model's tiers in order, those without
//! partnerships too, so that every trial has the same rows). They are gathered into row groups of a fixed size, whatever
//! the blocks they came in, and encoded on a thread of their own fed through a bounded channel: the file's bytes depend on
//! the rows alone, the simulation goes on meanwhile, and memory stays bounded.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use polars::prelude::{
    BatchedWriter, Column, DataFrame, DataType, Field, NamedFrom, PolarsResult, Schema, Series,
};

use super::error::ExportError;
use super::parquet::{CANNOT_WRITE, writer};
use super::safe_text::guarded;
use super::table::defined;
use crate::model::{CellBlock, Model, Plan, PlanBlock, Quantity, SinkError, TrialBlock, TrialSink};

/// Rows of a row group; the last may have fewer.
pub(super) const GROUP_ROWS: usize = 1 << 16;
/// Row groups that may wait for the encoder.
const WAITING: usize = 2;
/// Numeric columns in order; the last only where a plan has audiences.
const COLUMNS: [Quantity; 8] = [
    Quantity::Spend,
    Quantity::Impressions,
    Quantity::Engagements,
    Quantity::Clicks,
    Quantity::Conversions,
    Quantity::Revenue,
    Quantity::Profit,
    Quantity::NetReach,
];
const SPEND: usize = 0;
const REVENUE: usize = 5;
const PROFIT: usize = 6;
const NET_REACH: usize = 7;

/// What identifies one of the rows that every trial has.
#[derive(Debug, Clone, PartialEq)]
struct RowName {
    plan: String,
    month: i32,
    tier: Option<String>,
}

/// One usable plan's place among a trial's rows.
#[derive(Debug)]
struct Layout {
    /// First of its rows within a trial.
    first: usize,
    months: usize,
    /// Tier of each cell.
    tier: Vec<usize>,
    tiers: usize,
    margin: f64,
}

impl Layout {
    fn rows(&self) -> usize {
        self.months * (1 + self.tiers)
    }
}

/// Consecutive rows on their way to the encoder. NaN stands for null.
#[derive(Debug)]
struct RowGroup {
    first_row: u64,
    columns: Vec<Vec<f64>>,
}

/// Writes trials to a parquet file as they come. Finish it; dropped before that, it removes its file.
#[derive(Debug)]
pub struct TrialWriter {
    path: PathBuf,
    layouts: Vec<Layout>,
    /// Positions of the usable plans among the planned.
    usable: Vec<usize>,
    planned: usize,
    rows_per_trial: usize,
    next_trial: u64,
    first_row: u64,
    columns: Vec<Vec<f64>>,
    sender: Option<SyncSender<RowGroup>>,
    encoder: Option<JoinHandle<Result<(), ExportError>>>,
}

impl TrialWriter {
    /// Opens the file for the usable ones among the planned.
    ///
    /// # Errors
    /// If the file can't be created.
    pub fn create(path: &Path, planned: &[(Model, Plan)]) -> Result<Self, ExportError> {
        let mut names = Vec::new();
        let mut layouts = Vec::new();
        let mut usable = Vec::new();
        for (i, (model, plan)) in planned.iter().enumerate() {
            if !plan.is_usable() {
                continue;
            }
            let layout = Layout {
                first: names.len(),
                months: plan.counts.nrows(),
                tier: model.cells.iter().map(|c| c.tier).collect(),
                tiers: model.tiers.len(),
                margin: model.order.margin,
            };
            names.extend(row_names(model, plan));
            layouts.push(layout);
            usable.push(i);
        }
        let file = File::create(path).map_err(ExportError::io(CANNOT_WRITE, path))?;
        let audiences = usable.iter().any(|&i| !planned[i].0.audiences.is_empty());
        let quantities = if audiences { COLUMNS.len() } else { NET_REACH };
        let rows_per_trial = names.len();
        let (sender, receiver) = sync_channel(WAITING);
        let target = path.to_owned();
        let encoder = std::thread::Builder::new()
            .name("trials".to_owned())
            .spawn(move || {
                encode(file, &names, quantities, &receiver)
                    .map_err(ExportError::parquet(CANNOT_WRITE, &target))
            })
            .map_err(ExportError::io(CANNOT_WRITE, path))?;
        Ok(Self {
            path: path.to_owned(),
            layouts,
            usable,
            planned: planned.len(),
            rows_per_trial,
            next_trial: 0,
            first_row: 0,
            columns: vec![Vec::new(); quantities],
            sender: Some(sender),
            encoder: Some(encoder),
        })
    }

    /// Writes what is left and completes the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn finish(mut self) -> Result<(), ExportError> {
        if !self.columns[SPEND].is_empty() {
            let group = RowGroup {
                first_row: self.first_row,
                columns: std::mem::take(&mut self.columns),
            };
            // A closed channel means that the encoder failed; `close` says why.
            let _ = self.sender.as_ref().is_some_and(|s| s.send(group).is_ok());
        }
        let closed = self.close();
        if closed.is_err() {
            let _ = std::fs::remove_file(&self.path);
        }
        closed
    }

    /// Ends the encoder and takes its result.
    fn close(&mut self) -> Result<(), ExportError> {
        self.sender = None;
        match self.encoder.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(ExportError::Parquet {
                action: CANNOT_WRITE,
                path: self.path.clone(),
                reason: "the encoder stopped unexpectedly".to_owned(),
            }),
        }
    }

    fn hand_over(&mut self, rows: usize) -> Result<(), SinkError> {
        let mut group = RowGroup {
            first_row: self.first_row,
            columns: vec![Vec::new(); self.columns.len()],
        };
        for (full, column) in group.columns.iter_mut().zip(&mut self.columns) {
            let rest = column.split_off(rows);
            *full = std::mem::replace(column, rest);
        }
        self.first_row += rows as u64;
        let sent = self.sender.as_ref().is_some_and(|s| s.send(group).is_ok());
        if sent {
            return Ok(());
        }
        match self.close() {
            Err(error) => Err(SinkError(error.to_string())),
            Ok(()) => Err(SinkError("the trial writer is closed".to_owned())),
        }
    }

    /// The blocks of the usable plans, in order.
    fn usable_blocks<'a>(&self, block: &'a TrialBlock) -> Result<Vec<&'a PlanBlock>, SinkError> {
        if block.plans.len() == self.usable.len() {
            Ok(block.plans.iter().collect())
        } else if block.plans.len() == self.planned {
            Ok(self.usable.iter().map(|&i| &block.plans[i]).collect())
        } else {
            Err(SinkError(format!(
                "a block of {} plans does not fit a file of {}",
                block.plans.len(),
                self.usable.len()
            )))
        }
    }
}

impl TrialSink for TrialWriter {
    fn write(&mut self, block: &TrialBlock) -> Result<(), SinkError> {
        if block.first_trial != self.next_trial {
            return Err(SinkError(format!(
                "trial {} came where trial {} was due",
                block.first_trial, self.next_trial
            )));
        }
        self.next_trial += block.trials as u64;
        let plans = self.usable_blocks(block)?;
        if self.rows_per_trial == 0 {
            return Ok(());
        }
        // Few trials at a time, so that a block of any size needs little more memory than a row group.
        let step = (GROUP_ROWS / 4 / self.rows_per_trial).max(1);
        let mut sums = vec![vec![Vec::new(); self.columns.len()]; self.rows_per_trial];
        let mut start = 0;
        while start < block.trials {
            let trials = start..(start + step).min(block.trials);
            for (layout, plan) in self.layouts.iter().zip(&plans) {
                let rows = &mut sums[layout.first..layout.first + layout.rows()];
                add_plan(rows, layout, plan, trials.clone())?;
            }
            for (quantity, column) in self.columns.iter_mut().enumerate() {
                column.reserve(trials.len() * sums.len());
                for trial in 0..trials.len() {
                    column.extend(sums.iter().map(|row| row[quantity][trial]));
                }
            }
            while self.columns[SPEND].len() >= GROUP_ROWS {
                self.hand_over(GROUP_ROWS)?;
            }
            start = trials.end;
        }
        Ok(())
    }
}

impl Drop for TrialWriter {
    fn drop(&mut self) {
        if self.encoder.is_some() {
            let _ = self.close();
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn row_names(model: &Model, plan: &Plan) -> Vec<RowName> {
    let mut names = Vec::new();
    for month in 1..=plan.counts.nrows() {
        for tier in std::iter::once(None).chain(model.tiers.iter().map(Some)) {
            names.push(RowName {
                plan: guarded(&plan.name).into_owned(),
                month: i32::try_from(month).unwrap_or(i32::MAX),
                tier: tier.map(|t| t.name.clone()),
            });
        }
    }
    names
}

/// One plan's rows in the given trials of a block: sums over its booked cells. What one cell leaves undefined is
/// undefined (NaN) in every sum it belongs to.
fn add_plan(
    rows: &mut [Vec<Vec<f64>>],
    layout: &Layout,
    plan: &PlanBlock,
    trials: std::ops::Range<usize>,
) -> Result<(), SinkError> {
    for row in rows.iter_mut() {
        for column in row.iter_mut() {
            column.clear();
            column.resize(trials.len(), 0.0);
        }
    }
    for cell in &plan.cells {
        let Some(&tier) = layout.tier.get(cell.cell) else {
            return Err(SinkError(format!("cell {} is unknown", cell.cell)));
        };
        if cell.month >= layout.months {
            return Err(SinkError(format!("month {} is unknown", cell.month + 1)));
        }
        let total = cell.month * (1 + layout.tiers);
        for row in [total, total + 1 + tier] {
            add_cell(&mut rows[row], cell, trials.clone());
        }
    }
    if rows.first().is_some_and(|row| row.len() > NET_REACH) {
        add_reach(rows, layout, plan, trials);
    }
    for row in rows.iter_mut() {
        let (inputs, profit) = row.split_at_mut(PROFIT);
        let (spend, revenue) = (&inputs[SPEND], &inputs[REVENUE]);
        for ((profit, revenue), spend) in profit[0].iter_mut().zip(revenue).zip(spend) {
            *profit = layout.margin * revenue - spend;
        }
    }
    Ok(())
}

/// Net reach of the totals; that of a tier alone is not defined.
fn add_reach(
    rows: &mut [Vec<Vec<f64>>],
    layout: &Layout,
    plan: &PlanBlock,
    trials: std::ops::Range<usize>,
) {
    for (row, columns) in rows.iter_mut().enumerate() {
        if plan.audiences.is_empty() || row % (1 + layout.tiers) != 0 {
            columns[NET_REACH].fill(f64::NAN);
        }
    }
    for audience in &plan.audiences {
        let total = audience.month * (1 + layout.tiers);
        let (Some(row), Some(values)) =
            (rows.get_mut(total), audience.net_reach.get(trials.clone()))
        else {
            continue;
        };
        let sum = row[NET_REACH].iter_mut();
        sum.zip(values).for_each(|(sum, value)| *sum += value);
    }
}

fn add_cell(row: &mut [Vec<f64>], cell: &CellBlock, trials: std::ops::Range<usize>) {
    for (sum, quantity) in row.iter_mut().zip(COLUMNS) {
        if matches!(quantity, Quantity::Profit | Quantity::NetReach) {
            continue;
        }
        match cell.column(quantity).and_then(|c| c.get(trials.clone())) {
            Some(values) => sum.iter_mut().zip(values).for_each(|(s, v)| *s += v),
            None => sum.fill(f64::NAN),
        }
    }
}

fn schema(quantities: usize) -> Schema {
    let names = ["plan", "trial", "month", "tier"];
    let types = [
        DataType::String,
        DataType::Int64,
        DataType::Int32,
        DataType::String,
    ];
    let identity = names.into_iter().zip(types);
    let numbers = COLUMNS
        .map(|q| (q.name(), DataType::Float64))
        .into_iter()
        .take(quantities);
    identity
        .chain(numbers)
        .map(|(name, dtype)| Field::new(name.into(), dtype))
        .collect()
}

fn encode(
    file: File,
    names: &[RowName],
    quantities: usize,
    groups: &Receiver<RowGroup>,
) -> PolarsResult<()> {
    let mut out: BatchedWriter<File> = writer(file).batched(&schema(quantities))?;
    for group in groups {
        out.write_batch(&frame(names, group)?)?;
    }
    out.finish()?;
    Ok(())
}

fn frame(names: &[RowName], group: RowGroup) -> PolarsResult<DataFrame> {
    let rows = group.columns[SPEND].len();
    let count = names.len() as u64;
    let name = |row: usize| &names[((group.first_row + row as u64) % count) as usize];
    let plans: Vec<&str> = (0..rows).map(|i| name(i).plan.as_str()).collect();
    let trials: Vec<i64> = (0..rows)
        .map(|i| ((group.first_row + i as u64) / count).cast_signed())
        .collect();
    let months: Vec<i32> = (0..rows).map(|i| name(i).month).collect();
    let tiers: Vec<Option<&str>> = (0..rows).map(|i| name(i).tier.as_deref()).collect();
    let mut columns: Vec<Column> = vec![
        Series::new("plan".into(), plans).into(),
        Series::new("trial".into(), trials).into(),
        Series::new("month".into(), months).into(),
        Series::new("tier".into(), tiers).into(),
    ];
    for (quantity, values) in COLUMNS.into_iter().zip(group.columns) {
        let name = quantity.name().into();
        let series = if values.iter().all(|v| v.is_finite()) {
            Series::new(name, values)
        } else {
            let values: Vec<Option<f64>> = values.into_iter().map(|v| defined(Some(v))).collect();
            Series::new(name, values)
        };
        columns.push(series.into());
    }
    DataFrame::new(rows, columns)
}
