//! From finished tiles to the queues of their rows, in two looks.
//!
//! The first is taken at every tile and has no branch: rows in which some entry of the panel may reach the row's
//! threshold, by the panel's largest radius, are noted with their values. The second, once a panel, looks at each noted
//! entry with its own radius and puts it into the queue. Which row holds a candidate is unpredictable, so a branch
//! there would be mispredicted often.

use super::bounds::Bounds;
use super::queue::{RowQueue, may_reach};
use super::trust::Reading;
use crate::cpu::CpuPath;
use crate::gemm::{Done, PANEL_MAX};
use crate::packed_panel::RowForm;
use crate::simd::{Level, level};

pub(super) struct Screen<'a> {
    path: CpuPath,
    pub bounds: &'a Bounds<'a>,
    pub k: usize,
    /// Outputs of the whole matrix.
    n: usize,
    reading: Reading,
    first_row: usize,
    pub queues: Vec<RowQueue>,
    panel: Option<Panel>,
    /// One a row; see [`super::bounds::Radius::cut`].
    cuts: Vec<f32>,
    pub hits: Hits,
}

/// The panel of the tiles at hand: outputs `col..col + cols`, padded to `rows`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Panel {
    pub col: usize,
    pub cols: usize,
    pub rows: usize,
}

/// Rows noted by the first look, the first `len`; there is room for one more than can come.
pub(super) struct Hits {
    pub len: usize,
    pub row: Vec<u32>,
    /// Bit c: the panel's output c may reach the threshold.
    pub mask: Vec<u64>,
    /// x̂·ŵ + bias, `[PANEL_MAX]` a row.
    pub values: Vec<f32>,
}

impl<'a> Screen<'a> {
    /// For the rows `first_row..` with these norms.
    pub fn new(
        path: CpuPath,
        bounds: &'a Bounds<'a>,
        (k, n): (usize, usize),
        reading: Reading,
        first_row: usize,
        rows: &[RowForm],
    ) -> Self {
        let queues: Vec<_> = rows.iter().map(|row| RowQueue::new(row, bounds, k, reading)).collect();
        let room = rows.len() + 1;
        let hits = Hits { len: 0, row: vec![0; room], mask: vec![0; room], values: vec![0.0; room * PANEL_MAX] };
        Self { path, bounds, k, n, reading, first_row, queues, panel: None, cuts: vec![0.0; rows.len()], hits }
    }

    /// Takes in a finished tile; tiles come panel by panel.
    #[inline]
    pub fn look(&mut self, tile: &Done) {
        let panel = Panel { col: tile.col, cols: tile.cols, rows: tile.panel_rows };
        if self.panel != Some(panel) {
            self.drain();
            self.panel = Some(panel);
            let radius = self.bounds.panel(panel.col);
            for (cut, queue) in self.cuts.iter_mut().zip(&self.queues) {
                *cut = radius.cut(queue.delta, queue.norm, queue.threshold);
            }
        }
        let first = tile.row - self.first_row;
        let cuts = &self.cuts[first..first + tile.values.len() / tile.panel_rows];
        match level(self.path) {
            // SAFETY: `level` names only instructions that this CPU has.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { super::screen_x86::look_avx512(tile, first, cuts, &self.bounds.bias, &mut self.hits) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { super::screen_x86::look_avx2(tile, first, cuts, &self.bounds.bias, &mut self.hits) },
            _ => look_plain(tile, first, cuts, &self.bounds.bias, &mut self.hits),
        }
    }

    /// The queues, when every tile has come.
    pub fn finish(mut self) -> Vec<RowQueue> {
        self.drain();
        self.queues
    }

    /// The second look.
    fn drain(&mut self) {
        let Some(panel) = self.panel else { return };
        let k = self.reading.rank(self.k, panel.col + panel.cols, self.n);
        match level(self.path) {
            // SAFETY: `level` names only instructions that this CPU has.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { super::screen_x86::drain_avx512(self, panel, k) },
            _ => self.drain_plain(panel, k),
        }
        self.hits.len = 0;
    }

    fn drain_plain(&mut self, panel: Panel, k: usize) {
        let (bounds, hits) = (self.bounds, &self.hits);
        for h in 0..hits.len {
            let queue = &mut self.queues[hits.row[h] as usize];
            queue.make_room(k);
            take_bits(hits.mask[h], &hits.values[h * PANEL_MAX..], panel.col, bounds, queue);
        }
    }
}

/// The entries of `mask` that may reach the queue's threshold, one by one; `values` begin at output `col`.
#[inline(always)]
pub(super) fn take_bits(mut mask: u64, values: &[f32], col: usize, bounds: &Bounds, queue: &mut RowQueue) {
    while mask != 0 {
        let c = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        let j = col + c;
        let radius = queue.delta * bounds.approx_norm[j] + (queue.norm * bounds.slack[j] + bounds.bias_slack[j]);
        if may_reach(values[c] + radius, queue.threshold) {
            queue.push(values[c] - radius, values[c] + radius, j as u32);
        }
    }
}

fn look_plain(tile: &Done, first: usize, cuts: &[f32], bias: &[f32], hits: &mut Hits) {
    for (i, (line, &cut)) in tile.values.chunks_exact(tile.panel_rows).zip(cuts).enumerate() {
        let mut mask = 0u64;
        for (c, value) in line[..tile.cols].iter().enumerate() {
            let value = value + bias[tile.col + c];
            hits.values[hits.len * PANEL_MAX + c] = value;
            mask |= u64::from(may_reach(value, cut)) << c;
        }
        hits.row[hits.len] = (first + i) as u32;
        hits.mask[hits.len] = mask;
        hits.len += usize::from(mask != 0);
    }
}
