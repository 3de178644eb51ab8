//! Element-wise steps: the gate of a gated MLP, biases, sums.

use crate::exp::exp;
use crate::simd::axpy;
use crate::versions::per_level;
use crate::{Cancelled, Exec, for_chunks};

const ROWS: usize = 16;
const ADDED: usize = 1 << 14;

#[inline(always)]
fn silu_mul_body(gate: &[f32], up: &[f32], y: &mut [f32]) {
    for ((y, g), u) in y.iter_mut().zip(gate).zip(up) {
        *y = g / (1.0 + exp(-g)) * u;
    }
}

per_level! {
    /// `y = silu(gate)·up`, silu(g) = g / (1 + e^−g).
    silu_mul_row = silu_mul_body(gate: &[f32], up: &[f32], y: &mut [f32])
}

/// `y [n, ff] = silu(gate)·up` of rows `gate|up [n, 2·ff]`.
pub fn silu_mul(exec: &Exec, gate_up: &[f32], ff: usize, y: &mut [f32]) -> Result<(), Cancelled> {
    assert!(y.len().is_multiple_of(ff) && gate_up.len() == 2 * y.len(), "silu_mul: gate_up must be [n, 2 ff]");
    for_chunks(exec, y, ROWS * ff, |chunk, y| {
        for (gate_up, y) in gate_up[chunk * ROWS * 2 * ff..].chunks_exact(2 * ff).zip(y.chunks_exact_mut(ff)) {
            let (gate, up) = gate_up.split_at(ff);
            silu_mul_row(exec.path, gate, up, y);
        }
    })
}

/// `y[r] += bias` for every row of `y [n, bias.len()]`.
pub fn add_bias(exec: &Exec, bias: &[f32], y: &mut [f32]) -> Result<(), Cancelled> {
    for_chunks(exec, y, ROWS * bias.len(), |_, y| {
        for y in y.chunks_exact_mut(bias.len()) {
            axpy(exec.path, 1.0, bias, y);
        }
    })
}

/// `y += x`
pub fn add(exec: &Exec, x: &[f32], y: &mut [f32]) -> Result<(), Cancelled> {
    assert_eq!(x.len(), y.len(), "add: lengths differ");
    for_chunks(exec, y, ADDED, |chunk, y| axpy(exec.path, 1.0, &x[chunk * ADDED..][..y.len()], y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, CpuPath};

    #[test]
    fn silu_times_up_on_every_path() {
        let gate_up = [0.0, 1.0, -1.0, -200.0, 200.0, 5.0, 2.0, 3.0, 7.0, 0.5];
        for path in CpuPath::ALL {
            let mut y = [0.0; 5];
            silu_mul(&Exec::new(path, Cancel::new()), &gate_up, 5, &mut y).unwrap();
            for (y, expected) in y.iter().zip([0.0, 1.462_117_2, -0.806_824_3, 0.0, 100.0]) {
                assert!((y - expected).abs() < 2e-6, "{path:?} {y} {expected}");
            }
        }
    }

    #[test]
    fn sums_and_biases() {
        let exec = Exec::new(CpuPath::best(), Cancel::new());
        let mut y: Vec<f32> = (0..3 * 7).map(|i| i as f32).collect();
        add_bias(&exec, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0], &mut y).unwrap();
        assert_eq!((y[7], y[8], y[20]), (8.0, 8.0, 19.0));
        let x = vec![2.0; 40_000];
        let mut y = vec![1.0; 40_000];
        add(&exec, &x, &mut y).unwrap();
        assert_eq!(y, vec![3.0; 40_000]);
    }
}
