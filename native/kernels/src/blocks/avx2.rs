//! Eight outputs a register, the two halves of a panel in turn.

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};
use std::arch::x86_64::*;

/// How far ahead of the loads memory is asked for.
const AHEAD: usize = 4096;

/// # Safety
/// As [`super::tile::TileFn`].
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn tile<const R: usize, const KIND: u8>(t: &Tile) {
    let kind = kind_of(KIND);
    let low = _mm256_set1_epi32(15);
    let mut acc = [[_mm256_setzero_ps(); R]; 2];
    // SAFETY: every access lies inside the extents that the caller vouches for; prefetches touch nothing.
    unsafe {
        let (mut w, mut x) = (t.w, t.x);
        for b in 0..t.blocks {
            for line in (0..kind.panel_block()).step_by(64) {
                _mm_prefetch::<_MM_HINT_T0>(w.wrapping_add(AHEAD + line).cast());
            }
            for half in 0..2 {
                let d = _mm256_cvtph_ps(_mm_load_si128(w.add(16 * half).cast()));
                let q = w.add(kind.quants_at());
                let (mut even, mut odd) = ([_mm256_setzero_ps(); R], [_mm256_setzero_ps(); R]);
                // Written out: an inner loop would keep the sums in memory.
                macro_rules! add {
                    ($parts:ident, $quants:expr, $j:expr) => {
                        let weights = _mm256_cvtepi32_ps($quants);
                        for r in 0..R {
                            $parts[r] = _mm256_fmadd_ps(weights, _mm256_set1_ps(*x.add(r * t.k + $j)), $parts[r]);
                        }
                    };
                }
                if let BlockKind::Q8_0 = kind {
                    let q = q.add(8 * half);
                    for j in (0..BLOCK).step_by(2) {
                        add!(even, _mm256_cvtepi8_epi32(_mm_loadl_epi64(q.add(j * PANEL).cast())), j);
                        add!(odd, _mm256_cvtepi8_epi32(_mm_loadl_epi64(q.add((j + 1) * PANEL).cast())), j + 1);
                    }
                } else {
                    for j in (0..BLOCK).step_by(8) {
                        let nibbles = _mm256_load_si256(q.add(j * PANEL / 2 + 32 * half).cast());
                        add!(even, _mm256_and_si256(nibbles, low), j);
                        add!(odd, _mm256_and_si256(_mm256_srli_epi32::<4>(nibbles), low), j + 1);
                        add!(even, _mm256_and_si256(_mm256_srli_epi32::<8>(nibbles), low), j + 2);
                        add!(odd, _mm256_and_si256(_mm256_srli_epi32::<12>(nibbles), low), j + 3);
                        add!(even, _mm256_and_si256(_mm256_srli_epi32::<16>(nibbles), low), j + 4);
                        add!(odd, _mm256_and_si256(_mm256_srli_epi32::<20>(nibbles), low), j + 5);
                        add!(even, _mm256_and_si256(_mm256_srli_epi32::<24>(nibbles), low), j + 6);
                        add!(odd, _mm256_srli_epi32::<28>(nibbles), j + 7);
                    }
                }
                let min = match kind {
                    BlockKind::Q4_0 => _mm256_mul_ps(d, _mm256_set1_ps(-8.0)),
                    BlockKind::Q4_1 => _mm256_cvtph_ps(_mm_load_si128(w.add(2 * PANEL + 16 * half).cast())),
                    BlockKind::Q8_0 => _mm256_setzero_ps(),
                };
                let acc = &mut acc[half];
                for r in 0..R {
                    acc[r] = _mm256_fmadd_ps(d, _mm256_add_ps(even[r], odd[r]), acc[r]);
                    if !matches!(kind, BlockKind::Q8_0) {
                        acc[r] = _mm256_fmadd_ps(min, _mm256_set1_ps(*t.sums.add(r * t.blocks + b)), acc[r]);
                    }
                }
            }
            w = w.add(kind.panel_block());
            x = x.add(BLOCK);
        }
        for r in 0..R {
            let out = t.out.add(r).cast::<f32>();
            _mm256_storeu_ps(out, acc[0][r]);
            _mm256_storeu_ps(out.add(8), acc[1][r]);
        }
    }
}
