//! The rows of a step: gathered from the pool, scaled, centred.

use crate::dictionary::ROW_CHUNK;
use crate::error::{DictionaryError, require};
use lexiscope_kernels::huge::huge_zeros;
use lexiscope_kernels::{Exec, SharedMut};
use std::sync::atomic::{AtomicUsize, Ordering};

/// scale·raw − b_dec `[B, d]`. The encoder sees centred rows (β = 1), and the loss is the same about any centre.
#[derive(Default)]
pub(crate) struct Batch {
    x: Vec<f32>,
    pub rows: usize,
    pub d: usize,
}

impl Batch {
    pub fn x(&self) -> &[f32] {
        &self.x[..self.rows * self.d]
    }

    /// Fills the batch with rows `rows[j]` of `pool [P, d]` (bf16). A row with NaN or infinity is an error.
    pub fn gather(&mut self, exec: &Exec, pool: &[u16], rows: &[u32], scale: f32, b_dec: &[f32]) -> Result<(), DictionaryError> {
        let d = b_dec.len();
        require(pool.len().is_multiple_of(d), || format!("the pool's {} values are not rows of width {d}", pool.len()))?;
        require(!rows.is_empty(), || "a step needs at least one row".to_string())?;
        let held = pool.len() / d;
        if let Some(row) = rows.iter().find(|r| **r as usize >= held) {
            return Err(DictionaryError::Invalid(format!("row {row} is asked for, the pool holds {held}")));
        }
        if self.x.len() < rows.len() * d {
            self.x = huge_zeros(rows.len() * d);
        }
        (self.rows, self.d) = (rows.len(), d);
        let bad = AtomicUsize::new(usize::MAX);
        let out = SharedMut::new(&mut self.x);
        exec.run(rows.len().div_ceil(ROW_CHUNK), |chunk| {
            for j in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(rows.len()) {
                let raw = &pool[rows[j] as usize * d..][..d];
                // SAFETY: rows of different chunks are disjoint.
                let x = unsafe { out.slice(j * d, d) };
                if !centre_row(raw, scale, b_dec, x) {
                    bad.fetch_min(j, Ordering::Relaxed);
                }
            }
        })?;
        match bad.into_inner() {
            usize::MAX => Ok(()),
            j => Err(DictionaryError::Invalid(format!("row {} of the pool holds NaN or infinity", rows[j]))),
        }
    }
}

/// Whether all of the row is finite.
fn centre_row(raw: &[u16], scale: f32, b_dec: &[f32], x: &mut [f32]) -> bool {
    let mut finite = true;
    for ((x, &raw), b) in x.iter_mut().zip(raw).zip(b_dec) {
        finite &= raw & 0x7f80 != 0x7f80;
        *x = f32::from_bits(u32::from(raw) << 16) * scale - b;
    }
    finite
}
