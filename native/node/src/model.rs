//! `Model`: open, forward, extend, direct effects.

use crate::cache::{Cache, CacheState};
use crate::edits::{field, model_error, optional, read_edits, read_taps};
use crate::number::whole;
use crate::task::{Background, Task, background, coded, invalid_input};
use lexiscope_kernels::choose::Choosing;
use lexiscope_kernels::{Exec, Precision};
use lexiscope_transformer::{
    Architecture, Edit, ForwardInput, KvCache, Logits, ModelError, TapOutput, TapRows, TensorRef, TensorType,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::path::PathBuf;
use std::sync::Arc;

/// Up to so many tokens a call to `extend` runs inside the thread pool: its hundreds of small steps would otherwise each
/// wake the pool and wait for it. A longer call stays outside, since a thread of the pool that waits for one call may
/// take up another, and should not be gone for long.
const DECODED: usize = 32;

#[napi(object)]
pub struct ModelOptions {
    pub architecture: String,
    pub files: Vec<String>,
    pub tensors: Vec<ModelTensor>,
    pub dtype: String,
}

#[napi(object)]
pub struct ModelTensor {
    pub role: String,
    pub file: f64,
    pub offset: f64,
    pub bytes: f64,
    #[napi(js_name = "type")]
    pub kind: String,
    pub rows: f64,
    pub cols: f64,
    pub unpermute_heads: Option<f64>,
}

#[napi(object, object_from_js = false)]
pub struct ForwardTap {
    pub values: Option<Either<Uint16Array, Float32Array>>,
    pub norms: Float32Array,
}

#[napi(object, object_from_js = false)]
pub struct ForwardResult {
    pub taps: Vec<ForwardTap>,
    pub nll: Option<Float32Array>,
    pub log_sum_exp: Option<Float32Array>,
    pub top_ids: Option<Int32Array>,
    pub top_logprobs: Option<Float32Array>,
    pub logits: Option<Float32Array>,
}

#[napi(object, object_from_js = false)]
pub struct Effects {
    pub top_ids: Int32Array,
    pub top_values: Float32Array,
    pub bottom_ids: Int32Array,
    pub bottom_values: Float32Array,
}

#[napi(object)]
pub struct StepChoosing {
    pub vocabulary: f64,
    pub temperature: f64,
    pub top: f64,
    pub units: Float64Array,
}

#[napi(object, object_from_js = false)]
pub struct StepChoices {
    pub ids: Int32Array,
    pub logprobs: Float64Array,
    pub top_ids: Int32Array,
    pub top_logprobs: Float64Array,
}

/// A language model in memory.
#[napi]
pub struct Model {
    inner: Arc<lexiscope_transformer::Model>,
}

#[napi]
impl Model {
    #[napi(catch_unwind)]
    pub fn open(options: ModelOptions, task: &Task) -> Result<AsyncTask<Background<Model>>> {
        let exec = task.exec()?;
        let precision = match options.dtype.as_str() {
            "f32" => Precision::Exact,
            "fast" => Precision::Fast,
            other => return Err(invalid_input(format!("dtype is {other:?}; known: f32, fast"))),
        };
        Ok(background(move || {
            let architecture = Architecture::parse(&options.architecture).map_err(model_error)?;
            let files: Vec<PathBuf> = options.files.into_iter().map(PathBuf::from).collect();
            let tensors = options.tensors.into_iter().map(read_tensor).collect::<Result<Vec<_>>>()?;
            let inner =
                lexiscope_transformer::Model::open(&exec, architecture, precision, &files, tensors).map_err(model_error)?;
            Ok(Model { inner: Arc::new(inner) })
        }))
    }

    #[napi(getter, catch_unwind)]
    pub fn d(&self) -> u32 {
        self.inner.architecture.d as u32
    }
    #[napi(getter, catch_unwind)]
    pub fn vocabulary(&self) -> u32 {
        self.inner.architecture.vocabulary as u32
    }
    #[napi(getter, catch_unwind)]
    pub fn bytes(&self) -> f64 {
        self.inner.bytes() as f64
    }

    #[napi(getter, catch_unwind)]
    pub fn decode_bytes(&self) -> f64 {
        self.inner.decode_bytes() as f64
    }

    #[napi(catch_unwind)]
    pub fn weights_hash(&self, task: &Task) -> Result<AsyncTask<Background<String>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || inner.weights_hash(&exec).map_err(model_error)))
    }

    #[napi(catch_unwind)]
    pub fn forward(&self, input: Object<'_>, task: &Task) -> Result<AsyncTask<Background<ForwardResult>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        let what = "the forward input";
        let layers = inner.architecture.layers;
        let tokens = field::<Int32Array>(&input, what, "tokens")?.to_vec();
        let lengths = field::<Int32Array>(&input, what, "lengths")?.to_vec();
        let taps = read_taps(&field::<Vec<Object<'_>>>(&input, what, "taps")?, layers)?;
        let edits = read_edits(&field::<Vec<Object<'_>>>(&input, what, "edits")?, layers)?;
        let logits = match field::<String>(&input, what, "logits")?.as_str() {
            "none" => Logits::None,
            "nll" => Logits::Nll,
            "full" => Logits::Full,
            other => return Err(invalid_input(format!("logits is {other:?}; known: none, nll, full"))),
        };
        let top = whole(optional(&input, what, "top")?.unwrap_or(0.0), "top")?;
        Ok(background(move || {
            let input = ForwardInput { tokens: &tokens, lengths: &lengths, taps: &taps, edits: &edits, logits, top };
            let output = inner.forward(&exec, &input).map_err(model_error)?;
            let mut result = ForwardResult {
                taps: output.taps.into_iter().map(tap_result).collect(),
                nll: None,
                log_sum_exp: None,
                top_ids: None,
                top_logprobs: None,
                logits: None,
            };
            if let Some(head) = output.head {
                result.nll = Some(head.nll.into());
                result.log_sum_exp = Some(head.log_sum_exp.into());
                if top > 0 {
                    result.top_ids = Some(head.top_ids.into());
                    result.top_logprobs = Some(head.top_logprobs.into());
                }
                if logits == Logits::Full {
                    result.logits = Some(head.logits.into());
                }
            }
            Ok(result)
        }))
    }

    #[napi(catch_unwind)]
    pub fn cache(&self, rows: f64, capacity: f64) -> Result<Cache> {
        let kv = KvCache::new(&self.inner, whole(rows, "rows")?, whole(capacity, "capacity")?).map_err(model_error)?;
        Ok(Cache::of(self.inner.clone(), kv))
    }

    #[napi(catch_unwind)]
    pub fn extend(
        &self,
        cache: &Cache,
        tokens: Int32Array,
        lengths: Int32Array,
        edits: Vec<Object<'_>>,
        task: &Task,
    ) -> Result<AsyncTask<Background<Float32Array>>> {
        let call = Extension::read(self, cache, &tokens, &lengths, &edits, task)?;
        Ok(background(move || {
            let Extension { exec, state, tokens, lengths, edits } = &call;
            call.run(|kv| state.model.extend(exec, kv, tokens, lengths, edits)).map(Into::into)
        }))
    }

    #[napi]
    pub fn step(
        &self,
        cache: &Cache,
        tokens: Int32Array,
        lengths: Int32Array,
        edits: Vec<Object<'_>>,
        choosing: StepChoosing,
        task: &Task,
    ) -> Result<AsyncTask<Background<StepChoices>>> {
        let call = Extension::read(self, cache, &tokens, &lengths, &edits, task)?;
        let how = Choosing {
            vocabulary: whole(choosing.vocabulary, "vocabulary")?,
            temperature: choosing.temperature as f32,
            top: whole(choosing.top, "top")?,
        };
        let units = choosing.units.to_vec();
        Ok(background(move || {
            let Extension { exec, state, tokens, lengths, edits } = &call;
            let choices = call.run(|kv| state.model.step(exec, kv, tokens, lengths, edits, how, &units))?;
            let tops = || choices.iter().flat_map(|c| (0..how.top).map(|i| c.as_ref().and_then(|c| c.top.get(i).copied())));
            Ok(StepChoices {
                ids: choices.iter().map(|c| c.as_ref().map_or(-1, |c| c.id as i32)).collect::<Vec<_>>().into(),
                logprobs: choices.iter().map(|c| c.as_ref().map_or(f64::NAN, |c| c.logprob)).collect::<Vec<_>>().into(),
                top_ids: tops().map(|t| t.map_or(-1, |(id, _)| id as i32)).collect::<Vec<_>>().into(),
                top_logprobs: tops().map(|t| t.map_or(f64::NAN, |(_, p)| p)).collect::<Vec<_>>().into(),
            })
        }))
    }

    #[napi(catch_unwind)]
    pub fn direct_effects(&self, directions: Float32Array, k: f64, task: &Task) -> Result<AsyncTask<Background<Effects>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        let (directions, k) = (directions.to_vec(), whole(k, "k")?);
        Ok(background(move || {
            let effects = inner.direct_effects(&exec, &directions, k).map_err(model_error)?;
            Ok(Effects {
                top_ids: effects.top_ids.into(),
                top_values: effects.top_values.into(),
                bottom_ids: effects.bottom_ids.into(),
                bottom_values: effects.bottom_values.into(),
            })
        }))
    }
}

/// What `extend` and `step` are asked.
struct Extension {
    exec: Exec,
    state: Arc<CacheState>,
    tokens: Vec<i32>,
    lengths: Vec<i32>,
    edits: Vec<Edit>,
}

impl Extension {
    fn read(model: &Model, cache: &Cache, tokens: &[i32], lengths: &[i32], edits: &[Object<'_>], task: &Task) -> Result<Self> {
        let state = cache.state.clone();
        if !Arc::ptr_eq(&model.inner, &state.model) {
            return Err(invalid_input("the cache belongs to another model"));
        }
        let edits = read_edits(edits, model.inner.architecture.layers)?;
        Ok(Self { exec: task.exec()?, state, tokens: tokens.to_vec(), lengths: lengths.to_vec(), edits })
    }

    fn run<T: Send>(&self, work: impl FnOnce(&mut KvCache) -> std::result::Result<T, ModelError> + Send) -> Result<T> {
        let mut kv = self.state.take()?;
        let held = &mut *kv;
        let work = || work(held);
        let result = if self.tokens.len() <= DECODED { rayon::scope(|_| work()) } else { work() };
        let result = result.map_err(model_error)?;
        self.state.publish(&kv);
        Ok(result)
    }
}

fn tap_result(output: TapOutput) -> ForwardTap {
    let values = match output.rows {
        TapRows::Bf16(rows) => Some(Either::A(rows.into())),
        TapRows::F32(rows) => Some(Either::B(rows.into())),
        TapRows::None => None,
    };
    ForwardTap { values, norms: output.norms.into() }
}

fn read_tensor(tensor: ModelTensor) -> Result<TensorRef> {
    let role = &tensor.role;
    let kind = TensorType::from_name(&tensor.kind).ok_or_else(|| {
        let known: Vec<_> = TensorType::ALL.iter().map(|t| t.name()).collect();
        coded("unsupported", format!("{role} is of type {}; known: {}", tensor.kind, known.join(", ")))
    })?;
    Ok(TensorRef {
        file: whole(tensor.file, role)?,
        offset: whole(tensor.offset, role)? as u64,
        bytes: whole(tensor.bytes, role)? as u64,
        kind,
        rows: whole(tensor.rows, role)?,
        cols: whole(tensor.cols, role)?,
        unpermute_heads: tensor.unpermute_heads.map(|heads| whole(heads, role)).transpose()?,
        role: tensor.role,
    })
}
