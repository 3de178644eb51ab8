//! Scaling Monosemanticity's autoencoder: f = ReLU(x·W_encᵀ + b_enc), x̂ = f·W_dec + b_dec,
//! L = mean [‖x − x̂‖² + λ Σ f_i·w_i] with w_i = ‖W_dec,i‖, no constraint on the weights, no pre-encoder bias, the
//! gradient clipped by its global norm.
//!
//! With g = ∂L/∂x̂ = −2/B·(x − x̂): ∂d_i = Σ f_i·g + λ/B·(Σ f_i)·d_i/w_i, ∂f_i = g·d_i + λ/B·w_i where f_i > 0,
//! ∂e_i = Σ ∂f_i·x, ∂b_i = Σ ∂f_i, ∂b_dec = Σ g. Clipping needs every gradient before the first update: two passes over
//! the features, where TopK makes one.

mod apply;
mod dense;
#[cfg(test)]
mod reference;
mod sparse;

use super::forward::{deviation, sums};
use super::{Clock, PhaseTimes, Rates, StepMetrics, Trainer};
use crate::error::{DictionaryError, require};
use crate::weights::Weights;
use lexiscope_kernels::adam::AdamStep;
use lexiscope_kernels::huge::huge_zeros;
use lexiscope_kernels::simd::sum_sq;
use lexiscope_kernels::{Cancel, Cancelled, CpuPath, Exec};
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluOptions {
    /// Norm of the decoder rows at the start.
    pub decoder_norm: f32,
    /// Largest norm of the gradient over all weights; infinite = never clipped.
    pub clip_norm: f64,
}

impl ReluOptions {
    pub(super) fn check(self) -> Result<Self, DictionaryError> {
        let ReluOptions { decoder_norm, clip_norm } = self;
        require(decoder_norm > 0.0 && decoder_norm.is_finite(), || format!("decoderNorm is {decoder_norm}; it must be above 0"))?;
        require(clip_norm > 0.0, || format!("clipNorm is {clip_norm}; it must be above 0"))?;
        Ok(self)
    }
}

/// From this share of active entries on the dense path is the faster one (measured: docs/design/training.md).
const DENSE_FROM: f64 = 0.05;
/// Beyond any use, and far from overflowing f32 in the first steps.
const MOST_PENALTY: f64 = 1e6;
/// Decoder rows below this norm count as having none: the penalty's gradient has no direction there.
const LEAST_NORM: f32 = 1e-8;

/// What a ReLU trainer keeps beside weights and moments.
pub(crate) struct ReluState {
    options: ReluOptions,
    /// 1: the next step takes the dense path. Decided by the density of the last one, so it is part of a checkpoint.
    pub dense: u64,
    gradient: Weights,
    /// x − x̂ `[B, d]`
    error: Vec<f32>,
    /// [F] rows in which the feature was active.
    fired: Vec<u32>,
}

impl ReluState {
    pub fn new(options: ReluOptions, features: usize, d: usize) -> Self {
        Self { options, dense: 1, gradient: Weights::zeros(features, d), error: Vec::new(), fired: vec![0; features] }
    }
}

/// What both paths need to find a step's gradients.
struct Input<'a> {
    /// `[B, d]`
    x: &'a [f32],
    n: usize,
    weights: &'a Weights,
    freeze_decoder: bool,
    /// λ/B
    penalty: f32,
}

/// Gradients of the features and what they were found with; see [`ReluState`] for the arrays.
struct Output<'a> {
    gradient: &'a mut Weights,
    error: &'a mut [f32],
    fired: &'a mut [u32],
}

impl Input<'_> {
    /// ∂L/∂x̂ = factor·(x − x̂)
    fn factor(&self) -> f32 {
        -2.0 / self.n as f32
    }

    /// w_i, and by what Σ f_i is to be multiplied for the penalty's share of ∂d_i = share·d_i.
    fn norm(&self, path: CpuPath, direction: &[f32]) -> (f32, f32) {
        let norm = sum_sq(path, direction).sqrt();
        (norm, if norm < LEAST_NORM { 0.0 } else { self.penalty / norm })
    }
}

impl Trainer {
    pub(super) fn relu_step(
        &mut self,
        exec: &Exec,
        pool: &[u16],
        rows: &[u32],
        rates: Rates,
    ) -> Result<StepMetrics, DictionaryError> {
        let Rates { learning_rate, penalty } = rates;
        require((0.0..=MOST_PENALTY).contains(&penalty), || {
            format!("the penalty is {penalty}; it must lie between 0 and {MOST_PENALTY}")
        })?;
        let (d, features, freeze_decoder) = (self.options.d, self.options.features, self.options.freeze_decoder);
        let mut clock = Clock(Instant::now());
        self.batch.gather(exec, pool, rows, self.options.scale, &vec![0.0; d])?;
        let n = self.batch.rows;
        let dense = self.relu.as_ref().is_some_and(|relu| relu.dense != 0);
        if !dense {
            self.pack(exec)?;
        }
        let Some(relu) = &mut self.relu else { return Err(DictionaryError::Invalid("the trainer has no ReLU".into())) };
        if relu.error.len() < n * d {
            relu.error = huge_zeros(n * d);
        }
        let input = Input { x: self.batch.x(), n, weights: &self.weights, freeze_decoder, penalty: (penalty / n as f64) as f32 };
        let output = Output { gradient: &mut relu.gradient, error: &mut relu.error[..n * d], fired: &mut relu.fired };
        let mut ms = PhaseTimes::default();
        let (l1, squares) = match (&self.packed, dense) {
            (Some(packed), false) => sparse::gradients(exec, &input, packed, output, &mut clock, &mut ms)?,
            _ => dense::gradients(exec, &input, output, &mut clock, &mut ms)?,
        };

        let (error_sum, squared) = sums(exec, &relu.error[..n * d], n, d)?;
        let (x_sum, x_squared) = sums(exec, input.x, n, d)?;
        let loss = squared / n as f64;
        for (to, sum) in relu.gradient.decoder_bias.iter_mut().zip(&error_sum) {
            *to = (f64::from(input.factor()) * sum) as f32;
        }
        let bias = &relu.gradient.decoder_bias;
        let gradient_norm = (squares + bias.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>()).sqrt();
        let l1 = l1 / n as f64;
        require((loss + penalty * l1 + gradient_norm).is_finite(), || {
            format!("the loss is {} at step {}; lower the learning rate", loss + penalty * l1, self.steps + 1)
        })?;
        let active: u64 = relu.fired.iter().map(|f| u64::from(*f)).sum();
        ms.backward += clock.lap();

        exec.cancel.check()?;
        let mut to_the_end = exec.clone();
        to_the_end.cancel = Cancel::new();
        let step = AdamStep::new(self.options.adam, learning_rate, self.steps + 1);
        apply::apply(
            &to_the_end,
            apply::Step { adam: step, scale: clip(relu.options.clip_norm, gradient_norm), freeze_decoder },
            &mut relu.gradient,
            [&mut self.weights, &mut self.first_moment, &mut self.second_moment],
            self.packed.as_mut().filter(|packed| packed.path == exec.path),
        )?;
        if self.packed.as_ref().is_some_and(|packed| packed.path != exec.path) {
            self.packed = None;
        }
        let mut dead = 0;
        for (silent, &fired) in self.silent.iter_mut().zip(&relu.fired) {
            *silent = if fired > 0 { 0 } else { *silent + n as u64 };
            dead += usize::from(*silent >= self.options.dead_after);
        }
        relu.dense = u64::from(active as f64 > DENSE_FROM * n as f64 * features as f64);
        self.steps += 1;
        ms.update = clock.lap();
        let fvu = squared / deviation(&x_sum, x_squared, n);
        let l0 = active as f64 / n as f64;
        Ok(StepMetrics { loss, fvu, l0, l1, gradient_norm, dense, dead, ms, ..Default::default() })
    }
}

/// What the gradient is multiplied with: min(1, most/(norm + 10⁻⁶)), as PyTorch's `clip_grad_norm_`.
fn clip(most: f64, norm: f64) -> f32 {
    (most / (norm + 1e-6)).min(1.0) as f32
}

/// Sums of squares of a feature's gradient, in one order on every path.
fn squares(path: CpuPath, gradients: [&[f32]; 2], bias: f32) -> f64 {
    let [a, b] = gradients.map(|g| f64::from(sum_sq(path, g)));
    a + b + f64::from(bias) * f64::from(bias)
}

/// Features that one chunk of a pass takes.
const FEATURES: usize = 64;

/// Adds up what each chunk found, in their order.
fn total(parts: &[[f64; 2]]) -> (f64, f64) {
    parts.iter().fold((0.0, 0.0), |(l1, squares), part| (l1 + part[0], squares + part[1]))
}

/// `error [B, d]` = x − b_dec.
fn centre(exec: &Exec, input: &Input, error: &mut [f32]) -> Result<(), Cancelled> {
    let bias = &input.weights.decoder_bias;
    let d = bias.len();
    lexiscope_kernels::for_chunks(exec, error, 64 * d, |chunk, rows| {
        let from = &input.x[chunk * 64 * d..][..rows.len()];
        for (row, x) in rows.chunks_exact_mut(d).zip(from.chunks_exact(d)) {
            row.iter_mut().zip(x).zip(bias).for_each(|((e, x), b)| *e = x - b);
        }
    })
}

#[cfg(test)]
#[path = "relu_tests.rs"]
mod tests;
