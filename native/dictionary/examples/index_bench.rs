//! Tokens/s of the index pass (encoding, statistics, examples, co-activation, tokens) over rows in memory, beside the time of
//! the encoder's product alone at the rate of a register-only probe, and beside encoding alone:
//! `cargo run --release -p lexiscope-dictionary --example index_bench [d] [features] [k] [rows] [path|all] [rows.bf16 steps]`
//! The last two: a file of `[n, d]` bf16 rows to index, in place of made ones, and steps of training on them before, since what
//! fires together decides how much there is to count.

use lexiscope_dictionary::{
    Activation, Architecture, Dictionary, DictionaryOptions, Indexer, IndexerOptions, Screen, Trainer, TrainerOptions,
};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::gemm::Precision;
use lexiscope_kernels::probe::compute_limit;
use lexiscope_kernels::{Cancel, CpuPath, Exec, simd};
use std::time::Instant;

/// Tokens of a context.
const CONTEXT: usize = 256;
/// Tokens of a training step.
const BATCH: usize = 4096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |a| a.parse());
    let (d, features, k, n) = (number(0, 576)?, number(1, 16_384)?, number(2, 32)?, number(3, 32_768)?);
    let rows: Vec<u16> = match arguments.get(5) {
        Some(file) => std::fs::read(file)?.as_chunks::<2>().0.iter().take(n * d).map(|b| u16::from_le_bytes(*b)).collect(),
        None => rows(n, d),
    };
    let (n, steps) = (rows.len() / d, number(6, 0)?);
    let contexts: Vec<u32> = (0..n).map(|r| (r / CONTEXT) as u32).collect();
    let positions: Vec<u32> = (0..n).map(|r| (r % CONTEXT) as u32).collect();
    let tokens: Vec<u32> = (0..n).map(|r| (r as u32).wrapping_mul(2_654_435_761) >> 20).collect();
    println!("d {d}, F {features}, k {k}, {n} tokens; ms: all, encode alone, finish | tokens/s | limit, share");
    for path in CpuPath::ALL
        .into_iter()
        .filter(|p| p.available() && arguments.get(4).is_none_or(|name| name == "all" || name == p.name()))
    {
        let exec = Exec::new(path, Cancel::new());
        let dictionary = dictionary(&exec, &rows, [d, features, k], steps)?;
        let mut x = vec![0.0; n * d];
        simd::f32_from_bf16(&rows, &mut x);
        for _ in 0..3 {
            let options =
                IndexerOptions { features, top: 20, intervals: 5, per_interval: 5, coactivation: 32, tokens: 32, seed: 1 };
            let mut indexer = Indexer::new(options)?;
            let before = compute_limit(&exec, Precision::Fast);
            let start = Instant::now();
            indexer.add(&exec, &dictionary, &rows, &contexts, &positions, &tokens)?;
            let all = start.elapsed().as_secs_f64() * 1e3;
            let limit = 2.0 * (d * features * n) as f64 / before.max(compute_limit(&exec, Precision::Fast)) / 1e6;
            let start = Instant::now();
            for part in x.chunks(8192 * d) {
                dictionary.encode(&exec, part, part.len() / d)?;
            }
            let encode = start.elapsed().as_secs_f64() * 1e3;
            let start = Instant::now();
            indexer.finish(&exec)?;
            let finish = start.elapsed().as_secs_f64() * 1e3;
            println!(
                "{:12} {all:8.1} {encode:8.1} {finish:8.1} | {:9.0} | {limit:8.1} {:4.0} %",
                path.name(),
                n as f64 / all * 1e3,
                100.0 * limit / all
            );
        }
    }
    Ok(())
}

/// A dictionary after `steps` of training on the rows; with 0, as it begins.
fn dictionary(
    exec: &Exec,
    rows: &[u16],
    [d, features, k]: [usize; 3],
    steps: usize,
) -> Result<Dictionary, Box<dyn std::error::Error>> {
    let (scale, decoder_bias) = if steps > 0 { normalised(rows, d) } else { (1.0, vec![0.0; d]) };
    let mut trainer = Trainer::new(
        exec,
        TrainerOptions {
            architecture: Architecture::TopK,
            d,
            features,
            k,
            seed: 1,
            scale,
            decoder_bias,
            encoder_scale: 1.0,
            adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            aux_coefficient: 0.0,
            aux_k: 1,
            dead_after: 10_000_000,
            freeze_decoder: false,
            screen: Screen::Exact,
        },
    )?;
    let n = rows.len() / d;
    for step in 0..steps {
        let chosen: Vec<u32> = (0..BATCH).map(|j| ((j * 2_654_435_761 + step * 97) % n) as u32).collect();
        trainer.step(exec, rows, &chosen, 1e-3)?;
    }
    let weights = trainer.weights();
    Ok(Dictionary::new(
        exec,
        DictionaryOptions {
            d,
            features,
            activation: Activation::TopK { k },
            apply_b_dec_to_input: true,
            encoder: weights.encoder,
            encoder_bias: weights.encoder_bias,
            decoder: weights.decoder,
            decoder_bias: weights.decoder_bias,
        },
    )?)
}

/// The scale that gives rows a mean square of 1 an entry, and their mean.
fn normalised(rows: &[u16], d: usize) -> (f32, Vec<f32>) {
    let mut x = vec![0.0; rows.len()];
    simd::f32_from_bf16(rows, &mut x);
    let n = (rows.len() / d) as f64;
    let mut mean = vec![0f64; d];
    for row in x.chunks_exact(d) {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += f64::from(*v) / n);
    }
    let squares: f64 = x.iter().map(|v| f64::from(*v).powi(2)).sum();
    ((x.len() as f64 / squares).sqrt() as f32, mean.iter().map(|m| *m as f32).collect())
}

/// Normally distributed rows, by the sum of four uniform numbers.
fn rows(n: usize, d: usize) -> Vec<u16> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let x: Vec<f32> = (0..n * d).map(|_| uniform() + uniform() + uniform() + uniform()).collect();
    let mut bits = vec![0; n * d];
    simd::bf16_from_f32(&x, &mut bits);
    bits
}
