//! `y [m, n] = x [m, k] · wᵀ`, with `w [n, k]` packed once for the path.

use crate::cpu::CpuPath;
use crate::exec::{Cancelled, Exec};
use crate::shared::SharedMut;
pub use crate::simd::dot_reference;

/// What a packed matrix keeps of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32 products on every path.
    Exact,
    /// The path's low-precision form (bf16, i16), f32 on paths that have none.
    Fast,
}

/// Weights `w [n, k]` (one row an output) in the form that a path multiplies with.
pub struct PackedMatrix {
    pub n: usize,
    pub k: usize,
    pub path: CpuPath,
    pub precision: Precision,
    data: Vec<f32>,
}

impl PackedMatrix {
    /// Packs `w [n, k]`.
    pub fn pack(exec: &Exec, precision: Precision, w: &[f32], n: usize, k: usize) -> Result<Self, Cancelled> {
        assert_eq!(w.len(), n * k, "w must be [n, k]");
        exec.cancel.check()?;
        Ok(Self { n, k, path: exec.path, precision, data: w.to_vec() })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len() * 4
    }
}

/// `y = x · wᵀ`, or `y += x · wᵀ` with `accumulate`. `x [m, k]`, `y [m, n]`.
pub fn gemm(exec: &Exec, x: &[f32], m: usize, w: &PackedMatrix, y: &mut [f32], accumulate: bool) -> Result<(), Cancelled> {
    assert_eq!(x.len(), m * w.k, "x must be [m, k]");
    assert_eq!(y.len(), m * w.n, "y must be [m, n]");
    let out = SharedMut::new(y);
    exec.run(m, |row| {
        // SAFETY: one chunk, one row.
        let y_row = unsafe { out.slice(row * w.n, w.n) };
        let x_row = &x[row * w.k..(row + 1) * w.k];
        for (j, y) in y_row.iter_mut().enumerate() {
            let dot = dot_reference(x_row, &w.data[j * w.k..(j + 1) * w.k]);
            *y = if accumulate { *y + dot } else { dot };
        }
    })
}
