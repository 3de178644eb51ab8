//! From finished tiles to the queues of their rows, in two looks.
//!
//! The first is taken at every tile and has no branch: rows in which some entry of the panel may reach the row's
//! threshold, by the panel's largest radius, are noted with their values. The second, once a panel, looks at each noted
//! entry with its own radius and puts it into the queue. Which row holds a candidate is unpredictable, so a branch
//! there would be mispredicted often.

use super::bounds::{Bounds, Radius};
use super::queue::{RowQueue, may_reach};
use super::trust::Reading;
use crate::cpu::CpuPath;
use crate::gemm::{Done, PANEL_MAX};
use crate::packed_panel::RowForm;
use crate::simd::{Level, level};
use crate::versions::per_level;
use std::cell::RefCell;

pub(super) struct Screen<'a> {
    path: CpuPath,
    pub bounds: &'a Bounds<'a>,
    pub k: usize,
    /// Outputs of the whole matrix.
    n: usize,
    reading: Reading,
    first_row: usize,
    pub queues: Vec<RowQueue>,
    /// Of each queue, side by side.
    deltas: Vec<f32>,
    norms: Vec<f32>,
    pub thresholds: Vec<f32>,
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
        let queues = queues(rows, bounds, k, reading);
        let room = rows.len() + 1;
        let hits = Hits { len: 0, row: vec![0; room], mask: vec![0; room], values: vec![0.0; room * PANEL_MAX] };
        let side = |of: fn(&RowQueue) -> f32| queues.iter().map(of).collect::<Vec<_>>();
        let (deltas, norms, thresholds) = (side(|q| q.delta), side(|q| q.norm), side(|q| q.threshold));
        let cuts = vec![0.0; rows.len()];
        Self { path, bounds, k, n, reading, first_row, queues, deltas, norms, thresholds, panel: None, cuts, hits }
    }

    /// Takes in a finished tile; tiles come panel by panel.
    #[inline]
    pub fn look(&mut self, tile: &Done) {
        let panel = Panel { col: tile.col, cols: tile.cols, rows: tile.panel_rows };
        if self.panel != Some(panel) {
            self.drain();
            self.panel = Some(panel);
            let radius = self.bounds.panel(panel.col);
            cut_rows(self.path, *radius, &self.deltas, &self.norms, &self.thresholds, &mut self.cuts);
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
            let row = hits.row[h] as usize;
            let queue = &mut self.queues[row];
            queue.make_room(k);
            self.thresholds[row] = queue.threshold;
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

thread_local! {
    // Fresh pages cost as much as the work, so a thread keeps the queues of one block.
    static SPARE: RefCell<Vec<RowQueue>> = const { RefCell::new(Vec::new()) };
}
/// Most queues that are kept, and most entries of each.
const SPARE_QUEUES: (usize, usize) = (1024, 1024);

fn queues(rows: &[RowForm], bounds: &Bounds, k: usize, reading: Reading) -> Vec<RowQueue> {
    let mut queues = SPARE.take();
    queues.truncate(rows.len());
    queues.iter_mut().zip(rows).for_each(|(queue, row)| queue.reset(row, bounds, k, reading));
    let there = queues.len();
    queues.extend(rows[there..].iter().map(|row| RowQueue::new(row, bounds, k, reading)));
    queues
}

/// Gives the queues of a block back for the next one on this thread.
pub(super) fn recycle(mut queues: Vec<RowQueue>) {
    let (most, entries) = SPARE_QUEUES;
    queues.retain(|queue| queue.lower.capacity() <= entries);
    if queues.len() <= most {
        SPARE.set(queues);
    }
}

#[inline(always)]
fn cut_rows_body(radius: Radius, deltas: &[f32], norms: &[f32], thresholds: &[f32], cuts: &mut [f32]) {
    for (((cut, delta), norm), threshold) in cuts.iter_mut().zip(deltas).zip(norms).zip(thresholds) {
        *cut = radius.cut(*delta, *norm, *threshold);
    }
}

per_level! {
    /// [`Radius::cut`] of each row.
    cut_rows = cut_rows_body(radius: Radius, deltas: &[f32], norms: &[f32], thresholds: &[f32], cuts: &mut [f32])
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
