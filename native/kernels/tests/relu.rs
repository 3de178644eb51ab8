//! `relu_gemm` gives the reference's active entries and bits on every path, also next to 0 and where nothing is screened out.

mod common;

use common::random;
use lexiscope_kernels::relu::relu_reference;
use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, SparseRows, relu_gemm};
use proptest::prelude::*;

struct Case {
    x: Vec<f32>,
    m: usize,
    w: Vec<f32>,
    n: usize,
    k: usize,
    bias: Vec<f32>,
}

impl Case {
    fn random(m: usize, n: usize, k: usize, shift: f32, seed: u64) -> Case {
        let bias = random(n, seed ^ 7).into_iter().map(|b| b + shift).collect();
        Case { x: random(m * k, seed), m, w: random(n * k, seed ^ 99), n, k, bias }
    }
    fn reference(&self) -> SparseRows {
        let exec = Exec::new(CpuPath::Portable, Cancel::new());
        relu_reference(&exec, &self.x, self.m, self.n, self.k, &self.w, &self.bias).unwrap()
    }
    fn check(&self, name: &str) -> SparseRows {
        let expected = self.reference();
        for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
            for (precision, threads) in [(Precision::Fast, 2), (Precision::Exact, 3)] {
                let exec = Exec::with_threads(path, Cancel::new(), threads);
                let packed = PackedMatrix::pack(&exec, precision, &self.w, self.n, self.k).unwrap();
                let got = relu_gemm(&exec, &self.x, self.m, &packed, &self.w, &self.bias).unwrap();
                assert_eq!(got.offsets, expected.offsets, "{name}: {} {precision:?}", path.name());
                assert_eq!(got.indices, expected.indices, "{name}: {} {precision:?}", path.name());
                let bits = |rows: &SparseRows| rows.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert!(bits(&got) == bits(&expected) || got.values.iter().any(|v| v.is_nan()), "{name}: {}", path.name());
            }
        }
        expected
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn odd_shapes_equal_the_reference(m in 0usize..20, n in 1usize..400, k in 1usize..80, shift in -6f32..2.0, seed in any::<u64>()) {
        Case::random(m, n, k, shift, seed).check("odd shape");
    }
}

#[test]
fn a_dictionary_sized_problem() {
    let many = Case::random(230, 8192, 576, -20.0, 1).check("many rows");
    let l0 = many.len() as f64 / 230.0;
    assert!(l0 > 20.0 && l0 < 400.0, "{l0}");
    Case::random(2, 16384, 576, -20.0, 2).check("two rows, segments");
    Case::random(1700, 700, 24, -3.0, 3).check("no segments");
}

#[test]
fn the_sign_next_to_zero_is_that_of_the_f32_sum() {
    // Bias = minus the exact product of a row: sums that are 0, or a rounding away from it.
    let mut case = Case::random(16, 256, 96, 0.0, 4);
    let exec = Exec::new(CpuPath::Portable, Cancel::new());
    for j in 0..case.n {
        let dot = lexiscope_kernels::simd::dot(exec.path, &case.x[j % 16 * 96..][..96], &case.w[j * 96..][..96]);
        case.bias[j] = match j % 3 {
            0 => -dot,
            1 => -dot.next_up(),
            _ => -dot.next_down(),
        };
    }
    let got = case.check("next to zero");
    for j in 0..case.n {
        let active = got.row(j % 16).0.contains(&(j as u32));
        assert_eq!(active, j % 3 == 2, "feature {j}");
    }
}

#[test]
fn dense_rows_zero_rows_and_huge_values() {
    let mut case = Case::random(20, 500, 40, 50.0, 5);
    assert_eq!(case.check("all active").len(), 20 * 500);
    case.bias.fill(0.0);
    case.x[..400].fill(0.0);
    assert_eq!(case.check("zero x").offsets[10], 0);
    case.x.iter_mut().for_each(|v| *v *= 3e37);
    case.check("beyond f32");
    case.bias.fill(-1.0);
    case.w.fill(0.0);
    assert!(case.check("nothing").is_empty());
}

#[test]
fn a_nan_weight_is_no_silence() {
    let mut case = Case::random(5, 100, 32, -100.0, 6);
    case.w[40 * 32 + 3] = f32::NAN;
    let got = case.check("nan");
    assert_eq!((got.len(), got.indices[0]), (5, 40));
    assert!(got.values.iter().all(|v| v.is_nan()));
}

#[test]
fn by_feature_the_rows_rise() {
    let got = Case::random(60, 90, 16, -1.0, 7).reference();
    let inverted = got.inverted(90);
    assert_eq!(inverted.len(), got.len());
    for i in 0..90 {
        let (rows, values) = inverted.entries(i);
        assert!(rows.windows(2).all(|r| r[0] < r[1]));
        for (&row, value) in rows.iter().zip(values) {
            let (indices, own) = got.row(row as usize);
            assert_eq!(own[indices.iter().position(|&j| j as usize == i).unwrap()], *value);
        }
    }
}
