//! The filter, a row's whole panel at a time: nearly always it holds no candidate at all.

use super::filter::Bounds;
use super::queue::{ROOM, RowQueue};
use crate::gemm::Done;
use std::arch::x86_64::*;

fn check(tile: &Done, bounds: &Bounds) {
    let end = tile.col + tile.panel_rows;
    assert!(tile.panel_rows.is_multiple_of(16) && tile.panel_rows <= ROOM);
    assert!(end <= bounds.slack.len() && end <= bounds.approx_norm.len());
    assert!(end <= bounds.bias.len() && end <= bounds.bias_slack.len());
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
pub(super) fn avx512(tile: &Done, queues: &mut [RowQueue], bounds: &Bounds, k: usize) {
    check(tile, bounds);
    if tile.panel_rows == 64 {
        avx512_panel::<4>(tile, queues, bounds, k);
    } else {
        avx512_panel::<1>(&Done { panel_rows: 16, ..*tile }, queues, bounds, k);
    }
}

/// `V` vectors of 16 entries a row.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
fn avx512_panel<const V: usize>(tile: &Done, queues: &mut [RowQueue], bounds: &Bounds, k: usize) {
    assert!(tile.panel_rows == V * 16);
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    // SAFETY: the caller's `check`: col + 16·V lies in each of them.
    let panel = |from: &[f32]| unsafe {
        let from = from.as_ptr().add(tile.col);
        std::array::from_fn::<__m512, V, _>(|v| _mm512_loadu_ps(from.add(v * 16)))
    };
    let (approx_norm, slack) = (panel(bounds.approx_norm), panel(bounds.slack));
    let (bias, bias_slack) = (panel(&bounds.bias), panel(&bounds.bias_slack));
    let real: [u16; V] = std::array::from_fn(|v| ((1u32 << tile.cols.saturating_sub(v * 16).min(16)) - 1) as u16);
    for (line, queue) in tile.values.chunks_exact(V * 16).zip(queues) {
        queue.make_room(k);
        assert!(queue.has_room());
        let (delta, norm) = (_mm512_set1_ps(queue.delta), _mm512_set1_ps(queue.norm));
        let threshold = _mm512_set1_ps(queue.threshold);
        let (mut value, mut radius) = ([_mm512_setzero_ps(); V], [_mm512_setzero_ps(); V]);
        let (mut keep, mut any) = ([0u16; V], 0);
        for v in 0..V {
            // SAFETY: the line has 16·V entries.
            value[v] = _mm512_add_ps(unsafe { _mm512_loadu_ps(line.as_ptr().add(v * 16)) }, bias[v]);
            radius[v] = _mm512_fmadd_ps(delta, approx_norm[v], _mm512_fmadd_ps(norm, slack[v], bias_slack[v]));
            keep[v] = _mm512_mask_cmp_ps_mask::<_CMP_NLT_UQ>(real[v], _mm512_add_ps(value[v], radius[v]), threshold);
            any |= keep[v];
        }
        if any == 0 {
            continue;
        }
        let (lowers, uppers, columns) = (queue.lower.as_mut_ptr(), queue.upper.as_mut_ptr(), queue.column.as_mut_ptr());
        let mut at = queue.len;
        // Without a branch for each vector: which of them holds the candidate is unpredictable.
        for v in 0..V {
            let column = _mm512_add_epi32(lanes, _mm512_set1_epi32((tile.col + v * 16) as i32));
            // SAFETY: there is room for 64 entries more, and at most 16·V are appended.
            unsafe {
                let lower = _mm512_maskz_compress_ps(keep[v], _mm512_sub_ps(value[v], radius[v]));
                let upper = _mm512_maskz_compress_ps(keep[v], _mm512_add_ps(value[v], radius[v]));
                _mm512_storeu_ps(lowers.add(at), lower);
                _mm512_storeu_ps(uppers.add(at), upper);
                _mm512_storeu_si512(columns.add(at).cast(), _mm512_maskz_compress_epi32(keep[v], column));
            }
            at += keep[v].count_ones() as usize;
        }
        queue.len = at;
    }
}

/// Moves the entries whose upper bound is not below the threshold to the front; returns their number.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
pub(super) fn keep_reaching(queue: &mut RowQueue) -> usize {
    let len = queue.len;
    assert!(len <= queue.lower.len() && len <= queue.upper.len() && len <= queue.column.len());
    let (lower, upper, column) = (queue.lower.as_mut_ptr(), queue.upper.as_mut_ptr(), queue.column.as_mut_ptr().cast::<i32>());
    let threshold = _mm512_set1_ps(queue.threshold);
    let mut kept = 0;
    for at in (0..len).step_by(16) {
        let real = ((1u32 << (len - at).min(16)) - 1) as u16;
        // SAFETY: masked lanes are neither read nor written; kept <= at, so nothing unread is overwritten.
        unsafe {
            let u = _mm512_maskz_loadu_ps(real, upper.add(at));
            let l = _mm512_maskz_loadu_ps(real, lower.add(at));
            let c = _mm512_maskz_loadu_epi32(real, column.add(at));
            let keep = _mm512_mask_cmp_ps_mask::<_CMP_NLT_UQ>(real, u, threshold);
            let count = keep.count_ones();
            let front = ((1u32 << count) - 1) as u16;
            _mm512_mask_storeu_ps(upper.add(kept), front, _mm512_maskz_compress_ps(keep, u));
            _mm512_mask_storeu_ps(lower.add(kept), front, _mm512_maskz_compress_ps(keep, l));
            _mm512_mask_storeu_epi32(column.add(kept), front, _mm512_maskz_compress_epi32(keep, c));
            kept += count as usize;
        }
    }
    kept
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn avx2(tile: &Done, queues: &mut [RowQueue], bounds: &Bounds, k: usize) {
    check(tile, bounds);
    let width = tile.panel_rows;
    for (line, queue) in tile.values.chunks_exact(width).zip(queues) {
        queue.make_room(k);
        let (delta, norm) = (_mm256_set1_ps(queue.delta), _mm256_set1_ps(queue.norm));
        let threshold = _mm256_set1_ps(queue.threshold);
        for c in (0..width).step_by(8) {
            let j = tile.col + c;
            let real = (1u32 << tile.cols.saturating_sub(c).min(8)) - 1;
            // SAFETY: j + 8 lies in the bounds, by `check`, and c + 8 in the line.
            let (value, radius) = unsafe {
                let load = |from: &[f32]| _mm256_loadu_ps(from.as_ptr().add(j));
                let own = _mm256_fmadd_ps(norm, load(bounds.slack), load(&bounds.bias_slack));
                let radius = _mm256_fmadd_ps(delta, load(bounds.approx_norm), own);
                (_mm256_add_ps(_mm256_loadu_ps(line.as_ptr().add(c)), load(&bounds.bias)), radius)
            };
            let (lower, upper) = (_mm256_sub_ps(value, radius), _mm256_add_ps(value, radius));
            let mut keep = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(upper, threshold)) as u32 & real;
            if keep == 0 {
                continue;
            }
            let (mut lowers, mut uppers) = ([0f32; 8], [0f32; 8]);
            // SAFETY: arrays of eight.
            unsafe {
                _mm256_storeu_ps(lowers.as_mut_ptr(), lower);
                _mm256_storeu_ps(uppers.as_mut_ptr(), upper);
            }
            while keep != 0 {
                let lane = keep.trailing_zeros() as usize;
                queue.push(lowers[lane], uppers[lane], (j + lane) as u32);
                keep &= keep - 1;
            }
        }
    }
}
