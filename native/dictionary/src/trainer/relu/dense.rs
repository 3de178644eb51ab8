//! The path for batches of which much is active, as at the start of training: everything is a matrix product in f32.
//!
//! Rows go through in tiles whose activations `[F, T]` fit in memory, transposed: then the weights `[F, d]` are the left
//! side of three of the five products as they lie, and only tiles of rows have to be packed.

use super::{FEATURES, Input, Output, centre, squares, total};
use crate::trainer::{Clock, PhaseTimes};
use lexiscope_kernels::adam::scale;
use lexiscope_kernels::gemm::{PackedMatrix, Precision, gemm};
use lexiscope_kernels::huge::huge_zeros;
use lexiscope_kernels::simd::axpy;
use lexiscope_kernels::transpose::transpose;
use lexiscope_kernels::{Cancelled, Exec, SharedMut, for_chunks};

/// Activations of a tile: 64 MiB.
const TILE_ENTRIES: usize = 1 << 24;
/// Features of one partial sum of x̂: short enough for the kernels, and for the rounding of one long sum in f32.
const DECODED: usize = 4096;

/// Rows of a tile.
fn tile_rows(features: usize) -> usize {
    (TILE_ENTRIES / features).clamp(64, 1024)
}

/// As [`super::sparse::gradients`].
pub(super) fn gradients(
    exec: &Exec,
    input: &Input,
    output: Output,
    clock: &mut Clock,
    ms: &mut PhaseTimes,
) -> Result<(f64, f64), Cancelled> {
    let (features, d) = (input.weights.encoder_bias.len(), input.weights.decoder_bias.len());
    let Output { gradient, error, fired } = output;
    centre(exec, input, error)?;
    for array in [&mut gradient.encoder, &mut gradient.decoder, &mut gradient.encoder_bias] {
        for_chunks(exec, array, 1 << 16, |_, part| part.fill(0.0))?;
    }
    fired.fill(0);
    let rows = tile_rows(features).min(input.n);
    let decoder = packed_decoder(exec, &input.weights.decoder, features, d)?;
    let (mut f, mut df) = (huge_zeros(features * rows), huge_zeros(features * rows));
    let (mut sums, mut x_hat) = (vec![0f64; features], vec![0f32; rows * d]);
    let mut columns = vec![0f32; rows * d];
    for (x, error) in input.x.chunks(rows * d).zip(error.chunks_mut(rows * d)) {
        let t = x.len() / d;
        let (f, df) = (&mut f[..features * t], &mut df[..features * t]);
        gemm(exec, &input.weights.encoder, features, &PackedMatrix::pack(exec, Precision::Exact, x, t, d)?, f, false)?;
        activate(exec, &input.weights.encoder_bias, f, t, fired, &mut sums)?;
        ms.encode += clock.lap();

        let x_hat = &mut x_hat[..t * d];
        x_hat.fill(0.0);
        for (block, packed) in decoder.iter().enumerate() {
            let part = &f[block * DECODED * t..][..packed.k * t];
            // `df` is not needed yet.
            let turned = &mut df[..part.len()];
            transpose(exec, part, packed.k, t, turned)?;
            gemm(exec, turned, t, packed, x_hat, true)?;
        }
        for_chunks(exec, error, 1 << 14, |chunk, part| axpy(exec.path, -1.0, &x_hat[chunk << 14..][..part.len()], part))?;
        ms.decode += clock.lap();

        gemm(exec, &input.weights.decoder, features, &PackedMatrix::pack(exec, Precision::Exact, error, t, d)?, df, false)?;
        back_through_relu(exec, input, f, df, t, &mut gradient.encoder_bias)?;
        let turned = &mut columns[..t * d];
        transpose(exec, x, t, d, turned)?;
        let packed = PackedMatrix::pack(exec, Precision::Exact, turned, d, t)?;
        gemm(exec, df, features, &packed, &mut gradient.encoder, true)?;
        if !input.freeze_decoder {
            transpose(exec, error, t, d, turned)?;
            let packed = PackedMatrix::pack(exec, Precision::Exact, turned, d, t)?;
            gemm(exec, f, features, &packed, &mut gradient.decoder, true)?;
        }
        ms.backward += clock.lap();
    }

    let chunks = features.div_ceil(FEATURES);
    let mut parts = vec![[0f64; 2]; chunks];
    let (shared, v) = (SharedMut::new(&mut parts), SharedMut::new(&mut gradient.decoder));
    exec.run(chunks, |chunk| {
        let mut part = [0f64; 2];
        for i in chunk * FEATURES..((chunk + 1) * FEATURES).min(features) {
            let direction = &input.weights.decoder[i * d..(i + 1) * d];
            let (norm, share) = input.norm(exec.path, direction);
            // SAFETY: features of different chunks are disjoint.
            let v = unsafe { v.slice(i * d, d) };
            if !input.freeze_decoder {
                scale(exec.path, v, input.factor());
                axpy(exec.path, share * sums[i] as f32, direction, v);
            }
            part[0] += f64::from(norm) * sums[i];
            part[1] += squares(exec.path, [&gradient.encoder[i * d..(i + 1) * d], v], gradient.encoder_bias[i]);
        }
        // SAFETY: one chunk, one part.
        unsafe { shared.slice(chunk, 1)[0] = part };
    })?;
    Ok(total(&parts))
}

/// W_decᵀ in pieces `[d, ≤ DECODED]`, packed.
fn packed_decoder(exec: &Exec, decoder: &[f32], features: usize, d: usize) -> Result<Vec<PackedMatrix>, Cancelled> {
    let mut turned = vec![0f32; DECODED.min(features) * d];
    decoder
        .chunks(DECODED * d)
        .map(|part| {
            let (count, turned) = (part.len() / d, &mut turned[..part.len()]);
            transpose(exec, part, count, d, turned)?;
            PackedMatrix::pack(exec, Precision::Exact, turned, d, count)
        })
        .collect()
}

/// `f [F, T]` = ReLU(f + b); counts what is active, and adds Σ f by feature.
fn activate(exec: &Exec, bias: &[f32], f: &mut [f32], t: usize, fired: &mut [u32], sums: &mut [f64]) -> Result<(), Cancelled> {
    let (fired, sums) = (SharedMut::new(fired), SharedMut::new(sums));
    for_chunks(exec, f, FEATURES * t, |chunk, part| {
        for (i, line) in part.chunks_exact_mut(t).enumerate() {
            let feature = chunk * FEATURES + i;
            let bias = bias[feature];
            let (mut count, mut sum) = (0u32, 0f32);
            for v in &mut *line {
                let pre = *v + bias;
                // NaN stays, and reaches the loss.
                *v = if pre <= 0.0 { 0.0 } else { pre };
                count += u32::from(pre > 0.0);
                sum += *v;
            }
            // SAFETY: one feature, one line.
            unsafe {
                fired.slice(feature, 1)[0] += count;
                sums.slice(feature, 1)[0] += f64::from(sum);
            }
        }
    })
}

/// `df [F, T]` holds e·d_i: makes it ∂L/∂pre, and adds its sums to the bias' gradient.
fn back_through_relu(exec: &Exec, input: &Input, f: &[f32], df: &mut [f32], t: usize, bias: &mut [f32]) -> Result<(), Cancelled> {
    let (d, bias) = (input.weights.decoder_bias.len(), SharedMut::new(bias));
    for_chunks(exec, df, FEATURES * t, |chunk, part| {
        for (i, line) in part.chunks_exact_mut(t).enumerate() {
            let feature = chunk * FEATURES + i;
            let (norm, _) = input.norm(exec.path, &input.weights.decoder[feature * d..(feature + 1) * d]);
            let (factor, constant) = (input.factor(), input.penalty * norm);
            let mut sum = 0f32;
            for (g, f) in line.iter_mut().zip(&f[feature * t..(feature + 1) * t]) {
                *g = if *f > 0.0 { factor * *g + constant } else { 0.0 };
                sum += *g;
            }
            // SAFETY: one feature, one line.
            unsafe { bias.slice(feature, 1)[0] += sum };
        }
    })
}
