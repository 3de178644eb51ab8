//! Every path of `gemm` against f64, over odd shapes.

use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, gemm};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn paths() -> Vec<CpuPath> {
    let (have, lack): (Vec<_>, Vec<_>) = CpuPath::ALL.into_iter().partition(|p| p.available());
    for path in lack {
        println!("skipped: {} is not available on this CPU", path.name());
    }
    have
}

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut s = seed | 1;
    (0..len)
        .map(|_| {
            s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (s >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

fn run(exec: &Exec, precision: Precision, x: &[f32], m: usize, w: &[f32], n: usize, k: usize) -> Vec<f32> {
    let packed = PackedMatrix::pack(exec, precision, w, n, k).unwrap();
    let mut y = vec![f32::NAN; m * n];
    gemm(exec, x, m, &packed, &mut y, false).unwrap();
    y
}

fn norm(v: &[f32]) -> f64 {
    v.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

/// Largest error over ‖x‖‖w‖.
fn worst_error(y: &[f32], x: &[f32], m: usize, w: &[f32], n: usize, k: usize) -> f64 {
    let mut worst = 0f64;
    for i in 0..m {
        for j in 0..n {
            let (a, b) = (&x[i * k..(i + 1) * k], &w[j * k..(j + 1) * k]);
            let exact: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            let scale = norm(a) * norm(b);
            let error = (f64::from(y[i * n + j]) - exact).abs();
            worst = worst.max(if scale > 0.0 { error / scale } else { error });
        }
    }
    worst
}

/// Relative to ‖x‖‖w‖: half a unit of the last place of each side, and f32 sums.
fn tolerance(path: CpuPath, precision: Precision) -> f64 {
    match (path, precision) {
        (CpuPath::Avx512Bf16, Precision::Fast) => 7.9e-3,
        (CpuPath::Avx2I16 | CpuPath::Avx512Vnni, Precision::Fast) => 4e-4,
        _ => 2e-6,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn odd_shapes_agree_with_f64(m in 1usize..40, n in 1usize..150, k in 0usize..200, seed in any::<u64>()) {
        let (x, w) = (random(m * k, seed), random(n * k, seed ^ 77));
        for path in paths() {
            let exec = Exec::new(path, Cancel::new());
            for precision in [Precision::Exact, Precision::Fast] {
                let y = run(&exec, precision, &x, m, &w, n, k);
                let error = worst_error(&y, &x, m, &w, n, k);
                prop_assert!(error <= tolerance(path, precision), "{} {precision:?} {m}×{k}×{n}: {error:e}", path.name());
            }
        }
    }
}

#[test]
fn several_k_blocks_and_row_blocks() {
    for (m, n, k) in [(9, 70, 5001), (400, 33, 130), (2, 700, 20000)] {
        let (x, w) = (random(m * k, 3), random(n * k, 4));
        for path in paths() {
            let exec = Exec::new(path, Cancel::new());
            for precision in [Precision::Exact, Precision::Fast] {
                let y = run(&exec, precision, &x, m, &w, n, k);
                let error = worst_error(&y, &x, m, &w, n, k);
                assert!(error <= tolerance(path, precision), "{} {precision:?} {m}×{k}×{n}: {error:e}", path.name());
            }
        }
    }
}

#[test]
fn i16_sums_do_not_overflow_at_the_worst_alignment() {
    for k in [7, 8, 576, 4097] {
        for (x, w) in [(vec![1.0; k], vec![-1.0; k]), (random(k, 5), random(k, 5))] {
            for path in paths() {
                let exec = Exec::new(path, Cancel::new());
                let y = run(&exec, Precision::Fast, &x, 1, &w, 1, k);
                // Equal entries all round the same way.
                assert!(worst_error(&y, &x, 1, &w, 1, k) <= 4.1e-3, "{}", path.name());
            }
        }
    }
}

#[test]
fn threads_and_batch_change_no_bit() {
    let (m, n, k) = (205, 333, 579);
    let (x, w) = (random(m * k, 6), random(n * k, 7));
    for path in paths() {
        for precision in [Precision::Exact, Precision::Fast] {
            let one = run(&Exec::with_threads(path, Cancel::new(), 1), precision, &x, m, &w, n, k);
            for threads in [2, 3] {
                let exec = Exec::with_threads(path, Cancel::new(), threads);
                assert_eq!(one, run(&exec, precision, &x, m, &w, n, k), "{} {precision:?} {threads} threads", path.name());
            }
            let exec = Exec::new(path, Cancel::new());
            let alone = run(&exec, precision, &x[200 * k..201 * k], 1, &w, n, k);
            assert_eq!(alone, one[200 * n..201 * n], "{} {precision:?}: a row alone", path.name());
        }
    }
}

#[test]
fn accumulate_adds_the_product() {
    let (m, n, k) = (8, 70, 33);
    let (x, w) = (random(m * k, 8), random(n * k, 9));
    for path in paths() {
        let exec = Exec::new(path, Cancel::new());
        let packed = PackedMatrix::pack(&exec, Precision::Fast, &w, n, k).unwrap();
        let product = run(&exec, Precision::Fast, &x, m, &w, n, k);
        let mut y = vec![0.75; m * n];
        gemm(&exec, &x, m, &packed, &mut y, true).unwrap();
        assert!(y.iter().zip(&product).all(|(y, p)| *y == 0.75 + p), "{}", path.name());
    }
}

#[test]
fn nan_and_infinity_stay_in_their_row() {
    let (m, n, k) = (7, 20, 40);
    let w: Vec<f32> = random(n * k, 10).into_iter().map(|v| v.abs() + 0.1).collect();
    let mut x = random(m * k, 11);
    x[k + 39] = f32::NAN;
    x[3 * k] = f32::INFINITY;
    x[4 * k] = f32::NEG_INFINITY;
    for path in paths() {
        let exec = Exec::new(path, Cancel::new());
        for precision in [Precision::Exact, Precision::Fast] {
            let y = run(&exec, precision, &x, m, &w, n, k);
            let i16 = matches!(path, CpuPath::Avx2I16 | CpuPath::Avx512Vnni) && precision == Precision::Fast;
            for (i, row) in y.chunks(n).enumerate() {
                let fits = |v: f32| match i {
                    1 => v.is_nan(),
                    3 | 4 if i16 => v.is_nan(),
                    3 => v == f32::INFINITY,
                    4 => v == f32::NEG_INFINITY,
                    _ => v.is_finite(),
                };
                assert!(row.iter().all(|&v| fits(v)), "{} {precision:?} row {i}: {row:?}", path.name());
            }
        }
    }
}

#[test]
fn repacking_equals_packing() {
    let (n, k) = (150, 37);
    let (old, new, x) = (random(n * k, 12), random(n * k, 13), random(5 * k, 14));
    for path in paths() {
        let exec = Exec::new(path, Cancel::new());
        for precision in [Precision::Exact, Precision::Fast] {
            let mut packed = PackedMatrix::pack(&exec, precision, &old, n, k).unwrap();
            let (rows, panels) = (packed.panel_rows(), packed.panels());
            let shared = packed.shared();
            exec.run(panels, |p| {
                // SAFETY: one chunk, one panel.
                unsafe { shared.repack_panel(p, &new[p * rows * k..((p + 1) * rows).min(n) * k]) }
            })
            .unwrap();
            let mut y = vec![0.0; 5 * n];
            gemm(&exec, &x, 5, &packed, &mut y, false).unwrap();
            assert_eq!(y, run(&exec, precision, &x, 5, &new, n, k), "{}", path.name());
        }
    }
}

#[test]
fn a_cancel_returns_soon() {
    let (m, n, k) = (3000, 3000, 3000);
    let (x, w) = (vec![0.5; m * k], vec![0.5; n * k]);
    let mut y = vec![0.0; m * n];
    for path in paths() {
        let cancel = Cancel::new();
        let exec = Exec::new(path, cancel.clone());
        let packed = PackedMatrix::pack(&exec, Precision::Fast, &w, n, k).unwrap();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            cancel.cancel();
            Instant::now()
        });
        let mut done = Ok(());
        while done.is_ok() {
            done = gemm(&exec, &x, m, &packed, &mut y, false);
        }
        let late = stopper.join().unwrap().elapsed();
        assert!(late < Duration::from_millis(200), "{}: {late:?} after the cancel", path.name());
    }
}
