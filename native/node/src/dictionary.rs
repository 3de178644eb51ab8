//! `Dictionary`: encode, reconstruct, evaluate.

use crate::number::whole;
use crate::rows::{check_rows, for_each_block};
use crate::task::{Background, Task, background, cancelled, coded, invalid_input};
use lexiscope_dictionary::{Activation, DictionaryError, Evaluation, TopKOutput};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;

#[napi(object)]
pub struct DictionaryOptions {
    pub d: f64,
    pub features: f64,
    pub activation: String,
    pub k: Option<f64>,
    pub gain: Option<Float32Array>,
    pub threshold: Option<Float32Array>,
    pub apply_b_dec_to_input: bool,
    pub encoder: Float32Array,
    pub encoder_bias: Float32Array,
    pub decoder: Float32Array,
    pub decoder_bias: Float32Array,
}

#[napi(object)]
pub struct TopK {
    pub k: u32,
    pub indices: Uint32Array,
    pub values: Float32Array,
}

impl TopK {
    /// Of `n` rows.
    pub fn of(out: TopKOutput, n: usize) -> Self {
        Self { k: (out.indices.len() / n.max(1)) as u32, indices: out.indices.into(), values: out.values.into() }
    }
}

#[napi(object)]
pub struct DictionarySums {
    pub squared_error: f64,
    pub squared_deviation: f64,
    pub active: f64,
    pub squared_norm: f64,
    pub dot: f64,
    pub squared_reconstruction: f64,
    pub fired: Uint32Array,
}

/// A dictionary in memory, ready for any thread.
#[napi]
pub struct Dictionary {
    pub(crate) inner: Arc<lexiscope_dictionary::Dictionary>,
}

#[napi]
impl Dictionary {
    #[napi(catch_unwind)]
    pub fn create(options: DictionaryOptions, task: &Task) -> Result<AsyncTask<Background<Dictionary>>> {
        let exec = task.exec()?;
        let activation = match options.activation.as_str() {
            "topk" => {
                let k = whole(options.k.unwrap_or(0.0), "k")?;
                match &options.gain {
                    None => Activation::TopK { k },
                    Some(gain) => Activation::ScaledTopK { k, gain: gain.to_vec() },
                }
            }
            "threshold" => Activation::Threshold { theta: options.threshold.as_ref().map(|t| t.to_vec()).unwrap_or_default() },
            "identity" => Activation::Identity,
            other => return Err(coded("unsupported", format!("activation \"{other}\"; known: topk, threshold, identity"))),
        };
        let (d, features) = (whole(options.d, "d")?, whole(options.features, "features")?);
        Ok(background(move || {
            let options = lexiscope_dictionary::DictionaryOptions {
                d,
                features,
                activation,
                apply_b_dec_to_input: options.apply_b_dec_to_input,
                encoder: options.encoder.to_vec(),
                encoder_bias: options.encoder_bias.to_vec(),
                decoder: options.decoder.to_vec(),
                decoder_bias: options.decoder_bias.to_vec(),
            };
            let inner = lexiscope_dictionary::Dictionary::new(&exec, options).map_err(dictionary_error)?;
            Ok(Dictionary { inner: Arc::new(inner) })
        }))
    }

    #[napi(getter, catch_unwind)]
    pub fn d(&self) -> u32 {
        self.inner.d() as u32
    }
    #[napi(getter, catch_unwind)]
    pub fn features(&self) -> u32 {
        self.inner.features() as u32
    }
    #[napi(getter, catch_unwind)]
    pub fn k(&self) -> u32 {
        self.inner.k_out() as u32
    }

    #[napi(catch_unwind)]
    pub fn encode(&self, rows: Uint16Array, task: &Task) -> Result<AsyncTask<Background<TopK>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || {
            let n = check_rows(&rows, inner.d())?;
            exec.cancel.set_total(n as u64);
            let mut blocks = Vec::new();
            for_each_block(&rows, inner.d(), inner.rows_at_once(), |_, x, n| {
                blocks.push((n, inner.encode(&exec, x, n).map_err(cancelled)?));
                exec.cancel.add_done(n as u64);
                Ok(())
            })?;
            Ok(TopK::of(joined(blocks), n))
        }))
    }

    #[napi(catch_unwind)]
    pub fn reconstruct(&self, rows: Uint16Array, task: &Task) -> Result<AsyncTask<Background<Float32Array>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || {
            let (n, d) = (check_rows(&rows, inner.d())?, inner.d());
            exec.cancel.set_total(n as u64);
            let mut out = vec![0f32; n * d];
            for_each_block(&rows, d, inner.rows_at_once(), |first, x, n| {
                inner.reconstruct(&exec, x, n, &mut out[first * d..(first + n) * d]).map_err(cancelled)?;
                exec.cancel.add_done(n as u64);
                Ok(())
            })?;
            Ok(out.into())
        }))
    }

    #[napi(catch_unwind)]
    pub fn evaluate(&self, rows: Uint16Array, mean: Float32Array, task: &Task) -> Result<AsyncTask<Background<DictionarySums>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        if mean.len() != inner.d() {
            return Err(invalid_input(format!("the mean has {} values, the dictionary's width is {}", mean.len(), inner.d())));
        }
        Ok(background(move || {
            exec.cancel.set_total(check_rows(&rows, inner.d())? as u64);
            let mut sums = Evaluation { fired: vec![0; inner.features()], ..Default::default() };
            for_each_block(&rows, inner.d(), inner.rows_at_once(), |_, x, n| {
                sums.add(&inner.evaluate(&exec, x, n, &mean).map_err(cancelled)?);
                exec.cancel.add_done(n as u64);
                Ok(())
            })?;
            Ok(DictionarySums {
                squared_error: sums.squared_error,
                squared_deviation: sums.squared_deviation,
                active: sums.active as f64,
                squared_norm: sums.squared_norm,
                dot: sums.dot,
                squared_reconstruction: sums.squared_reconstruction,
                fired: sums.fired.into(),
            })
        }))
    }
}

/// Blocks of (rows, entries) one below the other, as wide as the widest.
fn joined(mut blocks: Vec<(usize, TopKOutput)>) -> TopKOutput {
    if blocks.len() == 1 {
        return blocks.remove(0).1;
    }
    let width = |(n, block): &(usize, TopKOutput)| block.indices.len() / n;
    let k = blocks.iter().map(width).max().unwrap_or(0);
    let mut out = TopKOutput::default();
    for block in &blocks {
        let (own, (_, TopKOutput { indices, values })) = (width(block), block);
        for (indices, values) in indices.chunks_exact(own).zip(values.chunks_exact(own)) {
            out.indices.extend(indices);
            out.indices.extend(std::iter::repeat_n(0, k - own));
            out.values.extend(values);
            out.values.extend(std::iter::repeat_n(0.0, k - own));
        }
    }
    out
}

pub fn dictionary_error(error: DictionaryError) -> Error {
    match error {
        DictionaryError::Invalid(message) => invalid_input(message),
        DictionaryError::Cancelled => cancelled(lexiscope_kernels::Cancelled),
    }
}
