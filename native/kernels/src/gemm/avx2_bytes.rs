//! 6 × 16 by `vpmaddubsw` and 16-bit sums over a block of 64 along k. No such sum can overflow (see
//! `packed_panel::bytes`), so partial sums may wrap, offset of w included; blocks are added in i32.

use super::tile::Tile;
use crate::packed_panel::BLOCK_STEPS;
use std::arch::x86_64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold whole blocks of bytes, the scales are set.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    let ones = _mm256_set1_epi16(1);
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let sums = t.sums.cast::<__m256i>();
        if t.first {
            for at in 0..2 * R {
                _mm256_storeu_si256(sums.add(at), _mm256_setzero_si256());
            }
        }
        let mut w = t.w.cast::<__m256i>();
        let mut x = t.x;
        for _ in 0..t.steps / BLOCK_STEPS {
            let mut acc = [[_mm256_setzero_si256(); 2]; R];
            for r in 0..R {
                acc[r] = [_mm256_set1_epi32(x.add(r * t.x_stride).cast::<i32>().read_unaligned()); 2];
            }
            x = x.add(4);
            for _ in 0..BLOCK_STEPS {
                let wv: [__m256i; 2] = std::array::from_fn(|v| _mm256_load_si256(w.add(v)));
                for r in 0..R {
                    let xv = _mm256_set1_epi32(x.add(r * t.x_stride).cast::<i32>().read_unaligned());
                    let products: [__m256i; 2] = std::array::from_fn(|v| _mm256_maddubs_epi16(wv[v], xv));
                    for v in 0..2 {
                        acc[r][v] = _mm256_add_epi16(acc[r][v], products[v]);
                    }
                }
                w = w.add(2);
                x = x.add(4);
            }
            for r in 0..R {
                for v in 0..2 {
                    let to = sums.add(2 * r + v);
                    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_madd_epi16(acc[r][v], ones)));
                }
            }
        }
        if t.last {
            for r in 0..R {
                for v in 0..2 {
                    let to = t.sums.add(r * 16 + v * 8);
                    let whole = _mm256_cvtepi32_ps(_mm256_loadu_si256(to.cast()));
                    let scaled = _mm256_mul_ps(whole, _mm256_set1_ps(*t.x_scale.add(r)));
                    _mm256_storeu_ps(to, _mm256_mul_ps(scaled, _mm256_loadu_ps(t.w_scale.add(v * 8))));
                }
            }
        }
    }
}
