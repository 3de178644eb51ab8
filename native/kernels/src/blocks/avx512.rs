//! Sixteen outputs a register. A nibble becomes f32 by one look-up (`vpermps` reads the low four bits of each lane).

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};
use std::arch::x86_64::*;

/// How far ahead of the loads memory is asked for.
const AHEAD: usize = 4096;

/// # Safety
/// As [`super::tile::TileFn`].
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
pub(super) unsafe fn tile<const R: usize, const KIND: u8>(t: &Tile) {
    let kind = kind_of(KIND);
    let table = _mm512_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0);
    let mut acc = [_mm512_setzero_ps(); R];
    // SAFETY: every access lies inside the extents that the caller vouches for; prefetches touch nothing.
    unsafe {
        let (mut w, mut x) = (t.w, t.x);
        for b in 0..t.blocks {
            for line in (0..kind.panel_block()).step_by(64) {
                _mm_prefetch::<_MM_HINT_T0>(w.wrapping_add(AHEAD + line).cast());
            }
            let d = _mm512_cvtph_ps(_mm256_load_si256(w.cast()));
            let q = w.add(kind.quants_at());
            let (mut even, mut odd) = ([_mm512_setzero_ps(); R], [_mm512_setzero_ps(); R]);
            // Written out: an inner loop would keep the sums in memory.
            macro_rules! add {
                ($parts:ident, $weights:expr, $j:expr) => {
                    let weights = $weights;
                    for r in 0..R {
                        $parts[r] = _mm512_fmadd_ps(weights, _mm512_set1_ps(*x.add(r * t.k + $j)), $parts[r]);
                    }
                };
            }
            if let BlockKind::Q8_0 = kind {
                for j in (0..BLOCK).step_by(2) {
                    add!(even, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(q.add(j * PANEL).cast()))), j);
                    add!(odd, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(q.add((j + 1) * PANEL).cast()))), j + 1);
                }
            } else {
                for j in (0..BLOCK).step_by(8) {
                    let nibbles = _mm512_loadu_si512(q.add(j * PANEL / 2).cast());
                    add!(even, _mm512_permutexvar_ps(nibbles, table), j);
                    add!(odd, _mm512_permutexvar_ps(_mm512_srli_epi32::<4>(nibbles), table), j + 1);
                    add!(even, _mm512_permutexvar_ps(_mm512_srli_epi32::<8>(nibbles), table), j + 2);
                    add!(odd, _mm512_permutexvar_ps(_mm512_srli_epi32::<12>(nibbles), table), j + 3);
                    add!(even, _mm512_permutexvar_ps(_mm512_srli_epi32::<16>(nibbles), table), j + 4);
                    add!(odd, _mm512_permutexvar_ps(_mm512_srli_epi32::<20>(nibbles), table), j + 5);
                    add!(even, _mm512_permutexvar_ps(_mm512_srli_epi32::<24>(nibbles), table), j + 6);
                    add!(odd, _mm512_permutexvar_ps(_mm512_srli_epi32::<28>(nibbles), table), j + 7);
                }
            }
            let min = match kind {
                BlockKind::Q4_0 => _mm512_mul_ps(d, _mm512_set1_ps(-8.0)),
                BlockKind::Q4_1 => _mm512_cvtph_ps(_mm256_load_si256(w.add(2 * PANEL).cast())),
                BlockKind::Q8_0 => _mm512_setzero_ps(),
            };
            for r in 0..R {
                acc[r] = _mm512_fmadd_ps(d, _mm512_add_ps(even[r], odd[r]), acc[r]);
                if !matches!(kind, BlockKind::Q8_0) {
                    acc[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(*t.sums.add(r * t.blocks + b)), acc[r]);
                }
            }
            w = w.add(kind.panel_block());
            x = x.add(BLOCK);
        }
        for r in 0..R {
            _mm512_storeu_ps(t.out.add(r).cast(), acc[r]);
        }
    }
}
