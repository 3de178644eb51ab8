//! From a finished tile to the queues of its rows.

use super::queue::{RowQueue, may_reach};
use crate::cpu::CpuPath;
use crate::gemm::{Done, PackedMatrix};
use crate::simd::{Level, level};

/// Per output, padded to whole panels.
pub(crate) struct Bounds<'a> {
    /// Bias and its share of the radius.
    pub bias: Vec<f32>,
    pub bias_slack: Vec<f32>,
    pub approx_norm: &'a [f32],
    pub slack: &'a [f32],
    pub largest_norm: f32,
}

impl<'a> Bounds<'a> {
    pub fn new(w: &'a PackedMatrix, bias: Option<&[f32]>) -> Self {
        let padded = w.slacks().len();
        let mut padded_bias = bias.unwrap_or(&[]).to_vec();
        padded_bias.resize(padded, 0.0);
        // Products lost to underflow (bf16 sums flush): at most k of them, each below 2⁻¹²⁵.
        let lost = (w.k + 64) as f32 * 2f32.powi(-124);
        // Rounding of the sum with the bias; an infinite bias decides alone.
        let slack = |b: &f32| if b.is_finite() { b.abs() * 2f32.powi(-20) + lost } else { 0.0 };
        let bias_slack = padded_bias.iter().map(slack).collect();
        let largest_norm = w.approx_norms().iter().zip(w.slacks()).fold(0f32, |m, (&a, &s)| m.max(a + s));
        let largest_norm = if largest_norm.is_nan() { f32::INFINITY } else { largest_norm };
        Self { bias: padded_bias, bias_slack, approx_norm: w.approx_norms(), slack: w.slacks(), largest_norm }
    }
}

/// Appends every entry of the tile that may still be among its row's k largest.
pub(super) fn filter(path: CpuPath, tile: &Done, queues: &mut [RowQueue], bounds: &Bounds, k: usize) {
    match level(path) {
        // SAFETY: `level` names only instructions that this CPU has.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { super::filter_x86::avx512(tile, queues, bounds, k) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { super::filter_x86::avx2(tile, queues, bounds, k) },
        _ => plain(tile, queues, bounds, k),
    }
}

fn plain(tile: &Done, queues: &mut [RowQueue], bounds: &Bounds, k: usize) {
    for (line, queue) in tile.values.chunks_exact(tile.panel_rows).zip(queues) {
        queue.make_room(k);
        for (c, value) in line[..tile.cols].iter().enumerate() {
            let j = tile.col + c;
            let radius = queue.delta * bounds.approx_norm[j] + queue.norm * bounds.slack[j] + bounds.bias_slack[j];
            let value = value + bounds.bias[j];
            let (lower, upper) = (value - radius, value + radius);
            if may_reach(upper, queue.threshold) {
                queue.push(lower, upper, j as u32);
            }
        }
    }
}
