//! Adam (Kingma & Ba 2015) in the order of PyTorch's, and what keeps decoder rows on the unit sphere.

use crate::cpu::CpuPath;
use crate::simd::{axpy, dot, sum_sq};
use crate::versions::per_level;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamOptions {
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
}

/// The numbers of one step, the same for all parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// lr / (1 − β₁ᵗ)
    step_size: f32,
    /// 1 / √(1 − β₂ᵗ)
    inverse_correction2: f32,
    epsilon: f32,
}

impl AdamStep {
    /// Step number `t`, from 1 on.
    pub fn new(options: AdamOptions, learning_rate: f64, t: u64) -> Self {
        let AdamOptions { beta1, beta2, epsilon } = options;
        let t = t as f64;
        Self {
            beta1: beta1 as f32,
            one_minus_beta1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            one_minus_beta2: (1.0 - beta2) as f32,
            step_size: (learning_rate / (1.0 - beta1.powf(t))) as f32,
            inverse_correction2: (1.0 / (1.0 - beta2.powf(t)).sqrt()) as f32,
            epsilon: epsilon as f32,
        }
    }
}

#[inline(always)]
fn adam_body(step: AdamStep, p: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32]) {
    let n = p.len();
    let (m, v, g) = (&mut m[..n], &mut v[..n], &g[..n]);
    for i in 0..n {
        let gradient = g[i];
        m[i] = step.beta1 * m[i] + step.one_minus_beta1 * gradient;
        v[i] = step.beta2 * v[i] + step.one_minus_beta2 * (gradient * gradient);
        p[i] -= step.step_size * m[i] / (v[i].sqrt() * step.inverse_correction2 + step.epsilon);
    }
}

per_level! {
    /// One Adam step on parameters `p` with first and second moments `m`, `v` and gradient `g`, all of one length.
    adam = adam_body(step: AdamStep, p: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32])
}

/// Removes from `gradient` its part along the unit vector `direction`: a step then turns the row, and hardly stretches it.
pub fn remove_parallel(path: CpuPath, direction: &[f32], gradient: &mut [f32]) {
    let parallel = dot(path, gradient, direction);
    axpy(path, -parallel, direction, gradient);
}

#[inline(always)]
fn scale_body(row: &mut [f32], factor: f32) {
    row.iter_mut().for_each(|v| *v *= factor);
}

per_level! {
    /// `row *= factor`
    scale = scale_body(row: &mut [f32], factor: f32)
}

/// Scales `row` to norm 1; a row of norm below 1e-8 stays as it is.
pub fn normalise(path: CpuPath, row: &mut [f32]) {
    let norm = sum_sq(path, row).sqrt();
    if norm >= 1e-8 {
        scale(path, row, 1.0 / norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(beta1: f64) -> Vec<f32> {
        let options = AdamOptions { beta1, beta2: 0.999, epsilon: 1e-8 };
        let (mut p, mut m, mut v) = ([1f32], [0f32], [0f32]);
        [0.5f32, -0.25, 0.125]
            .into_iter()
            .zip(1..)
            .map(|(g, t)| {
                adam(CpuPath::Portable, AdamStep::new(options, 0.1, t), &mut p, &mut m, &mut v, &[g]);
                p[0]
            })
            .collect()
    }

    #[test]
    fn f28_adam() {
        for (beta1, expected) in
            [(0.9, [0.900000002, 0.8733662987, 0.8393233849]), (0.0, [0.900000002, 0.9632550473, 0.9254450898])]
        {
            for (p, e) in trace(beta1).into_iter().zip(expected) {
                assert!((f64::from(p) - e).abs() < 1e-6, "beta1 {beta1}: {p} is not {e}");
            }
        }
    }

    #[test]
    fn f28_projection() {
        let path = CpuPath::Portable;
        let (mut d, mut g) = ([0.6f32, 0.8], [1f32, 2.0]);
        assert!((dot(path, &d, &g) - 2.2).abs() < 1e-6);
        remove_parallel(path, &d, &mut g);
        assert!((g[0] + 0.32).abs() < 1e-6 && (g[1] - 0.24).abs() < 1e-6);
        axpy(path, -0.1, &g, &mut d);
        normalise(path, &mut d);
        assert!((d[0] - 0.631_495).abs() < 1e-6 && (d[1] - 0.775_379_9).abs() < 1e-6);
    }

    #[test]
    fn a_zero_row_stays_zero() {
        let mut row = [0f32; 3];
        normalise(CpuPath::Portable, &mut row);
        assert_eq!(row, [0.0; 3]);
    }

    #[test]
    fn every_path_gives_the_same_bits() {
        let step = AdamStep::new(AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, 1e-3, 7);
        let g: Vec<f32> = (0..75).map(|i| ((i * 37 % 19) as f32 - 9.0) * 0.013).collect();
        let run = |path| {
            let (mut p, mut m, mut v) = (vec![0.5f32; 75], vec![0.01f32; 75], vec![0.002f32; 75]);
            adam(path, step, &mut p, &mut m, &mut v, &g);
            normalise(path, &mut p);
            [p, m, v].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        for path in CpuPath::ALL {
            assert_eq!(run(path), run(CpuPath::Portable), "{}", path.name());
        }
    }
}
