//! Decode, residual, and the sums that the loss is made of.

use super::batch::Batch;
use crate::dictionary::ROW_CHUNK;
use lexiscope_kernels::huge::huge_zeros;
use lexiscope_kernels::simd::{axpy, sum_sq};
use lexiscope_kernels::sparse::subtract_decoded;
use lexiscope_kernels::{Cancelled, Exec, SharedMut, TopKOutput};

/// e = x − x̂ `[B, d]` of a batch, with its sums.
#[derive(Default)]
pub(crate) struct Residual {
    e: Vec<f32>,
    n: usize,
    /// Σ e `[d]`
    sum: Vec<f64>,
    squared: f64,
    squared_deviation: f64,
}

/// Σ rows and Σ‖row‖² of `rows [n, d]`, the same bits for any number of threads.
pub(crate) fn sums(exec: &Exec, rows: &[f32], n: usize, d: usize) -> Result<(Vec<f64>, f64), Cancelled> {
    let chunks = n.div_ceil(ROW_CHUNK);
    let mut columns = vec![0f32; chunks * d];
    let mut squares = vec![0f32; n];
    let (shared_columns, shared_squares) = (SharedMut::new(&mut columns), SharedMut::new(&mut squares));
    exec.run(chunks, |chunk| {
        // SAFETY: a part of its own for every chunk.
        let column = unsafe { shared_columns.slice(chunk * d, d) };
        for j in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(n) {
            let row = &rows[j * d..(j + 1) * d];
            axpy(exec.path, 1.0, row, column);
            // SAFETY: rows of different chunks are disjoint.
            let square = unsafe { shared_squares.slice(j, 1) };
            square[0] = sum_sq(exec.path, row);
        }
    })?;
    let mut sum = vec![0f64; d];
    for column in columns.chunks_exact(d) {
        sum.iter_mut().zip(column).for_each(|(s, c)| *s += f64::from(*c));
    }
    Ok((sum, squares.iter().map(|s| f64::from(*s)).sum()))
}

/// Σ‖row − mean‖² from the sums of n rows.
pub(crate) fn deviation(sum: &[f64], squared: f64, n: usize) -> f64 {
    (squared - sum.iter().map(|s| s * s).sum::<f64>() / n as f64).max(0.0)
}

impl Residual {
    pub fn compute(&mut self, exec: &Exec, batch: &Batch, code: &TopKOutput, decoder: &[f32]) -> Result<(), Cancelled> {
        let (n, d) = (batch.rows, batch.d);
        let k = code.indices.len() / n;
        if self.e.len() < n * d {
            self.e = huge_zeros(n * d);
        }
        self.n = n;
        subtract_code(exec, batch.x(), code, k, decoder, &mut self.e[..n * d])?;
        (self.sum, self.squared) = sums(exec, &self.e[..n * d], n, d)?;
        let (x_sum, x_squared) = sums(exec, batch.x(), n, d)?;
        self.squared_deviation = deviation(&x_sum, x_squared, n);
        Ok(())
    }

    pub fn rows(&self) -> &[f32] {
        &self.e[..self.n * self.sum.len()]
    }
    pub fn sum(&self) -> &[f64] {
        &self.sum
    }
    /// mean ‖e‖²
    pub fn loss(&self) -> f64 {
        self.squared / self.n as f64
    }
    /// Σ‖e‖² / Σ‖x − x̄‖²; NaN for a batch of equal rows.
    pub fn fvu(&self) -> f64 {
        self.squared / self.squared_deviation
    }
    /// Σ‖e − ē‖²
    pub fn deviation(&self) -> f64 {
        deviation(&self.sum, self.squared, self.n)
    }
}

/// `out [n, d] = x − Σ values·decoder[indices]`, row by row.
pub(crate) fn subtract_code(
    exec: &Exec,
    x: &[f32],
    code: &TopKOutput,
    k: usize,
    decoder: &[f32],
    out: &mut [f32],
) -> Result<(), Cancelled> {
    let n = code.indices.len() / k;
    let d = x.len() / n;
    let out = SharedMut::new(out);
    exec.run(n.div_ceil(ROW_CHUNK), |chunk| {
        for j in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(n) {
            // SAFETY: rows of different chunks are disjoint.
            let e = unsafe { out.slice(j * d, d) };
            e.copy_from_slice(&x[j * d..(j + 1) * d]);
            let entries = j * k..(j + 1) * k;
            subtract_decoded(exec.path, &code.indices[entries.clone()], &code.values[entries], decoder, e);
        }
    })
}
