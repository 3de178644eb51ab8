//! The parameters of a dictionary, and folding: raw in, raw out, f_i = a_i.

use lexiscope_kernels::huge::huge_zeros;

/// `encoder`, `decoder` `[F, d]`, `encoder_bias [F]`, `decoder_bias [d]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub encoder: Vec<f32>,
    pub encoder_bias: Vec<f32>,
    pub decoder: Vec<f32>,
    pub decoder_bias: Vec<f32>,
}

impl Weights {
    pub fn zeros(features: usize, d: usize) -> Self {
        Self {
            encoder: huge_zeros(features * d),
            encoder_bias: vec![0.0; features],
            decoder: huge_zeros(features * d),
            decoder_bias: vec![0.0; d],
        }
    }

    /// Folds x = scale·raw and the decoder's norms w_i into the weights: decoder rows get norm 1, and features of raw
    /// rows come out in raw units, f_i = a_i (e·w, b_enc·w/scale, d/w, b_dec/scale). Rows of norm below 1e-8 keep theirs.
    pub fn folded(&self, scale: f32) -> Weights {
        let d = self.decoder_bias.len();
        let mut out = self.clone();
        for i in 0..out.encoder_bias.len() {
            let row = &mut out.decoder[i * d..(i + 1) * d];
            let norm = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let norm = if norm < 1e-8 { 1.0 } else { norm };
            row.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
            out.encoder[i * d..(i + 1) * d].iter_mut().for_each(|v| *v = (f64::from(*v) * norm) as f32);
            out.encoder_bias[i] = (f64::from(out.encoder_bias[i]) * norm / f64::from(scale)) as f32;
        }
        out.decoder_bias.iter_mut().for_each(|v| *v = (f64::from(*v) / f64::from(scale)) as f32);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Dictionary, DictionaryOptions};
    use lexiscope_kernels::{Cancel, CpuPath, Exec};

    #[test]
    fn f31_folding_gives_raw_features_and_raw_output() {
        let weights = Weights {
            encoder: vec![1.0, 0.0, 0.0, 1.0, 1.0, -1.0],
            encoder_bias: vec![0.0, -0.5, 0.25],
            decoder: vec![1.0, 0.0, 0.0, 2.0, 3.0, 4.0],
            decoder_bias: vec![0.5, -0.5],
        };
        let folded = weights.folded(0.5);
        let exec = Exec::new(CpuPath::Portable, Cancel::new());
        let dictionary = Dictionary::new(
            &exec,
            DictionaryOptions {
                d: 2,
                features: 3,
                activation: Activation::TopK { k: 3 },
                apply_b_dec_to_input: false,
                encoder: folded.encoder,
                encoder_bias: folded.encoder_bias,
                decoder: folded.decoder,
                decoder_bias: folded.decoder_bias,
            },
        )
        .unwrap();
        let code = dictionary.encode(&exec, &[2.0, 4.0], 1).unwrap();
        let mut f = [0.0; 3];
        code.indices.iter().zip(&code.values).for_each(|(&i, &v)| f[i as usize] = v);
        assert_eq!(f, [2.0, 6.0, 0.0]);
        assert!((0..3).all(|i| (dictionary.decoder_norm(i) - 1.0).abs() < 1e-6));
        let mut out = [0.0; 2];
        dictionary.decode(&exec, &code, &mut out).unwrap();
        assert_eq!(out, [3.0, 5.0]);
    }
}
