//! From a plan that keeps every rule of risk to the best one near it.

use crate::optimizer::risk::climb::Climb;
use crate::optimizer::risk::search::{Best, Found, Run};

impl Run<'_> {
    /// What is found from a plan that keeps every rule, where the search for one in its own right
    /// came to nothing.
    pub(crate) fn onward(&self, kept: &[f64]) -> Found {
        let (outer, _) = self.outer(kept);
        let bound = if outer.solved.found() {
            outer.solved.bound.unwrap_or(outer.solved.objective)
        } else {
            f64::INFINITY
        };
        let inner = self.from(kept);
        let mut nodes = 0;
        let best = if self.fractional {
            let counts = inner.as_ref().map_or(kept, |(answer, _)| &answer.counts);
            Some((self.case.value(counts), counts.to_vec()))
        } else {
            let mut best = Best {
                climb: Climb::new(self.case),
                found: Some((self.case.value(kept), kept.to_vec())),
            };
            best.climb(kept);
            if let Some((answer, ask)) = &inner {
                let from = (answer.counts.as_slice(), answer.cuts.clone());
                if let Some(x) = self.plans(from, ask, &mut nodes) {
                    best.climb(&x);
                }
            }
            best.found
        };
        let mut solved = self.answer(best, bound, nodes, "branch and bound", false);
        solved.bound = solved.bound.filter(|b| b.is_finite());
        let shown = inner.map_or(outer, |(answer, _)| answer);
        let priced = shown.solved.found();
        Found {
            solved,
            relaxed: if priced {
                shown.solved.x.clone()
            } else {
                kept.to_vec()
            },
            optimum: if priced {
                shown.solved.objective
            } else {
                f64::NAN
            },
            program: shown.program,
            goal: shown.goal,
        }
    }
}
