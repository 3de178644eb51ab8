//! Stored tensor types to f32, as `ggml` does it: products in f32, in the order written.

use lexiscope_kernels::simd::{f32_from_bf16, f32_from_f16};

/// Elements of a quantised block.
const BLOCK: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum TensorType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q8_0,
}

impl TensorType {
    pub const ALL: [TensorType; 6] = [Self::F32, Self::F16, Self::BF16, Self::Q4_0, Self::Q4_1, Self::Q8_0];

    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q8_0 => "Q8_0",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// Elements and bytes of a block.
    fn block(self) -> (usize, usize) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::BF16 => (1, 2),
            Self::Q4_0 => (BLOCK, 18),
            Self::Q4_1 => (BLOCK, 20),
            Self::Q8_0 => (BLOCK, 34),
        }
    }

    /// Bytes of a row of `cols` elements; `None` when it does not divide into blocks.
    pub fn row_bytes(self, cols: usize) -> Option<usize> {
        let (elements, bytes) = self.block();
        cols.is_multiple_of(elements).then(|| cols / elements * bytes)
    }

    /// `out` = the values of `bytes`; lengths must agree (`row_bytes`).
    pub fn dequantise(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.row_bytes(out.len()), "bytes must hold the values of out");
        match self {
            Self::F32 => {
                for (y, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *y = f32::from_le_bytes(*b);
                }
            }
            Self::F16 => f32_from_f16(&words(bytes), out),
            Self::BF16 => f32_from_bf16(&words(bytes), out),
            Self::Q4_0 => {
                for (y, b) in blocks::<18>(bytes, out) {
                    let d = f16(b, 0);
                    for j in 0..BLOCK / 2 {
                        y[j] = d * f32::from(i16::from(b[2 + j] & 15) - 8);
                        y[j + BLOCK / 2] = d * f32::from(i16::from(b[2 + j] >> 4) - 8);
                    }
                }
            }
            Self::Q4_1 => {
                for (y, b) in blocks::<20>(bytes, out) {
                    let (d, m) = (f16(b, 0), f16(b, 2));
                    for j in 0..BLOCK / 2 {
                        y[j] = d * f32::from(b[4 + j] & 15) + m;
                        y[j + BLOCK / 2] = d * f32::from(b[4 + j] >> 4) + m;
                    }
                }
            }
            Self::Q8_0 => {
                for (y, b) in blocks::<34>(bytes, out) {
                    let d = f16(b, 0);
                    for j in 0..BLOCK {
                        y[j] = d * f32::from(b[2 + j] as i8);
                    }
                }
            }
        }
    }
}

fn blocks<'a, const B: usize>(bytes: &'a [u8], out: &'a mut [f32]) -> impl Iterator<Item = (&'a mut [f32; BLOCK], &'a [u8; B])> {
    out.as_chunks_mut::<BLOCK>().0.iter_mut().zip(bytes.as_chunks::<B>().0)
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect()
}

fn f16(block: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

#[cfg(test)]
#[allow(clippy::excessive_precision)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    fn values(kind: TensorType, bytes: &[u8], n: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; n];
        kind.dequantise(bytes, &mut out);
        out
    }

    const NIBBLES: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";

    #[test]
    fn f48_q4_0() {
        let y = values(TensorType::Q4_0, &bytes(&format!("0038{NIBBLES}")), 32);
        let rising: Vec<f32> = (0..16).map(|i| i as f32 / 2.0 - 4.0).collect();
        assert_eq!(y[..16], rising);
        assert_eq!(y[16..], rising.into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn f48_q4_1() {
        let y = values(TensorType::Q4_1, &bytes(&format!("003800c0{NIBBLES}")), 32);
        let rising: Vec<f32> = (0..16).map(|i| i as f32 / 2.0 - 2.0).collect();
        assert_eq!(y[..16], rising);
        assert_eq!(y[16..], rising.into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn f48_q8_0() {
        let mut block = bytes("00348081ff0001027f");
        block.extend(0x0a..=0x22);
        let y = values(TensorType::Q8_0, &block, 32);
        assert_eq!(y[..9], [-32.0, -31.75, -0.25, 0.0, 0.25, 0.5, 31.75, 2.5, 2.75]);
        assert_eq!(y[31], 8.5);
    }

    #[test]
    fn plain_types() {
        assert_eq!(values(TensorType::F32, &bytes("0000803f000000c0"), 2), [1.0, -2.0]);
        assert_eq!(values(TensorType::F16, &bytes("003c662e"), 2), [1.0, 0.0999755859375]);
        assert_eq!(values(TensorType::BF16, &bytes("803fcd3d"), 2), [1.0, 0.10009765625]);
        assert_eq!(TensorType::Q4_1.row_bytes(576), Some(360));
        assert_eq!(TensorType::Q4_1.row_bytes(33), None);
        assert_eq!(TensorType::from_name("Q6_K"), None);
    }
}
