//! What a row of logits is asked on its way to a token: log Σ e^x, and a draw.

use crate::task::{Task, invalid_input};
use lexiscope_kernels::logits;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// log Σ e^x over a row, at once and on the calling thread: it takes some microseconds.
#[napi(catch_unwind)]
pub fn log_sum_exp(values: Float32Array) -> Result<f64> {
    let exec = Task::default().exec()?;
    Ok(f64::from(logits::log_sum_exp(exec.path, &values)))
}

/// The index that `unit` of [0, 1) picks from the softmax of a row at a temperature, at once and on the calling thread.
#[napi(catch_unwind)]
pub fn draw_token(values: Float32Array, temperature: f64, unit: f64) -> Result<u32> {
    if values.is_empty() || !(temperature > 0.0 && (0.0..1.0).contains(&unit)) {
        return Err(invalid_input(format!("{} values, temperature {temperature}, unit {unit}", values.len())));
    }
    let exec = Task::default().exec()?;
    Ok(logits::draw(exec.path, &values, temperature as f32, unit) as u32)
}
