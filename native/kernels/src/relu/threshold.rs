//! What is above a threshold, in the shape of the k largest.

use super::{SparseRows, sparse_gemm};
use crate::exec::{Cancelled, Exec};
use crate::gemm::PackedMatrix;
use crate::shared::SharedMut;
use crate::topk::TopKOutput;

/// Rows that one chunk of a parallel loop sorts.
const ROW_CHUNK: usize = 64;

/// Entries of `x [m, k_in] · wᵀ + bias` above `threshold [n]` (at least 0), strictly: by value descending, ties by lower index,
/// as `[m, k]` with k the most entries that a row has, at least 1; value 0 fills shorter rows. `w_exact [n, k_in]` are the
/// f32 weights that `w` was packed from: set and values are exact on every path and equal on all of them. NaN counts as above.
pub fn above_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: &[f32],
    threshold: &[f32],
) -> Result<TopKOutput, Cancelled> {
    assert_eq!(threshold.len(), w.n, "threshold must be [n]");
    assert!(threshold.iter().all(|&t| t >= 0.0), "thresholds are at least 0");
    padded(exec, &sparse_gemm(exec, x, m, w, w_exact, bias, Some(threshold))?)
}

fn padded(exec: &Exec, rows: &SparseRows) -> Result<TopKOutput, Cancelled> {
    let m = rows.rows();
    let k = (0..m).map(|row| rows.row(row).0.len()).max().unwrap_or(0).max(1);
    let mut out = TopKOutput { indices: vec![0; m * k], values: vec![0.0; m * k] };
    let (indices, values) = (SharedMut::new(&mut out.indices), SharedMut::new(&mut out.values));
    exec.run(m.div_ceil(ROW_CHUNK), |chunk| {
        let mut entries: Vec<(f32, u32)> = Vec::new();
        for row in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(m) {
            let (columns, found) = rows.row(row);
            entries.clear();
            entries.extend(found.iter().copied().zip(columns.iter().copied()));
            entries.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            // SAFETY: one chunk, its own rows of each.
            let (indices, values) = unsafe { (indices.slice(row * k, k), values.slice(row * k, k)) };
            for (slot, &(value, column)) in entries.iter().enumerate() {
                (indices[slot], values[slot]) = (column, value);
            }
        }
    })?;
    Ok(out)
}
