//! Candidates of one row: what may still be among its k largest.

use super::bounds::Bounds;
use super::trust::Reading;
use crate::packed_panel::RowForm;
use crate::simd::{Level, widest};

/// Entries that a filter may append without asking again: the widest panel.
pub(super) const ROOM: usize = crate::gemm::PANEL_MAX;

#[derive(Default)]
pub(super) struct RowQueue {
    /// Bounds of the entries and their columns; the first `len` of each are in use.
    pub lower: Vec<f32>,
    pub upper: Vec<f32>,
    pub column: Vec<u32>,
    pub len: usize,
    /// At least k entries of the row reach this value (or are taken to, see [`Reading`]): what has an upper bound below it
    /// is out.
    pub threshold: f32,
    /// ‖x − x̂‖ and ‖x‖ (upper bounds); infinite when sums could leave f32's range, so that nothing is screened out.
    pub delta: f32,
    pub norm: f32,
    reached: f32,
}

impl RowQueue {
    pub fn new(row: &RowForm, bounds: &Bounds, k: usize, reading: Reading) -> Self {
        let mut queue = Self::default();
        queue.reset(row, bounds, k, reading);
        queue
    }

    /// As [`RowQueue::new`], in the memory that is there: its size is that of a new one, since it decides when thresholds rise.
    pub fn reset(&mut self, row: &RowForm, bounds: &Bounds, k: usize, reading: Reading) {
        let safe = f64::from(row.norm) * f64::from(bounds.largest_norm) < 1e37;
        let (delta, norm) =
            if safe { (reading.share * row.delta_norm, reading.share * row.norm) } else { (f32::INFINITY, f32::INFINITY) };
        (self.delta, self.norm, self.reached) = (delta, norm, reading.reached);
        (self.len, self.threshold) = (0, f32::NEG_INFINITY);
        self.grow((2 * k).max(k + 96) + ROOM);
    }

    fn grow(&mut self, capacity: usize) {
        self.lower.resize(capacity, 0.0);
        self.upper.resize(capacity, 0.0);
        self.column.resize(capacity, 0);
    }

    pub fn has_room(&self) -> bool {
        let end = self.len + ROOM;
        end <= self.lower.len() && end <= self.upper.len() && end <= self.column.len()
    }

    /// Appends; the caller has made room.
    #[inline]
    pub fn push(&mut self, lower: f32, upper: f32, column: u32) {
        self.lower[self.len] = lower;
        self.upper[self.len] = upper;
        self.column[self.len] = column;
        self.len += 1;
    }

    /// Room for a panel: raises the threshold and drops what is below, or grows when too much remains.
    #[inline]
    pub fn make_room(&mut self, k: usize) {
        if self.len + ROOM > self.lower.len() {
            self.compact(k);
            // Doubling amortises compactions over rows in which everything ties.
            if self.len + self.len / 2 + ROOM > self.lower.len() && self.len > k + k / 2 + 32 {
                self.grow(2 * self.lower.len());
            }
        }
    }

    /// Drops what k others surely reach or exceed.
    #[cold]
    pub fn compact(&mut self, k: usize) {
        if self.len > k {
            let lower = &self.lower[..self.len];
            self.threshold = if self.reached == 0.0 {
                reached_by(lower, k, self.threshold)
            } else {
                let between = |(l, u): (&f32, &f32)| l + self.reached * (u - l);
                let taken: Vec<f32> = lower.iter().zip(&self.upper).map(between).collect();
                reached_by(&taken, k, self.threshold)
            };
        }
        #[cfg(target_arch = "x86_64")]
        if widest() == Level::Avx512 {
            // SAFETY: `level` names only instructions that this CPU has.
            self.len = unsafe { super::screen_x86::keep_reaching(self) };
            return;
        }
        let (lower, upper, column) = (&mut self.lower[..self.len], &mut self.upper[..self.len], &mut self.column[..self.len]);
        let mut kept = 0;
        for i in 0..upper.len() {
            let bound = upper[i];
            (lower[kept], upper[kept], column[kept]) = (lower[i], bound, column[i]);
            kept += usize::from(may_reach(bound, self.threshold));
        }
        self.len = kept;
    }
}

/// Whether an entry with this upper bound may be at `bar` or above; a NaN bound says nothing, so it may.
#[inline]
pub(super) fn may_reach(upper: f32, bar: f32) -> bool {
    upper >= bar || upper.is_nan() || bar.is_nan()
}

/// Bits whose integer order is the order of values; NaN counts as −inf.
#[inline]
pub(super) fn ordered(v: f32) -> i32 {
    let bits = if v.is_nan() { f32::NEG_INFINITY } else { v }.to_bits() as i32;
    bits ^ ((bits >> 31) & 0x7fff_ffff)
}

#[inline]
fn unordered(key: i32) -> f32 {
    f32::from_bits((key ^ ((key >> 31) & 0x7fff_ffff)) as u32)
}

/// A value that at least k of `values` reach, and hardly more: by halving the range, since counting is a fast pass and
/// selecting is not. `values.len() >= k`; k of them reach `known`, or it is −inf.
pub(super) fn reached_by(values: &[f32], k: usize, known: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2(values: &[f32], k: usize, known: f32) -> f32 {
            reached_by_plain(values, k, known)
        }
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
        fn avx512(values: &[f32], k: usize, known: f32) -> f32 {
            reached_by_plain(values, k, known)
        }
        match widest() {
            // SAFETY: `level` names only instructions that this CPU has.
            Level::Avx512 => return unsafe { avx512(values, k, known) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { avx2(values, k, known) },
            Level::Portable => {}
        }
    }
    reached_by_plain(values, k, known)
}

#[inline(always)]
fn reached_by_plain(values: &[f32], k: usize, known: f32) -> f32 {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for &v in values {
        let key = ordered(v);
        low = low.min(key);
        high = high.max(key);
    }
    low = low.max(ordered(known));
    let near = k + k / 8;
    for round in 0.. {
        if low >= high {
            break;
        }
        // Halving values gets there in a few rounds; halving keys always does.
        let half = unordered(low) * 0.5 + unordered(high) * 0.5;
        let middle = match ordered(half) {
            by_value if round < 16 && half.is_finite() && by_value > low && by_value <= high => by_value,
            _ => ((i64::from(low) + i64::from(high) + 1) >> 1) as i32,
        };
        let count = values.iter().map(|&v| u32::from(ordered(v) >= middle)).sum::<u32>() as usize;
        if count < k {
            high = middle - 1;
        } else {
            low = middle;
            if count <= near {
                break;
            }
        }
    }
    unordered(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_keeps_values() {
        let values = [f32::NEG_INFINITY, -3.5, -1e-40, -0.0, 0.0, 1e-40, 2.0, f32::INFINITY];
        assert!(values.windows(2).all(|v| ordered(v[0]) < ordered(v[1])));
        assert!(values.iter().all(|&v| unordered(ordered(v)).to_bits() == v.to_bits()));
        assert_eq!(unordered(ordered(f32::NAN)), f32::NEG_INFINITY);
    }

    #[test]
    fn the_bar_is_reached_by_k_or_a_few_more() {
        let values: Vec<f32> = (0..1000u32).map(|i| (i.wrapping_mul(2_654_435_761) as i32) as f32 * 1e-20).collect();
        for k in [1, 2, 31, 500, 1000] {
            let bar = reached_by(&values, k, f32::NEG_INFINITY);
            let count = values.iter().filter(|v| **v >= bar).count();
            assert!(count >= k && count <= k + k / 8, "{k}: {count}");
        }
        assert_eq!(reached_by(&[7.0; 50], 20, 6.0), 7.0);
        assert_eq!(reached_by(&[f32::NEG_INFINITY, f32::INFINITY], 2, f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert_eq!(reached_by(&[f32::NAN, 3.0], 1, 3.0), 3.0);
    }
}
