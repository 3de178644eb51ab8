//! 6 × 64 by `vpdpwssd` on scaled i16 pairs. The full i32 sum cannot overflow (see `packed_panel`), so partial sums may
//! wrap. The scale of a row or output with NaN or inf is NaN.

use super::tile::Tile;
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold i16 pairs, the scales are set.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[_mm512_setzero_si512(); 4]; R];
        if !t.first {
            for r in 0..R {
                for v in 0..4 {
                    acc[r][v] = _mm512_loadu_si512(t.sums.add(r * 64 + v * 16).cast());
                }
            }
        }
        let mut w = t.w.cast::<__m512i>();
        let mut x = t.x;
        for _ in 0..t.steps {
            let wv: [__m512i; 4] = std::array::from_fn(|v| _mm512_load_si512(w.add(v)));
            for r in 0..R {
                let xv = _mm512_set1_epi32(x.add(r * t.x_stride).cast::<i32>().read_unaligned());
                for v in 0..4 {
                    acc[r][v] = _mm512_dpwssd_epi32(acc[r][v], wv[v], xv);
                }
            }
            w = w.add(4);
            x = x.add(4);
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
