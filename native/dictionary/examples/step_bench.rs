//! Milliseconds by phase and tokens/s of a training step, for every CPU path of this machine:
//! `cargo run --release -p lexiscope-dictionary --example step_bench [d] [features] [k] [batch] [steps] [path] [exact|exact-8bit|8bit] [rows.bf16]`. The last is a file of
//! `[n, d]` bf16 rows to train on, in place of made ones.

use lexiscope_dictionary::{Architecture, PhaseTimes, Screen, Trainer, TrainerOptions};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::{Cancel, CpuPath, Exec, simd};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |a| a.parse());
    let (d, features, k) = (number(0, 576)?, number(1, 16_384)?, number(2, 32)?);
    let (batch, steps) = (number(3, 4096)?, number(4, 5)?);
    let screen = arguments
        .get(6)
        .map_or(Some(Screen::Exact), |name| Screen::from_name(name))
        .ok_or("screen: exact, exact-8bit or 8bit")?;
    let pool = match arguments.get(7) {
        Some(file) => std::fs::read(file)?.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect(),
        None => rows(4 * batch, d),
    };
    let held = pool.len() / d;
    let (scale, decoder_bias) = if arguments.len() > 7 { normalised(&pool, d) } else { (1.0, vec![0.0; d]) };
    println!("d {d}, F {features}, k {k}, batch {batch}; ms: encode decode backward update aux | step, tokens/s, rescored a row");
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        if arguments.get(5).is_some_and(|name| name != path.name()) {
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
        let mut best = (f64::INFINITY, PhaseTimes::default());
        let (mut checked, mut differing, mut rescored) = (0, 0, 0.0);
        for step in 0..steps {
            let chosen: Vec<u32> = (0..batch).map(|j| ((j * 2_654_435_761 + step * 97) % held) as u32).collect();
            let start = Instant::now();
            let metrics = trainer.step(&exec, &pool, &chosen, 2e-4)?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            print(path.name(), metrics.ms, ms, batch, metrics.rescored);
            rescored = metrics.rescored;
            (checked, differing) = (checked + metrics.checked_rows, differing + metrics.differing_rows);
            if ms < best.0 {
                best = (ms, metrics.ms);
            }
        }
        print(&format!("{} best", path.name()), best.1, best.0, batch, rescored);
        if checked > 0 {
            println!("another top k in {differing} of {checked} rows that were selected exactly too");
        }
    }
    Ok(())
}

fn print(name: &str, ms: PhaseTimes, step: f64, batch: usize, rescored: f64) {
    println!(
        "{name:16} {:7.1} {:6.1} {:6.1} {:6.1} {:6.1} | {step:7.1} {:9.0} {rescored:6.1}",
        ms.encode,
        ms.decode,
        ms.backward,
        ms.update,
        ms.aux,
        batch as f64 / step * 1e3
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
