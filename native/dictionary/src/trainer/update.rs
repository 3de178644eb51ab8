//! One pass over the features: gradient → Adam → unit norm → packed copy, one trip through memory.

use super::aux::AuxGradient;
use crate::weights::Weights;
use lexiscope_kernels::adam::{AdamStep, adam, normalise, remove_parallel};
use lexiscope_kernels::gemm::PackedMatrix;
use lexiscope_kernels::simd::{axpy, prefetch};
use lexiscope_kernels::sparse::{Inverted, ReconstructionLoss, add_feature_gradient};
use lexiscope_kernels::{Cancelled, Exec, SharedMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Features that one chunk takes: whole panels of every path's packed form.
const FEATURES: usize = 64;

pub(crate) struct Update<'a> {
    pub adam: AdamStep,
    pub freeze_decoder: bool,
    /// What the encoder saw `[B, d]`.
    pub x: &'a [f32],
    pub main: (ReconstructionLoss<'a>, &'a Inverted),
    pub aux: Option<AuxGradient<'a>>,
    /// Σ (x − x̂) `[d]`
    pub residual_sum: &'a [f64],
}

/// One of the three arrays that Adam keeps for a weight, written by feature.
struct Shared<'a> {
    encoder: SharedMut<'a, f32>,
    encoder_bias: SharedMut<'a, f32>,
    decoder: SharedMut<'a, f32>,
}

impl<'a> Shared<'a> {
    fn new(weights: &'a mut Weights) -> Self {
        Self {
            encoder: SharedMut::new(&mut weights.encoder),
            encoder_bias: SharedMut::new(&mut weights.encoder_bias),
            decoder: SharedMut::new(&mut weights.decoder),
        }
    }
}

/// Gradients of the feature at hand, and room to work.
struct Scratch {
    encoder: Vec<f32>,
    decoder: Vec<f32>,
    df: Vec<f32>,
}

impl Update<'_> {
    /// Applies the step; says which share of the time went into gradients. `exec` must not be cancelled on the way.
    pub fn apply(
        &self,
        exec: &Exec,
        weights: &mut Weights,
        first: &mut Weights,
        second: &mut Weights,
        packed: &mut PackedMatrix,
    ) -> Result<f64, Cancelled> {
        let (features, d) = (weights.encoder_bias.len(), weights.decoder_bias.len());
        let panel = packed.panel_rows();
        let per_chunk = FEATURES.next_multiple_of(panel);
        let chunks = features.div_ceil(per_chunk);
        let mut centre = vec![0f32; chunks * d];
        let (gradient_time, total_time) = (AtomicU64::new(0), AtomicU64::new(1));
        {
            let [p, m, v] = [&mut *weights, &mut *first, &mut *second].map(Shared::new);
            let centre = SharedMut::new(&mut centre);
            let packed = packed.shared();
            exec.run(chunks, |chunk| {
                let start = Instant::now();
                let (from, to) = (chunk * per_chunk, ((chunk + 1) * per_chunk).min(features));
                let mut scratch = Scratch { encoder: vec![0.0; d], decoder: vec![0.0; d], df: Vec::new() };
                let mut bias_gradient = vec![0f32; to - from];
                // SAFETY: a part of its own for every chunk.
                let centre = unsafe { centre.slice(chunk * d, d) };
                let mut in_gradients = 0;
                for i in from..to {
                    // SAFETY: features of different chunks are disjoint, and each row is borrowed once.
                    let [pe, me, ve, pd, md, vd] = unsafe {
                        [&p.encoder, &m.encoder, &v.encoder, &p.decoder, &m.decoder, &v.decoder].map(|s| s.slice(i * d, d))
                    };
                    let begin = Instant::now();
                    if i + 1 < to {
                        self.fetch(i + 1);
                    }
                    let bias = self.gradient(exec, i, pd, &mut scratch);
                    bias_gradient[i - from] = bias;
                    axpy(exec.path, -bias, pe, centre);
                    in_gradients += begin.elapsed().as_nanos() as u64;
                    adam(exec.path, self.adam, pe, me, ve, &scratch.encoder);
                    if !self.freeze_decoder {
                        remove_parallel(exec.path, pd, &mut scratch.decoder);
                        adam(exec.path, self.adam, pd, md, vd, &scratch.decoder);
                        normalise(exec.path, pd);
                    }
                }
                // SAFETY: as above.
                let [pb, mb, vb] =
                    unsafe { [&p.encoder_bias, &m.encoder_bias, &v.encoder_bias].map(|s| s.slice(from, to - from)) };
                adam(exec.path, self.adam, pb, mb, vb, &bias_gradient);
                for first in (from..to).step_by(panel) {
                    // SAFETY: whole panels of this chunk, whose rows nobody else has.
                    unsafe {
                        let rows = p.encoder.slice(first * d, (first + panel).min(features) * d - first * d);
                        packed.repack_panel(first / panel, rows);
                    }
                }
                gradient_time.fetch_add(in_gradients, Ordering::Relaxed);
                total_time.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
            })?;
        }
        let gradient = self.centre_gradient(&centre, d);
        adam(exec.path, self.adam, &mut weights.decoder_bias, &mut first.decoder_bias, &mut second.decoder_bias, &gradient);
        Ok(gradient_time.into_inner() as f64 / total_time.into_inner() as f64)
    }

    /// Brings the rows in which feature i is active nearer: they lie scattered over two arrays that no L2 holds.
    fn fetch(&self, i: usize) {
        let (main, active) = self.main;
        let d = self.residual_sum.len();
        for &row in active.entries(i).0 {
            let of = row as usize * d..(row as usize + 1) * d;
            prefetch(&main.residual[of.clone()]);
            prefetch(&self.x[of]);
        }
    }

    /// Puts feature i's gradients into `scratch`; its bias' gradient comes back.
    fn gradient(&self, exec: &Exec, i: usize, direction: &[f32], scratch: &mut Scratch) -> f32 {
        scratch.encoder.fill(0.0);
        scratch.decoder.fill(0.0);
        let (main, active) = self.main;
        let aux = self.aux.as_ref().and_then(|aux| aux.entries(i).map(|entries| (aux.loss, entries)));
        let mut bias = 0.0;
        for (loss, (rows, f)) in std::iter::once((main, active.entries(i))).chain(aux) {
            let decoder = (!self.freeze_decoder).then_some(&mut scratch.decoder[..]);
            bias +=
                add_feature_gradient(exec.path, loss, rows, f, self.x, direction, decoder, &mut scratch.encoder, &mut scratch.df);
        }
        bias
    }

    /// ∂L/∂b_dec `[d]`: through the decoder Σ ∂L/∂x̂, through the centred input −Σ ∂b_enc,i·e_i (by chunk in `parts`).
    /// AuxK decodes without b_dec.
    fn centre_gradient(&self, parts: &[f32], d: usize) -> Vec<f32> {
        let factor = f64::from(self.main.0.factor);
        let mut sum: Vec<f64> = self.residual_sum.iter().map(|s| factor * s).collect();
        for part in parts.chunks_exact(d) {
            sum.iter_mut().zip(part).for_each(|(s, p)| *s += f64::from(*p));
        }
        sum.into_iter().map(|s| s as f32).collect()
    }
}
