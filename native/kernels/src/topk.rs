//! Fused `x · wᵀ + b` and selection of the k largest per row: the [m, n] product is never written to memory.

use crate::exec::{Cancelled, Exec};
use crate::gemm::{PackedMatrix, dot_reference};
use crate::shared::SharedMut;

/// The k largest entries of each row, by value descending, ties by lower index. Rows with fewer than k columns do not
/// occur: `k <= n` is required.
#[derive(Clone, Debug, Default)]
pub struct TopKOutput {
    /// `[m, k]` column of each entry.
    pub indices: Vec<u32>,
    /// `[m, k]` exact f32 value of each entry (pre-activation, before any ReLU; may be negative).
    pub values: Vec<f32>,
}

/// Top k of `x [m, k_in] · wᵀ + bias` per row. `w_exact [n, k_in]` are the f32 weights from which the values of the
/// selected entries are computed, so the selection and the values are exact on every path and equal on all of them.
pub fn topk_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: Option<&[f32]>,
    k: usize,
) -> Result<TopKOutput, Cancelled> {
    assert!(k >= 1 && k <= w.n, "1 <= k <= n");
    assert_eq!(x.len(), m * w.k, "x must be [m, k]");
    assert_eq!(w_exact.len(), w.n * w.k, "w_exact must be [n, k]");
    let mut out = TopKOutput { indices: vec![0; m * k], values: vec![0.0; m * k] };
    let (indices, values) = (SharedMut::new(&mut out.indices), SharedMut::new(&mut out.values));
    exec.run(m, |row| {
        let x_row = &x[row * w.k..(row + 1) * w.k];
        let mut all: Vec<(f32, u32)> = (0..w.n)
            .map(|j| (dot_reference(x_row, &w_exact[j * w.k..(j + 1) * w.k]) + bias.map_or(0.0, |b| b[j]), j as u32))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // SAFETY: one chunk, one row.
        let (ri, rv) = unsafe { (indices.slice(row * k, k), values.slice(row * k, k)) };
        for (slot, &(v, i)) in all.iter().take(k).enumerate() {
            ri[slot] = i;
            rv[slot] = v;
        }
    })?;
    Ok(out)
}
