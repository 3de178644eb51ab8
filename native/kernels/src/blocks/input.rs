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

/// x ≈ s·q, s the block's, |q| ≤ 32,639; |error| ≤ s/2, the block's largest |x| over 65,278. q = 256·high + low, or a word.
#[derive(Default)]
pub(super) struct Wide {
    /// `[m, k]`, or nothing
    pub high: Vec<i8>,
    pub low: Vec<i8>,
    /// `[m, k]` with the two in the middle of every four exchanged, or nothing.
    pub words: Vec<i16>,
    /// `[m, k/32]`
    pub scales: Vec<f32>,
    /// Σ of the block's integers.
    pub sums: Vec<i32>,
}

#[cfg(target_arch = "x86_64")]
impl Wide {
    /// High and low bytes. A block with NaN or infinity gets the scale NaN and zeros.
    #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
    pub fn bytes(x: &[f32]) -> Self {
        let mut wide = Self { high: vec![0; x.len()], low: vec![0; x.len()], ..Self::numbers(x) };
        let bytes = wide.high.as_chunks_mut::<BLOCK>().0.iter_mut().zip(wide.low.as_chunks_mut::<BLOCK>().0);
        let numbers = wide.scales.iter_mut().zip(&mut wide.sums);
        for ((x, (high, low)), (scale, sum)) in x.as_chunks::<BLOCK>().0.iter().zip(bytes).zip(numbers) {
            (*scale, *sum) = split(x, high, low);
        }
        wide
    }

    /// The same integers as words.
    #[target_feature(enable = "avx2")]
    pub fn words(x: &[f32]) -> Self {
        let mut wide = Self { words: vec![0; x.len()], ..Self::numbers(x) };
        let numbers = wide.scales.iter_mut().zip(&mut wide.sums);
        for ((x, words), (scale, sum)) in x.as_chunks::<BLOCK>().0.iter().zip(wide.words.as_chunks_mut::<BLOCK>().0).zip(numbers)
        {
            (*scale, *sum) = round(x, words);
        }
        wide
    }

    fn numbers(x: &[f32]) -> Self {
        Self { scales: vec![0.0; x.len() / BLOCK], sums: vec![0; x.len() / BLOCK], ..Self::default() }
    }
}

/// Adding 1.5·2²³ leaves the nearest integer in the low bits.
#[cfg(target_arch = "x86_64")]
const MAGIC: f32 = 12_582_912.0;
/// A largest |x| below it would make the reciprocal infinite.
#[cfg(target_arch = "x86_64")]
const LEAST: f32 = 1e-30;

/// The integers of one block as words, the middle two of every four exchanged; their scale and their sum.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn round(x: &[f32; BLOCK], words: &mut [i16; BLOCK]) -> (f32, i32) {
    use std::arch::x86_64::*;
    // SAFETY: the array holds four vectors of 8.
    let x: [__m256; 4] = std::array::from_fn(|v| unsafe { _mm256_loadu_ps(x.as_ptr().add(8 * v)) });
    let sizes = x.map(|x| _mm256_andnot_ps(_mm256_set1_ps(-0.0), x));
    // Not at most the largest number: infinity or NaN.
    let wrong = sizes.map(|s| _mm256_cmp_ps::<_CMP_NLE_UQ>(s, _mm256_set1_ps(f32::MAX)));
    if _mm256_movemask_ps(_mm256_or_ps(_mm256_or_ps(wrong[0], wrong[1]), _mm256_or_ps(wrong[2], wrong[3]))) != 0 {
        return (f32::NAN, 0);
    }
    let most = _mm256_max_ps(_mm256_max_ps(sizes[0], sizes[1]), _mm256_max_ps(sizes[2], sizes[3]));
    let most = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps::<1>(most));
    let most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    let most = _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
    if most < LEAST {
        return (0.0, 0);
    }
    let (inverse, magic) = (_mm256_set1_ps(MOST / most), _mm256_set1_ps(MAGIC));
    let q = x.map(|x| {
        let shifted = _mm256_castps_si256(_mm256_add_ps(_mm256_mul_ps(x, inverse), magic));
        _mm256_sub_epi32(shifted, _mm256_castps_si256(magic))
    });
    for half in 0..2 {
        let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(q[2 * half], q[2 * half + 1]));
        let exchanged = _mm256_shufflehi_epi16::<0b11_01_10_00>(_mm256_shufflelo_epi16::<0b11_01_10_00>(ordered));
        // SAFETY: 16 words from 16·half on.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().add(16 * half).cast(), exchanged) };
    }
    let total = _mm256_add_epi32(_mm256_add_epi32(q[0], q[1]), _mm256_add_epi32(q[2], q[3]));
    let total = _mm_add_epi32(_mm256_castsi256_si128(total), _mm256_extracti128_si256::<1>(total));
    let total = _mm_add_epi32(total, _mm_shuffle_epi32::<0b01_00_11_10>(total));
    (most / MOST, _mm_cvtsi128_si32(_mm_add_epi32(total, _mm_shuffle_epi32::<0b10_11_00_01>(total))))
}

/// The integers of one block, by bytes; their scale and their sum.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
fn split(x: &[f32; BLOCK], high: &mut [i8; BLOCK], low: &mut [i8; BLOCK]) -> (f32, i32) {
    use std::arch::x86_64::*;
    /// NaN of either kind and infinity of either sign.
    const NOT_FINITE: i32 = 0x99;
    // SAFETY: each array holds two halves of 16.
    let halves = unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] };
    if halves.iter().any(|x| _mm512_fpclass_ps_mask::<NOT_FINITE>(*x) != 0) {
        return (f32::NAN, 0);
    }
    let most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(halves[0]), _mm512_abs_ps(halves[1])));
    if most < LEAST {
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

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::Wide;
    use crate::cpu::CpuPath;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_and_bytes_are_the_same_integers(
            x in proptest::collection::vec(prop_oneof![8 => -3f32..3.0, 1 => Just(0.0), 1 => -1e-31f32..1e-31, 1 => any::<f32>()], 64),
        ) {
            if !CpuPath::Avx512Bf16.available() || !CpuPath::Avx2I16.available() {
                println!("skipped: avx512bf16 or avx2i16 is not available on this CPU");
                return Ok(());
            }
            // SAFETY: looked for above.
            let (bytes, words) = unsafe { (Wide::bytes(&x), Wide::words(&x)) };
            let bits = |scales: &[f32]| scales.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&bytes.scales), bits(&words.scales));
            prop_assert_eq!(&bytes.sums, &words.sums);
            for (i, (high, low)) in bytes.high.iter().zip(&bytes.low).enumerate() {
                let at = i / 4 * 4 + [0, 2, 1, 3][i % 4];
                prop_assert_eq!(256 * i32::from(*high) + i32::from(*low), i32::from(words.words[at]));
            }
        }
    }
}
