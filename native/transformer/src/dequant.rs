//! Stored tensor types to f32, as `ggml` does it: products in f32, in the order written.

mod blocks;

use blocks::{SMALL, SUPER};
use lexiscope_kernels::BlockKind;
use lexiscope_kernels::simd::{f32_from_bf16, f32_from_f16};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum TensorType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    IQ4_NL,
    IQ4_XS,
}

impl TensorType {
    pub const ALL: [TensorType; 15] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2_K,
        Self::Q3_K,
        Self::Q4_K,
        Self::Q5_K,
        Self::Q6_K,
        Self::IQ4_NL,
        Self::IQ4_XS,
    ];

    /// Name, elements of a block, bytes of a block.
    fn layout(self) -> (&'static str, usize, usize) {
        match self {
            Self::F32 => ("F32", 1, 4),
            Self::F16 => ("F16", 1, 2),
            Self::BF16 => ("BF16", 1, 2),
            Self::Q4_0 => ("Q4_0", SMALL, 18),
            Self::Q4_1 => ("Q4_1", SMALL, 20),
            Self::Q5_0 => ("Q5_0", SMALL, 22),
            Self::Q5_1 => ("Q5_1", SMALL, 24),
            Self::Q8_0 => ("Q8_0", SMALL, 34),
            Self::Q2_K => ("Q2_K", SUPER, 84),
            Self::Q3_K => ("Q3_K", SUPER, 110),
            Self::Q4_K => ("Q4_K", SUPER, 144),
            Self::Q5_K => ("Q5_K", SUPER, 176),
            Self::Q6_K => ("Q6_K", SUPER, 210),
            Self::IQ4_NL => ("IQ4_NL", SMALL, 18),
            Self::IQ4_XS => ("IQ4_XS", SUPER, 136),
        }
    }

    pub fn name(self) -> &'static str {
        self.layout().0
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The blocks that a kernel can multiply with as they are stored.
    pub(crate) fn block_kind(self) -> Option<BlockKind> {
        match self {
            Self::Q4_0 => Some(BlockKind::Q4_0),
            Self::Q4_1 => Some(BlockKind::Q4_1),
            Self::Q8_0 => Some(BlockKind::Q8_0),
            _ => None,
        }
    }

    /// Bytes of a row of `cols` elements; `None` when it does not divide into blocks.
    pub fn row_bytes(self, cols: usize) -> Option<usize> {
        let (_, elements, bytes) = self.layout();
        if cols.is_multiple_of(elements) { (cols / elements).checked_mul(bytes) } else { None }
    }

    /// `out` = the values of `bytes`; lengths must agree (`row_bytes`).
    pub fn dequantise(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(Some(bytes.len()), self.row_bytes(out.len()), "bytes must hold the values of out");
        match self {
            Self::F32 => each(bytes, out, |b, y: &mut [f32; 1]| y[0] = f32::from_le_bytes(*b)),
            Self::F16 => f32_from_f16(&words(bytes), out),
            Self::BF16 => f32_from_bf16(&words(bytes), out),
            Self::Q4_0 => each(bytes, out, blocks::q4_0),
            Self::Q4_1 => each(bytes, out, blocks::q4_1),
            Self::Q5_0 => each(bytes, out, blocks::q5_0),
            Self::Q5_1 => each(bytes, out, blocks::q5_1),
            Self::Q8_0 => each(bytes, out, blocks::q8_0),
            Self::Q2_K => each(bytes, out, blocks::q2_k),
            Self::Q3_K => each(bytes, out, blocks::q3_k),
            Self::Q4_K => each(bytes, out, blocks::q4_k),
            Self::Q5_K => each(bytes, out, blocks::q5_k),
            Self::Q6_K => each(bytes, out, blocks::q6_k),
            Self::IQ4_NL => each(bytes, out, blocks::iq4_nl),
            Self::IQ4_XS => each(bytes, out, blocks::iq4_xs),
        }
    }
}

/// `block` on every block of `B` bytes and its `N` values.
fn each<const B: usize, const N: usize>(bytes: &[u8], out: &mut [f32], block: impl Fn(&[u8; B], &mut [f32; N])) {
    for (b, y) in bytes.as_chunks::<B>().0.iter().zip(out.as_chunks_mut::<N>().0) {
        block(b, y);
    }
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect()
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
        assert_eq!(TensorType::Q6_K.row_bytes(576), None);
        assert_eq!(TensorType::Q6_K.row_bytes(512), Some(420));
        assert_eq!(TensorType::from_name("IQ3_S"), None);
    }
}
