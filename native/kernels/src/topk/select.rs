//! From candidates to the exact k largest.

use super::best::{write_best, write_nan};
use super::bounds::Bounds;
use super::queue::{RowQueue, may_reach, reached_by};
use crate::exec::Exec;
use crate::packed_panel::RowForm;
use crate::simd::{dot, prefetch};
use std::cell::Cell;

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

/// Products ahead of which their weights are fetched. A row from memory takes as long as four products, and neighbours in the
/// list share rows.
const AHEAD: usize = 12;

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

/// What a block's selection works in. Fresh pages cost as much as the work, so a thread keeps its own.
#[derive(Default)]
struct Room {
    likely: Found,
    rest: Vec<Place>,
    uppers: Vec<f32>,
    still: Found,
    /// Of each row: where its entries end in `likely` and `rest`, and in `still`.
    ends: Vec<(usize, usize)>,
    still_ends: Vec<usize>,
    thresholds: Vec<f32>,
    upper: Vec<f32>,
    column: Vec<u32>,
    all: Vec<(f32, u32)>,
    next: Vec<u32>,
    terms: Vec<Term>,
}

/// Places and their exact values.
#[derive(Default)]
struct Found {
    places: Vec<Place>,
    values: Vec<f32>,
}

thread_local! {
    static SPARE: Cell<Option<Box<Room>>> = const { Cell::new(None) };
}
/// Places beyond which a thread gives its room back.
const SPARE_PLACES: usize = 1 << 18;

impl Room {
    fn take() -> Box<Self> {
        let mut room = SPARE.take().unwrap_or_default();
        let Self { likely, rest, uppers, still, ends, still_ends, thresholds, .. } = &mut *room;
        for places in [&mut likely.places, rest, &mut still.places] {
            places.clear();
        }
        for values in [uppers, thresholds] {
            values.clear();
        }
        ends.clear();
        still_ends.clear();
        room
    }

    fn keep(self: Box<Self>) {
        if self.likely.places.capacity().max(self.rest.capacity()).max(self.all.capacity()) <= SPARE_PLACES {
            SPARE.set(Some(self));
        }
    }
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
        let mut room = Room::take();
        self.select_in(&mut room, first, queues, indices, values, says);
        room.keep();
    }

    fn select_in<'q>(
        &self,
        room: &mut Room,
        first: usize,
        queues: impl Iterator<Item = &'q mut [RowQueue]>,
        indices: &mut [u32],
        values: &mut [f32],
        says: &mut [Said],
    ) {
        let k = self.k;
        let Room { likely, rest, uppers, still, ends, still_ends, thresholds, upper, column, all, next, terms } = room;
        for (i, queues) in queues.enumerate() {
            upper.clear();
            column.clear();
            let finite = self.finite(first + i);
            thresholds.push(if finite { gather(queues, k, upper, column) } else { f32::NEG_INFINITY });
            // The k most promising first: their exact values raise the bar for the rest.
            let split = if upper.len() > k { reached_by(upper, k, f32::NEG_INFINITY) } else { f32::NEG_INFINITY };
            for (&u, &j) in upper.iter().zip(column.iter()) {
                if u >= split {
                    likely.places.push((i as u32, j));
                } else {
                    rest.push((i as u32, j));
                    uppers.push(u);
                }
            }
            ends.push((likely.places.len(), rest.len()));
        }
        if !self.products(first, likely, next, terms) {
            return;
        }
        let mut start = (0, 0);
        for &end in ends.iter() {
            let found = &likely.values[start.0..end.0];
            let bar = if found.len() >= k { reached_by(found, k, f32::NEG_INFINITY) } else { f32::NEG_INFINITY };
            let may = rest[start.1..end.1].iter().zip(&uppers[start.1..end.1]).filter(|(_, u)| may_reach(**u, bar));
            still.places.extend(may.map(|(place, _)| *place));
            still_ends.push(still.places.len());
            start = end;
        }
        if !self.products(first, still, next, terms) {
            return;
        }
        let (mut from, mut still_from) = (0, 0);
        for (i, (&(end, _), &still_end)) in ends.iter().zip(still_ends.iter()).enumerate() {
            let (indices, values) = (&mut indices[i * k..(i + 1) * k], &mut values[i * k..(i + 1) * k]);
            all.clear();
            for (found, own) in [(&*likely, from..end), (&*still, still_from..still_end)] {
                all.extend(found.values[own.clone()].iter().zip(&found.places[own]).map(|(&v, place)| (v, place.1)));
            }
            let rescored = all.len() as u32;
            says[i] = if !self.finite(first + i) {
                write_nan(indices, values);
                Said { sound: true, rescored }
            } else if all.len() < k {
                Said { sound: false, rescored }
            } else {
                write_best(self.exec.path, all, indices, values);
                // What was dropped lies below the threshold; so it must be, for sure, below the k-th value.
                Said { sound: values[k - 1] >= thresholds[i] || values[k - 1].is_nan(), rescored }
            };
            (from, still_from) = (end, still_end);
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
    fn products(&self, first: usize, found: &mut Found, next: &mut Vec<u32>, terms: &mut Vec<Term>) -> bool {
        let Found { places, values } = found;
        values.resize(places.len(), 0.0);
        let outputs = self.bounds.slack.len();
        if places.len() < outputs / SPARSE {
            let places = places.iter().zip(0..);
            return self.ordered_products(first, places.map(|(&(i, j), at)| Term { i, j, at }), values);
        }
        next.clear();
        next.resize(outputs + 1, 0);
        places.iter().for_each(|place| next[place.1 as usize + 1] += 1);
        for j in 0..outputs {
            next[j + 1] += next[j];
        }
        terms.resize(places.len(), Term::default());
        for (&(i, j), at) in places.iter().zip(0..) {
            let to = &mut next[j as usize];
            terms[*to as usize] = Term { i, j, at };
            *to += 1;
        }
        self.ordered_products(first, terms.iter().copied(), values)
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
            let row = self.row(first + i as usize);
            // A zero row times finite weights needs no look at them.
            let known = row.first() == Some(&0.0) && self.bounds.slack[j as usize].is_finite() && row.iter().all(|v| *v == 0.0);
            let product = if known { 0.0 } else { dot(self.exec.path, row, weights(j)) };
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
