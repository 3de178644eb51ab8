//! Up to six query rows against the keys they see: scores, softmax, weighted values.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::kv::{KvSlot, PANEL};
use crate::CpuPath;
use crate::exp::exp;
use crate::simd::{Level, level};
use crate::versions::per_level;

/// Query rows of a tile: 6 × 2 vectors of scores or 6 × 4 of values fill the registers.
pub(super) const ROWS: usize = 6;

/// `results[r] [hd] = softmax(queries[r]·kᵀ over its first visible[r] keys)·v`. `visible` rises.
pub(super) fn attend(
    path: CpuPath,
    slot: &KvSlot,
    kv_head: usize,
    queries: &[f32],
    visible: &[usize],
    scores: &mut Vec<f32>,
    results: &mut [&mut [f32]],
) {
    let keys = visible[visible.len() - 1];
    let stride = keys.div_ceil(PANEL) * PANEL;
    if scores.len() < stride * ROWS {
        scores.resize(stride * ROWS, 0.0);
    }
    let level = level(path);
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => x86::scores_avx512(slot, kv_head, queries, visible.len(), stride, scores),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => x86::scores_avx2(slot, kv_head, queries, visible.len(), stride, scores),
        _ => portable::scores(slot, kv_head, queries, visible.len(), stride, scores),
    }
    let mut scale = [0.0; ROWS];
    for (r, &seen) in visible.iter().enumerate() {
        let row = &mut scores[r * stride..(r + 1) * stride];
        row[seen..].fill(f32::NEG_INFINITY);
        scale[r] = 1.0 / exp_row(path, row);
    }
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => x86::values_avx512(slot, kv_head, scores, stride, keys, &scale, results),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => x86::values_avx2(slot, kv_head, scores, stride, keys, &scale, results),
        _ => portable::values(slot, kv_head, scores, stride, keys, &scale, results),
    }
}

#[inline(always)]
fn exp_body(row: &mut [f32]) -> f32 {
    let (lanes, _) = row.as_chunks_mut::<PANEL>();
    let mut top = [f32::NEG_INFINITY; PANEL];
    for lane in lanes.iter() {
        for (top, s) in top.iter_mut().zip(lane) {
            *top = if *s > *top { *s } else { *top };
        }
    }
    let top = top.into_iter().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
    let mut sum = [0f32; PANEL];
    for lane in lanes {
        for (sum, s) in sum.iter_mut().zip(lane) {
            *s = exp(*s - top);
            *sum += *s;
        }
    }
    let mut width = PANEL / 2;
    while width > 0 {
        for l in 0..width {
            sum[l] += sum[l + width];
        }
        width /= 2;
    }
    sum[0]
}

per_level! {
    /// Replaces every score by e^(score − largest) and returns their sum. The length is a multiple of 16.
    exp_row = exp_body(row: &mut [f32]) -> f32
}
