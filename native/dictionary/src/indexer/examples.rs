use super::histogram::interval_of;
use std::sync::Arc;

/// A context shown for a feature.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) context: u32,
    /// Position that it was chosen for, and a_i there.
    pub(super) peak: u32,
    pub(super) value: f32,
    priority: u64,
    /// (position, a_i) wherever the feature fires in the context.
    pub(super) activations: Arc<[(u32, f32)]>,
}

pub(super) struct Limits {
    pub(super) top: usize,
    pub(super) intervals: usize,
    pub(super) per_interval: usize,
    pub(super) seed: u64,
}

/// The strongest contexts, and a random sample of tokens at every height of activation. Samples are kept in fine bins,
/// sixteen an octave, each holding the tokens with the smallest hashes; the union of bins is then a sample of the union,
/// so they can be put together to equal intervals once the maximum is known. Bins that lie wholly in the lowest interval
/// are one bin from then on. A bin cut by an interval's edge gives each side only what it holds of it.
#[derive(Default)]
pub(super) struct Examples {
    /// Strongest first; of equals the earlier context.
    top: Vec<Example>,
    lowest: Vec<Example>,
    bins: Vec<(u32, Vec<Example>)>,
}

impl Examples {
    /// Takes in one context: `group` holds (position, a_i > 0) in order. `maximum` is the largest a_i so far.
    pub(super) fn offer(&mut self, feature: u32, context: u32, group: &[(u32, f32)], maximum: f32, limits: &Limits) {
        let mut shared: Option<Arc<[(u32, f32)]>> = None;
        let mut example = |peak: u32, value: f32, priority: u64| {
            let activations = Arc::clone(shared.get_or_insert_with(|| group.into()));
            Example { context, peak, value, priority, activations }
        };
        let Some(&(first, _)) = group.first() else { return };
        let (peak, value) = group.iter().fold((first, 0.0), |best, &(p, v)| if v > best.1 { (p, v) } else { best });
        if self.top.len() < limits.top || self.top.last().is_some_and(|worst| value > worst.value) {
            let at = self.top.partition_point(|e| e.value >= value);
            self.top.insert(at, example(peak, value, 0));
            self.top.truncate(limits.top);
        }
        if limits.per_interval == 0 {
            return;
        }
        self.merge_lowest(maximum, limits);
        for &(position, value) in group {
            let priority = hash([limits.seed, u64::from(feature), u64::from(context) << 32 | u64::from(position)]);
            let bin = if top_of(bin_of(value)) <= lowest_edge(maximum, limits) {
                &mut self.lowest
            } else {
                let key = bin_of(value);
                let at = self.bins.binary_search_by_key(&key, |b| b.0).unwrap_or_else(|at| {
                    self.bins.insert(at, (key, Vec::new()));
                    at
                });
                &mut self.bins[at].1
            };
            keep_smallest(bin, limits.per_interval, context, priority, || example(position, value, priority));
        }
    }

    /// Moves bins that the growing maximum has left wholly inside the lowest interval.
    fn merge_lowest(&mut self, maximum: f32, limits: &Limits) {
        let below = self.bins.partition_point(|(key, _)| top_of(*key) <= lowest_edge(maximum, limits));
        for (_, bin) in self.bins.drain(..below) {
            for e in bin {
                keep_smallest(&mut self.lowest, limits.per_interval, e.context, e.priority, || e);
            }
        }
    }

    /// The strongest, then the samples of each interval from the strongest interval down, each strongest first.
    pub(super) fn finish(self, maximum: f32, limits: &Limits) -> Vec<(Option<usize>, Example)> {
        let mut intervals: Vec<Vec<Example>> = vec![Vec::new(); limits.intervals];
        for e in self.lowest.into_iter().chain(self.bins.into_iter().flat_map(|b| b.1)) {
            let interval = interval_of(f64::from(e.value), maximum, limits.intervals);
            keep_smallest(&mut intervals[interval], limits.per_interval, e.context, e.priority, || e);
        }
        let mut out: Vec<_> = self.top.into_iter().map(|e| (None, e)).collect();
        for (interval, mut examples) in intervals.into_iter().enumerate().rev() {
            examples.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.context.cmp(&b.context)));
            out.extend(examples.into_iter().map(|e| (Some(interval), e)));
        }
        out
    }
}

/// Keeps the `most` smallest priorities, one a context.
fn keep_smallest(bin: &mut Vec<Example>, most: usize, context: u32, priority: u64, example: impl FnOnce() -> Example) {
    if let Some(same) = bin.iter().position(|e| e.context == context) {
        if bin[same].priority <= priority {
            return;
        }
        bin.remove(same);
    }
    let at = bin.partition_point(|e| e.priority < priority);
    if at < most {
        bin.truncate(most - 1);
        bin.insert(at, example());
    }
}

/// Sixteen bins an octave: exponent and four bits of the mantissa.
fn bin_of(value: f32) -> u32 {
    value.to_bits() >> 19
}

/// Every value in the bin is smaller.
fn top_of(bin: u32) -> f32 {
    f32::from_bits((bin + 1) << 19)
}

fn lowest_edge(maximum: f32, limits: &Limits) -> f32 {
    maximum / limits.intervals as f32
}

/// Splitmix64 over the words.
fn hash(words: [u64; 3]) -> u64 {
    words.into_iter().fold(0x9e37_79b9_7f4a_7c15, |h, word| {
        let mut z = (h ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
