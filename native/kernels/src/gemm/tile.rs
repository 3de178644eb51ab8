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
    /// `[R, panel_rows]`: where sums wait between k blocks, and the result lies after the last.
    pub sums: *mut f32,
    /// Start from zero, not from `sums`.
    pub first: bool,
    /// Finish the sums (i16: scale them).
    pub last: bool,
    /// i16: value of a unit of each row of x, of each output.
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
            Form::Bf16x64 => rows!(avx512_bf16),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("{form:?} needs x86-64")
}
