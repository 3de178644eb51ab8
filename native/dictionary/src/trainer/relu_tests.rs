use super::reference::reference;
use super::*;
use crate::rng::Rng;
use crate::trainer::{Architecture, Screen, TrainerOptions};
use crate::{StateArray, Trainer};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::{CpuPath, simd};
use proptest::prelude::*;

fn exec() -> Exec {
    Exec::new(CpuPath::best(), Cancel::new())
}

fn options(d: usize, features: usize) -> TrainerOptions {
    TrainerOptions {
        architecture: Architecture::Relu(ReluOptions { decoder_norm: 0.1, clip_norm: f64::INFINITY }),
        d,
        features,
        k: 0,
        seed: 42,
        scale: 1.0,
        decoder_bias: vec![0.0; d],
        encoder_scale: 1.0,
        adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        aux_coefficient: 0.0,
        aux_k: 0,
        dead_after: u64::MAX,
        freeze_decoder: false,
        screen: Screen::Exact,
    }
}

fn clipped(d: usize, features: usize) -> TrainerOptions {
    let relu = ReluOptions { decoder_norm: 0.1, clip_norm: 1.0 };
    TrainerOptions { architecture: Architecture::Relu(relu), ..options(d, features) }
}

fn bf16(x: &[f32]) -> Vec<u16> {
    let mut out = vec![0; x.len()];
    simd::bf16_from_f32(x, &mut out);
    out
}

fn pool(rows: usize, d: usize, seed: u64) -> Vec<u16> {
    let mut rng = Rng::new(seed, 9);
    bf16(&(0..rows * d).map(|i| (rng.normal() + (i % d % 3) as f64) as f32).collect::<Vec<_>>())
}

fn floats(bits: &[u16]) -> Vec<f32> {
    let mut out = vec![0.0; bits.len()];
    simd::f32_from_bf16(bits, &mut out);
    out
}

fn bytes(trainer: &Trainer) -> Vec<u8> {
    trainer.state().into_iter().flat_map(|a| a.data.into_owned()).collect()
}

fn force(trainer: &mut Trainer, dense: bool) {
    trainer.relu.as_mut().unwrap().dense = u64::from(dense);
}

fn at(penalty: f64) -> Rates {
    Rates { learning_rate: 0.0, penalty }
}

/// The gradient that a step on these weights finds, on one of the two paths.
fn step(o: &TrainerOptions, weights: &Weights, x: &[f32], penalty: f64, dense: bool, exec: &Exec) -> (StepMetrics, Weights) {
    let mut trainer = Trainer::new(exec, o.clone()).unwrap();
    trainer.weights = weights.clone();
    trainer.packed = None;
    force(&mut trainer, dense);
    let rows: Vec<u32> = (0..(x.len() / o.d) as u32).collect();
    let metrics = trainer.step_at(exec, &bf16(x), &rows, at(penalty)).unwrap();
    (metrics, trainer.relu.unwrap().gradient)
}

fn f20() -> Weights {
    Weights {
        encoder: vec![1.0, 0.0, 0.0, 1.0, 1.0, -1.0],
        encoder_bias: vec![0.0, -0.5, 0.25],
        decoder: vec![1.0, 0.0, 0.0, 2.0, 3.0, 4.0],
        decoder_bias: vec![0.5, -0.5],
    }
}

#[test]
fn f20_loss_and_gradients() {
    for dense in [true, false] {
        let (metrics, g) = step(&options(2, 3), &f20(), &[1.0, 2.0], 5.0, dense, &exec());
        assert_eq!((metrics.loss, metrics.l1, metrics.l0, metrics.dense), (0.5, 4.0, 2.0, dense));
        assert!((metrics.loss + 5.0 * metrics.l1 - 20.5).abs() < 1e-6);
        assert_eq!(g.decoder, [6.0, 1.0, 1.5, 9.0, 0.0, 0.0]);
        assert_eq!(g.encoder, [6.0, 12.0, 12.0, 24.0, 0.0, 0.0]);
        assert_eq!((g.encoder_bias, g.decoder_bias), (vec![6.0, 12.0, 0.0], vec![1.0, 1.0]));
    }
}

#[test]
fn f21_the_norms_weight_makes_scaling_a_feature_useless() {
    let mut scaled = f20();
    scaled.encoder[2..4].iter_mut().for_each(|e| *e /= 4.0);
    scaled.encoder_bias[1] /= 4.0;
    scaled.decoder[2..4].iter_mut().for_each(|v| *v *= 4.0);
    for dense in [true, false] {
        let (metrics, _) = step(&options(2, 3), &scaled, &[1.0, 2.0], 5.0, dense, &exec());
        assert!((metrics.loss + 5.0 * metrics.l1 - 20.5).abs() < 1e-5, "{metrics:?}");
    }
}

#[test]
fn f28_the_gradient_is_clipped_by_its_norm() {
    assert!((clip(1.0, 5.0) - 0.199_999_96).abs() < 1e-8);
    assert_eq!((clip(1.0, 0.3), clip(f64::INFINITY, 1e30)), (1.0, 1.0));
    // F20: the squares of all gradients, b_dec's too.
    let (metrics, whole) = step(&options(2, 3), &f20(), &[1.0, 2.0], 5.0, false, &exec());
    let sum = [&whole.encoder, &whole.encoder_bias, &whole.decoder, &whole.decoder_bias].into_iter().flatten();
    let norm = sum.map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    assert!((metrics.gradient_norm - norm).abs() < 1e-5, "{} {norm}", metrics.gradient_norm);
    let (_, short) = step(&clipped(2, 3), &f20(), &[1.0, 2.0], 5.0, false, &exec());
    assert!((f64::from(short.decoder[3]) - 9.0 / (norm + 1e-6)).abs() < 1e-6);
}

/// The largest difference of two arrays in units of the second one's root mean square.
fn difference(ours: &[f32], expected: &[f64]) -> f64 {
    let size = (expected.iter().map(|e| e * e).sum::<f64>() / expected.len() as f64).sqrt();
    ours.iter().zip(expected).fold(0f64, |m, (a, b)| m.max((f64::from(*a) - b).abs())) / size.max(1e-12)
}

fn check_against_reference(d: usize, features: usize, rows: usize, shift: f32, penalty: f64, exec: &Exec) {
    let o = TrainerOptions { seed: (d * features + rows) as u64, ..options(d, features) };
    let mut weights = Trainer::new(exec, o.clone()).unwrap().weights;
    let mut rng = Rng::new(7, 1);
    weights.encoder_bias.iter_mut().for_each(|b| *b = shift + 0.05 * rng.normal() as f32);
    weights.decoder.iter_mut().for_each(|v| *v *= 3.0);
    weights.decoder_bias.iter_mut().for_each(|b| *b = 0.3 * rng.normal() as f32);
    let x = floats(&pool(rows, d, 3));
    let expected = reference(&weights, &x, penalty);
    for dense in [true, false] {
        let (metrics, g) = step(&o, &weights, &x, penalty, dense, exec);
        let what = format!("{} dense {dense} d {d} F {features} B {rows} L0 {}", exec.path.name(), metrics.l0);
        assert!((metrics.loss / expected.loss - 1.0).abs() < 1e-5, "{what}: loss {} {}", metrics.loss, expected.loss);
        assert!((metrics.l1 - expected.l1).abs() < 1e-5 * expected.l1.max(1e-3), "{what}: l1 {} {}", metrics.l1, expected.l1);
        assert!((metrics.l0 - expected.l0).abs() < 1e-3 * expected.l0.max(1.0), "{what}: l0 {}", expected.l0);
        let ours = [&g.encoder, &g.encoder_bias, &g.decoder, &g.decoder_bias];
        for (array, (ours, expected)) in ours.into_iter().zip(&expected.gradient).enumerate() {
            let off = difference(ours, expected);
            assert!(off < 1e-4, "{what}: gradient {array} is off by {off}");
        }
    }
}

#[test]
fn both_paths_find_the_reference_on_every_cpu_path() {
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        let exec = Exec::new(path, Cancel::new());
        check_against_reference(40, 203, 150, -0.05, 5.0, &exec);
        check_against_reference(64, 5000, 33, -0.1, 2.0, &exec);
    }
    check_against_reference(24, 16_400, 1100, -0.15, 5.0, &exec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn odd_shapes_find_the_reference(d in 1usize..50, features in 1usize..150, rows in 1usize..90, shift in -0.2f32..0.1) {
        check_against_reference(d, features, rows, shift, 3.0, &exec());
    }
}

/// A run that begins dense, with a penalty strong enough that it becomes sparse.
fn run(trainer: &mut Trainer, exec: &Exec, steps: std::ops::Range<u32>) -> Vec<StepMetrics> {
    let pool = pool(500, 40, 1);
    steps
        .map(|s| {
            let rows: Vec<u32> = (0..150).map(|j| (j * 7 + s * 31) % 500).collect();
            let penalty = 6.0 * f64::from(s + 1).min(10.0) / 10.0;
            trainer.step_at(exec, &pool, &rows, Rates { learning_rate: 6e-3, penalty }).unwrap()
        })
        .collect()
}

fn busy() -> TrainerOptions {
    TrainerOptions { scale: 0.7, dead_after: 300, ..clipped(40, 203) }
}

#[test]
fn the_same_bits_for_any_threads_on_either_path() {
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        let mut first = None;
        for threads in [1, 2, 3] {
            let exec = Exec::with_threads(path, Cancel::new(), threads);
            let mut trainer = Trainer::new(&exec, busy()).unwrap();
            for s in 0..12 {
                force(&mut trainer, s % 3 == 0);
                let metrics = run(&mut trainer, &exec, s..s + 1);
                assert!(metrics[0].dense == (s % 3 == 0) && metrics[0].l0 > 1.0);
            }
            let own = bytes(&trainer);
            assert!(*first.get_or_insert_with(|| own.clone()) == own, "{} with {threads} threads differs", path.name());
        }
    }
}

#[test]
fn the_density_of_a_step_decides_the_path_of_the_next() {
    let mut trainer = Trainer::new(&exec(), busy()).unwrap();
    let dense = |trainer: &mut Trainer, s| run(trainer, &exec(), s..s + 1)[0].dense;
    assert!(dense(&mut trainer, 0) && dense(&mut trainer, 1), "half of the features are active at the start");
    trainer.weights.encoder_bias.fill(-2.0);
    trainer.packed = None;
    assert!(dense(&mut trainer, 2) && !dense(&mut trainer, 3));
    trainer.weights.encoder_bias.fill(1.0);
    assert!(!dense(&mut trainer, 4) && dense(&mut trainer, 5));
}

#[test]
fn sparse_steps_are_the_same_bits_on_every_path() {
    let start = |path| {
        let exec = Exec::new(path, Cancel::new());
        let mut trainer = Trainer::new(&exec, busy()).unwrap();
        for s in 0..4 {
            force(&mut trainer, false);
            run(&mut trainer, &exec, s..s + 1);
        }
        bytes(&trainer)
    };
    let reference = start(CpuPath::Portable);
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        assert!(start(path) == reference, "{}", path.name());
    }
}

#[test]
fn a_resumed_run_equals_an_unbroken_one_at_any_step() {
    let mut unbroken = Trainer::new(&exec(), busy()).unwrap();
    run(&mut unbroken, &exec(), 0..40);
    for cut in [1, 7, 20, 33] {
        let mut half = Trainer::new(&exec(), busy()).unwrap();
        run(&mut half, &exec(), 0..cut);
        let state: Vec<StateArray> = half.state().into_iter().map(StateArray::into_owned).collect();
        let mut resumed = Trainer::new(&exec(), TrainerOptions { seed: 1, scale: 2.0, ..busy() }).unwrap();
        resumed.load(&state).unwrap();
        run(&mut resumed, &exec(), cut..40);
        assert!(bytes(&resumed) == bytes(&unbroken), "cut after {cut}");
    }
}

#[test]
fn decoder_rows_start_with_the_chosen_norm_and_are_then_free() {
    let mut trainer = Trainer::new(&exec(), busy()).unwrap();
    let norms = |t: &Trainer| t.weights.decoder.chunks_exact(40).map(|r| sum_sq(CpuPath::Portable, r).sqrt()).collect::<Vec<_>>();
    assert!(norms(&trainer).iter().all(|n| (n - 0.1).abs() < 1e-6));
    assert_eq!(trainer.weights.encoder, trainer.weights.decoder);
    run(&mut trainer, &exec(), 0..5);
    assert!(norms(&trainer).iter().any(|n| (n - 0.1).abs() > 0.005));
    assert!(trainer.weights().decoder.chunks_exact(40).all(|r| (sum_sq(CpuPath::Portable, r) - 1.0).abs() < 1e-5));
}

#[test]
fn a_frozen_decoder_does_not_move_and_its_gradient_is_not_in_the_norm() {
    for dense in [true, false] {
        let frozen = TrainerOptions { freeze_decoder: true, ..options(2, 3) };
        let (metrics, g) = step(&frozen, &f20(), &[1.0, 2.0], 5.0, dense, &exec());
        assert!(g.decoder.iter().all(|g| *g == 0.0));
        let norm = (36.0 + 144.0 + 144.0 + 576.0 + 36.0 + 144.0 + 2.0f64).sqrt();
        assert!((metrics.gradient_norm - norm).abs() < 1e-5);
    }
    let mut trainer = Trainer::new(&exec(), TrainerOptions { freeze_decoder: true, ..busy() }).unwrap();
    let before = trainer.weights.clone();
    run(&mut trainer, &exec(), 0..4);
    assert_eq!(trainer.weights.decoder, before.decoder);
    assert_ne!(trainer.weights.encoder, before.encoder);
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let refused = |relu| {
        let o = TrainerOptions { architecture: Architecture::Relu(relu), ..options(4, 8) };
        Trainer::new(&exec(), o).err().unwrap().to_string()
    };
    assert!(refused(ReluOptions { decoder_norm: 0.0, clip_norm: 1.0 }).contains("decoderNorm"));
    assert!(refused(ReluOptions { decoder_norm: 0.1, clip_norm: f64::NAN }).contains("clipNorm"));
    let mut trainer = Trainer::new(&exec(), options(4, 8)).unwrap();
    let before = bytes(&trainer);
    for penalty in [-1.0, f64::NAN, f64::INFINITY] {
        let error = trainer.step_at(&exec(), &pool(3, 4, 1), &[0, 1], at(penalty)).unwrap_err().to_string();
        assert!(error.contains("penalty"), "{error}");
    }
    trainer.weights.encoder[5] = f32::NAN;
    for dense in [true, false] {
        force(&mut trainer, dense);
        trainer.packed = None;
        assert!(trainer.step_at(&exec(), &pool(3, 4, 1), &[0, 1], at(1.0)).unwrap_err().to_string().contains("the loss is NaN"));
    }
    trainer.weights.encoder[5] = 0.0;
    assert_eq!((trainer.steps(), bytes(&trainer).len()), (0, before.len()));
    let topk = TrainerOptions { architecture: Architecture::TopK, k: 2, ..options(4, 8) };
    let error = Trainer::new(&exec(), topk).unwrap().step_at(&exec(), &pool(3, 4, 1), &[0], at(1.0)).unwrap_err().to_string();
    assert!(error.contains("takes no penalty"), "{error}");
}

#[test]
fn a_cancelled_step_is_not_applied_and_comes_back_soon() {
    let (d, features) = (256, 8192);
    let pool = pool(2048, d, 2);
    let rows: Vec<u32> = (0..2048).collect();
    let mut trainer = Trainer::new(&exec(), options(d, features)).unwrap();
    let before = bytes(&trainer);
    for (after, dense) in [(0, true), (20, true), (150, true), (20, false), (150, false)] {
        force(&mut trainer, dense);
        let cancel = Cancel::new();
        let exec = Exec::new(CpuPath::best(), cancel.clone());
        let (result, waited) = std::thread::scope(|scope| {
            let stop = scope.spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(after));
                cancel.cancel();
                Instant::now()
            });
            let result = trainer.step_at(&exec, &pool, &rows, at(5.0));
            (result, Instant::now().saturating_duration_since(stop.join().unwrap()))
        });
        assert!(waited.as_millis() < 200, "came back after {waited:?}");
        if result.is_ok() {
            return; // Faster than the clock: nothing was left to stop.
        }
        force(&mut trainer, true);
        assert!(bytes(&trainer) == before);
    }
}
