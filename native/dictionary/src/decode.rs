//! Sparse decode of rows.

use lexiscope_kernels::{CpuPath, simd};

/// ReLU that leaves NaN, so that it reaches the loss or the caller instead of passing for silence.
pub(crate) fn relu(values: &mut [f32]) {
    for v in values {
        if *v < 0.0 {
            *v = 0.0;
        }
    }
}

/// `out [d] = bias + Σ values[j] · decoder[indices[j]]`, in the order of the entries; zeros are skipped.
pub(crate) fn decode_row(path: CpuPath, indices: &[u32], values: &[f32], decoder: &[f32], bias: &[f32], out: &mut [f32]) {
    let d = bias.len();
    out.copy_from_slice(bias);
    for (&i, &f) in indices.iter().zip(values) {
        if f != 0.0 {
            let at = i as usize * d;
            simd::axpy(path, f, &decoder[at..at + d], out);
        }
    }
}
