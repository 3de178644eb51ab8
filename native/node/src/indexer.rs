//! `Indexer`: one pass over a store, then the statistics and examples of every feature.

use crate::dictionary::{Dictionary, dictionary_error};
use crate::number::whole;
use crate::task::{Background, Task, background, coded, invalid_input};
use lexiscope_dictionary::{IndexResult, Indexer as Inner};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard};

#[napi(object)]
pub struct IndexerOptions {
    pub features: f64,
    pub top: f64,
    pub intervals: f64,
    pub per_interval: f64,
    pub coactivation: f64,
    pub tokens: f64,
    /// A whole number of at most 2⁵³.
    pub seed: f64,
}

#[napi(object)]
pub struct IndexerResult {
    pub tokens: u32,
    pub fired: Uint32Array,
    pub maximum: Float32Array,
    pub sum: Float64Array,
    pub sum_squares: Float64Array,
    pub histogram: Uint32Array,
    pub example_offsets: Uint32Array,
    pub example_context: Uint32Array,
    pub example_interval: Int32Array,
    pub example_peak: Uint32Array,
    pub activation_offsets: Uint32Array,
    pub activation_positions: Uint32Array,
    pub activation_values: Float32Array,
    pub coactivation_ids: Uint32Array,
    pub coactivation_scores: Float32Array,
    pub coactivation_counts: Uint32Array,
    pub token_ids: Uint32Array,
    pub token_scores: Float32Array,
    pub token_counts: Uint32Array,
}

impl From<IndexResult> for IndexerResult {
    fn from(r: IndexResult) -> Self {
        Self {
            tokens: r.tokens,
            fired: r.fired.into(),
            maximum: r.maximum.into(),
            sum: r.sum.into(),
            sum_squares: r.sum_squares.into(),
            histogram: r.histogram.into(),
            example_offsets: r.example_offsets.into(),
            example_context: r.example_context.into(),
            example_interval: r.example_interval.into(),
            example_peak: r.example_peak.into(),
            activation_offsets: r.activation_offsets.into(),
            activation_positions: r.activation_positions.into(),
            activation_values: r.activation_values.into(),
            coactivation_ids: r.coactivation_ids.into(),
            coactivation_scores: r.coactivation_scores.into(),
            coactivation_counts: r.coactivation_counts.into(),
            token_ids: r.token_ids.into(),
            token_scores: r.token_scores.into(),
            token_counts: r.token_counts.into(),
        }
    }
}

#[napi]
pub struct Indexer {
    inner: Arc<Mutex<Inner>>,
}

#[napi]
impl Indexer {
    #[napi(constructor, catch_unwind)]
    pub fn new(options: IndexerOptions) -> Result<Self> {
        if !(options.seed.abs() <= 9_007_199_254_740_992.0 && options.seed.fract() == 0.0) {
            return Err(invalid_input(format!("seed is {}; it must be a whole number", options.seed)));
        }
        let inner = Inner::new(lexiscope_dictionary::IndexerOptions {
            features: whole(options.features, "features")?,
            top: whole(options.top, "top")?,
            intervals: whole(options.intervals, "intervals")?,
            per_interval: whole(options.per_interval, "perInterval")?,
            coactivation: whole(options.coactivation, "coactivation")?,
            tokens: whole(options.tokens, "tokens")?,
            seed: options.seed as i64 as u64,
        })
        .map_err(dictionary_error)?;
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }

    #[napi(catch_unwind)]
    pub fn add(
        &self,
        dictionary: &Dictionary,
        rows: Uint16Array,
        contexts: Uint32Array,
        positions: Uint32Array,
        tokens: Uint32Array,
        task: &Task,
    ) -> Result<AsyncTask<Background<()>>> {
        let (exec, inner, dictionary) = (task.exec()?, self.inner.clone(), dictionary.inner.clone());
        Ok(background(move || {
            lock(&inner)?.add(&exec, &dictionary, &rows, &contexts, &positions, &tokens).map_err(dictionary_error)
        }))
    }

    #[napi(catch_unwind)]
    pub fn finish(&self, task: &Task) -> Result<AsyncTask<Background<IndexerResult>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || lock(&inner)?.finish(&exec).map(IndexerResult::from).map_err(dictionary_error)))
    }
}

fn lock(inner: &Mutex<Inner>) -> Result<MutexGuard<'_, Inner>> {
    inner.lock().map_err(|_| coded("internal", "an earlier call on this index failed; it must be begun again"))
}
