//! `y [m, n] = x [m, k] · wᵀ` for few rows, with `w` as its file stores it: blocks of 32 weights along k, a few bits each.
//!
//! With few rows the time is that of reading w, and the blocks are a third of the packed form. Every stored weight is taken
//! exactly; x stays f32, or with integer instructions becomes 16-bit integers with a scale a block.
//!
//! An output is `Σ_b d_b·(e_b + o_b) + m_b·s_b` over its blocks b in rising order: d and m are the block's scale and
//! minimum, e and o the sums of q·x over even and odd k, s the sum of x. (In integers e_b + o_b is one exact sum.) Each row
//! and output has this one order, so a row gives the same bits alone as in a batch, and on any number of threads.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_i16;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod input;
mod layout;
mod portable;
mod tile;

pub use layout::{BLOCK, BlockKind, BlockMatrix, BlockRows};

#[cfg(target_arch = "x86_64")]
use crate::cpu::CpuPath;
use crate::exec::{Cancelled, Exec};
use crate::shared::SharedMut;
use input::{Wide, block_sums};
use layout::{Order, PANEL};
use tile::{TILE_ROWS, Tile, WideTile, tile_fns};

/// Bytes of w that one task reads: some 5 µs, so that the smallest matrix of a small model still feeds two threads.
const TASK_BYTES: usize = 48 << 10;

/// `y = x · wᵀ`, or `y += x · wᵀ` with `accumulate`. `x [m, k]`, `y [m, n]`. NaN or infinity in a row of x gives NaN or
/// infinity in that row of y only.
pub fn gemm_blocks(exec: &Exec, x: &[f32], m: usize, w: &BlockMatrix, y: &mut [f32], accumulate: bool) -> Result<(), Cancelled> {
    assert_eq!(x.len(), m * w.k, "x must be [m, k]");
    assert_eq!(y.len(), m * w.n, "y must be [m, n]");
    exec.cancel.check()?;
    if m == 0 || w.n == 0 {
        return Ok(());
    }
    let blocks = w.k / BLOCK;
    let (sums, wide) = match w.order {
        Order::Single => (block_sums(x), Wide::default()),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `BlockMatrix::pack` checked the instructions.
        Order::Quads if w.path == CpuPath::Avx2I16 => (Vec::new(), unsafe { Wide::words(x) }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Order::Quads => (Vec::new(), unsafe { Wide::bytes(x) }),
    };
    let panels = w.panels();
    let tasks = (w.bytes() / TASK_BYTES).clamp(1, panels.len());
    let out = SharedMut::new(y);
    exec.run(tasks, |task| {
        let mut values = [[0f32; PANEL]; TILE_ROWS];
        for panel in &panels[task * panels.len() / tasks..(task + 1) * panels.len() / tasks] {
            let kernels = tile_fns(w.path, w.order, panel.kind);
            for row in (0..m).step_by(kernels.len()) {
                let rows = kernels.len().min(m - row);
                let at = row * blocks;
                let wide = WideTile {
                    high: part(&wide.high, row * w.k),
                    low: part(&wide.low, row * w.k),
                    words: part(&wide.words, row * w.k),
                    scales: part(&wide.scales, at),
                    sums: part(&wide.sums, at),
                };
                let tile = Tile {
                    x: x[row * w.k..].as_ptr(),
                    k: w.k,
                    sums: part(&sums, at),
                    wide,
                    w: w.panel_ptr(panel),
                    blocks,
                    out: values.as_mut_ptr(),
                };
                // SAFETY: `BlockMatrix::pack` checked the instructions; x and sums hold `rows` rows from `row`, the panel
                // `blocks` blocks, and `out` has room for `rows` ≤ TILE_ROWS rows.
                unsafe { kernels[rows - 1](&tile) };
                for (i, values) in values[..rows].iter().enumerate() {
                    // SAFETY: a task owns the outputs of its panels.
                    let y = unsafe { out.slice((row + i) * w.n + panel.first, panel.rows) };
                    if accumulate {
                        y.iter_mut().zip(values).for_each(|(y, v)| *y += v);
                    } else {
                        y.copy_from_slice(&values[..panel.rows]);
                    }
                }
            }
        }
    })
}

/// From element `at` on; null for a form of x that the kernel does not read.
fn part<T>(values: &[T], at: usize) -> *const T {
    values.get(at..).map_or(std::ptr::null(), <[T]>::as_ptr)
}
