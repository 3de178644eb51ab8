//! Milliseconds of the fused encoder in the path's low precision and in 8 bits, in turn, and what each leaves to rescore.
//! Beside the wall clock stands processor time over threads, which other work on the machine changes less:
//!
//! `cargo run --release -p lexiscope-kernels --example screen_bench [path] [rows] [features] [d] [k]`

use lexiscope_kernels::probe::compute_limit;
use lexiscope_kernels::{Cancel, CpuPath, Exec, PackedMatrix, Precision, Trust, topk_screened};
use std::time::Instant;

/// Processor seconds of this process.
fn processor() -> f64 {
    // SAFETY: all bytes zero are a valid rusage, which the call fills.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut s = seed;
    let mut uniform = || {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (s >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(|_| uniform() + uniform() + uniform() + uniform()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (m, n, d, k) = (number(1, 4096), number(2, 16_384), number(3, 576), number(4, 32));
    let (x, w) = (random(m * d, 1), random(n * d, 2));
    let flops = 2.0 * (m * d * n) as f64;
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && *p != CpuPath::Portable) {
        if arguments.first().is_some_and(|name| name != path.name()) {
            continue;
        }
        let exec = Exec::new(path, Cancel::new());
        let forms = [
            ("low precision", Precision::Fast, Trust::Sure),
            ("8 bits, exact", Precision::Screen, Trust::Sure),
            ("8 bits, likely", Precision::Screen, Trust::Likely),
        ];
        let packed: Vec<_> = forms.map(|f| PackedMatrix::pack(&exec, f.1, &w, n, d).unwrap()).into();
        let (mut times, mut own) = (vec![Vec::new(); forms.len()], vec![Vec::new(); forms.len()]);
        let (mut limits, mut seen) = (vec![Vec::new(); forms.len()], vec![Default::default(); forms.len()]);
        let mut found = Vec::new();
        for round in 0..9 {
            for (at, (_, precision, trust)) in forms.iter().enumerate() {
                limits[at].push(compute_limit(&exec, *precision));
                let (start, before) = (Instant::now(), processor());
                let (out, screened) = topk_screened(&exec, &x, m, &packed[at], &w, None, k, *trust).unwrap();
                times[at].push(start.elapsed().as_secs_f64());
                own[at].push((processor() - before) / exec.threads() as f64);
                seen[at] = screened;
                if round == 0 {
                    found.push(out);
                }
            }
        }
        println!("{}: {} threads, m {m} d {d} n {n} k {k}", path.name(), exec.threads());
        for (at, (name, ..)) in forms.iter().enumerate() {
            let rows = |i: usize| i * k..(i + 1) * k;
            let differing = (0..m).filter(|&i| found[at].indices[rows(i)] != found[0].indices[rows(i)]).count();
            let best = times[at].iter().copied().fold(f64::MAX, f64::min);
            let rate = |s: f64| flops / s / 1e9;
            let (middle, limit) = (median(times[at].clone()), median(limits[at].clone()));
            println!(
                "  {name:15} {:6.1} ms (best {:6.1}; processor {:6.1}), {:5.0} GOP/s of {limit:5.0}, {:5.1} rescored a row, {} again, {differing} rows differ",
                middle * 1e3,
                best * 1e3,
                median(own[at].clone()) * 1e3,
                rate(middle),
                seen[at].rescored as f64 / m as f64,
                seen[at].again
            );
        }
    }
}
