//! Correlation matrices: factorization, and the nearest valid one to an invalid one.

/// A square matrix, row by row.
pub type Matrix<const N: usize> = [[f64; N]; N];

/// Least pivot of a factorization: below it a matrix counts as singular.
const LEAST_PIVOT: f64 = 1e-9;
/// Rounds of alternating projections at most; a 6 × 6 matrix takes some tens.
const ROUNDS: usize = 2000;
/// Sweeps of Jacobi rotations at most; a 6 × 6 matrix takes about six.
const SWEEPS: usize = 60;

/// The lower triangular L with L Lᵀ = A (Cholesky), row by row from the first: the leading k × k
/// part of L depends on that of A alone. `None` if A is not positive definite.
///
/// ```
/// use influencer_matrix::stats::cholesky;
/// let l = cholesky(&[[1.0, 0.6], [0.6, 1.0]]).unwrap();
/// assert_eq!(l, [[1.0, 0.0], [0.6, 0.8]]);
/// assert!(cholesky(&[[1.0, 1.1], [1.1, 1.0]]).is_none());
/// ```
#[must_use]
pub fn cholesky<const N: usize>(a: &Matrix<N>) -> Option<Matrix<N>> {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let mut rest = a[i][j];
            for (x, y) in l[i][..j].iter().zip(&l[j][..j]) {
                rest -= x * y;
            }
            l[i][j] = if i == j {
                if rest.is_nan() || rest <= LEAST_PIVOT {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / l[j][j]
            };
        }
    }
    Some(l)
}

/// The correlation matrix nearest to a symmetric one in the Frobenius norm among those whose
/// eigenvalues are no less than `least`: alternating projections with Dykstra's correction
/// (Higham, Computing the nearest correlation matrix, IMA J. Numer. Anal. 22, 2002).
///
/// `least` must be below 1. The result has ones on its diagonal.
#[must_use]
pub fn nearest_correlation<const N: usize>(a: &Matrix<N>, least: f64) -> Matrix<N> {
    let mut y = *a;
    let mut correction = [[0.0; N]; N];
    let mut definite = y;
    for _ in 0..ROUNDS {
        let mut r = y;
        each(&mut r, |i, j, v| v - correction[i][j]);
        definite = raised(&r, least);
        each(&mut correction, |i, j, _| definite[i][j] - r[i][j]);
        let before = y;
        y = definite;
        each(&mut y, |i, j, v| if i == j { 1.0 } else { v });
        let moved = (0..N)
            .flat_map(|i| (0..N).map(move |j| (i, j)))
            .map(|(i, j)| (y[i][j] - before[i][j]).abs())
            .fold(0.0, f64::max);
        if moved < 1e-12 {
            break;
        }
    }
    // What little the two projections still differ by goes into the scale.
    let root: [f64; N] = std::array::from_fn(|i| definite[i][i].sqrt());
    each(&mut definite, |i, j, v| {
        if i == j { 1.0 } else { v / (root[i] * root[j]) }
    });
    definite
}

fn each<const N: usize>(a: &mut Matrix<N>, f: impl Fn(usize, usize, f64) -> f64) {
    for (i, row) in a.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value = f(i, j, *value);
        }
    }
}

/// The nearest symmetric matrix without eigenvalues below `least`: those are raised to it.
fn raised<const N: usize>(a: &Matrix<N>, least: f64) -> Matrix<N> {
    let (values, vectors) = eigen(a);
    let mut out = [[0.0; N]; N];
    each(&mut out, |i, j, _| {
        (0..N)
            .map(|k| values[k].max(least) * vectors[i][k] * vectors[j][k])
            .sum()
    });
    out
}

/// Eigenvalues and, in columns, eigenvectors of a symmetric matrix, by cyclic Jacobi rotations.
#[must_use]
pub fn eigen<const N: usize>(a: &Matrix<N>) -> ([f64; N], Matrix<N>) {
    let mut a = *a;
    let mut v = [[0.0; N]; N];
    each(&mut v, |i, j, _| if i == j { 1.0 } else { 0.0 });
    for _ in 0..SWEEPS {
        let off: f64 = (0..N)
            .flat_map(|p| (p + 1..N).map(move |q| (p, q)))
            .map(|(p, q)| a[p][q] * a[p][q])
            .sum();
        if off < 1e-30 {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut a {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (c * x - s * y, s * x + c * y);
                }
                let (upper, lower) = a.split_at_mut(q);
                for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
                for row in &mut v {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (c * x - s * y, s * x + c * y);
                }
            }
        }
    }
    (std::array::from_fn(|i| a[i][i]), v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance<const N: usize>(a: &Matrix<N>, b: &Matrix<N>) -> f64 {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        pairs.map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
    }

    fn symmetric(values: &[f64]) -> Matrix<6> {
        let place = |i: usize, j: usize| i * (11 - i) / 2 + j - i - 1;
        std::array::from_fn(|i| {
            std::array::from_fn(|j| match i.cmp(&j) {
                std::cmp::Ordering::Equal => 1.0,
                std::cmp::Ordering::Less => values[place(i, j)],
                std::cmp::Ordering::Greater => values[place(j, i)],
            })
        })
    }

    /// The example of Higham's paper (2002, section 4): printed to four digits.
    #[test]
    fn the_published_example() {
        let a = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]];
        let near = nearest_correlation(&a, 0.0);
        assert!((near[0][1] - 0.7607).abs() < 5e-5, "{near:?}");
        assert!((near[1][2] - 0.7607).abs() < 5e-5);
        assert!((near[0][2] - 0.1573).abs() < 5e-5);
        assert!((distance(&near, &a) - 0.5278).abs() < 5e-5);
    }

    #[test]
    fn a_valid_matrix_is_its_own_nearest() {
        let a = [[1.0, 0.5, -0.2], [0.5, 1.0, 0.1], [-0.2, 0.1, 1.0]];
        assert!(distance(&nearest_correlation(&a, 1e-3), &a) < 1e-10);
    }

    proptest! {
        #[test]
        fn eigenvectors_restore_the_matrix(values in prop::collection::vec(-0.999..0.999, 15)) {
            let a = symmetric(&values);
            prop_assert!(distance(&raised(&a, f64::NEG_INFINITY), &a) < 1e-12);
            let (values, _) = eigen(&a);
            // The trace is the sum of the eigenvalues.
            prop_assert!((values.iter().sum::<f64>() - 6.0).abs() < 1e-12);
            // Definite by its eigenvalues and by its factors.
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            if least.abs() > 1e-7 {
                prop_assert_eq!(cholesky(&a).is_some(), least > 0.0);
            }
        }

        #[test]
        fn the_nearest_is_valid_and_no_random_one_is_nearer(
            values in prop::collection::vec(-0.999..0.999, 15),
            other in prop::collection::vec(-1.0..1.0f64, 36),
            step in 0.0..0.2,
        ) {
            let a = symmetric(&values);
            let near = nearest_correlation(&a, 1e-3);
            let least = eigen(&near).0.into_iter().fold(f64::INFINITY, f64::min);
            prop_assert!(least > 9e-4, "{least}");
            prop_assert!(cholesky(&near).is_some());
            // A random valid matrix, and one on the way to it: the set is convex.
            let mut random = [[0.0; 6]; 6];
            each(&mut random, |i, j, _| (0..6).map(|k| other[6 * i + k] * other[6 * j + k]).sum::<f64>());
            let root: [f64; 6] = std::array::from_fn(|i| (random[i][i] + 1e-9).sqrt());
            each(&mut random, |i, j, v| if i == j { 1.0 } else { 0.99 * v / (root[i] * root[j]) });
            let mut on_the_way = near;
            each(&mut on_the_way, |i, j, v| v + step * (random[i][j] - v));
            prop_assert!(distance(&on_the_way, &a) >= distance(&near, &a) - 1e-5);
        }
    }
}
