//! x as a kernel wants it: f32 with the sum of each block, or 16-bit integers with a scale a block.

use super::layout::BLOCK;

/// Largest |q|: its high byte, rounded, is at most 127.
#[cfg(target_arch = "x86_64")]
const MOST: f32 = 32_639.0;

/// Σ x of every block, `[m, k/32]`: lanes of 8, then halves.
pub(super) fn block_sums(x: &[f32]) -> Vec<f32> {
    let (blocks, _) = x.as_chunks::<BLOCK>();
    let sum = |x: &[f32; BLOCK]| {
        let mut lanes = [0f32; 8];
        for x in x.as_chunks::<8>().0 {
            for l in 0..8 {
                lanes[l] += x[l];
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    };
    blocks.iter().map(sum).collect()
}

/// x ≈ s·(256·high + low), s the block's; |error| ≤ s/2, the block's largest |x| over 65,278.
#[derive(Default)]
pub(super) struct Wide {
    /// `[m, k]`
    pub high: Vec<i8>,
    pub low: Vec<i8>,
    /// `[m, k/32]`
    pub scales: Vec<f32>,
    /// Σ of the block's integers.
    pub sums: Vec<i32>,
}

#[cfg(target_arch = "x86_64")]
impl Wide {
    /// A block with NaN or infinity gets the scale NaN and zeros.
    #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
    pub fn of(x: &[f32]) -> Self {
        let (blocks, _) = x.as_chunks::<BLOCK>();
        let mut wide =
            Self { high: vec![0; x.len()], low: vec![0; x.len()], scales: vec![0.0; blocks.len()], sums: vec![0; blocks.len()] };
        let bytes = wide.high.as_chunks_mut::<BLOCK>().0.iter_mut().zip(wide.low.as_chunks_mut::<BLOCK>().0);
        let numbers = wide.scales.iter_mut().zip(&mut wide.sums);
        for ((x, (high, low)), (scale, sum)) in blocks.iter().zip(bytes).zip(numbers) {
            (*scale, *sum) = widen(x, high, low);
        }
        wide
    }
}

/// The integers of one block, by bytes; their scale and their sum.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
fn widen(x: &[f32; BLOCK], high: &mut [i8; BLOCK], low: &mut [i8; BLOCK]) -> (f32, i32) {
    use std::arch::x86_64::*;
    /// NaN of either kind and infinity of either sign.
    const NOT_FINITE: i32 = 0x99;
    /// Adding 1.5·2²³ leaves the nearest integer in the low bits.
    const MAGIC: f32 = 12_582_912.0;
    // SAFETY: each array holds two halves of 16.
    let halves = unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] };
    if halves.iter().any(|x| _mm512_fpclass_ps_mask::<NOT_FINITE>(*x) != 0) {
        return (f32::NAN, 0);
    }
    let most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(halves[0]), _mm512_abs_ps(halves[1])));
    // Less would make the reciprocal infinite.
    if most < 1e-30 {
        return (0.0, 0);
    }
    let (inverse, magic) = (_mm512_set1_ps(MOST / most), _mm512_set1_ps(MAGIC));
    let mut total = _mm512_setzero_si512();
    for (half, x) in halves.into_iter().enumerate() {
        let shifted = _mm512_castps_si512(_mm512_add_ps(_mm512_mul_ps(x, inverse), magic));
        let q = _mm512_sub_epi32(shifted, _mm512_castps_si512(magic));
        let top = _mm512_srai_epi32::<8>(_mm512_add_epi32(q, _mm512_set1_epi32(128)));
        let rest = _mm512_sub_epi32(q, _mm512_slli_epi32::<8>(top));
        // SAFETY: 16 bytes from 16·half on.
        unsafe {
            _mm_storeu_si128(high.as_mut_ptr().add(16 * half).cast(), _mm512_cvtepi32_epi8(top));
            _mm_storeu_si128(low.as_mut_ptr().add(16 * half).cast(), _mm512_cvtepi32_epi8(rest));
        }
        total = _mm512_add_epi32(total, q);
    }
    (most / MOST, _mm512_reduce_add_epi32(total))
}
