//! Tokens/s of the index pass (encoding, statistics, examples, co-activation, tokens) over rows in memory, beside the time of
//! the encoder's product alone at the rate of a register-only probe, and beside encoding alone:
//! `cargo run --release -p lexiscope-dictionary --example index_bench [d] [features] [k] [rows] [path]`

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |a| a.parse());
    let (d, features, k, n) = (number(0, 576)?, number(1, 16_384)?, number(2, 32)?, number(3, 32_768)?);
    let rows = rows(n, d);
    let contexts: Vec<u32> = (0..n).map(|r| (r / CONTEXT) as u32).collect();
    let positions: Vec<u32> = (0..n).map(|r| (r % CONTEXT) as u32).collect();
    let tokens: Vec<u32> = (0..n).map(|r| (r as u32).wrapping_mul(2_654_435_761) >> 20).collect();
    println!("d {d}, F {features}, k {k}, {n} tokens; ms: all, encode alone, finish | tokens/s | limit, share");
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && arguments.get(4).is_none_or(|name| name == p.name())) {
        let exec = Exec::new(path, Cancel::new());
        let dictionary = dictionary(&exec, d, features, k)?;
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

fn dictionary(exec: &Exec, d: usize, features: usize, k: usize) -> Result<Dictionary, Box<dyn std::error::Error>> {
    let trainer = Trainer::new(
        exec,
        TrainerOptions {
            architecture: Architecture::TopK,
            d,
            features,
            k,
            seed: 1,
            scale: 1.0,
            decoder_bias: vec![0.0; d],
            encoder_scale: 1.0,
            adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            aux_coefficient: 0.0,
            aux_k: 1,
            dead_after: 10_000_000,
            freeze_decoder: false,
            screen: Screen::Exact,
        },
    )?;
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
