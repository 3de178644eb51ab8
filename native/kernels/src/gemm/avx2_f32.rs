//! 6 × 16 by AVX2 FMA in f32.

use super::tile::{Tile, fetch};
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold f32.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[_mm256_setzero_ps(); 2]; R];
        if !t.first {
            for r in 0..R {
                for v in 0..2 {
                    acc[r][v] = _mm256_loadu_ps(t.sums.add(r * 16 + v * 8));
                }
            }
        }
        let mut w = t.w.cast::<f32>();
        let mut x = t.x;
        let (mut left, mut ahead) = (t.steps, t.ahead);
        while left > 0 {
            fetch::<1>(ahead);
            ahead = ahead.wrapping_add(64);
            let run = left.min(t.gap);
            for _ in 0..run {
                let wv: [__m256; 2] = std::array::from_fn(|v| _mm256_load_ps(w.add(v * 8)));
                for r in 0..R {
                    let xv = _mm256_set1_ps(x.add(r * t.x_stride).cast::<f32>().read_unaligned());
                    for v in 0..2 {
                        acc[r][v] = _mm256_fmadd_ps(wv[v], xv, acc[r][v]);
                    }
                }
                w = w.add(16);
                x = x.add(4);
            }
            left -= run;
        }
        for r in 0..R {
            for v in 0..2 {
                _mm256_storeu_ps(t.sums.add(r * 16 + v * 8), acc[r][v]);
            }
        }
    }
}
