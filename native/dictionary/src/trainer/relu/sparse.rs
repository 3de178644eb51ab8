//! The path for batches of which little is active: only active entries are touched after the encoder's product.

use super::{FEATURES, Input, Output, centre, squares, total};
use crate::trainer::{Clock, PhaseTimes};
use lexiscope_kernels::gemm::PackedMatrix;
use lexiscope_kernels::simd::{axpy, dot};
use lexiscope_kernels::sparse::{Inverted, add_rows, subtract_decoded};
use lexiscope_kernels::{Cancelled, Exec, SharedMut, SparseRows, for_chunks, relu_gemm};

/// Fills `output`; Σ f_i·w_i and Σ‖gradient‖² (b_dec left out) come back.
pub(super) fn gradients(
    exec: &Exec,
    input: &Input,
    packed: &PackedMatrix,
    output: Output,
    clock: &mut Clock,
    ms: &mut PhaseTimes,
) -> Result<(f64, f64), Cancelled> {
    let weights = input.weights;
    let features = weights.encoder_bias.len();
    let code = relu_gemm(exec, input.x, input.n, packed, &weights.encoder, &weights.encoder_bias)?;
    ms.encode = clock.lap();
    residual(exec, input, &code, output.error)?;
    ms.decode = clock.lap();
    let active = code.inverted(features);
    drop(code);
    by_feature(exec, input, &active, output)
}

/// `error [B, d]` = x − b_dec − Σ f_i·d_i, row by row.
fn residual(exec: &Exec, input: &Input, code: &SparseRows, error: &mut [f32]) -> Result<(), Cancelled> {
    const ROWS: usize = 16;
    let (d, decoder) = (input.weights.decoder_bias.len(), &input.weights.decoder);
    centre(exec, input, error)?;
    for_chunks(exec, error, ROWS * d, |chunk, rows| {
        for (i, row) in rows.chunks_exact_mut(d).enumerate() {
            let (indices, values) = code.row(chunk * ROWS + i);
            subtract_decoded(exec.path, indices, values, decoder, row);
        }
    })
}

fn by_feature(exec: &Exec, input: &Input, active: &Inverted, output: Output) -> Result<(f64, f64), Cancelled> {
    let (features, d) = (input.weights.encoder_bias.len(), input.weights.decoder_bias.len());
    let chunks = features.div_ceil(FEATURES);
    let mut parts = vec![[0f64; 2]; chunks];
    let Output { gradient, error, fired } = output;
    let (encoder, decoder) = (SharedMut::new(&mut gradient.encoder), SharedMut::new(&mut gradient.decoder));
    let (bias, fired) = (SharedMut::new(&mut gradient.encoder_bias), SharedMut::new(fired));
    let shared = SharedMut::new(&mut parts);
    exec.run(chunks, |chunk| {
        let mut df = Vec::new();
        let mut part = [0f64; 2];
        for i in chunk * FEATURES..((chunk + 1) * FEATURES).min(features) {
            let (rows, f) = active.entries(i);
            // SAFETY: features of different chunks are disjoint, and each is borrowed once.
            let (e, v, b, count) =
                unsafe { (encoder.slice(i * d, d), decoder.slice(i * d, d), bias.slice(i, 1), fired.slice(i, 1)) };
            let direction = &input.weights.decoder[i * d..(i + 1) * d];
            let (norm, share) = input.norm(exec.path, direction);
            let sum = f.iter().map(|f| f64::from(*f)).sum::<f64>();
            df.clear();
            let constant = input.penalty * norm;
            df.extend(rows.iter().map(|&r| input.factor() * dot(exec.path, &error[r as usize * d..][..d], direction) + constant));
            e.fill(0.0);
            add_rows(exec.path, 1.0, &df, rows, input.x, e);
            v.fill(0.0);
            if !input.freeze_decoder {
                add_rows(exec.path, input.factor(), f, rows, error, v);
                axpy(exec.path, share * sum as f32, direction, v);
            }
            b[0] = df.iter().sum();
            count[0] = rows.len() as u32;
            part[0] += f64::from(norm) * sum;
            part[1] += squares(exec.path, [e, v], b[0]);
        }
        // SAFETY: one chunk, one part.
        unsafe { shared.slice(chunk, 1)[0] = part };
    })?;
    Ok(total(&parts))
}
