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
            let (mut most, mut poison) = ([0f32; 16], [0f32; 16]);
            for x in x.as_chunks::<16>().0 {
                for l in 0..16 {
                    most[l] = if x[l].abs() > most[l] { x[l].abs() } else { most[l] };
                    // NaN for NaN and infinity, which the comparison would pass over.
                    poison[l] += x[l] * 0.0;
                }
            }
            let most = most.into_iter().fold(0f32, |a, b| if b > a { b } else { a });
            if poison.into_iter().sum::<f32>() != 0.0 {
                *scale = f32::NAN;
                continue;
            }
            // Less would make the reciprocal infinite.
            if most < 1e-30 {
                continue;
            }
            *scale = most / MOST;
            let inverse = MOST / most;
            // Adding 1.5·2²³ leaves the nearest integer in the low bits.
            const MAGIC: f32 = 12_582_912.0;
            let q = x.map(|x| (x * inverse + MAGIC).to_bits() as i32 - MAGIC.to_bits() as i32);
            for j in 0..BLOCK {
                let top = (q[j] + 128) >> 8;
                high[j] = top as i8;
                low[j] = (q[j] - (top << 8)) as i8;
            }
            *sum = q.iter().sum();
        }
        wide
    }
}
