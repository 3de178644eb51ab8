//! GFLOP/s of the kernels per path, each beside the register-only limit measured just before it.
//!
//! `cargo run --release -p lexiscope-kernels --example kernels_bench [path]`

use lexiscope_kernels::probe::{bandwidth, compute_limit};
use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, gemm, topk_gemm};
use std::time::Instant;

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut s = seed;
    let mut uniform = || {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (s >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(|_| uniform() + uniform() + uniform() + uniform()).collect()
}

/// Median seconds, and the median share of the limit measured before and after each run (it changes with the neighbours).
fn measure(exec: &Exec, precision: Precision, flops: f64, rounds: usize, mut f: impl FnMut()) -> (f64, f64) {
    let (mut times, mut shares) = (Vec::new(), Vec::new());
    let mut before = compute_limit(exec, precision);
    for _ in 0..rounds {
        let start = Instant::now();
        f();
        let seconds = start.elapsed().as_secs_f64();
        let after = compute_limit(exec, precision);
        times.push(seconds);
        shares.push(flops / seconds / 1e9 / before.max(after));
        before = after;
    }
    (median(times), median(shares))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let only = std::env::args().nth(1);
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && only.as_deref().is_none_or(|o| o == p.name())) {
        let exec = Exec::new(path, Cancel::new());
        let rounds = if path == CpuPath::Portable { 1 } else { 12 };
        println!("{}: {} threads, memory {:.1} GB/s", path.name(), exec.threads(), bandwidth(&exec));
        for precision in [Precision::Fast, Precision::Exact] {
            println!("  {precision:?}, register-only limit {:.0} GFLOP/s", compute_limit(&exec, precision));
            for (m, k, n) in
                [(4096, 576, 16384), (2048, 576, 960), (2048, 576, 576), (2048, 576, 3072), (2048, 1536, 576), (2048, 4096, 4096)]
            {
                if path == CpuPath::Portable && n > 1000 {
                    continue;
                }
                let (x, w) = (random(m * k, 1), random(n * k, 2));
                let packed = PackedMatrix::pack(&exec, precision, &w, n, k).unwrap();
                let mut y = vec![0.0; m * n];
                let flops = 2.0 * (m * k * n) as f64;
                let (s, share) = measure(&exec, precision, flops, rounds, || gemm(&exec, &x, m, &packed, &mut y, false).unwrap());
                println!(
                    "    gemm m {m} k {k} n {n}: {:.2} ms, {:.0} GFLOP/s, {:.0} % of the limit",
                    s * 1e3,
                    flops / s / 1e9,
                    share * 100.0
                );
            }
            for (m, k, n) in [(1, 576, 1536), (1, 1536, 576), (1, 576, 49152), (3, 576, 49152)] {
                let (x, w) = (random(m * k, 1), random(n * k, 2));
                let packed = PackedMatrix::pack(&exec, precision, &w, n, k).unwrap();
                let mut y = vec![0.0; m * n];
                let (s, _) = measure(&exec, precision, 1.0, 20, || gemm(&exec, &x, m, &packed, &mut y, false).unwrap());
                println!("    gemm m {m} k {k} n {n}: {:.1} µs, {:.1} GB/s of weights", s * 1e6, packed.bytes() as f64 / s / 1e9);
            }
            let (m, k, n, top) = (if path == CpuPath::Portable { 64 } else { 4096 }, 576, 16384, 32);
            let (x, w) = (random(m * k, 1), random(n * k, 2));
            let packed = PackedMatrix::pack(&exec, precision, &w, n, k).unwrap();
            let flops = 2.0 * (m * k * n) as f64;
            let (s, share) = measure(&exec, precision, flops, rounds, || {
                topk_gemm(&exec, &x, m, &packed, &w, None, top).unwrap();
            });
            println!(
                "    topk_gemm m {m} k {k} n {n} top {top}: {:.1} ms, {:.0} GFLOP/s, {:.0} % of the limit",
                s * 1e3,
                flops / s / 1e9,
                share * 100.0
            );
        }
    }
}
