//! Walks a block of rows over panels of w, k block by k block, and hands over finished tiles.

use super::input::Input;
use super::tile::{TILE_ROWS, Tile, TileFn, tile_fns};
use crate::exec::{Cancelled, Exec};
use crate::packed::PackedMatrix;
use std::ops::Range;

/// Outputs of the widest panel.
pub(crate) const PANEL_MAX: usize = 64;

// Half of a small L2 for the block's x; the panel takes the rest.
const X_BLOCK_BYTES: usize = 192 << 10;
const BLOCK_ROWS_MAX: usize = 192;
// Bytes of a panel that stay in L2 while the block's tiles pass over them.
const W_BLOCK_BYTES: usize = 192 << 10;

/// k steps of one block; all blocks are about as long.
fn steps_per_block(w: &PackedMatrix) -> usize {
    let steps = w.form.steps(w.k).max(1);
    let most = W_BLOCK_BYTES / (4 * w.form.panel_rows());
    steps.div_ceil(steps.div_ceil(most)).next_multiple_of(w.form.step_unit())
}

pub(crate) fn rows_per_block(w: &PackedMatrix) -> usize {
    let row_bytes = 4 * steps_per_block(w);
    (X_BLOCK_BYTES / row_bytes).clamp(4 * TILE_ROWS, BLOCK_ROWS_MAX) / TILE_ROWS * TILE_ROWS
}

/// A finished tile: `values [rows, panel_rows]`, rows `row..`, outputs `col..col + cols` (the rest is padding).
pub(crate) struct Done<'a> {
    pub values: &'a [f32],
    pub panel_rows: usize,
    pub row: usize,
    pub col: usize,
    pub cols: usize,
}

#[repr(align(64))]
#[derive(Clone)]
struct Sums([f32; TILE_ROWS * PANEL_MAX]);

/// `rows` × `panels`; `emit` gets every tile once, panel by panel. Polls the stop flag once a panel's k block.
pub(crate) fn sweep(
    exec: &Exec,
    input: &Input,
    w: &PackedMatrix,
    rows: Range<usize>,
    panels: Range<usize>,
    emit: &mut impl FnMut(Done),
) -> Result<(), Cancelled> {
    let kernels: [TileFn; TILE_ROWS] = tile_fns(w.form);
    let panel_rows = w.form.panel_rows();
    let steps = w.form.steps(w.k);
    let step_bytes = 4 * panel_rows;
    let steps_per_block = steps_per_block(w);
    let tiles = rows.len().div_ceil(TILE_ROWS);
    let waiting = if steps > steps_per_block { tiles } else { 1 };
    let mut sums = vec![Sums([0.0; TILE_ROWS * PANEL_MAX]); waiting];
    for panel in panels {
        let col = panel * panel_rows;
        let cols = panel_rows.min(w.n - col);
        let mut step = 0;
        loop {
            exec.cancel.check()?;
            let count = steps_per_block.min(steps - step);
            let last = step + count == steps;
            // The next k block follows in memory, and so does the next panel.
            let next = w.panel_ptr(panel).wrapping_add((step + count) * step_bytes);
            let next_per_tile = count.div_ceil(tiles) * step_bytes;
            for t in 0..tiles {
                // Tiles of even height: 7 rows are 4 + 3, not 6 + 1.
                let row = rows.start + t * rows.len() / tiles;
                let height = rows.start + (t + 1) * rows.len() / tiles - row;
                let sums = &mut sums[t % waiting].0;
                let (x, x_stride) = if count == 0 { (std::ptr::null(), 0) } else { input.row_ptr(row, step) };
                let tile = Tile {
                    x,
                    x_stride,
                    w: w.panel_ptr(panel).wrapping_add(step * step_bytes),
                    steps: count,
                    ahead: next.wrapping_add(t * next_per_tile),
                    gap: tiles,
                    sums: sums.as_mut_ptr(),
                    first: step == 0,
                    last,
                    x_scale: input.scales.get(row..).map_or(std::ptr::null(), <[f32]>::as_ptr),
                    w_scale: w.scales()[col..].as_ptr(),
                };
                // SAFETY: `PackedMatrix::pack` checked the instructions; x holds `height` rows from `row`, the panel
                // `steps` steps, `sums` 6 × 64 values, and forms of integers have all scales.
                unsafe { kernels[height - 1](&tile) };
                if last {
                    emit(Done { values: &sums[..height * panel_rows], panel_rows, row, col, cols });
                }
            }
            step += count;
            if last {
                break;
            }
        }
    }
    Ok(())
}
