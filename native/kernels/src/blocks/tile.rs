//! What a kernel gets: a few rows of x and one panel.

use super::layout::{BlockKind, Order, PANEL};
use super::portable;
use crate::cpu::CpuPath;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Level, level};

/// Most rows of a tile.
pub(super) const TILE_ROWS: usize = 8;

/// `out[r] = x[r]·wᵀ` of 16 outputs.
pub(super) struct Tile {
    /// Row r begins at `r·k`.
    pub x: *const f32,
    pub k: usize,
    /// Σ x of each block: row r begins at `r·blocks`.
    pub sums: *const f32,
    pub wide: WideTile,
    pub w: *const u8,
    pub blocks: usize,
    pub out: *mut [f32; PANEL],
}

/// x in 16 bits, see [`super::input::Wide`]; null where the path takes f32, or the other form of them.
pub(super) struct WideTile {
    /// Row r begins at `r·k`.
    pub high: *const i8,
    pub low: *const i8,
    pub words: *const i16,
    /// Row r begins at `r·blocks`.
    pub scales: *const f32,
    pub sums: *const i32,
}

/// # Safety
/// x and sums hold as many rows as the function is for, `w` a panel of `blocks` blocks of its kind, `out` that many rows;
/// the CPU has the function's instructions.
pub(super) type TileFn = unsafe fn(&Tile);

pub(super) const Q4_0: u8 = BlockKind::Q4_0 as u8;
pub(super) const Q4_1: u8 = BlockKind::Q4_1 as u8;
pub(super) const Q8_0: u8 = BlockKind::Q8_0 as u8;

pub(super) const fn kind_of(kind: u8) -> BlockKind {
    match kind {
        Q4_0 => BlockKind::Q4_0,
        Q4_1 => BlockKind::Q4_1,
        _ => BlockKind::Q8_0,
    }
}

/// The kernels for 1, 2, … rows; how many there are differs by path.
pub(super) fn tile_fns(path: CpuPath, order: Order, kind: BlockKind) -> &'static [TileFn] {
    macro_rules! by_kind {
        ($module:ident: $($rows:literal)*) => {
            match kind {
                BlockKind::Q4_0 => &[$($module::tile::<$rows, Q4_0>),*],
                BlockKind::Q4_1 => &[$($module::tile::<$rows, Q4_1>),*],
                BlockKind::Q8_0 => &[$($module::tile::<$rows, Q8_0>),*],
            }
        };
    }
    #[cfg(target_arch = "x86_64")]
    match (order, level(path)) {
        (Order::Quads, Level::Avx512) => return by_kind!(avx512: 1 2 3 4 5 6 7 8),
        (Order::Quads, _) => return by_kind!(avx2_i16: 1 2 3 4),
        (Order::Single, Level::Portable) => {}
        (Order::Single, _) => return by_kind!(avx2: 1 2 3 4),
    }
    by_kind!(portable: 1 2 3 4)
}

#[cfg(target_arch = "x86_64")]
use super::{avx2, avx2_i16, avx512};
