//! `y [m, n] = x [m, k] · wᵀ`, with `w [n, k]` packed once for the path.
//!
//! Every entry of y is one sum over k in rising order (from zero, in one accumulator), so its bits depend neither on the
//! number of threads nor on m: a row gives the same result alone as in a batch.

#[cfg(target_arch = "x86_64")]
mod avx2_bytes;
#[cfg(target_arch = "x86_64")]
mod avx2_f32;
#[cfg(target_arch = "x86_64")]
mod avx2_i16;
#[cfg(target_arch = "x86_64")]
mod avx512_bf16;
#[cfg(target_arch = "x86_64")]
mod avx512_bytes;
#[cfg(target_arch = "x86_64")]
mod avx512_f32;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
mod block;
mod input;
#[cfg(target_arch = "aarch64")]
mod neon_f32;
mod tile;

pub(crate) use block::{Done, PANEL_MAX, rows_per_block, sweep};
pub(crate) use input::Input;
pub(crate) use tile::TILE_ROWS;

use crate::exec::{Cancelled, Exec};
use crate::packed::Form;
pub use crate::packed::{PackedMatrix, PackedShared, Precision};
use crate::shared::SharedMut;
pub use crate::simd::dot_reference;

/// `y = x · wᵀ`, or `y += x · wᵀ` with `accumulate`. `x [m, k]`, `y [m, n]`. The kernel is the one `w` was packed for.
///
/// NaN and infinities in x go where f32 arithmetic sends them; on the i16 form a row of x (or w) that holds one gives a
/// row (column) of NaN.
pub fn gemm(exec: &Exec, x: &[f32], m: usize, w: &PackedMatrix, y: &mut [f32], accumulate: bool) -> Result<(), Cancelled> {
    assert_eq!(x.len(), m * w.k, "x must be [m, k]");
    assert_eq!(y.len(), m * w.n, "y must be [m, n]");
    assert!(!w.form.bytes(), "8 bits are for screening only");
    exec.cancel.check()?;
    if m == 0 || w.n == 0 {
        return Ok(());
    }
    if w.form == Form::Rows {
        return plain(exec, x, m, w, y, accumulate);
    }
    let input = Input::prepare(exec, x, m, w, false)?;
    let grid = Grid::new(m, w);
    let out = SharedMut::new(y);
    let chunk = |c: usize| {
        let (rows, panels) = grid.chunk(c);
        let _ = sweep(exec, &input, w, rows, panels, &mut |tile| {
            for (i, line) in tile.values.chunks_exact(tile.panel_rows).enumerate() {
                // SAFETY: a chunk owns its rows × its panels.
                let y = unsafe { out.slice((tile.row + i) * w.n + tile.col, tile.cols) };
                write_line(line, y, accumulate);
            }
        });
    };
    let done = if grid.chunks() == 1 {
        chunk(0);
        exec.cancel.check()
    } else {
        exec.run(grid.chunks(), chunk)
    };
    input.recycle();
    done
}

/// `y = line`, or `y += line`. Whole panels have their length at compile time, which spares a call of memcpy for each.
#[inline(always)]
fn write_line(line: &[f32], y: &mut [f32], accumulate: bool) {
    fn fixed<const N: usize>(line: &[f32; N], y: &mut [f32; N], accumulate: bool) {
        if accumulate {
            y.iter_mut().zip(line).for_each(|(y, v)| *y += v);
        } else {
            *y = *line;
        }
    }
    if let (Some(line), Some(y)) = (<&[f32; 64]>::try_from(line).ok(), <&mut [f32; 64]>::try_from(&mut *y).ok()) {
        fixed(line, y, accumulate);
    } else if let (Some(line), Some(y)) = (<&[f32; 16]>::try_from(line).ok(), <&mut [f32; 16]>::try_from(&mut *y).ok()) {
        fixed(line, y, accumulate);
    } else if accumulate {
        y.iter_mut().zip(line).for_each(|(y, v)| *y += v);
    } else {
        let len = y.len();
        y.copy_from_slice(&line[..len]);
    }
}

/// Up to here reading w takes longer than multiplying.
const FEW_ROWS: usize = 12;

/// How `[m, n]` is cut: row blocks whose x stays in L2, times groups of panels worth a task.
struct Grid {
    m: usize,
    block: usize,
    panels: usize,
    groups: usize,
}

impl Grid {
    fn new(m: usize, w: &PackedMatrix) -> Self {
        let block = rows_per_block(w).min(m);
        let panels = w.panels();
        let panel_bytes = w.form.panel_rows() * w.form.steps(w.k) * 4;
        let flops = 2 * block * w.form.panel_rows() * w.k;
        // Tasks of some 100 µs: by arithmetic, or with few rows by the bytes of w that must come from memory.
        let by_work = panels * flops / 40_000_000;
        let by_bytes = if m <= FEW_ROWS { panels * panel_bytes / (384 << 10) } else { 0 };
        Self { m, block, panels, groups: by_work.max(by_bytes).clamp(1, panels) }
    }
    fn chunks(&self) -> usize {
        self.m.div_ceil(self.block) * self.groups
    }
    fn chunk(&self, c: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let (b, g) = (c / self.groups, c % self.groups);
        let rows = b * self.block..((b + 1) * self.block).min(self.m);
        (rows, g * self.panels / self.groups..(g + 1) * self.panels / self.groups)
    }
}

/// The reference: one [`dot_reference`] an entry.
fn plain(exec: &Exec, x: &[f32], m: usize, w: &PackedMatrix, y: &mut [f32], accumulate: bool) -> Result<(), Cancelled> {
    const COLS: usize = 256;
    let groups = w.n.div_ceil(COLS);
    let out = SharedMut::new(y);
    exec.run(m * groups, |c| {
        let (row, first) = (c / groups, c % groups * COLS);
        let x_row = &x[row * w.k..(row + 1) * w.k];
        // SAFETY: a chunk owns these columns of its row.
        let y = unsafe { out.slice(row * w.n + first, COLS.min(w.n - first)) };
        for (j, y) in y.iter_mut().enumerate() {
            let dot = dot_reference(x_row, w.f32_row(first + j));
            *y = if accumulate { *y + dot } else { dot };
        }
    })
}
