//! The reference: plain Rust, a product and a sum at a time.

use super::layout::{BLOCK, BlockKind, PANEL};
use super::tile::{Tile, kind_of};

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
            let mut parts = [[0f32; PANEL]; 2];
            for (j, (x, q)) in x.iter().zip(&quants).enumerate() {
                for (part, q) in parts[j % 2].iter_mut().zip(q) {
                    *part += x * q;
                }
            }
            for l in 0..PANEL {
                out[l] += d[l] * (parts[0][l] + parts[1][l]);
                if kind != BlockKind::Q8_0 {
                    out[l] += min[l] * sums[r * t.blocks + b];
                }
            }
        }
    }
}

/// Sixteen f16 from the one at `first`.
fn halves(block: &[u8], first: usize) -> [f32; PANEL] {
    std::array::from_fn(|l| half::f16::from_le_bytes([block[2 * (first + l)], block[2 * (first + l) + 1]]).to_f32())
}

/// The block's q, `[weight][output]`.
fn quants(kind: BlockKind, bytes: &[u8]) -> [[f32; PANEL]; BLOCK] {
    std::array::from_fn(|j| {
        std::array::from_fn(|l| {
            if kind == BlockKind::Q8_0 {
                return f32::from(bytes[j * PANEL + l] as i8);
            }
            let byte = bytes[4 * (j / 8 * PANEL + l) + j % 8 / 2];
            f32::from(if j % 2 == 0 { byte & 15 } else { byte >> 4 })
        })
    })
}
