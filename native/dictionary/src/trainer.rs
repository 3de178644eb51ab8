//! Training. TopK (Gao et al. 2024): mean ‖x − x̂‖² with AuxK, Adam, unit decoder rows. ReLU (`relu`): SM's.
//!
//! Only the encoder's product is dense; all else touches active entries. A step first finds everything that it will
//! change (and may be stopped there), then changes it in one pass over the features that is never stopped.

mod aux;
mod batch;
mod forward;
mod relu;
mod screen;
pub(crate) mod state;
mod update;

use crate::decode::relu;
use crate::error::{DictionaryError, require, require_finite, require_memory, require_shape};
use crate::rng::Rng;
use crate::weights::Weights;
use aux::AuxLoss;
use batch::Batch;
use forward::Residual;
use lexiscope_kernels::adam::{AdamOptions, AdamStep};
use lexiscope_kernels::gemm::PackedMatrix;
use lexiscope_kernels::sparse::{Inverted, ReconstructionLoss};
use lexiscope_kernels::{Cancel, Exec};
pub use relu::ReluOptions;
use relu::ReluState;
pub use screen::Screen;
pub(crate) use screen::{exact_form, too_many};
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Architecture {
    TopK,
    Relu(ReluOptions),
}

/// What a schedule sets anew for each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub learning_rate: f64,
    /// λ, the weight of mean Σ f_i·w_i; ReLU only.
    pub penalty: f64,
}

#[derive(Clone, Debug)]
pub struct TrainerOptions {
    pub architecture: Architecture,
    pub d: usize,
    pub features: usize,
    /// TopK only, like AuxK's numbers.
    pub k: usize,
    pub seed: u64,
    /// x = scale·raw, so that E‖x‖² = d.
    pub scale: f32,
    /// Start of b_dec `[d]`, in raw units. TopK also subtracts b_dec before encoding, ReLU does not.
    pub decoder_bias: Vec<f32>,
    /// Encoder rows start as decoder rows times this.
    pub encoder_scale: f32,
    pub adam: AdamOptions,
    /// Weight of the normalised auxiliary loss; 0 = off.
    pub aux_coefficient: f32,
    pub aux_k: usize,
    /// Tokens without firing after which a latent is dead.
    pub dead_after: u64,
    /// Leaves the random decoder as it is: the baseline.
    pub freeze_decoder: bool,
    pub screen: Screen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseTimes {
    pub encode: f64,
    pub decode: f64,
    pub backward: f64,
    pub update: f64,
    pub aux: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepMetrics {
    /// mean ‖x − x̂‖²
    pub loss: f64,
    /// mean ‖e − ê‖² / mean ‖e − ē‖², before its coefficient; 0 when nothing is dead.
    pub aux_loss: f64,
    /// Σ‖x − x̂‖² / Σ‖x − x̄‖², x̄ of this batch
    pub fvu: f64,
    pub l0: f64,
    /// mean Σ f_i·w_i, before its coefficient (ReLU).
    pub l1: f64,
    /// ‖gradient‖ over all weights, before it is clipped (ReLU).
    pub gradient_norm: f64,
    /// Whether this step took the path for dense batches (ReLU).
    pub dense: bool,
    pub dead: usize,
    /// Rows that were selected exactly beside [`Screen::EightBits`], and those of them with another top k.
    pub checked_rows: usize,
    pub differing_rows: usize,
    /// Entries that the selection of a row computed in f32, on average.
    pub rescored: f64,
    /// Milliseconds.
    pub ms: PhaseTimes,
}

/// A dictionary in training. Its state after a step depends on the state before, the rows and the learning rate alone:
/// not on the number of threads, and not on the CPU path, but for 8-bit selection and a dense ReLU batch's last digits.
pub struct Trainer {
    options: TrainerOptions,
    weights: Weights,
    first_moment: Weights,
    second_moment: Weights,
    steps: u64,
    /// [F] tokens since the latent last fired.
    silent: Vec<u64>,
    /// The encoder in the path's form; gone after `load`, rebuilt by the next step.
    packed: Option<PackedMatrix>,
    /// Products of 8 bits left too much to rescore.
    bytes_lose: bool,
    batch: Batch,
    residual: Residual,
    relu: Option<ReluState>,
}

/// Beyond any use, and far from overflowing f32 in the first steps.
const MOST_LEARNING_RATE: f64 = 1000.0;

impl Trainer {
    /// Random decoder rows of norm 1 (ReLU: of its own choice), encoder = decoder · `encoder_scale`, b_enc = 0.
    pub fn new(exec: &Exec, options: TrainerOptions) -> Result<Self, DictionaryError> {
        let TrainerOptions { d, features, k, .. } = options;
        require(d >= 1 && features >= 1, || format!("a dictionary of width {d} with {features} features"))?;
        let norm = match options.architecture {
            Architecture::TopK => {
                require(k >= 1 && k <= features, || format!("k is {k}; it must lie between 1 and the {features} features"))?;
                1.0
            }
            Architecture::Relu(relu) => relu.check()?.decoder_norm,
        };
        require(options.scale.is_finite() && options.scale > 0.0, || format!("scale is {}; it must be above 0", options.scale))?;
        require_shape("decoderBias", options.decoder_bias.len(), &[d])?;
        require_finite("decoderBias", &options.decoder_bias)?;
        let AdamOptions { beta1, beta2, epsilon } = options.adam;
        let betas = (0.0..1.0).contains(&beta1) && (0.0..1.0).contains(&beta2);
        require(betas && epsilon as f32 > 0.0 && epsilon.is_finite(), || {
            format!("Adam needs 0 ≤ β < 1 and ε > 0, not {beta1}, {beta2}, {epsilon}")
        })?;
        require(
            options.encoder_scale.is_finite() && options.aux_coefficient >= 0.0 && options.aux_coefficient.is_finite(),
            || "encoderScale and auxCoefficient must be finite, auxCoefficient not below 0".to_string(),
        )?;
        // Weights and two moments of each, and the packed encoder.
        require_memory("a trainer", &[features, d], 28)?;
        let mut weights = Weights::zeros(features, d);
        for (i, (row, encoder)) in weights.decoder.chunks_exact_mut(d).zip(weights.encoder.chunks_exact_mut(d)).enumerate() {
            Rng::new(options.seed, i as u64).fill_unit(row);
            row.iter_mut().for_each(|v| *v *= norm);
            encoder.iter_mut().zip(row).for_each(|(e, v)| *e = *v * options.encoder_scale);
        }
        weights.decoder_bias = options.decoder_bias.iter().map(|v| v * options.scale).collect();
        let relu = match options.architecture {
            Architecture::TopK => None,
            Architecture::Relu(relu) => Some(ReluState::new(relu, features, d)),
        };
        let mut trainer = Self {
            weights,
            relu,
            first_moment: Weights::zeros(features, d),
            second_moment: Weights::zeros(features, d),
            steps: 0,
            silent: vec![0; features],
            packed: None,
            bytes_lose: false,
            batch: Batch::default(),
            residual: Residual::default(),
            options,
        };
        trainer.pack(exec)?;
        Ok(trainer)
    }

    /// Steps applied so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Weights with unit decoder rows and the scale folded in: raw in, raw out, f_i = a_i; TopK's for rows from which b_dec was subtracted.
    pub fn weights(&self) -> Weights {
        self.weights.folded(self.options.scale)
    }

    /// One step on rows `rows[j]` of `pool` (bf16 `[P, d]`, raw units). When it fails or is cancelled nothing has changed.
    pub fn step(&mut self, exec: &Exec, pool: &[u16], rows: &[u32], learning_rate: f64) -> Result<StepMetrics, DictionaryError> {
        self.step_at(exec, pool, rows, Rates { learning_rate, penalty: 0.0 })
    }

    /// [`Trainer::step`] with everything that a schedule sets.
    pub fn step_at(&mut self, exec: &Exec, pool: &[u16], rows: &[u32], rates: Rates) -> Result<StepMetrics, DictionaryError> {
        let Rates { learning_rate, penalty } = rates;
        let TrainerOptions { features, k, scale, .. } = self.options;
        require((0.0..=MOST_LEARNING_RATE).contains(&learning_rate), || {
            format!("the learning rate is {learning_rate}; it must lie between 0 and {MOST_LEARNING_RATE}")
        })?;
        if self.relu.is_some() {
            return self.relu_step(exec, pool, rows, rates);
        }
        require(penalty == 0.0, || format!("a TopK dictionary takes no penalty, and {penalty} was given"))?;
        let mut clock = Clock(Instant::now());
        let mut ms = PhaseTimes::default();

        self.batch.gather(exec, pool, rows, scale, &self.weights.decoder_bias)?;
        let n = self.batch.rows;
        self.pack(exec)?;
        let unpacked = || DictionaryError::Invalid("the encoder is not packed".into());
        let (mut code, check, bytes_lose) = self.select(exec, self.packed.as_ref().ok_or_else(unpacked)?)?;
        self.bytes_lose |= bytes_lose;
        relu(&mut code.values);
        ms.encode = clock.lap();

        self.residual.compute(exec, &self.batch, &code, &self.weights.decoder)?;
        let (loss, fvu) = (self.residual.loss(), self.residual.fvu());
        require(loss.is_finite(), || format!("the loss is {loss} at step {}; lower the learning rate", self.steps + 1))?;
        ms.decode = clock.lap();

        let active = Inverted::new(features, k, &code.indices, &code.values);
        let silent: Vec<u64> =
            self.silent.iter().enumerate().map(|(i, s)| if active.fired(i) { 0 } else { s + n as u64 }).collect();
        let dead: Vec<u32> = (0..features as u32).filter(|&i| silent[i as usize] >= self.options.dead_after).collect();
        ms.backward = clock.lap();
        let aux = AuxLoss::compute(exec, &self.options, &self.weights, &self.batch, &self.residual, &dead)?;
        ms.aux = clock.lap();

        exec.cancel.check()?;
        let mut to_the_end = exec.clone();
        to_the_end.cancel = Cancel::new();
        let main = ReconstructionLoss { factor: -2.0 / n as f32, residual: self.residual.rows() };
        let share = update::Update {
            adam: AdamStep::new(self.options.adam, learning_rate, self.steps + 1),
            freeze_decoder: self.options.freeze_decoder,
            x: self.batch.x(),
            main: (main, &active),
            aux: aux.as_ref().map(AuxLoss::gradient),
            residual_sum: self.residual.sum(),
        }
        .apply(
            &to_the_end,
            &mut self.weights,
            &mut self.first_moment,
            &mut self.second_moment,
            self.packed.as_mut().ok_or_else(unpacked)?,
        )?;
        self.silent = silent;
        self.steps += 1;
        let pass = clock.lap();
        ms.backward += pass * share;
        ms.update = pass * (1.0 - share);

        let l0 = active.len() as f64 / n as f64;
        Ok(StepMetrics {
            loss,
            aux_loss: aux.map_or(0.0, |a| a.loss),
            fvu,
            l0,
            dead: dead.len(),
            checked_rows: check.rows,
            differing_rows: check.differing,
            rescored: check.rescored,
            ms,
            ..Default::default()
        })
    }

    /// Packs the encoder where that is still to be done for this path and form.
    fn pack(&mut self, exec: &Exec) -> Result<(), DictionaryError> {
        let form = self.form(exec.path);
        if self.packed.as_ref().is_none_or(|p| p.path != exec.path || p.precision != form) {
            let TrainerOptions { d, features, .. } = self.options;
            self.packed = Some(PackedMatrix::pack(exec, form, &self.weights.encoder, features, d)?);
        }
        Ok(())
    }
}

struct Clock(Instant);

impl Clock {
    /// Milliseconds since the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let ms = now.duration_since(self.0).as_secs_f64() * 1e3;
        self.0 = now;
        ms
    }
}

#[cfg(test)]
#[path = "trainer_tests.rs"]
mod tests;
