//! AVX2 and AVX-512 forms of the helpers; the bits of the reference.

use super::DOT_LANES;
use std::arch::x86_64::*;

#[target_feature(enable = "avx2")]
fn sum_halves_256(s: __m256) -> f32 {
    let s = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps::<1>(s));
    let s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)))
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    let full = a.len() / DOT_LANES;
    let mut acc = [_mm256_setzero_ps(); 4];
    for c in 0..full {
        for (v, acc) in acc.iter_mut().enumerate() {
            let at = c * DOT_LANES + v * 8;
            // SAFETY: at + 8 <= full * 32 <= both lengths (equal, asserted by the caller).
            let (x, y) = unsafe { (_mm256_loadu_ps(a.as_ptr().add(at)), _mm256_loadu_ps(b.as_ptr().add(at))) };
            *acc = _mm256_add_ps(*acc, _mm256_mul_ps(x, y));
        }
    }
    let (ra, rb) = (&a[full * DOT_LANES..], &b[full * DOT_LANES..]);
    if !ra.is_empty() {
        let (mut ta, mut tb) = ([0f32; DOT_LANES], [0f32; DOT_LANES]);
        ta[..ra.len()].copy_from_slice(ra);
        tb[..rb.len()].copy_from_slice(rb);
        for (v, acc) in acc.iter_mut().enumerate() {
            // SAFETY: v < 4, arrays of 32.
            let (x, y) = unsafe { (_mm256_loadu_ps(ta.as_ptr().add(v * 8)), _mm256_loadu_ps(tb.as_ptr().add(v * 8))) };
            *acc = _mm256_add_ps(*acc, _mm256_mul_ps(x, y));
        }
    }
    sum_halves_256(_mm256_add_ps(_mm256_add_ps(acc[0], acc[2]), _mm256_add_ps(acc[1], acc[3])))
}

#[target_feature(enable = "avx2,avx512f,avx512dq")]
pub(super) fn dot_avx512(a: &[f32], b: &[f32]) -> f32 {
    let full = a.len() / DOT_LANES;
    let (mut s0, mut s1) = (_mm512_setzero_ps(), _mm512_setzero_ps());
    let (pa, pb) = (a.as_ptr(), b.as_ptr());
    for c in 0..full {
        let at = c * DOT_LANES;
        // SAFETY: at + 32 <= both lengths (equal, asserted by the caller).
        unsafe {
            s0 = _mm512_add_ps(s0, _mm512_mul_ps(_mm512_loadu_ps(pa.add(at)), _mm512_loadu_ps(pb.add(at))));
            s1 = _mm512_add_ps(s1, _mm512_mul_ps(_mm512_loadu_ps(pa.add(at + 16)), _mm512_loadu_ps(pb.add(at + 16))));
        }
    }
    let rest = a.len() - full * DOT_LANES;
    if rest > 0 {
        let at = full * DOT_LANES;
        let mask = (1u32 << rest) - 1;
        let (m0, m1) = (mask as u16, (mask >> 16) as u16);
        // SAFETY: masked lanes are not read; `at` lies within both slices, and wrapping_add forms no reference.
        unsafe {
            let (x, y) = (_mm512_maskz_loadu_ps(m0, pa.add(at)), _mm512_maskz_loadu_ps(m0, pb.add(at)));
            s0 = _mm512_add_ps(s0, _mm512_mul_ps(x, y));
            let at = at + 16;
            let (x, y) = (_mm512_maskz_loadu_ps(m1, pa.wrapping_add(at)), _mm512_maskz_loadu_ps(m1, pb.wrapping_add(at)));
            s1 = _mm512_add_ps(s1, _mm512_mul_ps(x, y));
        }
    }
    let s = _mm512_add_ps(s0, s1);
    sum_halves_256(_mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps::<1>(s)))
}

#[target_feature(enable = "avx2")]
pub(super) fn axpy_avx2(alpha: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

#[target_feature(enable = "avx2,avx512f,avx512vl")]
pub(super) fn axpy_avx512(alpha: f32, x: &[f32], y: &mut [f32]) {
    let va = _mm512_set1_ps(alpha);
    let len = y.len();
    let mut i = 0;
    while i < len {
        let mask = if len - i >= 16 { u16::MAX } else { (1u16 << (len - i)) - 1 };
        // SAFETY: masked lanes are neither read nor written; equal lengths asserted by the caller.
        unsafe {
            let xv = _mm512_maskz_loadu_ps(mask, x.as_ptr().add(i));
            let yv = _mm512_maskz_loadu_ps(mask, y.as_ptr().add(i));
            _mm512_mask_storeu_ps(y.as_mut_ptr().add(i), mask, _mm512_add_ps(yv, _mm512_mul_ps(va, xv)));
        }
        i += 16;
    }
}
