//! Both looks in AVX-512, the first one in AVX2; see [`super::screen`].

use super::queue::{ROOM, RowQueue};
use super::screen::{Hits, Panel, Screen, take_bits};
use crate::gemm::{Done, PANEL_MAX};
use std::arch::x86_64::*;

fn check(tile: &Done, rows: usize, bias: &[f32], hits: &Hits) {
    assert!(tile.panel_rows.is_multiple_of(16) && tile.panel_rows <= PANEL_MAX && tile.col + tile.panel_rows <= bias.len());
    assert!(tile.values.len() >= rows * tile.panel_rows);
    let end = hits.len + rows;
    assert!(end <= hits.row.len() && end <= hits.mask.len() && end * PANEL_MAX <= hits.values.len());
}

/// The first `cols` of a row's bits.
fn real(cols: usize) -> u64 {
    if cols >= 64 { u64::MAX } else { (1 << cols) - 1 }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
pub(super) fn look_avx512(tile: &Done, first: usize, cuts: &[f32], bias: &[f32], hits: &mut Hits) {
    check(tile, cuts.len(), bias, hits);
    if tile.panel_rows == 64 {
        look_vectors::<4>(tile, first, cuts, bias, hits);
    } else {
        assert!(tile.panel_rows == 16);
        look_vectors::<1>(tile, first, cuts, bias, hits);
    }
}

/// `V` vectors of 16 entries a row; the caller has checked.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
fn look_vectors<const V: usize>(tile: &Done, first: usize, cuts: &[f32], bias: &[f32], hits: &mut Hits) {
    // SAFETY: col + 16·V lies in the bias.
    let bias: [__m512; V] = std::array::from_fn(|v| unsafe { _mm512_loadu_ps(bias.as_ptr().add(tile.col + v * 16)) });
    let real = real(tile.cols);
    let mut at = hits.len;
    for (i, &cut) in cuts.iter().enumerate() {
        let cut = _mm512_set1_ps(cut);
        let mut mask = 0u64;
        for v in 0..V {
            // SAFETY: a tile has `cuts.len()` rows of 16·V entries, and a slot of the hits has room for as many; at is
            // at most `hits.len + i`.
            unsafe {
                let value = _mm512_add_ps(_mm512_loadu_ps(tile.values.as_ptr().add((i * V + v) * 16)), bias[v]);
                _mm512_storeu_ps(hits.values.as_mut_ptr().add(at * PANEL_MAX + v * 16), value);
                mask |= u64::from(_mm512_cmp_ps_mask::<_CMP_NLT_UQ>(value, cut)) << (v * 16);
            }
        }
        let mask = mask & real;
        // SAFETY: as above.
        unsafe {
            *hits.row.get_unchecked_mut(at) = (first + i) as u32;
            *hits.mask.get_unchecked_mut(at) = mask;
        }
        at += usize::from(mask != 0);
    }
    hits.len = at;
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn look_avx2(tile: &Done, first: usize, cuts: &[f32], bias: &[f32], hits: &mut Hits) {
    check(tile, cuts.len(), bias, hits);
    let real = real(tile.cols);
    let mut at = hits.len;
    for (i, &cut) in cuts.iter().enumerate() {
        let cut = _mm256_set1_ps(cut);
        let mut mask = 0u64;
        for c in (0..tile.panel_rows).step_by(8) {
            // SAFETY: as in `look_vectors`.
            unsafe {
                let sum = _mm256_loadu_ps(tile.values.as_ptr().add(i * tile.panel_rows + c));
                let value = _mm256_add_ps(sum, _mm256_loadu_ps(bias.as_ptr().add(tile.col + c)));
                _mm256_storeu_ps(hits.values.as_mut_ptr().add(at * PANEL_MAX + c), value);
                mask |= u64::from(_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(value, cut)) as u32) << c;
            }
        }
        let mask = mask & real;
        // SAFETY: as above.
        unsafe {
            *hits.row.get_unchecked_mut(at) = (first + i) as u32;
            *hits.mask.get_unchecked_mut(at) = mask;
        }
        at += usize::from(mask != 0);
    }
    hits.len = at;
}

/// Rows whose queues are fetched while earlier ones are filled: together they are larger than L1.
const AHEAD: usize = 6;

/// Up to so many entries of a panel are faster one by one.
const FEW: u32 = 6;

/// `k`: what a threshold is to be reached by. Each noted row's panel: the few entries that are noted, or (at the start) 16 at a time without a branch between them.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,popcnt")]
pub(super) fn drain_avx512(screen: &mut Screen, panel: Panel, k: usize) {
    let (bounds, hits, queues, thresholds) = (screen.bounds, &screen.hits, &mut screen.queues, &mut screen.thresholds);
    let end = panel.col + panel.rows;
    assert!(panel.rows.is_multiple_of(16) && panel.rows <= ROOM.min(PANEL_MAX));
    assert!(end <= bounds.approx_norm.len() && end <= bounds.slack.len() && end <= bounds.bias_slack.len());
    assert!(hits.len <= hits.row.len() && hits.len <= hits.mask.len() && hits.len * PANEL_MAX <= hits.values.len());
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for h in 0..hits.len {
        if let Some(&row) = hits.row[..hits.len].get(h + AHEAD) {
            let queue = &queues[row as usize];
            _mm_prefetch::<_MM_HINT_T0>(queue.lower.as_ptr().wrapping_add(queue.len).cast());
            _mm_prefetch::<_MM_HINT_T0>(queue.upper.as_ptr().wrapping_add(queue.len).cast());
            _mm_prefetch::<_MM_HINT_T0>(queue.column.as_ptr().wrapping_add(queue.len).cast());
        }
        let row = hits.row[h] as usize;
        let queue = &mut queues[row];
        queue.make_room(k);
        thresholds[row] = queue.threshold;
        assert!(queue.has_room());
        if hits.mask[h].count_ones() <= FEW {
            take_bits(hits.mask[h], &hits.values[h * PANEL_MAX..], panel.col, bounds, queue);
            continue;
        }
        let (delta, norm) = (_mm512_set1_ps(queue.delta), _mm512_set1_ps(queue.norm));
        let threshold = _mm512_set1_ps(queue.threshold);
        let (lowers, uppers, columns) = (queue.lower.as_mut_ptr(), queue.upper.as_mut_ptr(), queue.column.as_mut_ptr());
        let mut at = queue.len;
        for v in 0..panel.rows / 16 {
            let j = panel.col + v * 16;
            let noted = (hits.mask[h] >> (v * 16)) as u16;
            // SAFETY: the bounds hold j + 16, the hits a panel a row; there is room for ROOM entries more.
            unsafe {
                let load = |from: &[f32]| _mm512_loadu_ps(from.as_ptr().add(j));
                let value = _mm512_loadu_ps(hits.values.as_ptr().add(h * PANEL_MAX + v * 16));
                let own = _mm512_fmadd_ps(norm, load(bounds.slack), load(&bounds.bias_slack));
                let radius = _mm512_fmadd_ps(delta, load(bounds.approx_norm), own);
                let (lower, upper) = (_mm512_sub_ps(value, radius), _mm512_add_ps(value, radius));
                let keep = _mm512_mask_cmp_ps_mask::<_CMP_NLT_UQ>(noted, upper, threshold);
                let column = _mm512_add_epi32(lanes, _mm512_set1_epi32(j as i32));
                // Compressed in registers: compressing stores are slow on Zen.
                _mm512_storeu_ps(lowers.add(at), _mm512_maskz_compress_ps(keep, lower));
                _mm512_storeu_ps(uppers.add(at), _mm512_maskz_compress_ps(keep, upper));
                _mm512_storeu_si512(columns.add(at).cast(), _mm512_maskz_compress_epi32(keep, column));
                at += keep.count_ones() as usize;
            }
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
