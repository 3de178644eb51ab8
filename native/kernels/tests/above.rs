//! `above_gemm` gives what f32 says, bit for bit, on every path.

mod common;

use common::random;
use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, TopKOutput, above_gemm, simd};
use proptest::prelude::*;

struct Case {
    x: Vec<f32>,
    m: usize,
    w: Vec<f32>,
    n: usize,
    k_in: usize,
    bias: Vec<f32>,
    threshold: Vec<f32>,
}

impl Case {
    fn random(m: usize, n: usize, k_in: usize, height: f32, seed: u64) -> Case {
        let threshold = random(n, seed ^ 3).into_iter().map(|v| v.abs() * height).collect();
        Case { x: random(m * k_in, seed), m, w: random(n * k_in, seed ^ 99), n, k_in, bias: random(n, seed ^ 7), threshold }
    }

    /// (value, column) of each row, largest first.
    fn reference(&self) -> Vec<Vec<(f32, u32)>> {
        let row = |x: &[f32]| {
            let product = |j: usize| simd::dot(CpuPath::Portable, x, &self.w[j * self.k_in..(j + 1) * self.k_in]) + self.bias[j];
            let mut all: Vec<_> =
                (0..self.n).map(|j| (product(j), j as u32)).filter(|&(v, j)| v > self.threshold[j as usize]).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all
        };
        (0..self.m).map(|r| row(&self.x[r * self.k_in..(r + 1) * self.k_in])).collect()
    }

    fn check(&self, name: &str) {
        let expected = self.reference();
        let k = expected.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for path in CpuPath::ALL.into_iter().filter(|path| path.available()) {
            for precision in [Precision::Fast, Precision::Exact] {
                let exec = Exec::new(path, Cancel::new());
                let packed = PackedMatrix::pack(&exec, precision, &self.w, self.n, self.k_in).unwrap();
                let TopKOutput { indices, values } =
                    above_gemm(&exec, &self.x, self.m, &packed, &self.w, &self.bias, &self.threshold).unwrap();
                assert_eq!(indices.len(), self.m * k, "{name}: {} {precision:?}", path.name());
                for (row, expected) in expected.iter().enumerate() {
                    let entries = (row * k..(row + 1) * k).map(|at| (values[at], indices[at]));
                    let mut expected = expected.clone();
                    expected.resize(k, (0.0, 0));
                    assert!(entries.eq(expected), "{name}: row {row}, {} {precision:?}", path.name());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn odd_shapes_equal_the_reference(
        m in 1usize..20, n in 1usize..400, k_in in 0usize..80, height in 0f32..4.0, seed in any::<u64>(),
    ) {
        Case::random(m, n, k_in, height, seed).check("odd shape");
    }
}

#[test]
fn a_dictionary_sized_problem() {
    Case::random(130, 8192, 576, 30.0, 1).check("many rows");
    Case::random(2, 16384, 576, 30.0, 2).check("two rows, segments");
    Case::random(1700, 1500, 24, 0.0, 3).check("ReLU, half of everything");
}

#[test]
fn a_value_at_its_threshold_is_not_above_it() {
    let mut case = Case::random(40, 700, 96, 1.0, 4);
    let first = case.x[..96].to_vec();
    for j in 0..700 {
        let value = simd::dot(CpuPath::Portable, &first, &case.w[j * 96..(j + 1) * 96]) + case.bias[j];
        case.threshold[j] = value.max(0.0);
    }
    assert!(case.reference()[0].is_empty());
    case.check("thresholds are the first row's own values");
}

#[test]
fn scales_outliers_and_silence() {
    for scale in [1e-42f32, 1e-20, 1e10, 1e18, 1e25] {
        let mut case = Case::random(12, 700, 40, 0.0, 8);
        case.x.iter_mut().for_each(|v| *v *= scale);
        case.check(&format!("x by {scale:e}"));
    }
    let mut case = Case::random(64, 4096, 96, 1.0, 6);
    for row in case.x.chunks_mut(96) {
        row[17] = 24_000.0;
    }
    case.check("outlier dimension");
    case.threshold.fill(1e30);
    case.check("nothing is above");
    case.threshold.fill(f32::INFINITY);
    case.check("nothing can be above");
}

#[test]
fn a_stopped_call_says_so_and_no_rows_are_no_entries() {
    let case = Case::random(8, 300, 16, 0.0, 9);
    let cancel = Cancel::new();
    let exec = Exec::new(CpuPath::Portable, cancel.clone());
    let packed = PackedMatrix::pack(&exec, Precision::Fast, &case.w, case.n, case.k_in).unwrap();
    let none = above_gemm(&exec, &[], 0, &packed, &case.w, &case.bias, &case.threshold).unwrap();
    assert!(none.indices.is_empty() && none.values.is_empty());
    cancel.cancel();
    assert!(above_gemm(&exec, &case.x, case.m, &packed, &case.w, &case.bias, &case.threshold).is_err());
}
