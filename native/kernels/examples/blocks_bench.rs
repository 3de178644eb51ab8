//! GB/s of products with stored blocks per path, each beside the bandwidth measured just before it.
//!
//! `cargo run --release -p lexiscope-kernels --example blocks_bench [path]`

use lexiscope_kernels::probe::bandwidth;
use lexiscope_kernels::{BlockKind, BlockMatrix, BlockRows, Cancel, CpuPath, Exec, gemm_blocks};
use std::time::Instant;

/// As many copies as caches cannot hold.
const BYTES: usize = 160 << 20;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let only = std::env::args().nth(1);
    for path in CpuPath::ALL.into_iter().filter(|p| p.available() && only.as_deref().is_none_or(|o| o == p.name())) {
        let exec = Exec::new(path, Cancel::new());
        println!("{}: {} threads", path.name(), exec.threads());
        for (kind, k, n) in [
            (BlockKind::Q4_1, 576, 960),
            (BlockKind::Q4_1, 576, 3072),
            (BlockKind::Q4_1, 1536, 576),
            (BlockKind::Q4_0, 576, 3072),
            (BlockKind::Q8_0, 576, 49152),
        ] {
            let bytes = vec![0x11; n * k / 32 * kind.bytes()];
            let parts = [BlockRows { kind, rows: n, bytes: &bytes }];
            let copies = (if path == CpuPath::Portable { BYTES / 8 } else { BYTES }).div_ceil(bytes.len());
            let matrices: Vec<_> = (0..copies).map(|_| BlockMatrix::pack(&exec, &parts, k).unwrap()).collect();
            for m in [1, 2, 4, 8] {
                let (x, mut y) = (vec![0.5; m * k], vec![0.0; m * n]);
                let (mut rates, mut limits) = (Vec::new(), Vec::new());
                for _ in 0..if path == CpuPath::Portable { 1 } else { 7 } {
                    limits.push(bandwidth(&exec));
                    let start = Instant::now();
                    rayon::scope(|_| matrices.iter().for_each(|w| gemm_blocks(&exec, &x, m, w, &mut y, false).unwrap()));
                    rates.push((copies * bytes.len()) as f64 / start.elapsed().as_secs_f64() / 1e9);
                }
                let (best, rate, limit) = (rates.iter().copied().fold(0.0, f64::max), median(rates), median(limits));
                println!(
                    "  {kind:?} m {m} k {k} n {n}: {rate:.1} GB/s (best {best:.1}), {:.0} % of {limit:.1}",
                    100.0 * rate / limit
                );
            }
        }
    }
}
