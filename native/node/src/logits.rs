//! `logSumExp`: what turns a row of logits into log probabilities.

use crate::task::Task;
use lexiscope_kernels::logits;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// log Σ e^x over a row, at once and on the calling thread: it takes some microseconds.
#[napi]
pub fn log_sum_exp(values: Float32Array) -> Result<f64> {
    let exec = Task::default().exec()?;
    Ok(f64::from(logits::log_sum_exp(exec.path, &values)))
}
