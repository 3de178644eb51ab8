//! f32 to bf16 by the instruction that rounds as the product does: nearest even, subnormals to zero, NaN stays NaN.

use std::arch::x86_64::*;
use std::mem::transmute;

/// `out[..row.len()]` = bf16 of `row`; the rest of `out` is zero.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
pub(super) fn bf16_row(row: &[f32], out: &mut [u16]) {
    assert!(out.len() >= row.len());
    let (from, to) = (row.as_ptr(), out.as_mut_ptr());
    let full = row.len() / 16 * 16;
    for i in (0..full).step_by(16) {
        // SAFETY: i + 16 <= both lengths; 16 bf16 and 256 bits are the same bytes.
        unsafe {
            let low = transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(_mm512_loadu_ps(from.add(i))));
            _mm256_storeu_si256(to.add(i).cast(), low);
        }
    }
    let mut rest = [0f32; 16];
    rest[..row.len() - full].copy_from_slice(&row[full..]);
    let mut low = [0u16; 16];
    // SAFETY: both arrays have 16 entries.
    unsafe {
        let v = transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(_mm512_loadu_ps(rest.as_ptr())));
        _mm256_storeu_si256(low.as_mut_ptr().cast(), v);
    }
    out[full..].fill(0);
    let tail = row.len() - full;
    out[full..row.len()].copy_from_slice(&low[..tail]);
}

#[cfg(test)]
mod tests {
    use crate::cpu::CpuPath;
    use crate::simd::bf16_round;

    #[test]
    fn rounds_like_the_definition() {
        if !CpuPath::Avx512Bf16.available() {
            println!("skipped: avx512bf16 is not available on this CPU");
            return;
        }
        let mut x: Vec<f32> = (0..100_003u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))).collect();
        x.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.0, f32::from_bits(0x3f80_8000)]);
        let mut out = vec![7u16; x.len() + 1];
        // SAFETY: asked above.
        unsafe { super::bf16_row(&x, &mut out) };
        assert_eq!(out.pop(), Some(0));
        for (x, o) in x.iter().zip(out) {
            if x.is_subnormal() {
                assert_eq!(o & 0x7fff, 0);
            } else if x.is_nan() {
                assert!(o & 0x7f80 == 0x7f80 && o & 0x7f != 0);
            } else {
                assert_eq!(o, bf16_round(*x), "{x:e}");
            }
        }
    }
}
