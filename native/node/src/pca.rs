//! `Pca`, and the k nearest rows by dot product.

use crate::dictionary::{TopK, dictionary_error};
use crate::number::{require_room, whole};
use crate::rows::{check_rows, for_each_block};
use crate::task::{Background, Task, background, cancelled, coded, invalid_input};
use lexiscope_kernels::gemm::{PackedMatrix, Precision};
use lexiscope_kernels::topk_gemm;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard};

/// Rows of `a` that one product takes, so that a cancel is seen and progress told.
const BLOCK: usize = 1024;
/// Rows that are added to the sums at a time.
const ROWS: usize = 8192;

#[napi]
pub struct Pca {
    inner: Arc<Mutex<lexiscope_dictionary::Pca>>,
}

#[napi(object)]
pub struct PcaComponents {
    pub components: Float32Array,
    pub mean: Float32Array,
    pub eigenvalues: Float32Array,
}

fn lock(inner: &Mutex<lexiscope_dictionary::Pca>) -> Result<MutexGuard<'_, lexiscope_dictionary::Pca>> {
    inner.lock().map_err(|_| coded("internal", "an earlier call of this PCA failed midway"))
}

#[napi]
impl Pca {
    #[napi(constructor, catch_unwind)]
    pub fn new(d: f64) -> Result<Self> {
        Ok(Self { inner: Arc::new(Mutex::new(lexiscope_dictionary::Pca::new(whole(d, "d")?).map_err(dictionary_error)?)) })
    }

    #[napi(catch_unwind)]
    pub fn add(&self, rows: Uint16Array, task: &Task) -> Result<AsyncTask<Background<()>>> {
        let (exec, inner) = (task.exec()?, self.inner.clone());
        Ok(background(move || {
            let mut pca = lock(&inner)?;
            let d = pca.d();
            exec.cancel.set_total(check_rows(&rows, d)? as u64);
            for_each_block(&rows, d, ROWS, |_, x, n| {
                pca.add(&exec, x, n).map_err(cancelled)?;
                exec.cancel.add_done(n as u64);
                Ok(())
            })
        }))
    }

    #[napi(catch_unwind)]
    pub fn finish(&self, k: f64, task: &Task) -> Result<AsyncTask<Background<PcaComponents>>> {
        let (exec, inner, k) = (task.exec()?, self.inner.clone(), whole(k, "k")?);
        Ok(background(move || {
            let result = lock(&inner)?.finish(&exec, k).map_err(dictionary_error)?;
            Ok(PcaComponents {
                components: result.components.into(),
                mean: result.mean.into(),
                eigenvalues: result.variance_share.into(),
            })
        }))
    }
}

#[napi(catch_unwind)]
pub fn top_k_rows(a: Float32Array, b: Float32Array, d: f64, k: f64, task: &Task) -> Result<AsyncTask<Background<TopK>>> {
    let (exec, d, k) = (task.exec()?, whole(d, "d")?, whole(k, "k")?);
    if d == 0 || !a.len().is_multiple_of(d) || !b.len().is_multiple_of(d) {
        return Err(invalid_input(format!("{} and {} values are not rows of width {d}", a.len(), b.len())));
    }
    let (n, m) = (a.len() / d, b.len() / d);
    if k == 0 || k > m {
        return Err(invalid_input(format!("k is {k}; it must lie between 1 and the {m} rows")));
    }
    Ok(background(move || {
        for (name, values) in [("a", &a[..]), ("b", &b[..])] {
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(invalid_input(format!("row {} of {name} holds NaN or infinity", at / d)));
            }
        }
        require_room("the result", [n, k], 8)?;
        exec.cancel.set_total(n as u64);
        let packed = PackedMatrix::pack(&exec, Precision::Fast, &b, m, d).map_err(cancelled)?;
        let (mut indices, mut values) = (Vec::with_capacity(n * k), Vec::with_capacity(n * k));
        for rows in a.chunks(BLOCK * d) {
            let out = topk_gemm(&exec, rows, rows.len() / d, &packed, &b, None, k).map_err(cancelled)?;
            indices.extend(out.indices);
            values.extend(out.values);
            exec.cancel.add_done((rows.len() / d) as u64);
        }
        Ok(TopK { k: k as u32, indices: indices.into(), values: values.into() })
    }))
}
