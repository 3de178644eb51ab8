//! `Trainer`: training steps, state, weights.

use crate::dictionary::dictionary_error;
use crate::number::whole as count;
use crate::task::{Background, Task, background, coded, invalid_input};
use lexiscope_dictionary::{Architecture, Rates, ReluOptions, Screen, StateArray, StateType};
use lexiscope_kernels::adam::AdamOptions;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

#[napi(object)]
pub struct TrainerOptions {
    pub architecture: String,
    pub d: f64,
    pub features: f64,
    pub k: f64,
    pub seed: f64,
    pub scale: f64,
    pub decoder_bias: Float32Array,
    pub encoder_scale: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
    pub aux_coefficient: f64,
    pub aux_k: f64,
    pub dead_after: f64,
    pub freeze_decoder: bool,
    pub decoder_norm: f64,
    pub clip_norm: f64,
    pub screen: String,
}

#[napi(object)]
pub struct StepPhases {
    pub encode: f64,
    pub decode: f64,
    pub backward: f64,
    pub update: f64,
    pub aux: f64,
}

#[napi(object)]
pub struct StepMetrics {
    pub loss: f64,
    pub aux_loss: f64,
    pub fvu: f64,
    pub l0: f64,
    pub l1: f64,
    pub gradient_norm: f64,
    pub dense: bool,
    pub dead: u32,
    pub checked_rows: u32,
    pub differing_rows: u32,
    pub ms: StepPhases,
}

#[napi(object)]
pub struct TrainerArray {
    pub name: String,
    #[napi(js_name = "type")]
    pub kind: String,
    pub shape: Vec<f64>,
    pub data: Uint8Array,
}

#[napi(object)]
pub struct DictionaryWeights {
    pub encoder: Float32Array,
    pub encoder_bias: Float32Array,
    pub decoder: Float32Array,
    pub decoder_bias: Float32Array,
}

/// A dictionary in training. One call at a time: a second one while a step runs is `busy`.
#[napi]
pub struct Trainer {
    inner: Arc<Mutex<lexiscope_dictionary::Trainer>>,
    steps: Arc<AtomicU64>,
}

fn lock(inner: &Mutex<lexiscope_dictionary::Trainer>) -> Result<MutexGuard<'_, lexiscope_dictionary::Trainer>> {
    inner.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => coded("busy", "a step of this trainer is still running"),
        TryLockError::Poisoned(_) => coded("internal", "an earlier step failed midway; go on from the last checkpoint"),
    })
}

/// A whole number from JavaScript, exact up to 2⁵³; infinity is the largest.
fn whole(name: &str, value: f64) -> Result<u64> {
    if value.is_nan() || value < 0.0 || (value.is_finite() && value.fract() != 0.0) {
        return Err(invalid_input(format!("{name} is {value}; it must be a whole number, not below 0")));
    }
    Ok(value as u64)
}

#[napi]
impl Trainer {
    #[napi(catch_unwind)]
    pub fn create(options: TrainerOptions, task: &Task) -> Result<AsyncTask<Background<Trainer>>> {
        let exec = task.exec()?;
        let architecture = match options.architecture.as_str() {
            "topk" => Architecture::TopK,
            "relu" => Architecture::Relu(ReluOptions { decoder_norm: options.decoder_norm as f32, clip_norm: options.clip_norm }),
            other => return Err(coded("unsupported", format!("architecture \"{other}\"; known: topk, relu"))),
        };
        let options = lexiscope_dictionary::TrainerOptions {
            architecture,
            d: count(options.d, "d")?,
            features: count(options.features, "features")?,
            k: count(options.k, "k")?,
            seed: whole("seed", options.seed)?,
            scale: options.scale as f32,
            decoder_bias: options.decoder_bias.to_vec(),
            encoder_scale: options.encoder_scale as f32,
            adam: AdamOptions { beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon },
            aux_coefficient: options.aux_coefficient as f32,
            aux_k: count(options.aux_k, "auxK")?,
            dead_after: whole("deadAfter", options.dead_after)?,
            freeze_decoder: options.freeze_decoder,
            screen: Screen::from_name(&options.screen)
                .ok_or_else(|| invalid_input(format!("screen is `{}`; known: exact, 8bit", options.screen)))?,
        };
        Ok(background(move || {
            let inner = lexiscope_dictionary::Trainer::new(&exec, options).map_err(dictionary_error)?;
            Ok(Trainer { steps: Arc::new(AtomicU64::new(inner.steps())), inner: Arc::new(Mutex::new(inner)) })
        }))
    }

    #[napi(getter, catch_unwind)]
    pub fn steps(&self) -> f64 {
        self.steps.load(Ordering::Relaxed) as f64
    }

    #[napi(catch_unwind)]
    pub fn step(
        &self,
        pool: Uint16Array,
        rows: Uint32Array,
        learning_rate: f64,
        penalty: f64,
        task: &Task,
    ) -> Result<AsyncTask<Background<StepMetrics>>> {
        let exec = task.exec()?;
        let (inner, steps) = (self.inner.clone(), self.steps.clone());
        Ok(background(move || {
            let mut trainer = lock(&inner)?;
            let metrics = trainer.step_at(&exec, &pool, &rows, Rates { learning_rate, penalty }).map_err(dictionary_error)?;
            steps.store(trainer.steps(), Ordering::Relaxed);
            let ms = metrics.ms;
            Ok(StepMetrics {
                loss: metrics.loss,
                aux_loss: metrics.aux_loss,
                fvu: metrics.fvu,
                l0: metrics.l0,
                l1: metrics.l1,
                gradient_norm: metrics.gradient_norm,
                dense: metrics.dense,
                dead: metrics.dead as u32,
                checked_rows: metrics.checked_rows as u32,
                differing_rows: metrics.differing_rows as u32,
                ms: StepPhases { encode: ms.encode, decode: ms.decode, backward: ms.backward, update: ms.update, aux: ms.aux },
            })
        }))
    }

    #[napi(catch_unwind)]
    pub fn state(&self) -> Result<Vec<TrainerArray>> {
        let trainer = lock(&self.inner)?;
        let array = |a: StateArray<'_>| TrainerArray {
            name: a.name.into_owned(),
            kind: a.kind.name().to_string(),
            shape: a.shape.iter().map(|&n| n as f64).collect(),
            data: a.data.into_owned().into(),
        };
        Ok(trainer.state().into_iter().map(array).collect())
    }

    #[napi(catch_unwind)]
    pub fn load(&self, state: Vec<TrainerArray>) -> Result<()> {
        let mut arrays = Vec::new();
        for array in &state {
            let kind = StateType::from_name(&array.kind)
                .ok_or_else(|| invalid_input(format!("`{}` is {}; known: F32, U64", array.name, array.kind)))?;
            let shape = array.shape.iter().map(|&n| count(n, &array.name)).collect::<Result<_>>()?;
            arrays.push(StateArray { name: array.name.as_str().into(), kind, shape, data: (&array.data[..]).into() });
        }
        let mut trainer = lock(&self.inner)?;
        trainer.load(&arrays).map_err(dictionary_error)?;
        self.steps.store(trainer.steps(), Ordering::Relaxed);
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn weights(&self) -> Result<DictionaryWeights> {
        let weights = lock(&self.inner)?.weights();
        Ok(DictionaryWeights {
            encoder: weights.encoder.into(),
            encoder_bias: weights.encoder_bias.into(),
            decoder: weights.decoder.into(),
            decoder_bias: weights.decoder_bias.into(),
        })
    }
}
