//! Products with stored blocks against f64 on the weights that the format defines, over odd shapes.

use lexiscope_kernels::{BlockKind, BlockMatrix, BlockRows, Cancel, CpuPath, Exec, gemm_blocks};
use proptest::prelude::*;

fn paths() -> Vec<CpuPath> {
    let (have, lack): (Vec<_>, Vec<_>) = CpuPath::ALL.into_iter().partition(|p| p.available());
    for path in lack {
        println!("skipped: {} is not available on this CPU", path.name());
    }
    have
}

fn bits(s: &mut u64) -> u64 {
    *s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *s >> 33
}

fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut s = seed | 1;
    (0..len).map(|_| bits(&mut s) as f32 / (1u64 << 30) as f32 - 1.0).collect()
}

/// Random stored rows and, in f64, what they mean.
fn stored(kind: BlockKind, rows: usize, k: usize, seed: u64) -> (Vec<u8>, Vec<f64>) {
    let mut s = seed | 1;
    let (mut bytes, mut values) = (Vec::new(), Vec::new());
    for _ in 0..rows * k / 32 {
        let half = |x: f32| half::f16::from_f32(x);
        let d = half(bits(&mut s) as f32 / (1u64 << 31) as f32 * 0.1 - 0.03);
        let m = half(bits(&mut s) as f32 / (1u64 << 31) as f32 - 0.5);
        bytes.extend(d.to_le_bytes());
        if kind == BlockKind::Q4_1 {
            bytes.extend(m.to_le_bytes());
        }
        let quants: Vec<u8> = (0..if kind == BlockKind::Q8_0 { 32 } else { 16 }).map(|_| bits(&mut s) as u8).collect();
        bytes.extend(&quants);
        let (d, m) = (d.to_f64(), m.to_f64());
        let nibble = |j: usize| f64::from(if j < 16 { quants[j] & 15 } else { quants[j - 16] >> 4 });
        values.extend((0..32).map(|j| match kind {
            BlockKind::Q4_0 => d * (nibble(j) - 8.0),
            BlockKind::Q4_1 => d * nibble(j) + m,
            BlockKind::Q8_0 => d * f64::from(quants[j] as i8),
        }));
    }
    (bytes, values)
}

fn run(exec: &Exec, w: &BlockMatrix, x: &[f32], m: usize) -> Vec<f32> {
    let mut y = vec![f32::NAN; m * w.n];
    gemm_blocks(exec, x, m, w, &mut y, false).unwrap();
    y
}

fn norm(v: impl Iterator<Item = f64>) -> f64 {
    v.map(|x| x * x).sum::<f64>().sqrt()
}

/// Largest error over ‖x‖‖w‖.
fn worst_error(y: &[f32], x: &[f32], m: usize, w: &[f64], n: usize, k: usize) -> f64 {
    let mut worst = 0f64;
    for i in 0..m {
        for j in 0..n {
            let (a, b) = (&x[i * k..(i + 1) * k], &w[j * k..(j + 1) * k]);
            let exact: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum();
            let scale = norm(a.iter().map(|a| f64::from(*a))) * norm(b.iter().copied());
            let error = (f64::from(y[i * n + j]) - exact).abs();
            worst = worst.max(if scale > 0.0 { error / scale } else { error });
        }
    }
    worst
}

/// f32 sums, of parts that may be several times the result: d·Σqx and m·Σx have opposite signs.
const TOLERANCE: f64 = 4e-6;

const IN_INTEGERS: [CpuPath; 3] = [CpuPath::Avx512Bf16, CpuPath::Avx512Vnni, CpuPath::Avx2I16];

/// x in 16 bits: each is off by at most 1/65,278 of its block's largest, and 32 of them by √32 times that in the norm.
fn tolerance(path: CpuPath) -> f64 {
    if IN_INTEGERS.contains(&path) { 9e-5 } else { TOLERANCE }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn odd_shapes_and_mixed_kinds_agree_with_f64(
        m in 1usize..20, n in proptest::collection::vec((0usize..3, 1usize..50), 1..4), blocks in 0usize..7, seed in any::<u64>(),
    ) {
        let k = 32 * blocks;
        let parts: Vec<_> = n.iter().map(|(kind, rows)| {
            let kind = BlockKind::ALL[*kind];
            (kind, *rows, stored(kind, *rows, k, seed ^ *rows as u64))
        }).collect();
        let rows: Vec<BlockRows> = parts.iter().map(|(kind, rows, (bytes, _))| BlockRows { kind: *kind, rows: *rows, bytes }).collect();
        let values: Vec<f64> = parts.iter().flat_map(|(_, _, (_, values))| values).copied().collect();
        let x = random(m * k, seed ^ 5);
        for path in paths() {
            let exec = Exec::new(path, Cancel::new());
            let w = BlockMatrix::pack(&exec, &rows, k).unwrap();
            let y = run(&exec, &w, &x, m);
            let error = worst_error(&y, &x, m, &values, w.n, k);
            prop_assert!(error <= tolerance(path), "{} {m}×{k}×{}: {error:e}", path.name(), w.n);
        }
    }
}

#[test]
fn threads_and_batch_change_no_bit() {
    let (m, n, k) = (21, 1333, 576);
    let x = random(m * k, 6);
    for path in paths() {
        for kind in BlockKind::ALL {
            let (bytes, values) = stored(kind, n, k, 7);
            let one = Exec::with_threads(path, Cancel::new(), 1);
            let w = BlockMatrix::pack(&one, &[BlockRows { kind, rows: n, bytes: &bytes }], k).unwrap();
            let all = run(&one, &w, &x, m);
            assert!(worst_error(&all, &x, m, &values, n, k) < tolerance(path), "{} {kind:?}", path.name());
            for threads in [2, 3] {
                assert_eq!(all, run(&Exec::with_threads(path, Cancel::new(), threads), &w, &x, m), "{} {kind:?}", path.name());
            }
            for rows in 1..=9 {
                let first = m - rows;
                assert_eq!(all[first * n..], run(&one, &w, &x[first * k..], rows), "{} {kind:?}: {rows} rows", path.name());
            }
        }
    }
}

#[test]
fn integer_paths_give_the_same_bits() {
    let (m, n, k) = (5, 333, 576);
    let x = random(m * k, 11);
    let paths: Vec<_> = paths().into_iter().filter(|path| IN_INTEGERS.contains(path)).collect();
    for kind in BlockKind::ALL {
        let (bytes, _) = stored(kind, n, k, 12);
        let products = paths.iter().map(|path| {
            let exec = Exec::new(*path, Cancel::new());
            let w = BlockMatrix::pack(&exec, &[BlockRows { kind, rows: n, bytes: &bytes }], k).unwrap();
            run(&exec, &w, &x, m)
        });
        let products: Vec<_> = products.collect();
        assert!(products.windows(2).all(|pair| pair[0] == pair[1]), "{kind:?}");
    }
}

#[test]
fn accumulating_adds_and_a_bad_row_stays_alone() {
    let (m, n, k) = (3, 40, 64);
    for path in paths() {
        let exec = Exec::new(path, Cancel::new());
        for kind in BlockKind::ALL {
            let (bytes, _) = stored(kind, n, k, 9);
            let w = BlockMatrix::pack(&exec, &[BlockRows { kind, rows: n, bytes: &bytes }], k).unwrap();
            let mut x = random(m * k, 8);
            let product = run(&exec, &w, &x, m);
            let mut y = vec![0.75; m * n];
            gemm_blocks(&exec, &x, m, &w, &mut y, true).unwrap();
            assert!(y.iter().zip(&product).all(|(y, p)| *y == 0.75 + p), "{}", path.name());
            x[k + 3] = f32::NAN;
            let y = run(&exec, &w, &x, m);
            assert!(y[n..2 * n].iter().all(|v| v.is_nan()), "{} {kind:?}", path.name());
            assert_eq!((&y[..n], &y[2 * n..]), (&product[..n], &product[2 * n..]), "{} {kind:?}", path.name());
        }
    }
}

#[test]
fn takes_the_bytes_that_the_file_has_and_stops() {
    let (n, k) = (160, 576);
    let exec = Exec::new(CpuPath::best(), Cancel::new());
    for kind in BlockKind::ALL {
        let (bytes, _) = stored(kind, n, k, 3);
        let w = BlockMatrix::pack(&exec, &[BlockRows { kind, rows: n, bytes: &bytes }], k).unwrap();
        assert_eq!((w.bytes(), bytes.len()), (n * k / 32 * kind.bytes(), n * k / 32 * kind.bytes()));
        let stopped = Exec::new(CpuPath::best(), Cancel::new());
        stopped.cancel.cancel();
        assert!(gemm_blocks(&stopped, &vec![0.0; k], 1, &w, &mut vec![0.0; n], false).is_err());
        assert!(BlockMatrix::pack(&stopped, &[BlockRows { kind, rows: n, bytes: &bytes }], k).is_err());
    }
}
