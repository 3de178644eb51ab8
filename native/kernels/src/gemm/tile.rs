//! What the inner kernels have in common: a tile is `R ≤ 6` rows of x by one panel of w.

use crate::packed::Form;

/// Rows of x in a full tile, on every path.
pub(crate) const TILE_ROWS: usize = 6;

/// Arguments of an inner kernel.
pub(crate) struct Tile {
    /// First row of x, at this k block.
    pub x: *const u8,
    /// Bytes between rows of x.
    pub x_stride: usize,
    /// The panel, at this k block, 64-byte aligned.
    pub w: *const u8,
    pub steps: usize,
    /// What the tiles after this block will read of w: every `gap` steps a tile asks for one step's bytes of it. A panel
    /// from memory then waits in L2 when its first tile comes (a tenth of the time where a block is 96 rows).
    pub ahead: *const u8,
    pub gap: usize,
    /// `[R, panel_rows]`: where sums wait between k blocks, and the result lies after the last.
    pub sums: *mut f32,
    /// Start from zero, not from `sums`.
    pub first: bool,
    /// Finish the sums (integers: scale them).
    pub last: bool,
    /// Integers: value of a unit of each row of x, of each output.
    pub x_scale: *const f32,
    pub w_scale: *const f32,
}

/// # Safety
/// The CPU has the form's instructions; every pointer covers the tile's extent.
pub(crate) type TileFn = unsafe fn(&Tile);

/// The form's kernels for 1 to 6 rows.
pub(crate) fn tile_fns(form: Form) -> [TileFn; TILE_ROWS] {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! rows {
            ($m:ident) => {
                [
                    super::$m::tile::<1>,
                    super::$m::tile::<2>,
                    super::$m::tile::<3>,
                    super::$m::tile::<4>,
                    super::$m::tile::<5>,
                    super::$m::tile::<6>,
                ]
            };
        }
        match form {
            Form::Rows => unreachable!("the plain form has no tiles"),
            Form::F32x16 => rows!(avx2_f32),
            Form::I16x16 => rows!(avx2_i16),
            Form::F32x64 => rows!(avx512_f32),
            Form::I16x64 => rows!(avx512_vnni),
            Form::Bytes16 => rows!(avx2_bytes),
            Form::Bytes64 => rows!(avx512_bytes),
            Form::Bf16x64 => rows!(avx512_bf16),
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        use super::neon_f32::tile;
        assert!(form == Form::F32x16, "{form:?} needs x86-64");
        [tile::<1>, tile::<2>, tile::<3>, tile::<4>, tile::<5>, tile::<6>]
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    unreachable!("{form:?} needs x86-64")
}

/// Asks for `LINES` cache lines from `ahead` on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn fetch<const LINES: usize>(ahead: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    for line in 0..LINES {
        // SAFETY: a hint; any address may be named.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(64 * line).cast()) };
    }
}
