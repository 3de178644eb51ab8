//! Row norms: RMSNorm and ‖x‖.

use crate::simd::sum_sq;
use crate::versions::per_level;
use crate::{Cancelled, CpuPath, Exec, for_chunks};

/// Rows that one chunk takes: some 100 KB at d = 576.
const ROWS: usize = 32;

#[inline(always)]
fn scale_body(x: &[f32], r: f32, w: &[f32], y: &mut [f32]) {
    for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
        *y = (x * r) * w;
    }
}

per_level! {
    /// `y = (x·r)·w`
    scale = scale_body(x: &[f32], r: f32, w: &[f32], y: &mut [f32])
}

/// `y = x / √(mean(x²) + ε) · w` for one row.
pub fn rms_norm_row(path: CpuPath, x: &[f32], w: &[f32], epsilon: f32, y: &mut [f32]) {
    assert!(x.len() == w.len() && x.len() == y.len(), "rms_norm: lengths differ");
    let r = 1.0 / (sum_sq(path, x) / x.len() as f32 + epsilon).sqrt();
    scale(path, x, r, w, y);
}

/// RMSNorm of every row of `x [n, d]` with gain `w [d]`, into `y [n, d]`.
pub fn rms_norm(exec: &Exec, x: &[f32], w: &[f32], epsilon: f32, y: &mut [f32]) -> Result<(), Cancelled> {
    let d = w.len();
    assert!(x.len() == y.len() && x.len().is_multiple_of(d), "rms_norm: x and y must be [n, d]");
    for_chunks(exec, y, ROWS * d, |chunk, y| {
        for (x, y) in x[chunk * ROWS * d..].chunks_exact(d).zip(y.chunks_exact_mut(d)) {
            rms_norm_row(exec.path, x, w, epsilon, y);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cancel;

    #[test]
    fn f49_rms_norm() {
        for path in CpuPath::ALL {
            let exec = Exec::new(path, Cancel::new());
            let mut y = [0.0; 8];
            rms_norm(&exec, &[1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0], &[1.0, 0.5, 2.0, 1.0], 1e-5, &mut y).unwrap();
            for (y, expected) in y.iter().zip([0.365148, 0.365148, 2.190889, 1.460593, 0.0, 0.0, 0.0, 0.0]) {
                assert!((y - expected).abs() < 1e-6, "{y} {expected}");
            }
        }
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let x: Vec<f32> = (0..77 * 3).map(|i| ((i * 37) % 101) as f32 / 7.0 - 5.0).collect();
        let w: Vec<f32> = (0..77).map(|i| 1.0 + i as f32 / 100.0).collect();
        let run = |path| {
            let mut y = vec![0.0; x.len()];
            rms_norm(&Exec::new(path, Cancel::new()), &x, &w, 1e-6, &mut y).unwrap();
            y
        };
        for path in CpuPath::ALL {
            assert_eq!(run(path), run(CpuPath::Portable), "{path:?}");
        }
    }
}
