//! From candidates to the exact k largest.

use super::filter::Bounds;
use super::queue::{RowQueue, may_reach};
use crate::exec::Exec;
use crate::simd::dot;

pub(super) struct Selector<'a> {
    pub exec: &'a Exec,
    pub x: &'a [f32],
    pub w_exact: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub bounds: &'a Bounds<'a>,
    pub k_in: usize,
    pub k: usize,
}

impl Selector<'_> {
    /// Writes the row's top k from its queues (one for each segment of the outputs). Whether no threshold was too high, and
    /// how many entries were computed.
    pub fn select(&self, row: usize, queues: &mut [RowQueue], indices: &mut [u32], values: &mut [f32]) -> (bool, u32) {
        let x = &self.x[row * self.k_in..(row + 1) * self.k_in];
        let finite = x.iter().all(|v| v.is_finite());
        let mut candidates = Vec::new();
        let mut threshold = f32::NEG_INFINITY;
        if finite {
            threshold = queues.iter_mut().fold(f32::NEG_INFINITY, |t, queue| {
                queue.compact(self.k);
                t.max(queue.threshold)
            });
            for queue in queues {
                let all = queue.upper[..queue.len].iter().zip(&queue.column[..queue.len]);
                candidates.extend(all.filter(|(u, _)| may_reach(**u, threshold)).map(|(&u, &j)| (u, j)));
            }
        }
        let mut exact = Vec::with_capacity(candidates.len());
        if candidates.len() > self.k {
            // The k most promising first: their exact values raise the bar for the rest.
            candidates.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
        }
        let zero = x.iter().all(|&v| v == 0.0);
        let (first, rest) = candidates.split_at(self.k.min(candidates.len()));
        self.rescore(x, zero, first, &mut exact);
        let bar = exact.iter().fold(f32::INFINITY, |b, &(v, _)| if v < b { v } else { b });
        let rest: Vec<(f32, u32)> = rest.iter().copied().filter(|(u, _)| may_reach(*u, bar)).collect();
        self.rescore(x, zero, &rest, &mut exact);
        write_best(&mut exact, finite, indices, values);
        // What was dropped lies below the threshold; so it must be, for sure, below the k-th value.
        let sound = exact.len() >= self.k && (values[self.k - 1] >= threshold || values[self.k - 1].is_nan());
        (sound || !finite, exact.len() as u32)
    }

    fn rescore(&self, x: &[f32], zero: bool, candidates: &[(f32, u32)], exact: &mut Vec<(f32, u32)>) {
        for (c, &(_, j)) in candidates.iter().enumerate() {
            if c % 256 == 255 && self.exec.cancel.is_cancelled() {
                return;
            }
            let at = j as usize;
            if let Some(&(_, next)) = candidates.get(c + 1) {
                prefetch(&self.w_exact[next as usize * self.k_in..(next as usize + 1) * self.k_in]);
            }
            // A zero row times finite weights needs no look at them.
            let product = if zero && self.bounds.slack[at].is_finite() {
                0.0
            } else {
                dot(self.exec.path, x, &self.w_exact[at * self.k_in..(at + 1) * self.k_in])
            };
            exact.push((product + self.bias.map_or(0.0, |b| b[at]), j));
        }
    }
}

/// Rows of w lie anywhere in memory; the next one is fetched while this one is multiplied.
#[inline]
pub(crate) fn prefetch(row: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in row.chunks(16) {
        // SAFETY: a hint on an address inside the slice.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// The k = `indices.len()` best of `all` by value, ties by lower index; NaN anywhere (or `finite` false) makes the row
/// NaN. Writes nothing when a cancel left fewer than k.
pub(super) fn write_best(all: &mut [(f32, u32)], finite: bool, indices: &mut [u32], values: &mut [f32]) {
    let k = indices.len();
    if !finite || all.iter().any(|(v, _)| v.is_nan()) {
        indices.iter_mut().zip(0..).for_each(|(i, j)| *i = j);
        values.fill(f32::NAN);
        return;
    }
    if all.len() < k {
        return;
    }
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if all.len() > k {
        all.select_nth_unstable_by(k - 1, order);
    }
    all[..k].sort_unstable_by(order);
    for (slot, &(v, j)) in all[..k].iter().enumerate() {
        indices[slot] = j;
        values[slot] = v;
    }
}
