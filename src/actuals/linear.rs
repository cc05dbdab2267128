//! Small dense matrices.

use ndarray::Array2;

/// The lower triangular C with C Cᵀ = A, A symmetric and positive definite.
pub(super) fn cholesky(a: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut l = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let mut rest: f64 = a[[i, j]];
            for k in 0..j {
                rest -= l[[i, k]] * l[[j, k]];
            }
            l[[i, j]] = if i == j {
                libm::sqrt(rest.max(f64::MIN_POSITIVE))
            } else {
                rest / l[[j, j]]
            };
        }
    }
    l
}

/// C x = b by forward substitution, for all columns of b, in place.
pub(super) fn forward(c: &Array2<f64>, b: &mut Array2<f64>) {
    for i in 0..c.nrows() {
        for k in 0..i {
            let weight = c[[i, k]];
            for column in 0..b.ncols() {
                let earlier = b[[k, column]];
                b[[i, column]] -= weight * earlier;
            }
        }
        let pivot = c[[i, i]];
        b.row_mut(i).mapv_inplace(|x| x / pivot);
    }
}

/// Cᵀ x = b by backward substitution, for all columns of b, in place.
pub(super) fn backward(c: &Array2<f64>, b: &mut Array2<f64>) {
    for i in (0..c.nrows()).rev() {
        for k in i + 1..c.nrows() {
            let weight = c[[k, i]];
            for column in 0..b.ncols() {
                let later = b[[k, column]];
                b[[i, column]] -= weight * later;
            }
        }
        let pivot = c[[i, i]];
        b.row_mut(i).mapv_inplace(|x| x / pivot);
    }
}
