//! Milliseconds by phase and tokens/s of a ReLU-L1 step at chosen densities, for every CPU path of this machine:
//! `cargo run --release -p lexiscope-dictionary --example relu_bench [d] [features] [batch] [steps] [path] [L0 …]`
//!
//! CPU ms: of all threads, which on a shared machine says more than the clock. An L0 is held by the encoder's bias. Every L0 is run on the sparse and on the dense path, to show where they cross.

use lexiscope_dictionary::{Architecture, Rates, ReluOptions, Screen, StateArray, Trainer, TrainerOptions};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::{Cancel, CpuPath, Exec, simd};
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |a| a.parse());
    let (d, features, batch, steps) = (number(0, 576)?, number(1, 16_384)?, number(2, 4096)?, number(3, 3)?);
    let named = |name: &str| arguments.get(4).is_none_or(|a| a == name || a == "all");
    let mut densities: Vec<f64> = arguments.iter().skip(5).map(|a| a.parse()).collect::<Result<_, _>>()?;
    if densities.is_empty() {
        densities = vec![30.0, 100.0, 300.0];
    }
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    // Sums of four uniforms: nearly normal.
    let x: Vec<f32> = (0..batch * d).map(|_| uniform() + uniform() + uniform() + uniform()).collect();
    let mut pool = vec![0; x.len()];
    simd::bf16_from_f32(&x, &mut pool);
    let rows: Vec<u32> = (0..batch as u32).collect();
    println!("d {d}, F {features}, batch {batch}; ms: encode decode backward update | step, CPU ms, tokens/s");
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && named(p.name())) {
        let exec = Exec::new(path, Cancel::new());
        let options = TrainerOptions {
            architecture: Architecture::Relu(ReluOptions { decoder_norm: 0.1, clip_norm: 1.0 }),
            d,
            features,
            k: 0,
            seed: 1,
            scale: 1.0,
            decoder_bias: vec![0.0; d],
            encoder_scale: 1.0,
            adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            aux_coefficient: 0.0,
            aux_k: 0,
            dead_after: 10_000_000,
            freeze_decoder: false,
            screen: Screen::Exact,
        };
        let mut trainer = Trainer::new(&exec, options)?;
        let mut pre = sample(&trainer, &x, d);
        for l0 in &densities {
            let last = pre.len() - 1;
            let at = ((1.0 - l0 / features as f64) * pre.len() as f64) as usize;
            let (_, bar, _) = pre.select_nth_unstable_by(at.min(last), f32::total_cmp);
            let bias = vec![-*bar; features];
            for dense in [false, true] {
                let mut best: Option<(f64, String)> = None;
                for _ in 0..steps {
                    set(&mut trainer, "encoder_bias", bytemuck::cast_slice(&bias))?;
                    set(&mut trainer, "dense", &u64::from(dense).to_le_bytes())?;
                    // The encoder is packed anew after a load, which is no part of a step; a rate of 0 keeps L0 where it
                    // is. Where so much is active that a few rows would turn the trainer dense, packing is in the time.
                    let rates = Rates { learning_rate: 0.0, penalty: 5.0 };
                    if !dense && *l0 < 0.04 * features as f64 {
                        trainer.step_at(&exec, &pool, &rows[..64.min(batch)], rates)?;
                    }
                    let (start, cpu) = (Instant::now(), cpu_ms());
                    let metrics = trainer.step_at(&exec, &pool, &rows, rates)?;
                    let ms = start.elapsed().as_secs_f64() * 1e3;
                    assert_eq!(metrics.dense, dense);
                    let p = metrics.ms;
                    let line = format!(
                        "{:10} L0 {:7.1} {:6} {:7.1} {:6.1} {:6.1} {:6.1} | {ms:7.1} {:7.0} {:9.0}",
                        path.name(),
                        metrics.l0,
                        if dense { "dense" } else { "sparse" },
                        p.encode,
                        p.decode,
                        p.backward,
                        p.update,
                        cpu_ms() - cpu,
                        batch as f64 / ms * 1e3
                    );
                    if best.as_ref().is_none_or(|(least, _)| ms < *least) {
                        best = Some((ms, line));
                    }
                }
                println!("{}", best.unwrap_or_default().1);
            }
        }
    }
    Ok(())
}

/// User and system time of this process so far, to 10 ms; 0 where the system does not say.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Pre-activations of a few rows without bias.
fn sample(trainer: &Trainer, x: &[f32], d: usize) -> Vec<f32> {
    let encoder: Vec<f32> = trainer
        .state()
        .iter()
        .find(|a| a.name == "encoder")
        .map_or(Vec::new(), |a| a.data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect());
    let rows = x.chunks_exact(d).take(48);
    rows.flat_map(|x| encoder.chunks_exact(d).map(|e| simd::dot(CpuPath::Portable, x, e)).collect::<Vec<_>>()).collect()
}

fn set(trainer: &mut Trainer, name: &str, data: &[u8]) -> Result<(), Failure> {
    let mut state: Vec<StateArray> = trainer.state().into_iter().map(StateArray::into_owned).collect();
    state.iter_mut().filter(|a| a.name == name).for_each(|a| a.data = data.to_vec().into());
    Ok(trainer.load(&state)?)
}
