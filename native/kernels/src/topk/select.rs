//! From candidates to the exact k largest.

use super::best::{write_best, write_nan};
use super::bounds::Bounds;
use super::queue::{RowQueue, may_reach, reached_by};
use crate::exec::Exec;
use crate::packed_panel::RowForm;
use crate::simd::{dot, prefetch};

pub(super) struct Selector<'a> {
    pub exec: &'a Exec,
    pub x: &'a [f32],
    pub rows: &'a [RowForm],
    pub w_exact: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub bounds: &'a Bounds<'a>,
    pub k_in: usize,
    pub k: usize,
}

/// Weights that are fetched while earlier ones are multiplied: a row from memory takes as long as four products.
const AHEAD: usize = 4;

/// An entry (row of the block, output) that is to be computed in f32.
type Place = (u32, u32);

/// With fewer places than outputs over this, sorting them by output is not worth a pass over the outputs.
const SPARSE: usize = 8;

/// A place and which of the list it is.
#[derive(Clone, Copy, Default)]
struct Term {
    i: u32,
    j: u32,
    at: u32,
}

/// Of a row: whether no threshold was too high, and how many entries were computed.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    pub sound: bool,
    pub rescored: u32,
}

impl Selector<'_> {
    /// Writes the top k of the rows `first…` from their queues (one for each segment of the outputs) to `indices`, `values`
    /// `[rows, k]` and what it took to `says`; nothing, or some of it, after a cancel. All rows' products are one list, so
    /// that the next weights are always on their way.
    pub fn select<'q>(
        &self,
        first: usize,
        queues: impl Iterator<Item = &'q mut [RowQueue]>,
        indices: &mut [u32],
        values: &mut [f32],
        says: &mut [Said],
    ) {
        let k = self.k;
        let (mut likely, mut rest): (Vec<Place>, Vec<Place>) = (Vec::new(), Vec::new());
        let mut uppers = Vec::new();
        let mut ends = Vec::new();
        let mut thresholds = Vec::new();
        let (mut upper, mut column) = (Vec::new(), Vec::new());
        for (i, queues) in queues.enumerate() {
            upper.clear();
            column.clear();
            let finite = self.finite(first + i);
            thresholds.push(if finite { gather(queues, k, &mut upper, &mut column) } else { f32::NEG_INFINITY });
            // The k most promising first: their exact values raise the bar for the rest.
            let split = if upper.len() > k { reached_by(&upper, k, f32::NEG_INFINITY) } else { f32::NEG_INFINITY };
            for (&u, &j) in upper.iter().zip(&column) {
                if u >= split {
                    likely.push((i as u32, j));
                } else {
                    rest.push((i as u32, j));
                    uppers.push(u);
                }
            }
            ends.push((likely.len(), rest.len()));
        }
        let mut exact = Vec::with_capacity(likely.len());
        if !self.products(first, &likely, &mut exact) {
            return;
        }
        let mut places: Vec<Place> = Vec::new();
        let mut more_ends = Vec::new();
        let mut start = (0, 0);
        for &end in &ends {
            let found = &exact[start.0..end.0];
            let bar = if found.len() >= k { reached_by(found, k, f32::NEG_INFINITY) } else { f32::NEG_INFINITY };
            let still = rest[start.1..end.1].iter().zip(&uppers[start.1..end.1]).filter(|(_, u)| may_reach(**u, bar));
            places.extend(still.map(|(place, _)| *place));
            more_ends.push(places.len());
            start = end;
        }
        let mut more = Vec::with_capacity(places.len());
        if !self.products(first, &places, &mut more) {
            return;
        }
        let (mut all, mut from, mut more_from) = (Vec::new(), 0, 0);
        for (i, (&(end, _), &more_end)) in ends.iter().zip(&more_ends).enumerate() {
            let (indices, values) = (&mut indices[i * k..(i + 1) * k], &mut values[i * k..(i + 1) * k]);
            all.clear();
            all.extend(exact[from..end].iter().zip(&likely[from..end]).map(|(&v, place)| (v, place.1)));
            all.extend(more[more_from..more_end].iter().zip(&places[more_from..more_end]).map(|(&v, place)| (v, place.1)));
            let rescored = all.len() as u32;
            says[i] = if !self.finite(first + i) {
                write_nan(indices, values);
                Said { sound: true, rescored }
            } else if all.len() < k {
                Said { sound: false, rescored }
            } else {
                write_best(self.exec.path, &mut all, indices, values);
                // What was dropped lies below the threshold; so it must be, for sure, below the k-th value.
                Said { sound: values[k - 1] >= thresholds[i] || values[k - 1].is_nan(), rescored }
            };
            (from, more_from) = (end, more_end);
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.x[row * self.k_in..(row + 1) * self.k_in]
    }

    fn finite(&self, row: usize) -> bool {
        // The squares of huge finite numbers are infinite too.
        self.rows[row].norm.is_finite() || self.row(row).iter().all(|v| v.is_finite())
    }

    /// x·w + b of each place; false after a cancel. Places of many rows are taken output by output, so that a row of w comes
    /// from memory once for all of them, and in the order of memory.
    fn products(&self, first: usize, places: &[Place], out: &mut Vec<f32>) -> bool {
        out.resize(places.len(), 0.0);
        let outputs = self.bounds.slack.len();
        if places.len() < outputs / SPARSE {
            let places = places.iter().zip(0..);
            return self.ordered_products(first, places.map(|(&(i, j), at)| Term { i, j, at }), out);
        }
        let mut next = vec![0u32; outputs + 1];
        places.iter().for_each(|place| next[place.1 as usize + 1] += 1);
        for j in 0..outputs {
            next[j + 1] += next[j];
        }
        let mut terms = vec![Term::default(); places.len()];
        for (&(i, j), at) in places.iter().zip(0..) {
            let to = &mut next[j as usize];
            terms[*to as usize] = Term { i, j, at };
            *to += 1;
        }
        self.ordered_products(first, terms.iter().copied(), out)
    }

    fn ordered_products(&self, first: usize, terms: impl Iterator<Item = Term> + Clone, out: &mut [f32]) -> bool {
        let weights = |j: u32| &self.w_exact[j as usize * self.k_in..(j as usize + 1) * self.k_in];
        let mut coming = terms.clone().skip(AHEAD);
        let mut fetched = u32::MAX;
        for (count, Term { i, j, at }) in terms.enumerate() {
            if count % 256 == 0 && self.exec.cancel.is_cancelled() {
                return false;
            }
            if let Some(next) = coming.next()
                && next.j != fetched
            {
                fetched = next.j;
                prefetch(weights(next.j));
            }
            let row = first + i as usize;
            // A zero row times finite weights needs no look at them.
            let known = self.rows[row].norm < 1e-10
                && self.bounds.slack[j as usize].is_finite()
                && self.row(row).iter().all(|v| *v == 0.0);
            let product = if known { 0.0 } else { dot(self.exec.path, self.row(row), weights(j)) };
            out[at as usize] = product + self.bias.map_or(0.0, |b| b[j as usize]);
        }
        true
    }
}

/// The candidates that no queue's threshold rules out, and the highest of these.
fn gather(queues: &mut [RowQueue], k: usize, upper: &mut Vec<f32>, column: &mut Vec<u32>) -> f32 {
    let threshold = queues.iter_mut().fold(f32::NEG_INFINITY, |t, queue| {
        queue.compact(k);
        t.max(queue.threshold)
    });
    let alone = queues.len() == 1;
    for queue in queues {
        let (u, j) = (&queue.upper[..queue.len], &queue.column[..queue.len]);
        if alone {
            upper.extend_from_slice(u);
            column.extend_from_slice(j);
        } else {
            let some = || u.iter().zip(j).filter(|(u, _)| may_reach(**u, threshold));
            upper.extend(some().map(|(u, _)| *u));
            column.extend(some().map(|(_, j)| *j));
        }
    }
    threshold
}
