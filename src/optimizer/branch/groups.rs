//! Sums of counts to branch on.

use std::collections::BTreeSet;

use crate::optimizer::program::Program;

/// Groups branched on at most, a column.
const GROUPS: usize = 2;

/// Columns that a row favours, and what two such groups share: at least two columns each.
pub(super) fn groups(program: &Program) -> Vec<Vec<usize>> {
    let favoured: BTreeSet<Vec<usize>> = program
        .rows
        .iter()
        .map(|row| {
            let whole = |i: &usize| program.columns[*i].integer;
            let favours = |i: &usize| row.coefficients[*i] > 0.0;
            (0..program.columns.len())
                .filter(favours)
                .filter(whole)
                .collect()
        })
        .collect();
    let mut out: Vec<Vec<usize>> = favoured.iter().filter(|g| g.len() > 1).cloned().collect();
    let mut shared: BTreeSet<Vec<usize>> = BTreeSet::new();
    for a in &favoured {
        for b in &favoured {
            let both: Vec<usize> = a.iter().copied().filter(|i| b.contains(i)).collect();
            if both.len() > 1 && !favoured.contains(&both) {
                shared.insert(both);
            }
        }
    }
    out.extend(shared);
    out.truncate(GROUPS * program.columns.len());
    out
}
