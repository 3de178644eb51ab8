//! `Dictionary`: encode, reconstruct, evaluate.

use crate::rows::{check_rows, for_each_block};
use crate::task::{Background, Task, background, cancelled, coded, invalid_input};
use lexiscope_dictionary::{Activation, DictionaryError, Evaluation, TopKOutput};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::Arc;

#[napi(object)]
pub struct DictionaryOptions {
    pub d: u32,
    pub features: u32,
    pub activation: String,
    pub k: u32,
    pub apply_b_dec_to_input: bool,
    pub encoder: Float32Array,
    pub encoder_bias: Float32Array,
    pub decoder: Float32Array,
    pub decoder_bias: Float32Array,
}

#[napi(object)]
pub struct TopK {
    pub indices: Uint32Array,
    pub values: Float32Array,
}

impl From<TopKOutput> for TopK {
    fn from(out: TopKOutput) -> Self {
        Self { indices: out.indices.into(), values: out.values.into() }
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
    #[napi]
    pub fn create(options: DictionaryOptions, task: &Task) -> Result<AsyncTask<Background<Dictionary>>> {
        let exec = task.exec()?;
        let activation = match options.activation.as_str() {
            "topk" => Activation::TopK { k: options.k as usize },
            "identity" => Activation::Identity,
            other => return Err(coded("unsupported", format!("activation \"{other}\"; known: topk, identity"))),
        };
        Ok(background(move || {
            let options = lexiscope_dictionary::DictionaryOptions {
                d: options.d as usize,
                features: options.features as usize,
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

    #[napi(getter)]
    pub fn d(&self) -> u32 {
        self.inner.d() as u32
    }
    #[napi(getter)]
    pub fn features(&self) -> u32 {
        self.inner.features() as u32
    }
    #[napi(getter)]
    pub fn k(&self) -> u32 {
        self.inner.k_out() as u32
    }

    #[napi]
    pub fn encode(&self, rows: Uint16Array, task: &Task) -> Result<AsyncTask<Background<TopK>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || {
            let n = check_rows(&rows, inner.d())?;
            exec.cancel.set_total(n as u64);
            let mut out =
                TopKOutput { indices: Vec::with_capacity(n * inner.k_out()), values: Vec::with_capacity(n * inner.k_out()) };
            for_each_block(&rows, inner.d(), |_, x, n| {
                let block = inner.encode(&exec, x, n).map_err(cancelled)?;
                out.indices.extend(block.indices);
                out.values.extend(block.values);
                exec.cancel.add_done(n as u64);
                Ok(())
            })?;
            Ok(out.into())
        }))
    }

    #[napi]
    pub fn reconstruct(&self, rows: Uint16Array, task: &Task) -> Result<AsyncTask<Background<Float32Array>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || {
            let (n, d) = (check_rows(&rows, inner.d())?, inner.d());
            exec.cancel.set_total(n as u64);
            let mut out = vec![0f32; n * d];
            for_each_block(&rows, d, |first, x, n| {
                inner.reconstruct(&exec, x, n, &mut out[first * d..(first + n) * d]).map_err(cancelled)?;
                exec.cancel.add_done(n as u64);
                Ok(())
            })?;
            Ok(out.into())
        }))
    }

    #[napi]
    pub fn evaluate(&self, rows: Uint16Array, mean: Float32Array, task: &Task) -> Result<AsyncTask<Background<DictionarySums>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        if mean.len() != inner.d() {
            return Err(invalid_input(format!("the mean has {} values, the dictionary's width is {}", mean.len(), inner.d())));
        }
        Ok(background(move || {
            exec.cancel.set_total(check_rows(&rows, inner.d())? as u64);
            let mut sums = Evaluation { fired: vec![0; inner.features()], ..Default::default() };
            for_each_block(&rows, inner.d(), |_, x, n| {
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

pub fn dictionary_error(error: DictionaryError) -> Error {
    match error {
        DictionaryError::Invalid(message) => invalid_input(message),
        DictionaryError::Cancelled => cancelled(lexiscope_kernels::Cancelled),
    }
}
