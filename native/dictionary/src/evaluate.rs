//! Sums for the metrics of reconstruction, to be added up over batches.

use crate::dictionary::{Dictionary, ROW_CHUNK};
use lexiscope_kernels::{Cancelled, Exec, SharedMut};

/// Sums over rows x with reconstruction x̂. FVU about the mean = `squared_error / squared_deviation`, L0 = `active / n`,
/// γ = `squared_reconstruction / dot`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Σ‖x − x̂‖²
    pub squared_error: f64,
    /// Σ‖x − mean‖²
    pub squared_deviation: f64,
    /// Entries f_i ≠ 0.
    pub active: u64,
    /// Σ‖x‖²
    pub squared_norm: f64,
    /// Σ x·x̂
    pub dot: f64,
    /// Σ‖x̂‖²
    pub squared_reconstruction: f64,
    /// [F] rows with f_i ≠ 0.
    pub fired: Vec<u32>,
}

impl Evaluation {
    /// Adds the sums of another batch.
    pub fn add(&mut self, other: &Evaluation) {
        self.squared_error += other.squared_error;
        self.squared_deviation += other.squared_deviation;
        self.active += other.active;
        self.squared_norm += other.squared_norm;
        self.dot += other.dot;
        self.squared_reconstruction += other.squared_reconstruction;
        self.fired.iter_mut().zip(&other.fired).for_each(|(a, b)| *a += b);
    }
}

impl Dictionary {
    /// Sums over `x [n, d]` (already rounded to bf16); `mean [d]` is the mean over the whole sample.
    pub fn evaluate(&self, exec: &Exec, x: &[f32], n: usize, mean: &[f32]) -> Result<Evaluation, Cancelled> {
        let d = self.d();
        assert_eq!(mean.len(), d, "mean must be [d]");
        let code = self.encode(exec, x, n)?;
        let mut reconstruction = vec![0.0; n * d];
        self.decode(exec, &code, &mut reconstruction)?;
        let mut sums = vec![[0f64; 5]; n];
        let shared = SharedMut::new(&mut sums);
        exec.run(n.div_ceil(ROW_CHUNK), |chunk| {
            for row in chunk * ROW_CHUNK..((chunk + 1) * ROW_CHUNK).min(n) {
                // SAFETY: rows of different chunks are disjoint.
                let sums = unsafe { shared.slice(row, 1) };
                sums[0] = row_sums(&x[row * d..(row + 1) * d], &reconstruction[row * d..(row + 1) * d], mean);
            }
        })?;
        let mut out = Evaluation { fired: vec![0; self.features()], ..Default::default() };
        for [error, deviation, norm, dot, reconstruction] in sums {
            out.squared_error += error;
            out.squared_deviation += deviation;
            out.squared_norm += norm;
            out.dot += dot;
            out.squared_reconstruction += reconstruction;
        }
        for (&i, &f) in code.indices.iter().zip(&code.values) {
            if f != 0.0 {
                out.active += 1;
                out.fired[i as usize] += 1;
            }
        }
        Ok(out)
    }
}

fn row_sums(x: &[f32], reconstruction: &[f32], mean: &[f32]) -> [f64; 5] {
    let mut sums = [0f64; 5];
    for ((&x, &y), &m) in x.iter().zip(reconstruction).zip(mean) {
        let (x, y, m) = (f64::from(x), f64::from(y), f64::from(m));
        for (sum, term) in sums.iter_mut().zip([(x - y) * (x - y), (x - m) * (x - m), x * x, x * y, y * y]) {
            *sum += term;
        }
    }
    sums
}
