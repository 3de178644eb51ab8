//! What is asked of a row of logits: log Σ e^x, and its largest entries.

use crate::exp::exp;
use crate::versions::per_level;
use crate::{Cancelled, Exec, SharedMut};

const LANES: usize = 16;
/// Terms summed in f32 before they go to the f64 total.
const BLOCK: usize = 1024;

#[inline(always)]
fn log_sum_exp_body(row: &[f32]) -> f32 {
    let (lanes, rest) = row.as_chunks::<LANES>();
    let mut tops = [f32::NEG_INFINITY; LANES];
    for lane in lanes {
        for (top, x) in tops.iter_mut().zip(lane) {
            *top = if *x > *top { *x } else { *top };
        }
    }
    let top = tops.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    let mut total = rest.iter().map(|x| f64::from(exp(x - top))).sum::<f64>();
    for block in lanes.chunks(BLOCK / LANES) {
        let mut sums = [0f32; LANES];
        for lane in block {
            for (sum, x) in sums.iter_mut().zip(lane) {
                *sum += exp(*x - top);
            }
        }
        total += sums.iter().map(|s| f64::from(*s)).sum::<f64>();
    }
    (f64::from(top) + total.ln()) as f32
}

per_level! {
    /// log Σ e^x over a row.
    log_sum_exp = log_sum_exp_body(row: &[f32]) -> f32
}

#[inline(always)]
fn draw_body(row: &[f32], temperature: f32, unit: f64) -> usize {
    let (lanes, rest) = row.as_chunks::<LANES>();
    let mut tops = [f32::NEG_INFINITY; LANES];
    for lane in lanes {
        for (top, x) in tops.iter_mut().zip(lane) {
            *top = if *x > *top { *x } else { *top };
        }
    }
    let top = tops.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    let weight = |x: f32| exp((x - top) / temperature);
    let mut until = Vec::with_capacity(row.len().div_ceil(BLOCK));
    let mut total = 0f64;
    for block in row.chunks(BLOCK) {
        let (lanes, rest) = block.as_chunks::<LANES>();
        let mut sums = [0f32; LANES];
        for lane in lanes {
            for (sum, x) in sums.iter_mut().zip(lane) {
                *sum += weight(*x);
            }
        }
        total += sums.iter().map(|s| f64::from(*s)).sum::<f64>() + rest.iter().map(|x| f64::from(weight(*x))).sum::<f64>();
        until.push(total);
    }
    let target = unit * total;
    let block = until.partition_point(|sum| *sum <= target).min(until.len().saturating_sub(1));
    let first = block * BLOCK;
    let mut left = target - if block == 0 { 0.0 } else { until[block - 1] };
    let mut last = first;
    for (i, x) in row.iter().enumerate().skip(first).take(BLOCK) {
        let w = f64::from(weight(*x));
        left -= w;
        if left < 0.0 {
            return i;
        }
        if w > 0.0 {
            last = i;
        }
    }
    last // the block's sum, taken in another order, was a sliver larger
}

per_level! {
    /// The entry at share `unit` of [0, 1) of the running sum of e^((x − max) / temperature) over a row: a draw from its
    /// softmax for a uniform `unit`. The same on every path. 0 for an empty row.
    draw = draw_body(row: &[f32], temperature: f32, unit: f64) -> usize
}

/// The `k` largest entries of a row, largest first, ties by lower index.
pub fn largest(row: &[f32], k: usize) -> Vec<(f32, u32)> {
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let k = k.min(row.len());
    if k == 0 {
        return Vec::new();
    }
    let room = 2 * k + 64;
    let mut kept: Vec<(f32, u32)> = Vec::with_capacity(room);
    let mut threshold = f32::NEG_INFINITY;
    for (i, &x) in row.iter().enumerate() {
        // Not `x > threshold` alone: the first k are taken whatever they are.
        if kept.len() < k || x > threshold {
            kept.push((x, i as u32));
            if kept.len() == room {
                kept.select_nth_unstable_by(k - 1, order);
                kept.truncate(k);
                threshold = kept[k - 1].0;
            }
        }
    }
    kept.sort_unstable_by(order);
    kept.truncate(k);
    kept
}

/// Per row of `logits [m, v]`: log Σ e^x into `sums [m]`, the `top` largest into `ids` and `logprobs` `[m, top]`.
pub fn row_statistics(
    exec: &Exec,
    logits: &[f32],
    v: usize,
    top: usize,
    sums: &mut [f32],
    ids: &mut [i32],
    logprobs: &mut [f32],
) -> Result<(), Cancelled> {
    let m = sums.len();
    assert!(logits.len() == m * v && ids.len() == m * top && logprobs.len() == m * top && top <= v, "row_statistics: shapes");
    let (sums, ids, logprobs) = (SharedMut::new(sums), SharedMut::new(ids), SharedMut::new(logprobs));
    exec.run(m, |row| {
        let x = &logits[row * v..(row + 1) * v];
        let sum = log_sum_exp(exec.path, x);
        // SAFETY: one chunk, one row.
        let (sums, ids, logprobs) = unsafe { (sums.slice(row, 1), ids.slice(row * top, top), logprobs.slice(row * top, top)) };
        sums[0] = sum;
        for ((value, index), (id, logprob)) in largest(x, top).into_iter().zip(ids.iter_mut().zip(logprobs)) {
            *id = index as i32;
            *logprob = value - sum;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CpuPath;
    use proptest::prelude::*;

    #[test]
    fn log_sum_exp_of_a_long_row() {
        let row: Vec<f32> = (0..49_157).map(|i| ((i * 7919) % 1000) as f32 / 40.0 - 12.0).collect();
        let exact = row.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
        for path in CpuPath::ALL {
            assert!((f64::from(log_sum_exp(path, &row)) - exact).abs() < 2e-6);
        }
        assert_eq!(log_sum_exp(CpuPath::Portable, &[3.0]), 3.0);
    }

    #[test]
    fn draws_follow_the_softmax() {
        let row: Vec<f32> = (0..5003).map(|i| ((i * 7919) % 1000) as f32 / 100.0).collect();
        for temperature in [0.5f32, 1.0, 2.0] {
            let weights: Vec<f64> = row.iter().map(|x| f64::from(x / temperature).exp()).collect();
            let total: f64 = weights.iter().sum();
            let mut until = 0.0;
            for (i, weight) in weights.iter().enumerate() {
                // The middle of an entry's share picks that entry, on every path.
                let unit = (until + weight / 2.0) / total;
                until += weight;
                if weight / total > 1e-5 {
                    for path in CpuPath::ALL {
                        assert_eq!(draw(path, &row, temperature, unit), i);
                    }
                }
            }
        }
        assert_eq!(draw(CpuPath::Portable, &[f32::NEG_INFINITY, 2.0, f32::NEG_INFINITY], 1.0, 0.999_999), 1);
    }

    proptest! {
        #[test]
        fn largest_is_a_sort(row in proptest::collection::vec(-4i8..4, 1..400), k in 1usize..40) {
            let row: Vec<f32> = row.into_iter().map(f32::from).collect();
            let mut all: Vec<(f32, u32)> = row.iter().copied().zip(0..).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.truncate(k);
            prop_assert_eq!(largest(&row, k), all);
        }
    }
}
