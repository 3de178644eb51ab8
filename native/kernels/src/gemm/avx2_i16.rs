//! 6 × 16 by `vpmaddwd` on scaled i16 pairs. The full i32 sum cannot overflow (see `packed_panel`), so partial sums may
//! wrap. The scale of a row or output with NaN or inf is NaN.

use super::tile::{Tile, fetch};
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold i16 pairs, the scales are set.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[_mm256_setzero_si256(); 2]; R];
        if !t.first {
            for r in 0..R {
                for v in 0..2 {
                    acc[r][v] = _mm256_loadu_si256(t.sums.add(r * 16 + v * 8).cast());
                }
            }
        }
        let mut w = t.w.cast::<__m256i>();
        let mut x = t.x;
        let (mut left, mut ahead) = (t.steps, t.ahead);
        while left > 0 {
            fetch::<1>(ahead);
            ahead = ahead.wrapping_add(64);
            let run = left.min(t.gap);
            for _ in 0..run {
                let wv: [__m256i; 2] = std::array::from_fn(|v| _mm256_load_si256(w.add(v)));
                for r in 0..R {
                    let xv = _mm256_set1_epi32(x.add(r * t.x_stride).cast::<i32>().read_unaligned());
                    // A row's products before its sums: measured faster than in turn.
                    let products: [__m256i; 2] = std::array::from_fn(|v| _mm256_madd_epi16(wv[v], xv));
                    for v in 0..2 {
                        acc[r][v] = _mm256_add_epi32(acc[r][v], products[v]);
                    }
                }
                w = w.add(2);
                x = x.add(4);
            }
            left -= run;
        }
        for r in 0..R {
            for v in 0..2 {
                let to = t.sums.add(r * 16 + v * 8);
                if t.last {
                    let scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[r][v]), _mm256_set1_ps(*t.x_scale.add(r)));
                    _mm256_storeu_ps(to, _mm256_mul_ps(scaled, _mm256_loadu_ps(t.w_scale.add(v * 8))));
                } else {
                    _mm256_storeu_si256(to.cast(), acc[r][v]);
                }
            }
        }
    }
}
