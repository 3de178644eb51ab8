//! Sixteen outputs a register, four weights along k a lane: `vpdpbusd` on bytes without sign times the high and the low
//! byte of a 16-bit x. The i32 sum of a block is exact.

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};
use std::arch::x86_64::*;

/// How far ahead of the loads memory is asked for.
const AHEAD: usize = 4096;

/// # Safety
/// As [`super::tile::TileFn`]; `t.wide` is set.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) unsafe fn tile<const R: usize, const KIND: u8>(t: &Tile) {
    let kind = kind_of(KIND);
    let nibble = _mm512_set1_epi8(15);
    let sign = _mm512_set1_epi8(-128);
    let mut acc = [_mm512_setzero_ps(); R];
    // SAFETY: every access lies inside the extents that the caller vouches for; prefetches touch nothing.
    unsafe {
        let (mut w, mut high, mut low) = (t.w, t.wide.high, t.wide.low);
        for b in 0..t.blocks {
            for line in (0..kind.panel_block()).step_by(64) {
                _mm_prefetch::<_MM_HINT_T0>(w.wrapping_add(AHEAD + line).cast());
            }
            let q = w.add(kind.quants_at());
            let (mut tops, mut rests) = ([_mm512_setzero_si512(); R], [_mm512_setzero_si512(); R]);
            macro_rules! add {
                ($weights:expr, $j:expr) => {
                    let weights = $weights;
                    for r in 0..R {
                        let at = r * t.k + $j;
                        tops[r] =
                            _mm512_dpbusd_epi32(tops[r], weights, _mm512_set1_epi32(high.add(at).cast::<i32>().read_unaligned()));
                        rests[r] =
                            _mm512_dpbusd_epi32(rests[r], weights, _mm512_set1_epi32(low.add(at).cast::<i32>().read_unaligned()));
                    }
                };
            }
            if let BlockKind::Q8_0 = kind {
                for j in (0..BLOCK).step_by(4) {
                    // q + 128; 128·Σx is taken away below.
                    add!(_mm512_xor_si512(_mm512_loadu_si512(q.add(j * PANEL).cast()), sign), j);
                }
            } else {
                for j in (0..BLOCK).step_by(8) {
                    let pairs = _mm512_loadu_si512(q.add(j * PANEL / 2).cast());
                    add!(_mm512_and_si512(pairs, nibble), j);
                    add!(_mm512_and_si512(_mm512_srli_epi32::<4>(pairs), nibble), j + 4);
                }
            }
            let d = _mm512_cvtph_ps(_mm256_load_si256(w.cast()));
            for r in 0..R {
                let sum = _mm512_set1_epi32(*t.wide.sums.add(r * t.blocks + b));
                let whole = _mm512_add_epi32(_mm512_slli_epi32::<8>(tops[r]), rests[r]);
                let value = match kind {
                    BlockKind::Q4_0 => _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_sub_epi32(whole, _mm512_slli_epi32::<3>(sum)))),
                    BlockKind::Q8_0 => _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_sub_epi32(whole, _mm512_slli_epi32::<7>(sum)))),
                    BlockKind::Q4_1 => {
                        let min = _mm512_cvtph_ps(_mm256_load_si256(w.add(2 * PANEL).cast()));
                        _mm512_fmadd_ps(min, _mm512_cvtepi32_ps(sum), _mm512_mul_ps(d, _mm512_cvtepi32_ps(whole)))
                    }
                };
                acc[r] = _mm512_fmadd_ps(value, _mm512_set1_ps(*t.wide.scales.add(r * t.blocks + b)), acc[r]);
            }
            w = w.add(kind.panel_block());
            high = high.add(BLOCK);
            low = low.add(BLOCK);
        }
        for r in 0..R {
            _mm512_storeu_ps(t.out.add(r).cast(), acc[r]);
        }
    }
}
