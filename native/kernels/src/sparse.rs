//! What follows a sparse code: decode, and gradients gathered per feature.
//!
//! Letters: B rows, F features, k entries a row, d width. Sums run in the order of the entries, so results are the same
//! bits on every path and for any number of threads.

use crate::cpu::CpuPath;
use crate::simd::{axpy, dot};
use crate::versions::per_level;

/// The entries of a code, grouped by feature: rows in rising order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inverted {
    /// [F + 1]
    pub(crate) offsets: Vec<u32>,
    pub(crate) rows: Vec<u32>,
    pub(crate) values: Vec<f32>,
}

impl Inverted {
    /// From `indices`, `values` `[B, k]`; entries that are not above 0 are left out.
    pub fn new(features: usize, k: usize, indices: &[u32], values: &[f32]) -> Self {
        assert!(indices.len() == values.len() && indices.len().is_multiple_of(k.max(1)), "indices and values must be [B, k]");
        let mut offsets = vec![0u32; features + 1];
        for (&i, &f) in indices.iter().zip(values) {
            offsets[i as usize + 1] += u32::from(f > 0.0);
        }
        for i in 0..features {
            offsets[i + 1] += offsets[i];
        }
        let total = offsets[features] as usize;
        let (mut rows, mut out) = (vec![0u32; total], vec![0f32; total]);
        let mut next = offsets.clone();
        for (at, (&i, &f)) in indices.iter().zip(values).enumerate() {
            if f > 0.0 {
                let place = &mut next[i as usize];
                rows[*place as usize] = (at / k) as u32;
                out[*place as usize] = f;
                *place += 1;
            }
        }
        Self { offsets, rows, values: out }
    }

    /// Rows in which feature `i` is active, and its values there.
    pub fn entries(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.rows[range.clone()], &self.values[range])
    }

    pub fn fired(&self, i: usize) -> bool {
        self.offsets[i + 1] > self.offsets[i]
    }

    /// Number of active entries.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[inline(always)]
fn axpy4_body(alpha: [f32; 4], x: [&[f32]; 4], y: &mut [f32]) {
    let n = y.len();
    let [x0, x1, x2, x3] = x.map(|x| &x[..n]);
    for i in 0..n {
        y[i] = (((y[i] + alpha[0] * x0[i]) + alpha[1] * x1[i]) + alpha[2] * x2[i]) + alpha[3] * x3[i];
    }
}

per_level! {
    /// Four [`axpy`] at once, in order.
    axpy4 = axpy4_body(alpha: [f32; 4], x: [&[f32]; 4], y: &mut [f32])
}

/// `y [d] += c · Σ alpha[j] · x[rows[j]]`, in the order of the entries.
pub fn add_rows(path: CpuPath, c: f32, alpha: &[f32], rows: &[u32], x: &[f32], y: &mut [f32]) {
    let d = y.len();
    let row = |j: usize| &x[rows[j] as usize * d..][..d];
    let full = rows.len() / 4 * 4;
    for j in (0..full).step_by(4) {
        let alpha = [c * alpha[j], c * alpha[j + 1], c * alpha[j + 2], c * alpha[j + 3]];
        axpy4(path, alpha, [row(j), row(j + 1), row(j + 2), row(j + 3)], y);
    }
    for j in full..rows.len() {
        axpy(path, c * alpha[j], row(j), y);
    }
}

/// `y [d] −= Σ values[j] · decoder[indices[j]]`: what a sparse code leaves of a row.
pub fn subtract_decoded(path: CpuPath, indices: &[u32], values: &[f32], decoder: &[f32], y: &mut [f32]) {
    add_rows(path, -1.0, values, indices, decoder, y);
}

/// Where the gradient of the reconstruction loss comes from: `∂L/∂x̂ = factor · residual`, `residual [B, d]` = target − x̂.
#[derive(Clone, Copy)]
pub struct ReconstructionLoss<'a> {
    pub factor: f32,
    pub residual: &'a [f32],
}

/// One feature's gradient: `decoder [d]` and `encoder [d]` are added to; the bias' part comes back.
///
/// `rows`, `f`: where the feature is active. With g = ∂L/∂x̂: ∂d = Σ f·g, ∂f = g·d, ∂e = Σ ∂f·x, ∂b = Σ ∂f.
/// `x [B, d]` is what the encoder saw. `scratch` is any vector to reuse.
pub fn add_feature_gradient(
    path: CpuPath,
    loss: ReconstructionLoss<'_>,
    rows: &[u32],
    f: &[f32],
    x: &[f32],
    direction: &[f32],
    decoder: Option<&mut [f32]>,
    encoder: &mut [f32],
    scratch: &mut Vec<f32>,
) -> f32 {
    let d = direction.len();
    scratch.clear();
    scratch.extend(rows.iter().map(|&r| loss.factor * dot(path, &loss.residual[r as usize * d..][..d], direction)));
    if let Some(decoder) = decoder {
        add_rows(path, loss.factor, f, rows, loss.residual, decoder);
    }
    add_rows(path, 1.0, scratch, rows, x, encoder);
    scratch.iter().sum()
}

#[cfg(test)]
#[path = "sparse_tests.rs"]
mod tests;
