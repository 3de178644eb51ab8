//! f32 helpers for sparse loops. Every function gives the same bits on every path and every machine: products are
//! rounded before they are added (no FMA), and the order of sums is fixed.

mod convert;
mod level;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use convert::{bf16_from_f32, bf16_round, f16_from_f32, f32_from_bf16, f32_from_f16};
pub(crate) use level::{Level, level, widest};

use crate::cpu::CpuPath;

/// Partial sums of [`dot`]: lane `l` holds the sum over `i ≡ l (mod 32)` in rising `i`; lanes are then added in halves
/// (l and l + 16, then l and l + 8, …).
pub const DOT_LANES: usize = 32;

/// `Σ a[i]·b[i]`. Panics when the lengths differ. |error| ≤ (len/32 + 7)·2⁻²⁴·‖a‖‖b‖.
#[inline]
pub fn dot(path: CpuPath, a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "dot: lengths differ");
    match level(path) {
        // SAFETY: `level` names only instructions that this CPU has.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::dot_avx512(a, b) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::dot_avx2(a, b) },
        _ => dot_reference(a, b),
    }
}

/// [`dot`] in plain Rust: the definition.
pub fn dot_reference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "dot: lengths differ");
    let mut acc = [0f32; DOT_LANES];
    for (a, b) in a.chunks(DOT_LANES).zip(b.chunks(DOT_LANES)) {
        for ((s, a), b) in acc.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    let mut width = DOT_LANES / 2;
    while width > 0 {
        for l in 0..width {
            acc[l] += acc[l + width];
        }
        width /= 2;
    }
    acc[0]
}

/// `Σ a[i]²`, in the order of [`dot`].
#[inline]
pub fn sum_sq(path: CpuPath, a: &[f32]) -> f32 {
    dot(path, a, a)
}

/// `y[i] += alpha · x[i]`, the product rounded first. Panics when the lengths differ.
#[inline]
pub fn axpy(path: CpuPath, alpha: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "axpy: lengths differ");
    match level(path) {
        // SAFETY: `level` names only instructions that this CPU has.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::axpy_avx512(alpha, x, y) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::axpy_avx2(alpha, x, y) },
        _ => {
            for (y, x) in y.iter_mut().zip(x) {
                *y += alpha * x;
            }
        }
    }
}

/// Asks for `row` to be brought into L2. Rows that lie anywhere in memory come one by one otherwise.
#[inline]
pub fn prefetch(row: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in row.chunks(16) {
        // SAFETY: a hint on an address inside the slice.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dot_of_integers_is_exact() {
        let a: Vec<f32> = (0..77).map(|i| i as f32).collect();
        let b = vec![2.0; 77];
        assert_eq!(dot_reference(&a, &b), 76.0 * 77.0);
        assert_eq!(dot_reference(&[], &[]), 0.0);
    }

    proptest! {
        #[test]
        fn every_path_gives_the_reference_bits(
            pairs in proptest::collection::vec((-1e3f32..1e3, -1e3f32..1e3), 0..200), alpha in -3f32..3.0,
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let mut expected = b.clone();
            axpy(CpuPath::Portable, alpha, &a, &mut expected);
            for path in CpuPath::ALL {
                prop_assert_eq!(dot(path, &a, &b).to_bits(), dot_reference(&a, &b).to_bits());
                let mut y = b.clone();
                axpy(path, alpha, &a, &mut y);
                prop_assert_eq!(&y, &expected);
            }
        }
    }
}
