//! Rules that are an excess: sums that points ask for, kept in mind.

use super::{GAP, MANY, NODES, Prober, ROUNDS};
use crate::model::{Constraint, Form};
use crate::optimizer::program::{Column, Program, Row, rows_asked};

/// A rule that is an excess, and the extra column that its program lets it exceed its bound by, if any.
pub(in super::super) type Let = (Constraint, Option<usize>);

impl Prober<'_> {
    /// A rule that is an excess with all sums that were asked for so far.
    pub(in super::super) fn with_sums(&self, constraint: &Constraint) -> Option<Constraint> {
        let Form::Excess(excess) = &constraint.form else {
            return None;
        };
        let mut excess = excess.clone();
        for set in self
            .sums
            .borrow()
            .get(&constraint.name)
            .into_iter()
            .flatten()
        {
            excess.hold(set.clone());
        }
        Some(Constraint {
            form: Form::Excess(excess),
            ..constraint.clone()
        })
    }

    /// Number of sums that were asked for so far.
    pub(super) fn held(&self) -> usize {
        self.sums.borrow().values().map(Vec::len).sum()
    }

    /// The rows that a point breaks of rules that are an excess; they are kept in mind.
    pub(super) fn asked(&self, lets: &[Let], x: &[f64]) -> Vec<Row> {
        let mut out = Vec::new();
        for (rule, column) in lets {
            let over = column.map_or(0.0, |column| x[column]);
            let moved = Constraint {
                high: rule.high.map(|high| high + over),
                ..rule.clone()
            };
            let Form::Excess(excess) = &rule.form else {
                continue;
            };
            if rows_asked(&moved, x).is_none() {
                continue;
            }
            let set = excess.set_at(x);
            let (mut coefficients, constant) = excess.sum_of(&set);
            if let Some(column) = *column {
                coefficients.resize(coefficients.len().max(column + 1), 0.0);
                coefficients[column] = -1.0;
            }
            out.push(Row {
                coefficients,
                low: None,
                high: rule.high.map(|high| high + constant),
            });
            let mut sums = self.sums.borrow_mut();
            let known = sums.entry(rule.name.clone()).or_default();
            if !known.contains(&set) {
                known.push(set);
            }
        }
        out
    }

    /// Adds the rows that fractional points ask for: they are quick to find.
    pub(super) fn ask_fractions(
        &self,
        maximize: &[f64],
        extra: &[Column],
        rows: &mut Vec<Row>,
        lets: &[Let],
    ) {
        if lets.is_empty() {
            return;
        }
        let mut columns = self.columns(MANY);
        columns.extend_from_slice(extra);
        let width = columns.len();
        for column in &mut columns {
            column.integer = false;
        }
        for _ in 0..ROUNDS {
            let Some(limits) = self.limits(GAP, NODES) else {
                return;
            };
            let mut program = Program {
                maximize: maximize.to_vec(),
                columns: columns.clone(),
                rows: rows.clone(),
            };
            program.maximize.resize(width, 0.0);
            for row in &mut program.rows {
                row.coefficients.resize(width, 0.0);
            }
            let solved = self.solved(&program, None, &limits);
            if !solved.found() {
                return;
            }
            let mut more = self.asked(lets, &solved.x);
            more.retain(|row| !rows.contains(row));
            if more.is_empty() {
                return;
            }
            rows.extend(more);
        }
    }
}

/// The rules among others that are an excess and stand as they are.
pub(in super::super) fn excesses<'c>(rules: impl IntoIterator<Item = &'c Constraint>) -> Vec<Let> {
    let rules = rules.into_iter();
    let own = rules.filter(|rule| matches!(rule.form, Form::Excess(_)) && rule.high.is_some());
    own.map(|rule| (rule.clone(), None)).collect()
}
