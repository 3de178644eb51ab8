//! 6 × 16 by NEON FMA in f32: 24 accumulators, 4 loads of w and 6 broadcasts for 24 products.

use super::tile::Tile;
use std::arch::aarch64::*;

/// # Safety
/// As [`super::tile::TileFn`]; `t.x` and `t.w` hold f32.
#[target_feature(enable = "neon")]
pub(super) unsafe fn tile<const R: usize>(t: &Tile) {
    // SAFETY: every access lies inside the extents that the caller vouches for.
    unsafe {
        let mut acc = [[vdupq_n_f32(0.0); 4]; R];
        if !t.first {
            for r in 0..R {
                for v in 0..4 {
                    acc[r][v] = vld1q_f32(t.sums.add(r * 16 + v * 4));
                }
            }
        }
        let mut w = t.w.cast::<f32>();
        let mut x = t.x;
        for _ in 0..t.steps {
            let wv: [float32x4_t; 4] = std::array::from_fn(|v| vld1q_f32(w.add(v * 4)));
            for r in 0..R {
                let xv = vdupq_n_f32(x.add(r * t.x_stride).cast::<f32>().read_unaligned());
                for v in 0..4 {
                    acc[r][v] = vfmaq_f32(acc[r][v], wv[v], xv);
                }
            }
            w = w.add(16);
            x = x.add(4);
        }
        for r in 0..R {
            for v in 0..4 {
                vst1q_f32(t.sums.add(r * 16 + v * 4), acc[r][v]);
            }
        }
    }
}
