//! Eight outputs a register, two weights along k a lane: `vpmaddwd` of the stored numbers, widened to 16 bits where they lie,
//! times a 16-bit x. The i32 sum of a block is exact and the one of [`super::avx512`], and so is the order of the rest.

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};
use std::arch::x86_64::*;

/// How far ahead of the loads memory is asked for.
const AHEAD: usize = 4096;

/// # Safety
/// As [`super::tile::TileFn`]; `t.wide.words` is set.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn tile<const R: usize, const KIND: u8>(t: &Tile) {
    let kind = kind_of(KIND);
    let nibble = _mm256_set1_epi16(15);
    let mut acc = [[_mm256_setzero_ps(); R]; 2];
    // Unrolled, the weights of all rounds would be unpacked first and lie on the stack until their turn.
    let rounds = std::hint::black_box(BLOCK / 8);
    // SAFETY: every access lies inside the extents that the caller vouches for; prefetches touch nothing.
    unsafe {
        let (mut w, mut x) = (t.w, t.wide.words);
        for b in 0..t.blocks {
            for line in (0..kind.panel_block()).step_by(64) {
                _mm_prefetch::<_MM_HINT_T0>(w.wrapping_add(AHEAD + line).cast());
            }
            let mut q = w.add(kind.quants_at());
            let mut sums = [[_mm256_setzero_si256(); R]; 2];
            // Two weights of each output, and the two of x from `x + j` on.
            macro_rules! add {
                ($halves:expr, $x:expr, $j:expr) => {
                    let [first, second] = $halves;
                    for r in 0..R {
                        let x = _mm256_set1_epi32($x.add(r * t.k + $j).cast::<i32>().read_unaligned());
                        sums[0][r] = _mm256_add_epi32(sums[0][r], _mm256_madd_epi16(first, x));
                        sums[1][r] = _mm256_add_epi32(sums[1][r], _mm256_madd_epi16(second, x));
                    }
                };
            }
            let halves = |q: *const u8| [0, 32].map(|half| _mm256_load_si256(q.add(half).cast()));
            let mut at = x;
            if let BlockKind::Q8_0 = kind {
                for _ in 0..rounds * 2 {
                    let fours = halves(q);
                    add!(fours.map(|v| _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(v))), at, 0);
                    add!(fours.map(|v| _mm256_srai_epi16::<8>(v)), at, 2);
                    (q, at) = (q.add(4 * PANEL), at.add(4));
                }
            } else {
                for _ in 0..rounds {
                    let eights = halves(q);
                    add!(eights.map(|v| _mm256_and_si256(v, nibble)), at, 0);
                    add!(eights.map(|v| _mm256_and_si256(_mm256_srli_epi16::<8>(v), nibble)), at, 2);
                    add!(eights.map(|v| _mm256_and_si256(_mm256_srli_epi16::<4>(v), nibble)), at, 4);
                    add!(eights.map(|v| _mm256_srli_epi16::<12>(v)), at, 6);
                    (q, at) = (q.add(4 * PANEL), at.add(8));
                }
            }
            for half in 0..2 {
                let d = _mm256_cvtph_ps(_mm_load_si128(w.add(16 * half).cast()));
                let (acc, sums) = (&mut acc[half], &sums[half]);
                for r in 0..R {
                    let sum = _mm256_set1_epi32(*t.wide.sums.add(r * t.blocks + b));
                    let value = match kind {
                        BlockKind::Q8_0 => _mm256_mul_ps(d, _mm256_cvtepi32_ps(sums[r])),
                        BlockKind::Q4_0 => {
                            _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_sub_epi32(sums[r], _mm256_slli_epi32::<3>(sum))))
                        }
                        BlockKind::Q4_1 => {
                            let min = _mm256_cvtph_ps(_mm_load_si128(w.add(2 * PANEL + 16 * half).cast()));
                            _mm256_fmadd_ps(min, _mm256_cvtepi32_ps(sum), _mm256_mul_ps(d, _mm256_cvtepi32_ps(sums[r])))
                        }
                    };
                    acc[r] = _mm256_fmadd_ps(value, _mm256_set1_ps(*t.wide.scales.add(r * t.blocks + b)), acc[r]);
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
