//! Reading dependence and incidents.

use super::problem::Fault;
use super::reader::Reader;
use crate::model::{Dependence, Incidents, Origin, Quality};
use crate::stats::{self, Matrix};

/// Least eigenvalue of a suggested correlation matrix: rounding it to four digits keeps it definite.
const LEAST_EIGENVALUE: f64 = 1e-3;

impl Reader<'_> {
    pub(super) fn dependence(&mut self) -> Dependence {
        let mut out = Dependence::NONE;
        // Faults elsewhere are no reason to keep quiet about this table.
        let before = std::mem::replace(&mut self.tainted, false);
        for (a, b) in Dependence::pairs() {
            let key = key(a, b);
            if let Some(correlation) = self.number(&["dependence", key.as_str()]) {
                out.set(a, b, correlation);
            }
        }
        out.tiers = self.number(&["dependence", "tiers"]).unwrap_or(0.0);
        let matrix = out.matrix();
        if !self.tainted && stats::cholesky(&matrix).is_none() {
            let fault = self.not_definite(&matrix);
            self.fault(fault);
        }
        self.tainted |= before;
        out
    }

    /// Correlations that no creator can have, and the nearest that one can.
    fn not_definite(&self, matrix: &Matrix<6>) -> Fault {
        let suggested = suggestion(matrix);
        let mut lines = String::new();
        for (a, b) in Dependence::pairs() {
            let (was, new) = (
                matrix[a as usize][b as usize],
                suggested[a as usize][b as usize],
            );
            if was != 0.0 || new != 0.0 {
                lines.extend(["\n      ", &key(a, b), " = ", &new.to_string()]);
            }
        }
        let least = stats::eigen(matrix)
            .0
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        let preset = self
            .root
            .at(&["dependence", "followers_fee"])
            .filter(|node| !self.sources.is_users(node.mark))
            .map_or_else(String::new, |_| {
                format!(
                    " (followers_fee = {} is a preset)",
                    matrix[Quality::Followers as usize][Quality::Fee as usize]
                )
            });
        self.fault_at(
            &["dependence"],
            format!(
                "these correlations cannot hold together: their matrix is not positive definite{preset}"
            ),
        )
        .expected(format!("its least eigenvalue is {least:.4}, not above 0"))
        .help(format!(
            "the nearest matrix that is positive definite, to four digits:{lines}"
        ))
    }

    pub(super) fn incidents(&mut self) -> Incidents {
        if self.node(&["incidents"]).is_none() {
            return Incidents::NONE;
        }
        let mut assumed = false;
        let mut read = |key: &'static str| {
            let path = ["incidents", key];
            let value = self.number(&path);
            assumed |= matches!(self.origin(&path), Origin::Preset(_));
            value
        };
        let probability = read("probability");
        let out = Incidents {
            yield_lost: read("yield_lost").unwrap_or(1.0),
            cleanup_cost: read("cleanup_cost").unwrap_or(0.0),
            shock_probability: read("shock_probability").unwrap_or(0.0),
            shock: read("shock").unwrap_or(0.0),
            probability: probability.unwrap_or(0.0),
            assumed,
        };
        if (out.shock > 0.0) != (out.shock_probability > 0.0) && !self.tainted {
            let (given, missing) = if out.shock > 0.0 {
                ("shock", "shock_probability")
            } else {
                ("shock_probability", "shock")
            };
            self.warnings.push(format!(
                "incidents.{given} does nothing: incidents.{missing} is 0"
            ));
        }
        let path = ["incidents", "probability"];
        if probability.is_none() && self.root.at(&path).is_none() && !self.was_meant(&path) {
            let fault = self
                .fault_at(&["incidents"], "incidents have no probability")
                .expected("add e.g. probability = 0.01, per partnership and month")
                .help("or incidents = \"cautious\" for a set of assumed figures");
            self.fault(fault);
        }
        out
    }
}

/// The key of a pair.
fn key(a: Quality, b: Quality) -> String {
    format!("{}_{}", a.name(), b.name())
}

/// The nearest positive definite correlation matrix, rounded to four digits.
fn suggestion(matrix: &Matrix<6>) -> Matrix<6> {
    let mut least = LEAST_EIGENVALUE;
    loop {
        let near = stats::nearest_correlation(matrix, least);
        let rounded = near.map(|row| row.map(|v| (v * 1e4).round() / 1e4 + 0.0));
        // Rounding moves no eigenvalue by more than 6 × 0.00005.
        if stats::cholesky(&rounded).is_some() || least > 0.5 {
            return rounded;
        }
        least *= 2.0;
    }
}
