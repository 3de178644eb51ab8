//! From the residual stream to what is asked of the logits, a few rows at a time.

use crate::error::{ModelError, require};
use crate::forward::HeadOutput;
use crate::model::{Form, Model};
use lexiscope_kernels::Exec;
use lexiscope_kernels::logits::row_statistics;
use lexiscope_kernels::norm::rms_norm;

/// Logits held at a time: 32 MB.
const LOGITS: usize = 1 << 23;
/// Values of a full [n, V] output: 2 GB.
const LARGEST_FULL: usize = 1 << 29;

pub(crate) struct Head {
    top: usize,
    full: bool,
    buffer: Vec<f32>,
    pub output: HeadOutput,
}

impl Head {
    /// Prepares for `n` tokens.
    pub fn new(model: &Model, n: usize, top: usize, full: bool) -> Result<Self, ModelError> {
        let v = model.architecture.vocabulary;
        require(top <= v, || format!("top is {top}; the vocabulary has {v}"))?;
        require(!full || n.saturating_mul(v) <= LARGEST_FULL, || {
            format!(
                "full logits of {n} tokens × {v} are more than {LARGEST_FULL} values; ask for nll and top, or pass fewer tokens"
            )
        })?;
        require(n.saturating_mul(top) <= LARGEST_FULL, || {
            format!("the top {top} of {n} tokens are more than {LARGEST_FULL} values")
        })?;
        let mut output = HeadOutput::default();
        let reserved =
            output.logits.try_reserve_exact(if full { n * v } else { 0 }).and(output.top_ids.try_reserve_exact(n * top));
        require(reserved.is_ok(), || format!("not enough memory for the logits of {n} tokens"))?;
        Ok(Self { top, full, buffer: Vec::new(), output })
    }

    /// Appends the rows of `x [m, d]` (after the last block); `targets[r]`: the token that followed.
    pub fn add(&mut self, model: &Model, exec: &Exec, x: &[f32], targets: &[Option<u32>]) -> Result<(), ModelError> {
        let (d, v, top) = (model.architecture.d, model.architecture.vocabulary, self.top);
        let step = (LOGITS / v).clamp(1, 1024);
        for (x, targets) in x.chunks(step * d).zip(targets.chunks(step)) {
            let m = targets.len();
            self.buffer.resize(m * v, 0.0);
            logits(model, exec, Form::Packed, x, &mut self.buffer)?;
            let out = &mut self.output;
            let start = out.log_sum_exp.len();
            out.log_sum_exp.resize(start + m, 0.0);
            out.top_ids.resize((start + m) * top, 0);
            out.top_logprobs.resize((start + m) * top, 0.0);
            let (sums, ids, logprobs) =
                (&mut out.log_sum_exp[start..], &mut out.top_ids[start * top..], &mut out.top_logprobs[start * top..]);
            row_statistics(exec, &self.buffer, v, top, sums, ids, logprobs)?;
            for (row, target) in targets.iter().enumerate() {
                out.nll.push(target.map_or(f32::NAN, |t| out.log_sum_exp[start + row] - self.buffer[row * v + t as usize]));
            }
            if self.full {
                out.logits.extend_from_slice(&self.buffer);
            }
        }
        Ok(())
    }
}

/// `out [m, V]`: logits of rows `x [m, d]` after the last block.
pub(crate) fn logits(model: &Model, exec: &Exec, form: Form, x: &[f32], out: &mut [f32]) -> Result<(), ModelError> {
    let mut normed = vec![0.0; x.len()];
    rms_norm(exec, x, &model.final_norm, model.epsilon(), &mut normed)?;
    model.unembed.multiply(exec, form, &normed, out, false)
}
