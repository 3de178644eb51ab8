//! Milliseconds by phase and tokens/s of a training step, for every CPU path of this machine, each beside its limit: the
//! time of the encoder's product alone at the rate of a register-only probe, taken before and after the step.
//! `cargo run --release -p lexiscope-dictionary --example step_bench [d] [features] [k] [batch] [steps] [path|all] [exact|exact-low|8bit] [dead] [rows.bf16]`
//! `dead`: share of the features that never fire, so that AuxK is at work on them. The last is a file of `[n, d]` bf16 rows
//! to train on, in place of made ones.

use lexiscope_dictionary::{Architecture, PhaseTimes, Screen, StateArray, Trainer, TrainerOptions};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::gemm::Precision;
use lexiscope_kernels::probe::compute_limit;
use lexiscope_kernels::{Cancel, CpuPath, Exec, simd};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |a| a.parse());
    let (d, features, k) = (number(0, 576)?, number(1, 16_384)?, number(2, 32)?);
    let (batch, steps) = (number(3, 4096)?, number(4, 5)?);
    let screen =
        arguments.get(6).map_or(Some(Screen::Exact), |name| Screen::from_name(name)).ok_or("screen: exact, exact-low or 8bit")?;
    let dead = arguments.get(7).map_or(Ok(0.0), |a| a.parse::<f64>())?;
    let pool = match arguments.get(8) {
        Some(file) => std::fs::read(file)?.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect(),
        None => rows(4 * batch, d),
    };
    let held = pool.len() / d;
    let (scale, decoder_bias) = if arguments.len() > 8 { normalised(&pool, d) } else { (1.0, vec![0.0; d]) };
    println!(
        "d {d}, F {features}, k {k}, batch {batch}, {}; ms: encode decode backward update aux | step, tokens/s | limit, share | rescored a row",
        screen.name()
    );
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        if arguments.get(5).is_some_and(|name| name != "all" && name != path.name()) {
            continue;
        }
        let exec = Exec::new(path, Cancel::new());
        let options = TrainerOptions {
            architecture: Architecture::TopK,
            d,
            features,
            k,
            seed: 1,
            scale,
            decoder_bias: decoder_bias.clone(),
            encoder_scale: 1.0,
            adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            aux_coefficient: d as f32 / 32.0,
            aux_k: d / 2,
            dead_after: 10_000_000,
            freeze_decoder: false,
            screen,
        };
        let mut trainer = Trainer::new(&exec, options)?;
        if dead > 0.0 {
            kill(&mut trainer, (dead * features as f64) as usize)?;
        }
        let mut measured: Vec<(f64, f64, PhaseTimes)> = Vec::new();
        let (mut checked, mut differing, mut rescored) = (0, 0, 0.0);
        let gflop = 2.0 * (d * features * batch) as f64 / 1e9;
        let mut before = compute_limit(&exec, Precision::Fast);
        for step in 0..=steps {
            let chosen: Vec<u32> = (0..batch).map(|j| ((j * 2_654_435_761 + step * 97) % held) as u32).collect();
            let start = Instant::now();
            let metrics = trainer.step(&exec, &pool, &chosen, 2e-4)?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            let after = compute_limit(&exec, Precision::Fast);
            let limit = gflop / before.max(after) * 1e3;
            before = after;
            rescored = metrics.rescored;
            (checked, differing) = (checked + metrics.checked_rows, differing + metrics.differing_rows);
            // The first step touches the moments' memory for the first time.
            if step > 0 {
                print(path.name(), metrics.ms, ms, limit, batch, rescored);
                measured.push((ms, limit, metrics.ms));
            }
        }
        measured.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
        let (ms, limit, phases) = measured[measured.len() / 2];
        print(&format!("{} median", path.name()), phases, ms, limit, batch, rescored);
        if checked > 0 {
            println!("another top k in {differing} of {checked} rows that were selected exactly too");
        }
    }
    Ok(())
}

fn print(name: &str, ms: PhaseTimes, step: f64, limit: f64, batch: usize, rescored: f64) {
    println!(
        "{name:18} {:7.1} {:6.1} {:6.1} {:6.1} {:6.1} | {step:7.1} {:9.0} | {limit:6.1} {:4.0} % | {rescored:6.1}",
        ms.encode,
        ms.decode,
        ms.backward,
        ms.update,
        ms.aux,
        batch as f64 / step * 1e3,
        100.0 * limit / step
    );
}

/// The scale that gives rows a mean square of 1 an entry, and their mean.
fn normalised(pool: &[u16], d: usize) -> (f32, Vec<f32>) {
    let (mut sum, mut squares) = (vec![0f64; d], 0f64);
    for row in pool.chunks_exact(d) {
        for (s, bits) in sum.iter_mut().zip(row) {
            let v = f64::from(f32::from_bits(u32::from(*bits) << 16));
            *s += v;
            squares += v * v;
        }
    }
    let n = (pool.len() / d) as f64;
    ((pool.len() as f64 / squares).sqrt() as f32, sum.iter().map(|s| (s / n) as f32).collect())
}

/// Makes the first `count` features dead: a bias far below keeps them silent, and they count as silent long enough.
fn kill(trainer: &mut Trainer, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut state: Vec<_> = trainer.state().into_iter().map(StateArray::into_owned).collect();
    for array in &mut state {
        match &*array.name {
            "encoder_bias" => array.data.to_mut()[..4 * count].copy_from_slice(&(-1e3f32).to_le_bytes().repeat(count)),
            "tokens_since_fired" => array.data.to_mut()[..8 * count].copy_from_slice(&20_000_000u64.to_le_bytes().repeat(count)),
            _ => {}
        }
    }
    Ok(trainer.load(&state)?)
}

/// Rows of a few dozen shared directions and noise, since a batch without structure is no training.
fn rows(n: usize, d: usize) -> Vec<u16> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    let directions: Vec<f32> = (0..64 * d).map(|_| next()).collect();
    let mut x = vec![0f32; n * d];
    for row in x.chunks_exact_mut(d) {
        row.iter_mut().for_each(|v| *v = 0.7 * next());
        for _ in 0..6 {
            let (which, strength) = (((next() + 1.0) * 31.9) as usize, next() + 1.0);
            row.iter_mut().zip(&directions[which * d..]).for_each(|(v, g)| *v += strength * g);
        }
    }
    let mut bits = vec![0; n * d];
    simd::bf16_from_f32(&x, &mut bits);
    bits
}
