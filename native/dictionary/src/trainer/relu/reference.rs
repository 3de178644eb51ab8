//! The loss and its gradients as they are written down, in f64: what the fast paths are held against.

use crate::weights::Weights;

pub(super) struct Reference {
    /// mean ‖x − x̂‖²
    pub loss: f64,
    /// mean Σ f_i·w_i
    pub l1: f64,
    pub l0: f64,
    /// Of loss + λ·l1: encoder, encoder bias, decoder, decoder bias.
    pub gradient: [Vec<f64>; 4],
}

pub(super) fn reference(weights: &Weights, x: &[f32], penalty: f64) -> Reference {
    let (features, d) = (weights.encoder_bias.len(), weights.decoder_bias.len());
    let n = x.len() / d;
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let (encoder, bias, decoder, centre) =
        (wide(&weights.encoder), wide(&weights.encoder_bias), wide(&weights.decoder), wide(&weights.decoder_bias));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm: Vec<f64> = decoder.chunks_exact(d).map(|row| dot(row, row).sqrt()).collect();
    let (mut loss, mut l1, mut l0) = (0.0, 0.0, 0.0);
    let mut gradient = [vec![0.0; features * d], vec![0.0; features], vec![0.0; features * d], vec![0.0; d]];
    let share = 1.0 / n as f64;
    for x in wide(x).chunks_exact(d) {
        let row = |i: usize| i * d..(i + 1) * d;
        let f: Vec<f64> = (0..features).map(|i| (dot(x, &encoder[row(i)]) + bias[i]).max(0.0)).collect();
        let mut x_hat = centre.clone();
        for i in 0..features {
            x_hat.iter_mut().zip(&decoder[row(i)]).for_each(|(y, v)| *y += f[i] * v);
            l1 += share * f[i] * norm[i];
            l0 += share * f64::from(u8::from(f[i] > 0.0));
        }
        let error: Vec<f64> = x.iter().zip(&x_hat).map(|(x, y)| x - y).collect();
        loss += share * dot(&error, &error);
        let g: Vec<f64> = error.iter().map(|e| -2.0 * share * e).collect();
        gradient[3].iter_mut().zip(&g).for_each(|(to, g)| *to += g);
        for i in 0..features {
            if f[i] <= 0.0 {
                continue;
            }
            let df = dot(&g, &decoder[row(i)]) + penalty * share * norm[i];
            gradient[1][i] += df;
            for c in 0..d {
                gradient[0][i * d + c] += df * x[c];
                gradient[2][i * d + c] += f[i] * g[c] + penalty * share * f[i] * decoder[i * d + c] / norm[i];
            }
        }
    }
    Reference { loss, l1, l0, gradient }
}
