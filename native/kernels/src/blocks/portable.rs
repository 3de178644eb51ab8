//! The reference: plain Rust, a product and a sum at a time.

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};
use crate::simd::f32_from_f16;

/// # Safety
/// As [`super::tile::TileFn`].
pub(super) unsafe fn tile<const R: usize, const KIND: u8>(t: &Tile) {
    let kind = kind_of(KIND);
    // SAFETY: the extents that the caller vouches for.
    let (x, sums, w, out) = unsafe {
        (
            std::slice::from_raw_parts(t.x, R * t.k),
            std::slice::from_raw_parts(t.sums, R * t.blocks),
            std::slice::from_raw_parts(t.w, t.blocks * kind.panel_block()),
            std::slice::from_raw_parts_mut(t.out, R),
        )
    };
    out.fill([0.0; PANEL]);
    for (b, block) in w.chunks_exact(kind.panel_block()).enumerate() {
        let d = halves(block, 0);
        let min = match kind {
            BlockKind::Q4_0 => d.map(|d| -8.0 * d),
            BlockKind::Q4_1 => halves(block, PANEL),
            BlockKind::Q8_0 => [0.0; PANEL],
        };
        let quants = quants(kind, &block[kind.quants_at()..]);
        for (r, out) in out.iter_mut().enumerate() {
            let x = &x[r * t.k + b * BLOCK..][..BLOCK];
            let (mut even, mut odd) = ([0f32; PANEL], [0f32; PANEL]);
            for (x, q) in x.as_chunks::<2>().0.iter().zip(quants.as_chunks::<2>().0) {
                for l in 0..PANEL {
                    even[l] += x[0] * q[0][l];
                    odd[l] += x[1] * q[1][l];
                }
            }
            for l in 0..PANEL {
                out[l] += d[l] * (even[l] + odd[l]);
                if kind != BlockKind::Q8_0 {
                    out[l] += min[l] * sums[r * t.blocks + b];
                }
            }
        }
    }
}

/// Sixteen f16 from the one at `first`.
fn halves(block: &[u8], first: usize) -> [f32; PANEL] {
    let mut out = [0.0; PANEL];
    let bytes = block[2 * first..].as_chunks::<2>().0;
    f32_from_f16(&std::array::from_fn::<_, PANEL, _>(|l| u16::from_le_bytes(bytes[l])), &mut out);
    out
}

/// The block's q, `[weight][output]`.
fn quants(kind: BlockKind, bytes: &[u8]) -> [[f32; PANEL]; BLOCK] {
    let mut out = [[0.0; PANEL]; BLOCK];
    if kind == BlockKind::Q8_0 {
        for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<PANEL>().0) {
            *out = bytes.map(|q| f32::from(q as i8));
        }
    } else {
        for (out, bytes) in out.as_chunks_mut::<8>().0.iter_mut().zip(bytes.as_chunks::<{ 4 * PANEL }>().0) {
            let words: [u32; PANEL] = std::array::from_fn(|l| u32::from_le_bytes(std::array::from_fn(|i| bytes[4 * l + i])));
            for (j, out) in out.iter_mut().enumerate() {
                *out = words.map(|word| (word >> (4 * j) & 15) as i32 as f32);
            }
        }
    }
    out
}
