//! bf16 rows as they come from JavaScript.

use crate::task::invalid_input;
use lexiscope_kernels::simd;
use napi::bindgen_prelude::*;

/// Number of rows of width `d`; an error where the length does not fit, or a row holds NaN or infinity.
pub fn check_rows(rows: &[u16], d: usize) -> Result<usize> {
    if d == 0 || !rows.len().is_multiple_of(d) {
        return Err(invalid_input(format!("{} values are not rows of width {d}", rows.len())));
    }
    match rows.iter().position(|v| v & 0x7f80 == 0x7f80) {
        Some(at) => Err(invalid_input(format!("row {} holds NaN or infinity at dimension {}", at / d, at % d))),
        None => Ok(rows.len() / d),
    }
}

/// Calls `f(first row, x [n, d] in f32, n)` on one block of at most `most` rows after the other, so that a long call needs
/// little memory of its own.
pub fn for_each_block(rows: &[u16], d: usize, most: usize, mut f: impl FnMut(usize, &[f32], usize) -> Result<()>) -> Result<()> {
    let mut x = vec![0f32; rows.len().min(most * d)];
    for (block, rows) in rows.chunks(most * d).enumerate() {
        let x = &mut x[..rows.len()];
        simd::f32_from_bf16(rows, x);
        f(block * most, x, rows.len() / d)?;
    }
    Ok(())
}
