//! AuxK (Gao et al. 2024, §A.2): dead latents learn to explain what the living ones left over.

use super::TrainerOptions;
use super::batch::Batch;
use super::forward::{Residual, subtract_code, sums};
use crate::decode::relu;
use crate::weights::Weights;
use lexiscope_kernels::gemm::{PackedMatrix, Precision};
use lexiscope_kernels::sparse::{Inverted, ReconstructionLoss};
use lexiscope_kernels::{Cancelled, Exec, topk_gemm};

/// mean‖e − ê‖² / mean‖e − ē‖² with ê = z·W_dec, z the `aux_k` largest pre-activations of dead latents, e held fixed.
pub(crate) struct AuxLoss {
    pub loss: f64,
    /// e − ê `[B, d]`
    left: Vec<f32>,
    /// ∂(coefficient·loss)/∂ê = factor·(e − ê)
    factor: f32,
    /// z, by place in `dead`.
    active: Inverted,
    dead: Vec<u32>,
}

/// The auxiliary part of the gradient.
#[derive(Clone, Copy)]
pub(crate) struct AuxGradient<'a> {
    pub loss: ReconstructionLoss<'a>,
    active: &'a Inverted,
    dead: &'a [u32],
}

impl AuxGradient<'_> {
    /// Rows in which latent `i` was among the auxiliary ones, and its values there.
    pub fn entries(&self, i: usize) -> Option<(&[u32], &[f32])> {
        self.dead.binary_search(&(i as u32)).ok().map(|place| self.active.entries(place))
    }
}

impl AuxLoss {
    /// Nothing when it is switched off, nothing is dead, or the residual has no variance.
    pub fn compute(
        exec: &Exec,
        options: &TrainerOptions,
        weights: &Weights,
        batch: &Batch,
        residual: &Residual,
        dead: &[u32],
    ) -> Result<Option<Self>, Cancelled> {
        let (d, n) = (batch.d, batch.rows);
        let k = options.aux_k.min(dead.len());
        let variance = residual.deviation() / n as f64;
        if options.aux_coefficient == 0.0 || k == 0 || variance <= 0.0 {
            return Ok(None);
        }
        let gather = |from: &[f32]| {
            let mut rows = Vec::with_capacity(dead.len() * d);
            dead.iter().for_each(|&i| rows.extend_from_slice(&from[i as usize * d..(i as usize + 1) * d]));
            rows
        };
        let (encoder, decoder) = (gather(&weights.encoder), gather(&weights.decoder));
        let bias: Vec<f32> = dead.iter().map(|&i| weights.encoder_bias[i as usize]).collect();
        let packed = PackedMatrix::pack(exec, Precision::Fast, &encoder, dead.len(), d)?;
        let mut code = topk_gemm(exec, batch.x(), n, &packed, &encoder, Some(&bias), k)?;
        relu(&mut code.values);
        let mut left = vec![0f32; n * d];
        subtract_code(exec, residual.rows(), &code, k, &decoder, &mut left)?;
        let (_, squared) = sums(exec, &left, n, d)?;
        let loss = squared / n as f64 / variance;
        if !loss.is_finite() {
            return Ok(None);
        }
        let factor = (-2.0 * f64::from(options.aux_coefficient) / (n as f64 * variance)) as f32;
        let active = Inverted::new(dead.len(), k, &code.indices, &code.values);
        Ok(Some(Self { loss, left, factor, active, dead: dead.to_vec() }))
    }

    pub fn gradient(&self) -> AuxGradient<'_> {
        AuxGradient {
            loss: ReconstructionLoss { factor: self.factor, residual: &self.left },
            active: &self.active,
            dead: &self.dead,
        }
    }
}
