//! 6 × 64 by `vpdpbusd`: bytes of w without sign times bytes of x with sign, four along k a lane, exact sums in i32.

use super::tile::{Tile, fetch};
use crate::packed_panel::BLOCK_STEPS;
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold whole blocks of bytes, the scales are set.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[_mm512_setzero_si512(); 4]; R];
        for r in 0..R {
            for v in 0..4 {
                if !t.first {
                    acc[r][v] = _mm512_loadu_si512(t.sums.add(r * 64 + v * 16).cast());
                } else if t.steps > 0 {
                    acc[r][v] = _mm512_set1_epi32(t.x.add(r * t.x_stride).cast::<i32>().read_unaligned());
                }
            }
        }
        let mut w = t.w.cast::<__m512i>();
        let mut x = t.x;
        let (mut ahead, mut until) = (t.ahead, 0);
        for _ in 0..t.steps / BLOCK_STEPS {
            x = x.add(4);
            for _ in 0..BLOCK_STEPS {
                if until == 0 {
                    fetch::<4>(ahead);
                    (ahead, until) = (ahead.wrapping_add(256), t.gap);
                }
                until -= 1;
                let wv: [__m512i; 4] = std::array::from_fn(|v| _mm512_load_si512(w.add(v)));
                for r in 0..R {
                    let xv = _mm512_set1_epi32(x.add(r * t.x_stride).cast::<i32>().read_unaligned());
                    for v in 0..4 {
                        acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], wv[v], xv);
                    }
                }
                w = w.add(4);
                x = x.add(4);
            }
        }
        for r in 0..R {
            for v in 0..4 {
                let to = t.sums.add(r * 64 + v * 16);
                if t.last {
                    let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[r][v]), _mm512_set1_ps(*t.x_scale.add(r)));
                    _mm512_storeu_ps(to, _mm512_mul_ps(scaled, _mm512_loadu_ps(t.w_scale.add(v * 16))));
                } else {
                    _mm512_storeu_si512(to.cast(), acc[r][v]);
                }
            }
        }
    }
}
