//! `topk_gemm` gives the reference's indices and bits on every path, also where screening is of no help.

mod common;

use common::random;
use lexiscope_kernels::topk::topk_reference;
use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, TopKOutput, Trust, topk_gemm, topk_screened};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn paths() -> Vec<CpuPath> {
    let (have, lack): (Vec<_>, Vec<_>) = CpuPath::ALL.into_iter().partition(|p| p.available());
    for path in lack {
        println!("skipped: {} is not available on this CPU", path.name());
    }
    have
}

struct Case {
    x: Vec<f32>,
    m: usize,
    w: Vec<f32>,
    n: usize,
    k_in: usize,
    bias: Option<Vec<f32>>,
    k: usize,
}

impl Case {
    fn random(m: usize, n: usize, k_in: usize, k: usize, seed: u64) -> Case {
        Case { x: random(m * k_in, seed), m, w: random(n * k_in, seed ^ 99), n, k_in, bias: Some(random(n, seed ^ 7)), k }
    }
    fn reference(&self) -> TopKOutput {
        let exec = Exec::new(CpuPath::Portable, Cancel::new());
        topk_reference(&exec, &self.x, self.m, self.n, self.k_in, &self.w, self.bias.as_deref(), self.k).unwrap()
    }
    fn run(&self, exec: &Exec, precision: Precision) -> TopKOutput {
        let packed = PackedMatrix::pack(exec, precision, &self.w, self.n, self.k_in).unwrap();
        topk_gemm(exec, &self.x, self.m, &packed, &self.w, self.bias.as_deref(), self.k).unwrap()
    }
    fn check(&self, name: &str) {
        let expected = self.reference();
        for path in paths() {
            for precision in [Precision::Fast, Precision::Screen, Precision::Exact] {
                let got = self.run(&Exec::new(path, Cancel::new()), precision);
                assert_eq!(got.indices, expected.indices, "{name}: {} {precision:?}", path.name());
                assert!(same_bits(&got, &expected), "{name}: {} {precision:?}", path.name());
            }
        }
    }
}

fn same_bits(a: &TopKOutput, b: &TopKOutput) -> bool {
    a.values.iter().zip(&b.values).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn odd_shapes_equal_the_reference(
        m in 1usize..20, n in 1usize..400, k_in in 0usize..80, part in 0f64..1.0, bias in any::<bool>(), seed in any::<u64>(),
    ) {
        let mut case = Case::random(m, n, k_in, 1 + (part * part * (n - 1) as f64) as usize, seed);
        if !bias {
            case.bias = None;
        }
        case.check("odd shape");
    }
}

#[test]
fn a_dictionary_sized_problem() {
    Case::random(130, 8192, 576, 32, 1).check("many rows");
    Case::random(2, 16384, 576, 64, 2).check("two rows, segments");
    Case::random(1700, 1500, 24, 8, 3).check("no segments");
}

#[test]
fn ties_go_to_the_lower_index() {
    let mut case = Case::random(9, 3000, 64, 32, 4);
    for j in 0..3000 {
        let from = j % 40;
        case.w.copy_within(from * 64..(from + 1) * 64, j * 64);
    }
    case.bias = None;
    case.check("copies of 40 rows");
    case.w.fill(0.25);
    case.check("all rows equal");
}

#[test]
fn zero_rows_and_zero_weights() {
    let mut case = Case::random(40, 5000, 48, 16, 5);
    case.x[..20 * 48].fill(0.0);
    case.check("zero x, bias");
    case.bias = None;
    case.check("zero x");
    case.w.fill(0.0);
    case.check("zero w");
}

#[test]
fn outliers_and_a_mean_that_dominates() {
    let mut case = Case::random(64, 4096, 96, 32, 6);
    for row in case.x.chunks_mut(96) {
        row[17] = 24_000.0;
        row[50] *= 300.0;
    }
    case.check("outlier dimensions");
    let mut case = Case::random(64, 4096, 96, 32, 7);
    case.x.iter_mut().for_each(|v| *v = 50.0 + 0.01 * *v);
    case.check("mean of x");
    case.w.iter_mut().for_each(|v| *v = 1.0 + 1e-4 * *v);
    case.check("mean of both: values differ in the last bits");
}

#[test]
fn scales_from_tiny_to_huge() {
    for scale in [1e-42f32, 1e-30, 1e-20, 1e-10, 1e10, 1e18, 1e25, 3e37] {
        let mut case = Case::random(12, 700, 40, 10, 8);
        case.bias = None;
        case.x.iter_mut().for_each(|v| *v *= scale);
        case.check(&format!("x by {scale:e}"));
        let mut case = Case::random(12, 700, 40, 10, 9);
        case.w.iter_mut().enumerate().for_each(|(i, v)| *v *= if i / 40 % 2 == 0 { scale } else { 1.0 });
        case.check(&format!("half of w by {scale:e}"));
    }
}

#[test]
fn non_finite_rows_weights_and_biases() {
    let mut case = Case::random(8, 900, 40, 10, 10);
    case.x[40] = f32::NAN;
    case.x[2 * 40 + 3] = f32::INFINITY;
    case.check("x");
    let expected = case.reference();
    assert!(expected.values[10..30].iter().all(|v| v.is_nan()));
    assert_eq!(expected.indices[10..20], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let mut case = Case::random(8, 900, 40, 10, 11);
    let bias = case.bias.as_mut().unwrap();
    bias[3] = f32::NEG_INFINITY;
    bias[700] = f32::INFINITY;
    case.check("infinite bias");
    case.w[500 * 40] = f32::INFINITY;
    case.check("infinite weight");
    case.w[600 * 40] = f32::NAN;
    case.check("NaN weight");
    assert!(case.reference().values.iter().all(|v| v.is_nan()));
}

#[test]
fn threads_change_no_bit() {
    let case = Case::random(211, 2000, 100, 32, 12);
    let expected = case.reference();
    for path in paths() {
        for (threads, precision) in [1, 2, 3].into_iter().flat_map(|t| [(t, Precision::Fast), (t, Precision::Screen)]) {
            let got = case.run(&Exec::with_threads(path, Cancel::new(), threads), precision);
            assert!(got.indices == expected.indices && same_bits(&got, &expected), "{} {threads} threads", path.name());
        }
    }
}

#[test]
fn repacking_refreshes_the_bounds() {
    let mut case = Case::random(20, 1000, 64, 16, 13);
    for path in paths() {
        let exec = Exec::new(path, Cancel::new());
        let mut packed = PackedMatrix::pack(&exec, Precision::Fast, &case.w, 1000, 64).unwrap();
        case.w.iter_mut().for_each(|v| *v *= -37.0);
        let (rows, panels, shared) = (packed.panel_rows(), packed.panels(), packed.shared());
        for p in 0..panels {
            // SAFETY: one thread.
            unsafe { shared.repack_panel(p, &case.w[p * rows * 64..((p + 1) * rows).min(1000) * 64]) };
        }
        let got = topk_gemm(&exec, &case.x, 20, &packed, &case.w, case.bias.as_deref(), 16).unwrap();
        let expected = case.reference();
        assert!(got.indices == expected.indices && same_bits(&got, &expected), "{}", path.name());
    }
}

#[test]
fn a_cancel_returns_soon() {
    let case = Case::random(3000, 9000, 700, 32, 14);
    for path in paths() {
        let cancel = Cancel::new();
        let exec = Exec::new(path, cancel.clone());
        let packed = PackedMatrix::pack(&exec, Precision::Fast, &case.w, case.n, case.k_in).unwrap();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            cancel.cancel();
            Instant::now()
        });
        while topk_gemm(&exec, &case.x, case.m, &packed, &case.w, None, case.k).is_ok() {}
        let late = stopper.join().unwrap().elapsed();
        assert!(late < Duration::from_millis(200), "{}: {late:?} after the cancel", path.name());
    }
}

#[test]
fn a_likely_bound_is_nearly_always_right_and_rescores_less() {
    let case = Case::random(400, 8192, 576, 32, 15);
    for path in paths().into_iter().filter(|p| *p != CpuPath::Portable) {
        let exec = Exec::new(path, Cancel::new());
        let packed = PackedMatrix::pack(&exec, Precision::Screen, &case.w, case.n, case.k_in).unwrap();
        let run = |trust| topk_screened(&exec, &case.x, 400, &packed, &case.w, case.bias.as_deref(), 32, trust).unwrap();
        let ((sure, all), (likely, some)) = (run(Trust::Sure), run(Trust::Likely));
        let differing = sure.indices.chunks(32).zip(likely.indices.chunks(32)).filter(|(a, b)| a != b).count();
        assert!(differing <= 1, "{}: {differing} of 400 rows differ", path.name());
        assert!(all.again == 0 && some.rescored * 3 < all.rescored * 2, "{}: {some:?} {all:?}", path.name());
    }
}

#[test]
fn what_a_thread_selected_before_changes_nothing() {
    let case = Case::random(1600, 2048, 64, 16, 21);
    let mut ties = Case::random(1600, 600, 64, 8, 22);
    ties.w.fill(0.25);
    for path in paths() {
        for trust in [Trust::Sure, Trust::Likely] {
            // A pool of its own: its thread has selected nothing yet.
            let exec = Exec::with_threads(path, Cancel::new(), 1);
            let run = |case: &Case| {
                let packed = PackedMatrix::pack(&exec, Precision::Screen, &case.w, case.n, case.k_in).unwrap();
                topk_screened(&exec, &case.x, case.m, &packed, &case.w, None, case.k, trust).unwrap()
            };
            let (first, screened) = run(&case);
            run(&ties);
            let (again, screened_again) = run(&case);
            assert_eq!((&again.indices, screened_again), (&first.indices, screened), "{} {trust:?}", path.name());
            assert!(same_bits(&again, &first), "{} {trust:?}", path.name());
        }
    }
}

#[test]
fn rows_whose_errors_line_up_are_screened_again() {
    // Weights that differ by less than their rounding, all to the same side: what is likely for others is wrong here.
    let mut case = Case::random(30, 4000, 64, 8, 16);
    let row = case.w[..64].to_vec();
    for (j, to) in case.w.chunks_exact_mut(64).enumerate() {
        to.iter_mut().zip(&row).for_each(|(t, r)| *t = r + r.signum() * 1e-6 * (j % 977) as f32);
    }
    case.bias = None;
    case.check("rounding to one side");
}

#[test]
fn rows_whose_largest_all_come_first_are_screened_again() {
    // What the first outputs foresee of the rest is wrong here.
    let mut case = Case::random(40, 6000, 64, 24, 17);
    case.bias = Some((0..6000).map(|j| if j < 40 { 1e3 } else { 0.0 }).collect());
    case.check("sorted outputs");
    let exec = Exec::new(CpuPath::best(), Cancel::new());
    let packed = PackedMatrix::pack(&exec, Precision::Screen, &case.w, case.n, case.k_in).unwrap();
    let (_, screened) = topk_screened(&exec, &case.x, 40, &packed, &case.w, case.bias.as_deref(), 24, Trust::Sure).unwrap();
    let bytes = matches!(exec.path, CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni);
    assert!(!bytes || screened.again == 40, "{screened:?}");
}
