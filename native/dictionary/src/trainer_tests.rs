use super::*;
use crate::StateArray;
use crate::rng::Rng;
use lexiscope_kernels::{Cancelled, CpuPath, simd};
use proptest::prelude::*;

fn exec() -> Exec {
    Exec::new(CpuPath::best(), Cancel::new())
}

fn options(d: usize, features: usize, k: usize) -> TrainerOptions {
    TrainerOptions {
        architecture: Architecture::TopK,
        d,
        features,
        k,
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

fn bf16(x: &[f32]) -> Vec<u16> {
    let mut out = vec![0; x.len()];
    simd::bf16_from_f32(x, &mut out);
    out
}

fn pool(rows: usize, d: usize, seed: u64) -> Vec<u16> {
    let mut rng = Rng::new(seed, 9);
    bf16(&(0..rows * d).map(|i| (rng.normal() + (i % d % 3) as f64) as f32).collect::<Vec<_>>())
}

/// Every byte of the state.
fn bytes(trainer: &Trainer) -> Vec<u8> {
    trainer.state().into_iter().flat_map(|a| a.data.into_owned()).collect()
}

/// A trainer with AuxK busy, after some steps.
fn busy(exec: &Exec, steps: u32) -> (Trainer, TrainerOptions, Vec<u16>) {
    let busy = TrainerOptions { scale: 0.7, aux_coefficient: 1.5, aux_k: 10, dead_after: 300, ..options(40, 203, 5) };
    let pool = pool(500, 40, 1);
    let mut trainer = Trainer::new(exec, busy.clone()).unwrap();
    run(&mut trainer, exec, &pool, 0..steps);
    (trainer, busy, pool)
}

fn run(trainer: &mut Trainer, exec: &Exec, pool: &[u16], steps: std::ops::Range<u32>) -> StepMetrics {
    let mut last = StepMetrics::default();
    for s in steps {
        let rows: Vec<u32> = (0..150).map(|j| (j * 7 + s * 31) % 500).collect();
        last = trainer.step(exec, pool, &rows, 3e-3).unwrap();
    }
    last
}

#[test]
fn the_same_bits_for_any_threads_and_path() {
    let (mut reference, _, pool) = busy(&Exec::with_threads(CpuPath::Portable, Cancel::new(), 1), 0);
    let metrics = run(&mut reference, &Exec::with_threads(CpuPath::Portable, Cancel::new(), 1), &pool, 0..6);
    assert!(metrics.dead > 10 && metrics.aux_loss > 0.0, "AuxK must be at work: {metrics:?}");
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        for threads in [1, 2, 3] {
            let (trainer, _, _) = busy(&Exec::with_threads(path, Cancel::new(), threads), 6);
            assert!(bytes(&trainer) == bytes(&reference), "{} with {threads} threads differs", path.name());
        }
    }
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    let (unbroken, options, pool) = busy(&exec(), 7);
    let (half, _, _) = busy(&exec(), 3);
    let mut resumed = Trainer::new(&exec(), TrainerOptions { seed: 1, scale: 2.0, ..options }).unwrap();
    resumed.load(&half.state()).unwrap();
    assert_eq!(resumed.steps(), 3);
    run(&mut resumed, &exec(), &pool, 3..7);
    assert!(bytes(&resumed) == bytes(&unbroken));
}

#[test]
fn a_broken_state_is_refused_and_changes_nothing() {
    let (mut trainer, _, _) = busy(&exec(), 2);
    let before = bytes(&trainer);
    let good: Vec<StateArray<'static>> = trainer.state().into_iter().map(StateArray::into_owned).collect();
    let refused = |trainer: &mut Trainer, change: &dyn Fn(&mut Vec<StateArray<'static>>)| {
        let mut bad = good.clone();
        change(&mut bad);
        trainer.load(&bad).unwrap_err().to_string()
    };
    assert!(refused(&mut trainer, &|b| drop(b.remove(5))).contains("lacks `first_moment.encoder_bias`"));
    assert!(refused(&mut trainer, &|b| b[0].shape = vec![1]).contains("`encoder` is F32 [1]"));
    assert!(
        refused(&mut trainer, &|b| {
            b[3].data.to_mut().pop();
        })
        .contains("`decoder_bias` has 159 bytes")
    );
    let nan = |b: &mut Vec<StateArray<'static>>| b[11].data.to_mut()[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(refused(&mut trainer, &nan).contains("`second_moment.decoder_bias` holds NaN"));
    let negative = |b: &mut Vec<StateArray<'static>>| b[9].data.to_mut()[4..8].copy_from_slice(&(-1e-9f32).to_le_bytes());
    assert!(refused(&mut trainer, &negative).contains("`second_moment.encoder_bias` holds a mean of squares below 0"));
    for (at, name) in [(13, "tokens_since_fired"), (14, "steps")] {
        let many = |b: &mut Vec<StateArray<'static>>| b[at].data.to_mut()[..8].fill(0xff);
        assert!(refused(&mut trainer, &many).contains(&format!("`{name}` holds 18446744073709551615")));
    }
    assert!(bytes(&trainer) == before);
}

/// F23: encoder rows that give the fixture's pre-activations on its x.
fn f23(dead: &[usize]) -> StepMetrics {
    let x = [2.0f32, 1.0, 0.0, -1.0, 0.0, 3.0, 1.0, 1.0];
    let pre = [[1.5f64, 0.2, 0.8, -0.3, 0.4, 0.1], [0.1, 2.5, -0.2, 0.6, 0.3, 0.5]];
    // Minimum-norm solution of X e = pre: e = Xᵀ(XXᵀ)⁻¹ pre, XXᵀ = [[6, 2], [2, 11]].
    let mut encoder = vec![0f32; 24];
    for i in 0..6 {
        let (a, b) = ((11.0 * pre[0][i] - 2.0 * pre[1][i]) / 62.0, (6.0 * pre[1][i] - 2.0 * pre[0][i]) / 62.0);
        for c in 0..4 {
            encoder[i * 4 + c] = (a * f64::from(x[c]) + b * f64::from(x[4 + c])) as f32;
        }
    }
    let mut decoder = vec![0f32; 24];
    (0..4).for_each(|i| decoder[i * 5] = 1.0);
    decoder[16..].copy_from_slice(&[0.6, 0.0, 0.0, -0.8, 0.0, 0.0, 0.6, 0.8]);
    let o = TrainerOptions { aux_coefficient: 1.0 / 32.0, aux_k: 2, dead_after: 50, ..options(4, 6, 2) };
    let mut trainer = Trainer::new(&exec(), o).unwrap();
    trainer.weights.encoder = encoder;
    trainer.weights.decoder = decoder;
    dead.iter().for_each(|&i| trainer.silent[i] = 100);
    trainer.packed = None;
    trainer.step(&exec(), &bf16(&x), &[0, 1], 0.0).unwrap()
}

#[test]
fn f23_topk_with_auxk() {
    let both = f23(&[4, 5]);
    assert!((both.loss - 2.15).abs() < 1e-5 && (both.aux_loss - 1.128).abs() < 1e-5, "{both:?}");
    assert!((both.loss + both.aux_loss / 32.0 - 2.18525).abs() < 1e-5);
    assert_eq!((both.dead, both.l0), (2, 2.0));
    let one = f23(&[5]);
    assert!((one.aux_loss - 1.948 / 1.425).abs() < 1e-5 && one.dead == 1, "{one:?}");
    assert_eq!(f23(&[]).aux_loss, 0.0);
}

#[test]
fn f32_dead_counters() {
    let mut trainer = Trainer::new(&exec(), TrainerOptions { dead_after: 10, ..options(2, 3, 2) }).unwrap();
    trainer.weights.encoder = vec![1.0, 0.0, 0.0, -1.0, 0.0, 1.0];
    trainer.packed = None;
    // Feature 0 fires in the first step only. Later it is among the top 2 with value 0, which does not count.
    let pool = bf16(&[1.0, 0.0, 0.0, 1.0]);
    let steps: [&[u32]; 4] = [&[0, 1, 1, 1], &[1; 4], &[1; 4], &[1; 4]];
    let seen: Vec<_> = steps
        .into_iter()
        .map(|rows| {
            let dead = trainer.step(&exec(), &pool, rows, 0.0).unwrap().dead;
            (trainer.silent[0], trainer.silent[1], dead)
        })
        .collect();
    assert_eq!(seen, [(0, 4, 0), (4, 8, 0), (8, 12, 1), (12, 16, 2)]);
}

#[test]
fn decoder_rows_keep_norm_one_and_a_frozen_decoder_does_not_move() {
    let (trainer, options, pool) = busy(&exec(), 5);
    for row in trainer.weights.decoder.chunks_exact(40) {
        assert!((simd::sum_sq(CpuPath::Portable, row) - 1.0).abs() < 1e-5);
    }
    let mut frozen = Trainer::new(&exec(), TrainerOptions { freeze_decoder: true, ..options }).unwrap();
    let before = frozen.weights.clone();
    run(&mut frozen, &exec(), &pool, 0..3);
    assert_eq!(frozen.weights.decoder, before.decoder);
    assert_ne!(frozen.weights.encoder, before.encoder);
}

#[test]
fn bad_rows_change_nothing() {
    let (mut trainer, _, mut pool) = busy(&exec(), 2);
    let before = bytes(&trainer);
    let refused =
        |trainer: &mut Trainer, pool: &[u16], rows: &[u32], lr| trainer.step(&exec(), pool, rows, lr).unwrap_err().to_string();
    assert!(refused(&mut trainer, &pool, &[], 1e-3).contains("at least one row"));
    assert!(refused(&mut trainer, &pool, &[500], 1e-3).contains("the pool holds 500"));
    assert!(refused(&mut trainer, &pool[1..], &[0], 1e-3).contains("not rows of width 40"));
    assert!(refused(&mut trainer, &pool, &[0], f64::NAN).contains("learning rate"));
    for bits in [0x7fc0, 0xff80] {
        pool[41] = bits;
        assert!(refused(&mut trainer, &pool, &[0, 1], 1e-3).contains("row 1 of the pool holds NaN or infinity"));
    }
    assert!(bytes(&trainer) == before);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let refused = |o| Trainer::new(&exec(), o).err().unwrap().to_string();
    assert!(refused(options(4, 8, 9)).contains("k is 9"));
    assert!(refused(options(4, 0, 1)).contains("0 features"));
    assert!(refused(TrainerOptions { scale: 0.0, ..options(4, 8, 1) }).contains("scale"));
    assert!(refused(TrainerOptions { decoder_bias: vec![f32::NAN; 4], ..options(4, 8, 1) }).contains("decoderBias holds NaN"));
}

#[test]
fn a_cancelled_step_is_not_applied_and_comes_back_soon() {
    let (d, features) = (256, 8192);
    let pool = pool(4096, d, 2);
    let rows: Vec<u32> = (0..4096).collect();
    let mut trainer = Trainer::new(&exec(), options(d, features, 16)).unwrap();
    let before = bytes(&trainer);
    for after in [0, 5, 30] {
        let cancel = Cancel::new();
        let exec = Exec::new(CpuPath::best(), cancel.clone());
        let (result, waited) = std::thread::scope(|scope| {
            let stop = scope.spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(after));
                cancel.cancel();
                Instant::now()
            });
            let result = trainer.step(&exec, &pool, &rows, 1e-3);
            (result, Instant::now().saturating_duration_since(stop.join().unwrap()))
        });
        assert!(waited.as_millis() < 200, "came back after {waited:?}");
        match result {
            Err(error) => assert_eq!(error, Cancelled.into()),
            Ok(_) => return, // Faster than the clock: nothing was left to stop.
        }
        assert!(bytes(&trainer) == before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn odd_shapes_train(d in 1usize..50, features in 1usize..150, rows in 1usize..90, seed in 0u64..99) {
        let k = 1 + seed as usize % features.min(9);
        let pool = pool(rows, d, seed);
        let o = TrainerOptions { seed, aux_coefficient: 1.0, aux_k: 3, dead_after: 20, ..options(d, features, k) };
        let mut trainer = Trainer::new(&exec(), o).unwrap();
        let rows: Vec<u32> = (0..rows as u32).collect();
        let first = trainer.step(&exec(), &pool, &rows, 1e-3).unwrap();
        let mut last = first;
        for _ in 0..20 {
            last = trainer.step(&exec(), &pool, &rows, 1e-3).unwrap();
        }
        prop_assert!(last.l0 <= k as f64 && last.loss <= first.loss * 1.02, "{} {}", first.loss, last.loss);
    }
}

#[test]
fn a_nan_in_the_encoder_fails_the_step_and_is_not_taken_for_silence() {
    let mut trainer = Trainer::new(&exec(), options(40, 203, 5)).unwrap();
    trainer.weights.encoder[3] = f32::NAN;
    trainer.packed = None;
    let rows: Vec<u32> = (0..64).collect();
    assert!(trainer.step(&exec(), &pool(64, 40, 1), &rows, 1e-3).is_err());
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn numbers_that_turn_into_nan_in_f32_are_refused() {
    for epsilon in [0.0, 1e-60, f64::NAN] {
        let adam = AdamOptions { epsilon, ..options(8, 16, 2).adam };
        assert!(Trainer::new(&exec(), TrainerOptions { adam, ..options(8, 16, 2) }).is_err());
    }
    let mut trainer = Trainer::new(&exec(), options(40, 203, 5)).unwrap();
    assert!(trainer.step(&exec(), &pool(64, 40, 1), &[0, 1, 2], 1e39).is_err());
}

/// Rows of a few directions of many, as activations are.
fn structured(rows: usize, d: usize) -> Vec<u16> {
    let mut rng = Rng::new(3, 0);
    let directions: Vec<f32> = (0..80 * d).map(|_| rng.normal() as f32).collect();
    let mut x: Vec<f32> = (0..rows * d).map(|_| 0.3 * rng.normal() as f32).collect();
    for row in x.chunks_exact_mut(d) {
        for _ in 0..6 {
            let (which, strength) = ((rng.normal().abs() * 25.0) as usize % 80, rng.normal().abs() as f32);
            row.iter_mut().zip(&directions[which * d..]).for_each(|(x, v)| *x += strength * v);
        }
        // A dimension that stands out.
        row[7] += 40.0;
    }
    bf16(&x)
}

fn wide(screen: Screen) -> TrainerOptions {
    let mut centre = vec![0.0; 96];
    centre[7] = 40.0;
    TrainerOptions { screen, decoder_bias: centre, ..options(96, 3000, 8) }
}

fn train_wide(exec: &Exec, trainer: &mut Trainer, pool: &[u16], steps: std::ops::Range<u32>) -> (usize, usize) {
    let mut seen = (0, 0);
    for s in steps {
        let rows: Vec<u32> = (0..300).map(|j| (j * 7 + s * 31) % 900).collect();
        let metrics = trainer.step(exec, pool, &rows, 2e-3).unwrap();
        seen = (seen.0 + metrics.checked_rows, seen.1 + metrics.differing_rows);
    }
    seen
}

#[test]
fn exact_selection_has_the_same_bits_by_bytes_and_without() {
    let pool = structured(900, 96);
    let portable = Exec::new(CpuPath::Portable, Cancel::new());
    let mut reference = Trainer::new(&portable, wide(Screen::ExactLow)).unwrap();
    assert_eq!(train_wide(&portable, &mut reference, &pool, 0..4), (0, 0));
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        for (threads, bytes_lose) in [(1, false), (3, false), (2, true)] {
            let exec = Exec::with_threads(path, Cancel::new(), threads);
            let mut trainer = Trainer::new(&exec, wide(Screen::Exact)).unwrap();
            trainer.bytes_lose = bytes_lose;
            train_wide(&exec, &mut trainer, &pool, 0..4);
            assert!(bytes(&trainer) == bytes(&reference), "{} with {threads} threads", path.name());
        }
    }
}

#[test]
fn eight_bits_are_checked_resume_and_hardly_differ() {
    let pool = structured(900, 96);
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && *p != CpuPath::Portable) {
        let exec = Exec::with_threads(path, Cancel::new(), 2);
        let mut unbroken = Trainer::new(&exec, wide(Screen::EightBits)).unwrap();
        let (checked, differing) = train_wide(&exec, &mut unbroken, &pool, 0..20);
        assert_eq!(checked, 20 * 16);
        assert!(differing <= 3, "{}: {differing} of {checked} rows differ", path.name());
        let one = Exec::with_threads(path, Cancel::new(), 1);
        let mut half = Trainer::new(&one, wide(Screen::EightBits)).unwrap();
        train_wide(&one, &mut half, &pool, 0..9);
        let mut resumed = Trainer::new(&one, TrainerOptions { seed: 1, ..wide(Screen::EightBits) }).unwrap();
        resumed.load(&half.state()).unwrap();
        train_wide(&one, &mut resumed, &pool, 9..20);
        assert!(bytes(&resumed) == bytes(&unbroken), "{}", path.name());
    }
}

#[test]
fn bytes_are_left_when_they_leave_too_much() {
    let exec = exec();
    if !matches!(exec.path, CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni) {
        println!("skipped: {} screens with other products", exec.path.name());
        return;
    }
    let mut trainer = Trainer::new(&exec, wide(Screen::Exact)).unwrap();
    // Encoder rows so close together that 8 bits cannot tell them apart.
    let row = trainer.weights.encoder[..96].to_vec();
    for (i, to) in trainer.weights.encoder.chunks_exact_mut(96).enumerate() {
        to.iter_mut().zip(&row).for_each(|(t, r)| *t = r * (1.0 + 1e-5 * i as f32));
    }
    trainer.packed = None;
    train_wide(&exec, &mut trainer, &structured(900, 96), 0..2);
    assert!(trainer.bytes_lose);
}
