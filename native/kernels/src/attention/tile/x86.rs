//! AVX2 + FMA and AVX-512 forms of the tile. One accumulator a sum, in the order of the reference; products are fused.

use super::super::kv::{KvSlot, PANEL};
use std::arch::x86_64::*;

/// Calls `$f::<R, …>` with R the run-time number of rows.
macro_rules! with_rows {
    ($rows:expr, $f:ident, ($($args:expr),*)) => {
        match $rows {
            1 => $f::<1>($($args),*),
            2 => $f::<2>($($args),*),
            3 => $f::<3>($($args),*),
            4 => $f::<4>($($args),*),
            5 => $f::<5>($($args),*),
            _ => $f::<6>($($args),*),
        }
    };
}

fn check(queries: &[f32], rows: usize, stride: usize, scores: &[f32]) -> usize {
    assert!((1..=super::ROWS).contains(&rows) && scores.len() >= rows * stride && stride.is_multiple_of(PANEL));
    assert!(queries.len().is_multiple_of(rows));
    queries.len() / rows
}

pub fn scores_avx512(slot: &KvSlot, kv_head: usize, queries: &[f32], rows: usize, stride: usize, scores: &mut [f32]) {
    let head_width = check(queries, rows, stride, scores);
    // SAFETY: called at Level::Avx512 only; lengths checked above.
    unsafe { with_rows!(rows, score_rows_512, (slot, kv_head, queries, head_width, stride, scores)) }
}

pub fn scores_avx2(slot: &KvSlot, kv_head: usize, queries: &[f32], rows: usize, stride: usize, scores: &mut [f32]) {
    let head_width = check(queries, rows, stride, scores);
    // SAFETY: called at Level::Avx2 only; lengths checked above.
    unsafe { with_rows!(rows, score_rows_256, (slot, kv_head, queries, head_width, stride, scores)) }
}

/// # Safety
/// `queries` holds R rows of `head_width`, `scores` R rows of `stride`.
#[target_feature(enable = "avx2,avx512f")]
unsafe fn score_rows_512<const R: usize>(
    slot: &KvSlot,
    kv_head: usize,
    queries: &[f32],
    head_width: usize,
    stride: usize,
    scores: &mut [f32],
) {
    let panels = stride / PANEL;
    let q = queries.as_ptr();
    let mut panel = 0;
    while panel < panels {
        let first = slot.key_panel(panel, kv_head);
        // The last panel of an odd number is computed twice into the same place.
        let other = if panel + 1 < panels { panel + 1 } else { panel };
        let second = slot.key_panel(other, kv_head);
        let (p0, p1) = (first.as_ptr(), second.as_ptr());
        let mut acc = [[_mm512_setzero_ps(); 2]; R];
        for e in 0..head_width {
            // SAFETY: e < head_width rows of 16 in each panel; r·head_width + e < queries.len().
            unsafe {
                let (k0, k1) = (_mm512_loadu_ps(p0.add(e * PANEL)), _mm512_loadu_ps(p1.add(e * PANEL)));
                for r in 0..R {
                    let b = _mm512_set1_ps(*q.add(r * head_width + e));
                    acc[r][0] = _mm512_fmadd_ps(b, k0, acc[r][0]);
                    acc[r][1] = _mm512_fmadd_ps(b, k1, acc[r][1]);
                }
            }
        }
        for r in 0..R {
            // SAFETY: both panels lie within row r's stride.
            unsafe {
                let row = scores.as_mut_ptr().add(r * stride);
                _mm512_storeu_ps(row.add(panel * PANEL), acc[r][0]);
                _mm512_storeu_ps(row.add(other * PANEL), acc[r][1]);
            }
        }
        panel += 2;
    }
}

/// # Safety
/// As [`score_rows_512`].
#[target_feature(enable = "avx2,fma")]
unsafe fn score_rows_256<const R: usize>(
    slot: &KvSlot,
    kv_head: usize,
    queries: &[f32],
    head_width: usize,
    stride: usize,
    scores: &mut [f32],
) {
    let q = queries.as_ptr();
    for panel in 0..stride / PANEL {
        let keys = slot.key_panel(panel, kv_head).as_ptr();
        let mut acc = [[_mm256_setzero_ps(); 2]; R];
        for e in 0..head_width {
            // SAFETY: e < head_width rows of 16 in the panel; r·head_width + e < queries.len().
            unsafe {
                let (k0, k1) = (_mm256_loadu_ps(keys.add(e * PANEL)), _mm256_loadu_ps(keys.add(e * PANEL + 8)));
                for r in 0..R {
                    let b = _mm256_set1_ps(*q.add(r * head_width + e));
                    acc[r][0] = _mm256_fmadd_ps(b, k0, acc[r][0]);
                    acc[r][1] = _mm256_fmadd_ps(b, k1, acc[r][1]);
                }
            }
        }
        for r in 0..R {
            // SAFETY: the panel lies within row r's stride.
            unsafe {
                let row = scores.as_mut_ptr().add(r * stride + panel * PANEL);
                _mm256_storeu_ps(row, acc[r][0]);
                _mm256_storeu_ps(row.add(8), acc[r][1]);
            }
        }
    }
}

pub fn values_avx512(
    slot: &KvSlot,
    kv_head: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let (v, v_stride, width) = check_values(slot, kv_head, weights, stride, keys, scale, results);
    let mut column = 0;
    while column < width {
        // SAFETY: called at Level::Avx512 only; every row of v, weights and results was checked to be long enough.
        unsafe {
            if width - column >= 64 {
                with_rows!(results.len(), value_rows_512, (v, v_stride, column, weights, stride, keys, scale, results));
                column += 64;
            } else {
                let lanes = (width - column).min(16);
                with_rows!(results.len(), value_rest_512, (v, v_stride, column, lanes, weights, stride, keys, scale, results));
                column += lanes;
            }
        }
    }
}

pub fn values_avx2(
    slot: &KvSlot,
    kv_head: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let (v, v_stride, width) = check_values(slot, kv_head, weights, stride, keys, scale, results);
    let mut column = 0;
    while column + 16 <= width {
        // SAFETY: called at Level::Avx2 only; every row of v, weights and results was checked to be long enough.
        unsafe { with_rows!(results.len(), value_rows_256, (v, v_stride, column, weights, stride, keys, scale, results)) };
        column += 16;
    }
    // Fewer than 16 columns are left: plain loops.
    for (r, result) in results.iter_mut().enumerate() {
        let rest = &mut result[column..];
        rest.fill(0.0);
        for t in 0..keys {
            let weight = weights[r * stride + t];
            rest.iter_mut().zip(&v[t * v_stride + column..]).for_each(|(y, v)| *y += weight * v);
        }
        rest.iter_mut().for_each(|y| *y *= scale[r]);
    }
}

fn check_values<'a>(
    slot: &'a KvSlot,
    kv_head: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &[&mut [f32]],
) -> (&'a [f32], usize, usize) {
    let (v, v_stride) = slot.values(kv_head);
    let width = results[0].len();
    assert!((1..=super::ROWS).contains(&results.len()) && results.iter().all(|r| r.len() == width));
    assert!(keys >= 1 && keys <= stride && weights.len() >= results.len() * stride && scale.len() >= results.len());
    assert!(v.len() >= (keys - 1) * v_stride + width);
    (v, v_stride, width)
}

/// 64 columns of R rows.
///
/// # Safety
/// `check_values` held for the arguments, R = results.len(), `column + 64` within the width.
#[target_feature(enable = "avx2,avx512f")]
unsafe fn value_rows_512<const R: usize>(
    v: &[f32],
    v_stride: usize,
    column: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let mut acc = [[_mm512_setzero_ps(); 4]; R];
    let w = weights.as_ptr();
    for t in 0..keys {
        // SAFETY: the caller's promise.
        unsafe {
            let row = v.as_ptr().add(t * v_stride + column);
            let values =
                [_mm512_loadu_ps(row), _mm512_loadu_ps(row.add(16)), _mm512_loadu_ps(row.add(32)), _mm512_loadu_ps(row.add(48))];
            for r in 0..R {
                let b = _mm512_set1_ps(*w.add(r * stride + t));
                for c in 0..4 {
                    acc[r][c] = _mm512_fmadd_ps(b, values[c], acc[r][c]);
                }
            }
        }
    }
    for r in 0..R {
        let s = _mm512_set1_ps(scale[r]);
        for c in 0..4 {
            // SAFETY: column + 64 lies within the result.
            unsafe { _mm512_storeu_ps(results[r].as_mut_ptr().add(column + 16 * c), _mm512_mul_ps(acc[r][c], s)) };
        }
    }
}

/// Up to 16 columns of R rows.
///
/// # Safety
/// `check_values` held for the arguments, R = results.len(), `column + lanes` within the width, 1 ≤ lanes ≤ 16.
#[target_feature(enable = "avx2,avx512f")]
unsafe fn value_rest_512<const R: usize>(
    v: &[f32],
    v_stride: usize,
    column: usize,
    lanes: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let mask = (u32::MAX >> (32 - lanes)) as u16;
    let mut acc = [_mm512_setzero_ps(); R];
    for t in 0..keys {
        // SAFETY: the caller's promise; masked lanes are not read.
        unsafe {
            let values = _mm512_maskz_loadu_ps(mask, v.as_ptr().add(t * v_stride + column));
            for r in 0..R {
                let b = _mm512_set1_ps(*weights.as_ptr().add(r * stride + t));
                acc[r] = _mm512_fmadd_ps(b, values, acc[r]);
            }
        }
    }
    for r in 0..R {
        // SAFETY: column + lanes lies within the result; masked lanes are not written.
        unsafe {
            _mm512_mask_storeu_ps(results[r].as_mut_ptr().add(column), mask, _mm512_mul_ps(acc[r], _mm512_set1_ps(scale[r])))
        };
    }
}

/// 16 columns of R rows.
///
/// # Safety
/// `check_values` held for the arguments, R = results.len(), `column + 16` within the width.
#[target_feature(enable = "avx2,fma")]
unsafe fn value_rows_256<const R: usize>(
    v: &[f32],
    v_stride: usize,
    column: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let mut acc = [[_mm256_setzero_ps(); 2]; R];
    for t in 0..keys {
        // SAFETY: the caller's promise.
        unsafe {
            let row = v.as_ptr().add(t * v_stride + column);
            let (v0, v1) = (_mm256_loadu_ps(row), _mm256_loadu_ps(row.add(8)));
            for r in 0..R {
                let b = _mm256_set1_ps(*weights.as_ptr().add(r * stride + t));
                acc[r][0] = _mm256_fmadd_ps(b, v0, acc[r][0]);
                acc[r][1] = _mm256_fmadd_ps(b, v1, acc[r][1]);
            }
        }
    }
    for r in 0..R {
        let s = _mm256_set1_ps(scale[r]);
        // SAFETY: column + 16 lies within the result.
        unsafe {
            let y = results[r].as_mut_ptr().add(column);
            _mm256_storeu_ps(y, _mm256_mul_ps(acc[r][0], s));
            _mm256_storeu_ps(y.add(8), _mm256_mul_ps(acc[r][1], s));
        }
    }
}
