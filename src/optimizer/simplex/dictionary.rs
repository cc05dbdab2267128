//! The dictionary of a simplex.

/// Row of an unknown that is not basic.
pub(crate) const NOWHERE: usize = usize::MAX;

/// Row of a row's sum that limits nothing and is left out of the dictionary.
pub(super) const ASLEEP: usize = usize::MAX - 1;

/// The dictionary: every basic unknown, and the objective, as a combination of the nonbasic ones.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) dictionary: Vec<f64>,
    pub(crate) reduced: Vec<f64>,
    pub(crate) basic: Vec<usize>,
    pub(crate) nonbasic: Vec<usize>,
    /// Row of the dictionary of a basic unknown.
    pub(crate) row_of: Vec<usize>,
    /// One and the sum of squares of each row.
    pub(super) length: Vec<f64>,
    pub(crate) value: Vec<f64>,
    pub(super) pivots: usize,
}

/// One and the sum of squares, in four sums that run side by side.
pub(super) fn length(row: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let mut fours = row.chunks_exact(4);
    for four in &mut fours {
        for (sum, a) in sums.iter_mut().zip(four) {
            *sum += a * a;
        }
    }
    let rest: f64 = fours.remainder().iter().map(|a| a * a).sum();
    1.0 + rest + (sums[0] + sums[1]) + (sums[2] + sums[3])
}

impl State {
    /// Leaves a row out.
    pub(super) fn drop_row(&mut self, n: usize, row: usize) {
        let last = self.basic.len() - 1;
        self.row_of[self.basic[row]] = ASLEEP;
        if row != last {
            self.dictionary.copy_within(last * n.., row * n);
            self.basic[row] = self.basic[last];
            self.length[row] = self.length[last];
            self.row_of[self.basic[row]] = row;
        }
        self.basic.pop();
        self.length.pop();
        self.dictionary.truncate(last * n);
    }

    /// Swaps the basic unknown of a row for the nonbasic one of a column.
    pub(super) fn pivot(&mut self, n: usize, row: usize, column: usize) {
        let alpha = self.dictionary[row * n + column];
        let mut line: Vec<f64> = self.dictionary[row * n..(row + 1) * n]
            .iter()
            .map(|a| -a / alpha)
            .collect();
        line[column] = 1.0 / alpha;
        for (i, d) in self.dictionary.chunks_exact_mut(n).enumerate() {
            let factor = d[column];
            if i == row || factor == 0.0 {
                continue;
            }
            d[column] = 0.0;
            for (d, l) in d.iter_mut().zip(&line) {
                *d += factor * l;
            }
            self.length[i] = length(d);
        }
        self.length[row] = length(&line);
        let factor = self.reduced[column];
        self.reduced[column] = 0.0;
        for (d, l) in self.reduced.iter_mut().zip(&line) {
            *d += factor * l;
        }
        self.dictionary[row * n..(row + 1) * n].copy_from_slice(&line);
        let (out, into) = (self.basic[row], self.nonbasic[column]);
        self.basic[row] = into;
        self.nonbasic[column] = out;
        self.row_of[into] = row;
        self.row_of[out] = NOWHERE;
        self.pivots += 1;
    }
}
