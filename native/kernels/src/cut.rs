//! Rows and outputs of a fused product, cut into the chunks that threads take.

use crate::gemm::{PackedMatrix, TILE_ROWS, rows_per_block};
use std::ops::Range;

/// Row blocks times segments of the outputs; segments only when there are few rows.
pub(crate) struct Cut {
    pub m: usize,
    /// Rows of a block; the last may have fewer.
    pub block: usize,
    pub panels: usize,
    pub segments: usize,
}

impl Cut {
    /// Blocks that keep 64 threads busy at a training batch.
    const BLOCK_ROWS: usize = 96;
    /// Blocks that a thread should have to choose from before they may be larger, and the bytes of x they may then have.
    const PER_THREAD: usize = 4;
    const LARGEST: usize = 576 << 10;

    /// At most `segments` segments. `large`: the number of threads, where blocks larger than half an L2 are worth while,
    /// because what is computed again in f32 then reads a row of w once for more rows. (Only segments have a say in what is
    /// found, so results do not depend on threads.)
    pub fn new(m: usize, w: &PackedMatrix, segments: usize, large: Option<usize>) -> Self {
        let block = rows_per_block(w).min(Self::BLOCK_ROWS).min(m).max(1);
        let panels = w.panels();
        let blocks = m.div_ceil(block);
        let segments = if blocks >= 16 { 1 } else { (32 / blocks.max(1)).clamp(1, segments.clamp(1, panels.max(1))) };
        let larger = large.map(|threads| {
            let row = w.k.max(1) * if w.form.bytes() { 1 } else { 2 };
            m.div_ceil(Self::PER_THREAD * threads).min(Self::LARGEST / row).next_multiple_of(TILE_ROWS)
        });
        let block = larger.filter(|rows| segments == 1 && *rows >= rows_per_block(w)).unwrap_or(block);
        Self { m, block, panels, segments }
    }

    pub fn blocks(&self) -> usize {
        self.m.div_ceil(self.block)
    }
    pub fn chunks(&self) -> usize {
        self.blocks() * self.segments
    }
    /// The rows of a block.
    pub fn rows(&self, block: usize) -> Range<usize> {
        block * self.block..((block + 1) * self.block).min(self.m)
    }
    /// The rows and the panels of a chunk.
    pub fn chunk(&self, c: usize) -> (Range<usize>, Range<usize>) {
        let (b, s) = (c / self.segments, c % self.segments);
        (self.rows(b), s * self.panels / self.segments..(s + 1) * self.panels / self.segments)
    }
}
