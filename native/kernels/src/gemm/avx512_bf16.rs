//! 6 × 64 by `vdpbf16ps`: 24 accumulators, 4 loads of w and 6 broadcasts for 24 products of pairs.

use super::tile::{Tile, fetch};
use std::arch::x86_64::*;
use std::mem::transmute;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold bf16 pairs.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")]
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
        let mut w = t.w.cast::<__m512i>();
        let mut x = t.x;
        let (mut left, mut ahead) = (t.steps, t.ahead);
        while left > 0 {
            fetch::<4>(ahead);
            ahead = ahead.wrapping_add(256);
            let run = left.min(t.gap);
            for _ in 0..run {
                let wv: [__m512bh; 4] = std::array::from_fn(|v| transmute::<__m512i, __m512bh>(_mm512_load_si512(w.add(v))));
                for r in 0..R {
                    let pair = x.add(r * t.x_stride).cast::<i32>().read_unaligned();
                    let xv = transmute::<__m512i, __m512bh>(_mm512_set1_epi32(pair));
                    for v in 0..4 {
                        acc[r][v] = _mm512_dpbf16_ps(acc[r][v], wv[v], xv);
                    }
                }
                w = w.add(4);
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
