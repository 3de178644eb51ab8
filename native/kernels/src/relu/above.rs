//! Which entries of a tile's line may be above their threshold.

use crate::cpu::CpuPath;
use crate::gemm::Done;
use crate::simd::{Level, level};
use crate::topk::Bounds;

/// Bit c: the upper bound of entry c of `line` (outputs `tile.col + c`) is above its floor, or says nothing (NaN). `radii`:
/// ‖x − x̂‖ and ‖x‖.
#[inline]
pub(super) fn may_be_above(path: CpuPath, line: &[f32], tile: &Done, bounds: &Bounds, floors: &[f32], radii: (f32, f32)) -> u64 {
    let (col, width) = (tile.col, line.len());
    let end = col + width;
    assert!(width.is_multiple_of(16) && width <= 64);
    assert!(end <= bounds.slack.len() && end <= bounds.approx_norm.len());
    assert!(end <= bounds.bias.len() && end <= bounds.bias_slack.len() && end <= floors.len());
    let real = if tile.cols >= 64 { u64::MAX } else { (1 << tile.cols) - 1 };
    real & match level(path) {
        // SAFETY: `level` names only instructions that this CPU has; the assertions hold all accesses.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::avx512(line, col, bounds, floors, radii) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::avx2(line, col, bounds, floors, radii) },
        _ => plain(line, col, bounds, floors, radii),
    }
}

fn plain(line: &[f32], col: usize, bounds: &Bounds, floors: &[f32], (delta, norm): (f32, f32)) -> u64 {
    line.iter().enumerate().fold(0, |mask, (c, value)| {
        let j = col + c;
        let radius = delta * bounds.approx_norm[j] + norm * bounds.slack[j] + bounds.bias_slack[j];
        let upper = value + bounds.bias[j] + radius;
        mask | u64::from(upper > floors[j] || upper.is_nan()) << c
    })
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Bounds;
    use std::arch::x86_64::*;

    /// # Safety
    /// `line` is a multiple of 16 long, at most 64, and `col + line.len()` lies in `floors` and in every array of `bounds`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
    pub(super) unsafe fn avx512(line: &[f32], col: usize, bounds: &Bounds, floors: &[f32], (delta, norm): (f32, f32)) -> u64 {
        let (delta, norm) = (_mm512_set1_ps(delta), _mm512_set1_ps(norm));
        let mut mask = 0;
        for c in (0..line.len()).step_by(16) {
            // SAFETY: by the caller's promise c + 16 lies in the line and col + c + 16 in the arrays.
            let keep = unsafe {
                let load = |from: &[f32]| _mm512_loadu_ps(from.as_ptr().add(col + c));
                let value = _mm512_add_ps(_mm512_loadu_ps(line.as_ptr().add(c)), load(&bounds.bias));
                let own = _mm512_fmadd_ps(norm, load(bounds.slack), load(&bounds.bias_slack));
                let radius = _mm512_fmadd_ps(delta, load(bounds.approx_norm), own);
                _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(_mm512_add_ps(value, radius), load(floors))
            };
            mask |= u64::from(keep) << c;
        }
        mask
    }

    /// # Safety
    /// As [`avx512`].
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(line: &[f32], col: usize, bounds: &Bounds, floors: &[f32], (delta, norm): (f32, f32)) -> u64 {
        let (delta, norm) = (_mm256_set1_ps(delta), _mm256_set1_ps(norm));
        let mut mask = 0;
        for c in (0..line.len()).step_by(8) {
            // SAFETY: by the caller's promise c + 8 lies in the line and col + c + 8 in the arrays.
            let keep = unsafe {
                let load = |from: &[f32]| _mm256_loadu_ps(from.as_ptr().add(col + c));
                let value = _mm256_add_ps(_mm256_loadu_ps(line.as_ptr().add(c)), load(&bounds.bias));
                let own = _mm256_fmadd_ps(norm, load(bounds.slack), load(&bounds.bias_slack));
                let radius = _mm256_fmadd_ps(delta, load(bounds.approx_norm), own);
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLE_UQ>(_mm256_add_ps(value, radius), load(floors))) as u64
            };
            mask |= keep << c;
        }
        mask
    }
}
