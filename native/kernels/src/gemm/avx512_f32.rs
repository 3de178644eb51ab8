//! 6 × 64 by AVX-512 FMA in f32.

use super::tile::{Tile, fetch};
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold f32.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[_mm512_setzero_ps(); 4]; R];
        if !t.first {
            for r in 0..R {
                for v in 0..4 {
                    acc[r][v] = _mm512_loadu_ps(t.sums.add(r * 64 + v * 16));
                }
            }
        }
        let mut w = t.w.cast::<f32>();
        let mut x = t.x;
        let (mut left, mut ahead) = (t.steps, t.ahead);
        while left > 0 {
            fetch::<4>(ahead);
            ahead = ahead.wrapping_add(256);
            let run = left.min(t.gap);
            for _ in 0..run {
                let wv: [__m512; 4] = std::array::from_fn(|v| _mm512_load_ps(w.add(v * 16)));
                for r in 0..R {
                    let xv = _mm512_set1_ps(x.add(r * t.x_stride).cast::<f32>().read_unaligned());
                    for v in 0..4 {
                        acc[r][v] = _mm512_fmadd_ps(wv[v], xv, acc[r][v]);
                    }
                }
                w = w.add(64);
                x = x.add(4);
            }
            left -= run;
        }
        for r in 0..R {
            for v in 0..4 {
                _mm512_storeu_ps(t.sums.add(r * 64 + v * 16), acc[r][v]);
            }
        }
    }
}
