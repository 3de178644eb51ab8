//! Principal components of rows that come in blocks: the dense baseline.

use crate::error::{DictionaryError, require};
use lexiscope_kernels::gemm::{PackedMatrix, Precision, gemm};
use lexiscope_kernels::{Cancelled, Exec};
use nalgebra::{DMatrix, SymmetricEigen};

/// Rows whose products are summed in f32 before they enter the f64 sums.
const BLOCK: usize = 1024;

/// Running sums of rows about the first block's mean, which keeps large constant dimensions from eating the precision.
pub struct Pca {
    d: usize,
    count: u64,
    /// [d], f32 so that x − shift is what it says.
    shift: Option<Vec<f32>>,
    /// Σ (x − shift) `[d]`
    sum: Vec<f64>,
    /// Σ (x − shift)(x − shift)ᵀ `[d, d]`
    products: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PcaResult {
    /// Leading components `[k, d]`, orthonormal, the largest entry of each positive.
    pub components: Vec<f32>,
    /// `[d]`
    pub mean: Vec<f32>,
    /// Variance along every component over the total variance `[d]`, descending.
    pub variance_share: Vec<f32>,
}

impl Pca {
    pub fn new(d: usize) -> Result<Self, DictionaryError> {
        require((1..=1 << 14).contains(&d), || format!("PCA of width {d}; 1 to 16384 is possible"))?;
        Ok(Self { d, count: 0, shift: None, sum: vec![0.0; d], products: vec![0.0; d * d] })
    }

    pub fn d(&self) -> usize {
        self.d
    }

    /// Adds finite rows `x [n, d]`. A cancelled call adds nothing.
    pub fn add(&mut self, exec: &Exec, x: &[f32], n: usize) -> Result<(), Cancelled> {
        let d = self.d;
        assert_eq!(x.len(), n * d, "x must be [n, d]");
        if n == 0 {
            return Ok(());
        }
        let shift = self.shift.clone().unwrap_or_else(|| mean(x, d));
        let (mut sum, mut products) = (vec![0f64; d], vec![0f64; d * d]);
        let mut block_products = vec![0f32; d * d];
        for block in x.chunks(BLOCK * d) {
            let rows = block.len() / d;
            let mut transposed = vec![0f32; d * rows];
            for (r, row) in block.chunks_exact(d).enumerate() {
                for i in 0..d {
                    let value = row[i] - shift[i];
                    transposed[i * rows + r] = value;
                    sum[i] += f64::from(value);
                }
            }
            let packed = PackedMatrix::pack(exec, Precision::Exact, &transposed, d, rows)?;
            gemm(exec, &transposed, d, &packed, &mut block_products, false)?;
            products.iter_mut().zip(&block_products).for_each(|(p, b)| *p += f64::from(*b));
        }
        self.sum.iter_mut().zip(sum).for_each(|(a, b)| *a += b);
        self.products.iter_mut().zip(products).for_each(|(a, b)| *a += b);
        self.count += n as u64;
        self.shift = Some(shift);
        Ok(())
    }

    /// The `k` leading components of the covariance.
    pub fn finish(&self, exec: &Exec, k: usize) -> Result<PcaResult, DictionaryError> {
        let d = self.d;
        require(k <= d, || format!("{k} components of width {d}"))?;
        let Some(shift) = self.shift.as_ref().filter(|_| self.count >= 2) else {
            return Err(DictionaryError::Invalid("PCA needs at least two rows".into()));
        };
        exec.cancel.check()?;
        let n = self.count as f64;
        let covariance = DMatrix::from_fn(d, d, |i, j| {
            // gemm rounds (i, j) and (j, i) alike, yet not by contract.
            let product = 0.5 * (self.products[i * d + j] + self.products[j * d + i]);
            (product - self.sum[i] * self.sum[j] / n) / n
        });
        let eigen = SymmetricEigen::new(covariance);
        exec.cancel.check()?;
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]).then(a.cmp(&b)));
        let total: f64 = eigen.eigenvalues.iter().map(|v| v.max(0.0)).sum();
        let mut components = Vec::with_capacity(k * d);
        for &i in &order[..k] {
            let column = eigen.eigenvectors.column(i);
            let largest = column.iter().copied().fold(0f64, |a, b| if b.abs() > a.abs() { b } else { a });
            components.extend(column.iter().map(|v| (v * largest.signum()) as f32));
        }
        Ok(PcaResult {
            components,
            mean: shift.iter().zip(&self.sum).map(|(s, sum)| (f64::from(*s) + sum / n) as f32).collect(),
            variance_share: order
                .iter()
                .map(|&i| if total > 0.0 { (eigen.eigenvalues[i].max(0.0) / total) as f32 } else { 0.0 })
                .collect(),
        })
    }
}

fn mean(x: &[f32], d: usize) -> Vec<f32> {
    let mut sum = vec![0f64; d];
    for row in x.chunks_exact(d) {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += f64::from(*x));
    }
    let n = (x.len() / d) as f64;
    sum.into_iter().map(|s| (s / n) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use lexiscope_kernels::{Cancel, CpuPath};

    /// Variances 9, 4, 1 along known directions about a mean of 1000: shares 9/14, 4/14, 1/14.
    #[test]
    fn finds_planted_components_about_a_large_mean() {
        let exec = Exec::new(CpuPath::best(), Cancel::new());
        let directions = [[0.6f64, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let (n, mut rng) = (40_000, Rng::new(5, 0));
        let mut x = Vec::new();
        for _ in 0..n {
            let z = [3.0 * rng.normal(), 2.0 * rng.normal(), rng.normal()];
            x.extend((0..3).map(|i| (1000.0 + (0..3).map(|c| z[c] * directions[c][i]).sum::<f64>()) as f32));
        }
        let mut pca = Pca::new(3).unwrap();
        for block in x.chunks(3 * 7000) {
            pca.add(&exec, block, block.len() / 3).unwrap();
        }
        let result = pca.finish(&exec, 2).unwrap();
        for (share, expected) in result.variance_share.iter().zip([9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0]) {
            assert!((share - expected).abs() < 0.01, "{:?}", result.variance_share);
        }
        for (component, direction) in result.components.chunks_exact(3).zip(&directions) {
            let cos: f64 = component.iter().zip(direction).map(|(c, d)| f64::from(*c) * d).sum();
            assert!(cos.abs() > 0.999, "{cos}");
        }
        assert!(result.mean.iter().all(|m| (m - 1000.0).abs() < 0.06), "{:?}", result.mean);
    }

    #[test]
    fn refuses_what_has_no_covariance() {
        let exec = Exec::new(CpuPath::Portable, Cancel::new());
        let mut pca = Pca::new(2).unwrap();
        assert!(pca.finish(&exec, 1).is_err());
        pca.add(&exec, &[1.0, 2.0, 3.0, 2.0], 2).unwrap();
        assert!(pca.finish(&exec, 3).is_err());
        let result = pca.finish(&exec, 1).unwrap();
        assert_eq!((result.components, result.mean, result.variance_share), (vec![1.0, 0.0], vec![2.0, 2.0], vec![1.0, 0.0]));
    }
}
