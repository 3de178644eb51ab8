//! What every feature does over a store, in one pass: statistics, examples, co-activation.
//!
//! Nothing here depends on how the pass is cut into calls or on the number of threads: each feature's tokens are seen
//! in their order, samples are drawn by a hash of (seed, feature, context, position) instead of a running generator, and
//! what fires together is counted in windows that end where the pass says, not where a call does.
//!
//! **Memory**, for F features, `t` strongest examples, `i` intervals of `p` samples: at most F × (4 KB histogram + 3 KB of
//! co-active features + 3 KB of tokens, both larger above 32 neighbours or tokens + 48 B × (t + 16·p·(log2 i + 2)) examples),
//! the activations of those examples' contexts, and 60 MB for a window. None of it grows with the number of tokens.

mod coactivation;
mod examples;
mod histogram;
mod result;
mod window;

use crate::dictionary::Dictionary;
use crate::error::{DictionaryError, require, require_finite, require_memory};
use coactivation::{Partners, Tally};
use examples::{Examples, Limits};
use histogram::Histogram;
use lexiscope_kernels::simd::f32_from_bf16;
use lexiscope_kernels::{Exec, SharedMut, TopKOutput};
pub use result::{HISTOGRAM_BINS, IndexResult, NO_NEIGHBOUR, STRONGEST};
use std::sync::{Mutex, PoisonError};
use window::Window;

/// Features that one chunk of a parallel loop takes.
const FEATURE_CHUNK: usize = 32;
/// Decoder rows this near to unit norm are unit rows that were rounded: a_i is then f_i to the last bit, as everywhere.
const UNIT: f32 = 1e-5;
/// Token ids are smaller: four million rows of an embedding. Stops a table sized by a bad id.
const VOCABULARY: u32 = 1 << 22;
/// Only pairs among a token's strongest features count as co-active: k² pairs of a wide row would outlast the encoder.
const PAIRED: usize = 64;

#[derive(Clone, Copy, Debug)]
pub struct IndexerOptions {
    pub features: usize,
    /// Strongest examples kept per feature, one a context.
    pub top: usize,
    /// Equal-width intervals of (0, maximum], and samples kept in each.
    pub intervals: usize,
    pub per_interval: usize,
    /// Co-activation neighbours reported per feature.
    pub coactivation: usize,
    /// Tokens reported per feature: those that it fires on more than on others.
    pub tokens: usize,
    pub seed: u64,
}

/// One feature's running record.
#[derive(Default)]
struct Record {
    fired: u32,
    maximum: f32,
    sum: f64,
    sum_squares: f64,
    histogram: Histogram,
    examples: Examples,
    partners: Partners,
    tokens: Partners,
}

pub struct Indexer {
    options: IndexerOptions,
    /// [F] from the first rows on: of millions of features they take gigabytes and seconds, and `new` is to answer at once.
    records: Vec<Record>,
    window: Window,
    rows: u32,
    /// Rows of each token id.
    token_rows: Vec<u32>,
    last_context: Option<u32>,
    /// A call was cut short, so that some features have seen tokens that others have not.
    broken: bool,
}

impl Indexer {
    pub fn new(options: IndexerOptions) -> Result<Self, DictionaryError> {
        for (name, value, least, most) in [
            ("features", options.features, 1, 1 << 24),
            ("top", options.top, 1, 1000),
            ("intervals", options.intervals, 1, 64),
            ("perInterval", options.per_interval, 0, 1000),
            ("coactivation", options.coactivation, 0, 1000),
            ("tokens", options.tokens, 0, 1000),
        ] {
            require((least..=most).contains(&value), || format!("{name} is {value}; it must lie between {least} and {most}"))?;
        }
        require_memory("an index", &[options.features], size_of::<Record>())?;
        Ok(Self {
            options,
            records: Vec::new(),
            window: Window::default(),
            rows: 0,
            token_rows: Vec::new(),
            last_context: None,
            broken: false,
        })
    }

    /// Adds whole contexts: row r of `rows [n, d]` (bf16) is token `positions[r]` of context `contexts[r]`, with the id
    /// `tokens[r]`. Contexts grow over the whole pass, positions within a context. Rows must be finite.
    pub fn add(
        &mut self,
        exec: &Exec,
        dictionary: &Dictionary,
        rows: &[u16],
        contexts: &[u32],
        positions: &[u32],
        tokens: &[u32],
    ) -> Result<(), DictionaryError> {
        let (d, n) = (dictionary.d(), contexts.len());
        require(dictionary.features() == self.options.features, || {
            format!("the dictionary has {} features, the index {}", dictionary.features(), self.options.features)
        })?;
        require(rows.len() == n * d, || format!("rows has {} values; {n} rows of {d} are expected", rows.len()))?;
        self.check(contexts, positions, tokens)?;
        let bad = rows.iter().position(|bits| bits & 0x7f80 == 0x7f80);
        require(bad.is_none(), || format!("row {} holds NaN or infinity", bad.unwrap_or(0) / d))?;
        exec.cancel.set_total(n as u64);
        let most = dictionary.rows_at_once(); // and on to the end of a context
        let mut x = Vec::new();
        let mut start = 0;
        while start < n {
            let mut end = (start + most).min(n);
            while end < n && contexts[end] == contexts[end - 1] {
                end += 1;
            }
            x.resize((end - start) * d, 0.0);
            f32_from_bf16(&rows[start * d..end * d], &mut x);
            self.broken = true;
            let mut code = dictionary.encode(exec, &x, end - start)?;
            for (value, &feature) in code.values.iter_mut().zip(&code.indices) {
                let norm = dictionary.decoder_norm(feature as usize);
                if (norm - 1.0).abs() > UNIT {
                    *value *= norm;
                }
            }
            require_finite("activations", &code.values)?;
            self.add_encoded(exec, &code, &contexts[start..end], &positions[start..end], &tokens[start..end])?;
            exec.cancel.add_done((end - start) as u64);
            start = end;
        }
        self.broken = false;
        Ok(())
    }

    fn check(&self, contexts: &[u32], positions: &[u32], tokens: &[u32]) -> Result<(), DictionaryError> {
        require(!self.broken, || "an earlier call was cut short; the index must be begun again".into())?;
        require(contexts.len() == positions.len() && contexts.len() == tokens.len(), || {
            format!("{} contexts beside {} positions and {} tokens", contexts.len(), positions.len(), tokens.len())
        })?;
        let large = tokens.iter().find(|token| **token >= VOCABULARY);
        require(large.is_none(), || format!("{} is no token id", large.unwrap_or(&0)))?;
        require(self.rows as usize + contexts.len() <= u32::MAX as usize, || "more than 2³² tokens".into())?;
        if let (Some(&first), Some(last)) = (contexts.first(), self.last_context) {
            require(first > last, || format!("context {first} comes after context {last}"))?;
        }
        for r in 1..contexts.len() {
            let grows = (contexts[r], positions[r]) > (contexts[r - 1], positions[r - 1]);
            require(grows, || format!("row {r} (context {}, position {}) is out of order", contexts[r], positions[r]))?;
        }
        Ok(())
    }

    /// Takes in activations a_i of rows that passed [`Indexer::check`]. Values ≤ 0 count as silent.
    fn add_encoded(
        &mut self,
        exec: &Exec,
        code: &TopKOutput,
        contexts: &[u32],
        positions: &[u32],
        tokens: &[u32],
    ) -> Result<(), DictionaryError> {
        self.broken = true;
        let k = code.indices.len() / contexts.len().max(1);
        let mut start = 0;
        for context in contexts.chunk_by(|a, b| a == b) {
            for row in start..start + context.len() {
                let entries = row * k..(row + 1) * k;
                self.window.push(context[0], positions[row], tokens[row], &code.indices[entries.clone()], &code.values[entries]);
            }
            start += context.len();
            if self.window.is_full() {
                self.count_window(exec)?;
            }
        }
        for &token in tokens {
            if token as usize >= self.token_rows.len() {
                self.token_rows.resize(token as usize + 1, 0);
            }
            self.token_rows[token as usize] += 1;
        }
        self.rows += contexts.len() as u32;
        self.last_context = contexts.last().copied().or(self.last_context);
        self.broken = false;
        Ok(())
    }

    /// Adds the window's tokens to every feature's record.
    fn count_window(&mut self, exec: &Exec) -> Result<(), DictionaryError> {
        let features = self.options.features;
        let window = &self.window;
        let (offsets, events) = window.by_feature(features);
        let limits = Limits {
            top: self.options.top,
            intervals: self.options.intervals,
            per_interval: self.options.per_interval,
            seed: self.options.seed,
        };
        let most_partners = if self.options.coactivation == 0 { 0 } else { PAIRED };
        let (partners_kept, tokens_kept) =
            (coactivation::most_kept(self.options.coactivation), coactivation::most_kept(self.options.tokens));
        let vocabulary = if self.options.tokens == 0 { 0 } else { window.tokens.iter().max().map_or(0, |&t| t as usize + 1) };
        // A thread's counters are all zero between two chunks.
        let spare: Mutex<Vec<(Tally, Tally)>> = Mutex::default();
        self.records.resize_with(features, Record::default);
        let records = SharedMut::new(&mut self.records);
        exec.run(features.div_ceil(FEATURE_CHUNK), |chunk| {
            let mut group: Vec<(u32, f32)> = Vec::new();
            let found = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let (mut with_features, mut with_tokens) = found.unwrap_or_else(|| (Tally::new(features), Tally::new(vocabulary)));
            for feature in chunk * FEATURE_CHUNK..((chunk + 1) * FEATURE_CHUNK).min(features) {
                let mine = &events[offsets[feature] as usize..offsets[feature + 1] as usize];
                if mine.is_empty() {
                    continue;
                }
                // SAFETY: one chunk, its own features.
                let record = unsafe { &mut records.slice(feature, 1)[0] };
                for same in mine.chunk_by(|a, b| window.contexts[a.row as usize] == window.contexts[b.row as usize]) {
                    group.clear();
                    group.extend(same.iter().map(|e| (window.positions[e.row as usize], e.value)));
                    record.take(feature as u32, window.contexts[same[0].row as usize], &group, &limits);
                }
                for event in mine.iter().filter(|e| (e.slot as usize) < most_partners) {
                    window.strongest(event.row, most_partners).iter().for_each(|&other| with_features.count(other));
                }
                with_features.leave_out(feature as u32);
                record.partners.take(&mut with_features, partners_kept);
                if vocabulary > 0 {
                    mine.iter().for_each(|e| with_tokens.count(window.tokens[e.row as usize]));
                    record.tokens.take(&mut with_tokens, tokens_kept);
                }
            }
            spare.lock().unwrap_or_else(PoisonError::into_inner).push((with_features, with_tokens));
        })?;
        self.window.clear();
        Ok(())
    }

    /// The whole result; the index is then empty.
    pub fn finish(&mut self, exec: &Exec) -> Result<IndexResult, DictionaryError> {
        require(!self.broken, || "an earlier call was cut short; the index must be begun again".into())?;
        self.broken = true;
        self.count_window(exec)?;
        let records = std::mem::take(&mut self.records);
        result::gather(exec, &self.options, self.rows, &std::mem::take(&mut self.token_rows), records)
    }
}

impl Record {
    fn take(&mut self, feature: u32, context: u32, group: &[(u32, f32)], limits: &Limits) {
        for &(_, value) in group {
            self.fired += 1;
            self.maximum = self.maximum.max(value);
            self.sum += f64::from(value);
            self.sum_squares += f64::from(value) * f64::from(value);
            self.histogram.add(value);
        }
        self.examples.offer(feature, context, group, self.maximum, limits);
    }
}

#[cfg(test)]
#[path = "indexer_tests.rs"]
mod tests;
