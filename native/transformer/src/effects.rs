//! What a direction in the residual stream does to the logits.

use crate::error::{ModelError, require};
use crate::model::Model;
use lexiscope_kernels::{Exec, topk_gemm};
use std::borrow::Cow;

/// `[n, k]` ids and values, strongest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectEffects {
    pub top_ids: Vec<i32>,
    pub top_values: Vec<f32>,
    pub bottom_ids: Vec<i32>,
    pub bottom_values: Vec<f32>,
}

impl Model {
    /// Of directions v `[n, d]`: the k highest and lowest entries of W_U·(γ⊙v) minus its mean over the vocabulary, γ the
    /// gain of the final norm.
    pub fn direct_effects(&self, exec: &Exec, directions: &[f32], k: usize) -> Result<DirectEffects, ModelError> {
        let (d, v) = (self.architecture.d, self.architecture.vocabulary);
        require(directions.len().is_multiple_of(d), || {
            format!("directions has {} values; the model's width is {d}", directions.len())
        })?;
        require((1..=v).contains(&k), || format!("k is {k}; it must lie between 1 and the vocabulary's {v}"))?;
        require(directions.iter().all(|v| v.is_finite()), || "directions holds NaN or infinity".into())?;
        let n = directions.len() / d;
        if n == 0 {
            return Ok(DirectEffects::default());
        }
        let rows = self.unembed_rows(exec)?;
        let mean = self.mean_unembed.get_or_init(|| mean_row(&rows, d));
        let mut x: Vec<f32> = directions.iter().zip(self.final_norm.iter().cycle()).map(|(v, g)| v * g).collect();
        let means: Vec<f32> = x
            .chunks_exact(d)
            .map(|x| x.iter().zip(mean).map(|(x, m)| f64::from(*x) * f64::from(*m)).sum::<f64>() as f32)
            .collect();
        let top = topk_gemm(exec, &x, n, &self.unembed.weight, &rows, None, k)?;
        x.iter_mut().for_each(|x| *x = -*x);
        let bottom = topk_gemm(exec, &x, n, &self.unembed.weight, &rows, None, k)?;
        let less_mean = |values: Vec<f32>, sign: f32| values.iter().enumerate().map(|(i, v)| sign * v - means[i / k]).collect();
        let ids = |indices: Vec<u32>| indices.into_iter().map(|i| i as i32).collect();
        Ok(DirectEffects {
            top_ids: ids(top.indices),
            top_values: less_mean(top.values, 1.0),
            bottom_ids: ids(bottom.indices),
            bottom_values: less_mean(bottom.values, -1.0),
        })
    }

    /// W_U `[V, d]` in f32. A head of its own is read again from the file: it is seldom needed and large.
    fn unembed_rows(&self, exec: &Exec) -> Result<Cow<'_, [f32]>, ModelError> {
        if self.architecture.tied { Ok(Cow::Borrowed(&self.embed)) } else { Ok(Cow::Owned(self.source.read(exec, "unembed")?)) }
    }
}

fn mean_row(rows: &[f32], d: usize) -> Vec<f32> {
    let mut sums = vec![0f64; d];
    for row in rows.chunks_exact(d) {
        sums.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x));
    }
    sums.iter().map(|s| (s / (rows.len() / d) as f64) as f32).collect()
}
