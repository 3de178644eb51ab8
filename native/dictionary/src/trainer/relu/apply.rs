//! The second pass: clipped gradient → Adam → packed copy, one trip through memory.

use super::FEATURES;
use crate::weights::Weights;
use lexiscope_kernels::adam::{AdamStep, adam, scale};
use lexiscope_kernels::gemm::PackedMatrix;
use lexiscope_kernels::{Cancelled, Exec, SharedMut};

pub(super) struct Step {
    pub adam: AdamStep,
    /// What the gradient is multiplied with.
    pub scale: f32,
    pub freeze_decoder: bool,
}

/// Applies the step to `[weights, first moment, second moment]`; `gradient` is used up. `exec` must not be cancelled on the way.
pub(super) fn apply(
    exec: &Exec,
    step: Step,
    gradient: &mut Weights,
    state: [&mut Weights; 3],
    packed: Option<&mut PackedMatrix>,
) -> Result<(), Cancelled> {
    let (features, d) = (gradient.encoder_bias.len(), gradient.decoder_bias.len());
    let [weights, first, second] = state;
    let panel = packed.as_ref().map_or(1, |packed| packed.panel_rows());
    let per_chunk = FEATURES.next_multiple_of(panel);
    let packed = packed.map(|packed| packed.shared());
    {
        let encoder =
            [&mut weights.encoder, &mut first.encoder, &mut second.encoder, &mut gradient.encoder].map(|a| SharedMut::new(a));
        let decoder =
            [&mut weights.decoder, &mut first.decoder, &mut second.decoder, &mut gradient.decoder].map(|a| SharedMut::new(a));
        let bias = [&mut weights.encoder_bias, &mut first.encoder_bias, &mut second.encoder_bias, &mut gradient.encoder_bias]
            .map(|a| SharedMut::new(a));
        exec.run(features.div_ceil(per_chunk), |chunk| {
            let (from, to) = (chunk * per_chunk, ((chunk + 1) * per_chunk).min(features));
            let turn = |arrays: &[SharedMut<f32>; 4], start: usize, len: usize| {
                // SAFETY: features of different chunks are disjoint, and each range is borrowed once.
                let [p, m, v, g] = [0, 1, 2, 3].map(|i| unsafe { arrays[i].slice(start, len) });
                scale(exec.path, g, step.scale);
                adam(exec.path, step.adam, p, m, v, g);
            };
            turn(&bias, from, to - from);
            for i in from..to {
                turn(&encoder, i * d, d);
                if !step.freeze_decoder {
                    turn(&decoder, i * d, d);
                }
            }
            if let Some(packed) = &packed {
                for first in (from..to).step_by(panel) {
                    // SAFETY: whole panels of this chunk, whose rows nobody else has.
                    unsafe {
                        let rows = encoder[0].slice(first * d, (first + panel).min(features) * d - first * d);
                        packed.repack_panel(first / panel, rows);
                    }
                }
            }
        })?;
    }
    let g = &mut gradient.decoder_bias;
    scale(exec.path, g, step.scale);
    adam(exec.path, step.adam, &mut weights.decoder_bias, &mut first.decoder_bias, &mut second.decoder_bias, g);
    Ok(())
}
