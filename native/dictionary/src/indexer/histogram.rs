/// Values kept as they are before they are counted in fine bins, and the number of fine bins.
const FINE: usize = 1024;

/// A histogram over (0, maximum] whose maximum is only known at the end. Up to 1,024 values are kept, and then the
/// result is exact; beyond, they are counted in 1,024 bins whose width is a power of two and doubles as larger values
/// come. The maximum then lies in the upper half of the bins, so a value is put into the wrong bin of the result only
/// when it lies within maximum / 1024 of an edge. The sum of the counts is always exact.
pub(super) enum Histogram {
    Values(Vec<f32>),
    /// counts[i] = values in (i·width, (i + 1)·width]
    Bins {
        width: f64,
        counts: Box<[u32]>,
    },
}

impl Default for Histogram {
    fn default() -> Self {
        Self::Values(Vec::new())
    }
}

impl Histogram {
    /// Adds a value > 0.
    pub(super) fn add(&mut self, value: f32) {
        if let Self::Values(values) = self {
            if values.len() < FINE {
                values.push(value);
                return;
            }
            *self = Self::binned(values);
        }
        if let Self::Bins { width, counts } = self {
            count(width, counts, value);
        }
    }

    fn binned(values: &[f32]) -> Self {
        let maximum = values.iter().copied().fold(0.0, f32::max);
        let mut width = (f64::from(maximum) / FINE as f64).log2().ceil().exp2();
        let mut counts = vec![0; FINE].into_boxed_slice();
        values.iter().for_each(|&value| count(&mut width, &mut counts, value));
        Self::Bins { width, counts }
    }

    /// Counts in `bins` equal bins of (0, maximum].
    pub(super) fn finish(&self, maximum: f32, bins: usize) -> Vec<u32> {
        let mut out = vec![0; bins];
        match self {
            Self::Values(values) => values.iter().for_each(|&v| out[interval_of(f64::from(v), maximum, bins)] += 1),
            Self::Bins { width, counts } => {
                for (i, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    out[interval_of((i as f64 + 0.5) * width, maximum, bins)] += count;
                }
            }
        }
        out
    }
}

fn count(width: &mut f64, counts: &mut [u32], value: f32) {
    while f64::from(value) > *width * FINE as f64 {
        for i in 0..FINE / 2 {
            counts[i] = counts[2 * i] + counts[2 * i + 1];
        }
        counts[FINE / 2..].fill(0);
        *width *= 2.0;
    }
    counts[((f64::from(value) / *width).ceil() as usize).clamp(1, FINE) - 1] += 1;
}

/// Which of `n` equal intervals (lo, hi] of (0, maximum] holds `value`; 0 is the weakest.
pub(super) fn interval_of(value: f64, maximum: f32, n: usize) -> usize {
    ((value * n as f64 / f64::from(maximum)).ceil() as usize).clamp(1, n) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn f40_intervals_are_open_below() {
        let buckets = [0.001f32, 2.0, 2.0001, 5.0, 9.99, 10.0].map(|v| interval_of(f64::from(v), 10.0, 5));
        assert_eq!(buckets, [0, 0, 1, 2, 4, 4]);
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let mut h = Histogram::default();
        [0.001f32, 2.0, 2.0001, 5.0, 9.99, 10.0].into_iter().for_each(|v| h.add(v));
        assert_eq!(h.finish(10.0, 5), [2, 1, 1, 0, 2]);
    }

    proptest! {
        #[test]
        fn many_values_are_off_by_at_most_a_1024th_of_the_maximum(seed in 0u64..1000, grow in 0.5f32..300.0) {
            let mut state = seed;
            let values: Vec<f32> = (0..5000)
                .map(|i| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    ((state >> 40) as f32 / (1u64 << 24) as f32 + 1e-6) * (1.0 + grow * i as f32 / 5000.0)
                })
                .collect();
            let maximum = values.iter().copied().fold(0.0, f32::max);
            let mut h = Histogram::default();
            values.iter().for_each(|&v| h.add(v));
            let bins = h.finish(maximum, 40);
            prop_assert_eq!(bins.iter().sum::<u32>(), 5000);
            // Cumulative counts lie between the exact ones with every edge moved by maximum / 1024 either way.
            let mut seen = 0;
            for (i, count) in bins.iter().enumerate() {
                seen += count;
                let edge = f64::from(maximum) * (i + 1) as f64 / 40.0;
                let slack = f64::from(maximum) / 1024.0 + 1e-9;
                let below = |edge: f64| values.iter().filter(|v| f64::from(**v) <= edge).count() as u32;
                prop_assert!(below(edge - slack) <= seen && seen <= below(edge + slack));
            }
        }
    }
}
