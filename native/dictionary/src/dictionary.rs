use crate::decode::{decode_row, relu};
use crate::error::{DictionaryError, require, require_finite, require_shape};
use crate::trainer::{exact_form, too_many};
use lexiscope_kernels::gemm::{PackedMatrix, Precision, gemm};
use lexiscope_kernels::simd::{dot, sum_sq};
use lexiscope_kernels::{Cancelled, CpuPath, Exec, SharedMut, TopKOutput, Trust, above_gemm, topk_screened};
use std::sync::OnceLock;

/// Features that [`Dictionary::feature_at_sight`] compares at most: some 1 MB of a small model's encoder.
const RANKED: usize = 512;

/// Rows that one chunk of a parallel loop takes.
pub(crate) const ROW_CHUNK: usize = 64;
/// Rows that one call of the encoder is worth.
const MOST_ROWS: usize = 8192;
/// Entries of one call: 256 MB with their indices.
const MOST_ENTRIES: usize = 1 << 25;

#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Keep the k largest pre-activations, then ReLU (Gao et al.).
    TopK { k: usize },
    /// As `TopK`, then f_i = gain_i times that: a dictionary whose decoder rows had norm gain_i while the selection did not
    /// heed it. `gain [F]`, above 0.
    ScaledTopK { k: usize, gain: Vec<f32> },
    /// Keep what is above θ, strictly (JumpReLU, Rajamanoharan et al. 2024; ReLU where θ = 0): `theta [F]`, at least 0.
    Threshold { theta: Vec<f32> },
    /// Keep everything as it is (PCA).
    Identity,
}

/// Weights of a dictionary; `encoder`, `decoder` `[F, d]`, `encoder_bias [F]`, `decoder_bias [d]`.
#[derive(Clone, Debug)]
pub struct DictionaryOptions {
    pub d: usize,
    pub features: usize,
    pub activation: Activation,
    /// β: subtract `decoder_bias` from x before encoding.
    pub apply_b_dec_to_input: bool,
    pub encoder: Vec<f32>,
    pub encoder_bias: Vec<f32>,
    pub decoder: Vec<f32>,
    pub decoder_bias: Vec<f32>,
}

/// f = act((x − β·b_dec)·W_encᵀ + b_enc), x̂ = f·W_dec + b_dec. Ready to use from any thread.
pub struct Dictionary {
    weights: DictionaryOptions,
    decoder_norms: Vec<f32>,
    packed: PackedMatrix,
    /// The encoder in the path's low precision, once `packed` in 8 bits left too much to rescore.
    low: OnceLock<PackedMatrix>,
}

impl Dictionary {
    /// Checks shapes, refuses NaN and infinity, packs the encoder.
    pub fn new(exec: &Exec, options: DictionaryOptions) -> Result<Self, DictionaryError> {
        let (d, features) = (options.d, options.features);
        require(d >= 1 && features >= 1, || format!("a dictionary of width {d} with {features} features"))?;
        match &options.activation {
            Activation::TopK { k } | Activation::ScaledTopK { k, .. } => {
                require((1..=features).contains(k), || format!("k is {k}; it must lie between 1 and the {features} features"))?;
                if let Activation::ScaledTopK { gain, .. } = &options.activation {
                    require_shape("gain", gain.len(), &[features])?;
                    require_finite("gain", gain)?;
                    require(gain.iter().all(|g| *g > 0.0), || "gain must be above 0".into())?;
                }
            }
            Activation::Threshold { theta } => {
                require_shape("threshold", theta.len(), &[features])?;
                require_finite("threshold", theta)?;
                let below = theta.iter().position(|t| *t < 0.0);
                require(below.is_none(), || format!("threshold is below 0 at {}", below.unwrap_or(0)))?;
            }
            Activation::Identity => {}
        }
        for (name, values, shape) in [
            ("encoder", &options.encoder, &[features, d][..]),
            ("encoderBias", &options.encoder_bias, &[features]),
            ("decoder", &options.decoder, &[features, d]),
            ("decoderBias", &options.decoder_bias, &[d]),
        ] {
            require_shape(name, values.len(), shape)?;
            require_finite(name, values)?;
        }
        let precision = match options.activation {
            Activation::Identity => Precision::Exact,
            Activation::Threshold { .. } => Precision::Fast,
            Activation::TopK { .. } | Activation::ScaledTopK { .. } => exact_form(exec.path),
        };
        let packed = PackedMatrix::pack(exec, precision, &options.encoder, features, d)?;
        let decoder_norms = options
            .decoder
            .chunks_exact(d)
            .map(|row| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32)
            .collect();
        Ok(Self { weights: options, decoder_norms, packed, low: OnceLock::new() })
    }

    pub fn d(&self) -> usize {
        self.weights.d
    }
    pub fn features(&self) -> usize {
        self.weights.features
    }
    /// The most entries that a row can have.
    pub fn k_out(&self) -> usize {
        match &self.weights.activation {
            Activation::TopK { k } | Activation::ScaledTopK { k, .. } => *k,
            Activation::Threshold { .. } | Activation::Identity => self.weights.features,
        }
    }
    /// Rows to encode at once, so that their entries need bounded memory whatever fires.
    pub fn rows_at_once(&self) -> usize {
        (MOST_ENTRIES / self.k_out()).clamp(ROW_CHUNK, MOST_ROWS)
    }
    /// `W_dec,i [d]`
    pub fn decoder_row(&self, feature: usize) -> &[f32] {
        &self.weights.decoder[feature * self.weights.d..(feature + 1) * self.weights.d]
    }
    /// ‖W_dec,i‖
    pub fn decoder_norm(&self, feature: usize) -> f32 {
        self.decoder_norms[feature]
    }
    pub fn decoder_bias(&self) -> &[f32] {
        &self.weights.decoder_bias
    }

    /// Features of `x [n, d]` (already rounded to bf16): `[n, k]`, largest first; value 0 marks an empty place. k is that
    /// of [`Activation::TopK`], F with [`Activation::Identity`] (all features in their order, of either sign), and with
    /// [`Activation::Threshold`] the most features that fire on one of these rows, at least 1. Rows must be finite.
    pub fn encode(&self, exec: &Exec, x: &[f32], n: usize) -> Result<TopKOutput, Cancelled> {
        let d = self.d();
        assert_eq!(x.len(), n * d, "x must be [n, d]");
        let centred = self.weights.apply_b_dec_to_input.then(|| centre(x, &self.weights.decoder_bias));
        let x = centred.as_deref().unwrap_or(x);
        match &self.weights.activation {
            Activation::TopK { k } | Activation::ScaledTopK { k, .. } => {
                let mut out = self.select(exec, x, n, *k)?;
                relu(&mut out.values);
                if let Activation::ScaledTopK { k, gain } = &self.weights.activation {
                    scale(&mut out, *k, gain);
                }
                Ok(out)
            }
            Activation::Threshold { theta } => {
                above_gemm(exec, x, n, &self.packed, &self.weights.encoder, &self.weights.encoder_bias, theta)
            }
            Activation::Identity => {
                let features = self.features();
                let mut values = vec![0.0; n * features];
                gemm(exec, x, n, &self.packed, &mut values, false)?;
                for row in values.chunks_exact_mut(features) {
                    row.iter_mut().zip(&self.weights.encoder_bias).for_each(|(v, b)| *v += b);
                }
                Ok(TopKOutput { indices: (0..n).flat_map(|_| 0..features as u32).collect(), values })
            }
        }
    }

    /// The k largest pre-activations of centred rows; every form of the encoder gives the same bits.
    fn select(&self, exec: &Exec, x: &[f32], n: usize, k: usize) -> Result<TopKOutput, Cancelled> {
        let DictionaryOptions { d, features, encoder, encoder_bias, .. } = &self.weights;
        let packed = self.low.get().unwrap_or(&self.packed);
        let (out, screened) = topk_screened(exec, x, n, packed, encoder, Some(encoder_bias), k, Trust::Sure)?;
        let bytes = packed.precision == Precision::Screen;
        if bytes && n >= ROW_CHUNK && too_many(screened, n, *features, k) {
            // Another thread may have been first.
            let _ = self.low.set(PackedMatrix::pack(exec, Precision::Fast, encoder, *features, *d)?);
        }
        Ok(out)
    }

    /// f of one feature of `x [d]` (already rounded to bf16), with the bits of [`Dictionary::encode`], where a few products
    /// decide it: a threshold needs its own alone; for the top k it is not positive, or k others among the first [`RANKED`]
    /// features are larger. `None`: encode the row.
    pub fn feature_at_sight(&self, path: CpuPath, x: &[f32], feature: usize) -> Option<f32> {
        let DictionaryOptions { d, features, encoder, encoder_bias, activation, .. } = &self.weights;
        let centred = self.weights.apply_b_dec_to_input.then(|| centre(x, &self.weights.decoder_bias));
        let x = centred.as_deref().unwrap_or(x);
        // Beyond that a product might overflow, and the whole row would be NaN.
        let square = sum_sq(path, x);
        if square.is_nan() || square >= 1e20 {
            return None;
        }
        let product = |i: usize| dot(path, x, &encoder[i * d..(i + 1) * d]) + encoder_bias[i];
        let own = product(feature);
        match activation {
            Activation::Threshold { theta } => Some(if own > theta[feature] { own } else { 0.0 }),
            Activation::Identity => None,
            Activation::TopK { .. } | Activation::ScaledTopK { .. } if own <= 0.0 => Some(0.0),
            Activation::TopK { k } | Activation::ScaledTopK { k, .. } => {
                let ahead = |i: &usize| {
                    let other = product(*i);
                    other > own || (other == own && *i < feature)
                };
                if (0..RANKED.min(*features)).filter(ahead).nth(k - 1).is_some() {
                    return Some(0.0);
                }
                let gain = if let Activation::ScaledTopK { gain, .. } = activation { gain[feature] } else { 1.0 };
                (*features <= RANKED).then_some(gain * own)
            }
        }
    }

    /// x̂ of encoded rows into `out [n, d]`.
    pub fn decode(&self, exec: &Exec, code: &TopKOutput, out: &mut [f32]) -> Result<(), Cancelled> {
        let d = self.d();
        let n = out.len() / d;
        let k = code.indices.len() / n.max(1);
        assert!(out.len() == n * d && code.indices.len() == n * k, "out must be [n, d] of the encoded rows");
        let out = SharedMut::new(out);
        exec.run(n.div_ceil(ROW_CHUNK), |chunk| {
            for row in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(n) {
                // SAFETY: rows of different chunks are disjoint.
                let out = unsafe { out.slice(row * d, d) };
                let entries = row * k..(row + 1) * k;
                decode_row(
                    exec.path,
                    &code.indices[entries.clone()],
                    &code.values[entries],
                    &self.weights.decoder,
                    &self.weights.decoder_bias,
                    out,
                );
            }
        })
    }

    /// x̂ of `x [n, d]` (already rounded to bf16) into `out [n, d]`.
    pub fn reconstruct(&self, exec: &Exec, x: &[f32], n: usize, out: &mut [f32]) -> Result<(), Cancelled> {
        assert_eq!(out.len(), n * self.d(), "out must be [n, d]");
        let code = self.encode(exec, x, n)?;
        self.decode(exec, &code, out)
    }
}

/// Entries times their gain, each row again largest first.
fn scale(code: &mut TopKOutput, k: usize, gain: &[f32]) {
    for (indices, values) in code.indices.chunks_exact_mut(k).zip(code.values.chunks_exact_mut(k)) {
        let mut row: Vec<(f32, u32)> = values.iter().zip(&*indices).map(|(v, &i)| (v * gain[i as usize], i)).collect();
        row.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (slot, (value, index)) in row.into_iter().enumerate() {
            (values[slot], indices[slot]) = (value, index);
        }
    }
}

fn centre(x: &[f32], centre: &[f32]) -> Vec<f32> {
    let mut out = x.to_vec();
    for row in out.chunks_exact_mut(centre.len()) {
        row.iter_mut().zip(centre).for_each(|(x, c)| *x -= c);
    }
    out
}

#[cfg(test)]
#[path = "dictionary_tests.rs"]
mod tests;
