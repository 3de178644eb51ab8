//! Quantised types against the `gguf` package's dequantisation, bit for bit (`scripts/golden/gguf_types.py`).

use lexiscope_transformer::TensorType;
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

const GOLDEN: &[u8] = include_bytes!("fixtures/gguf_types.safetensors");
/// Blocks of random bytes whose values are known by their hash, and where splitmix64 begins for them.
const MANY: usize = 4096;
const SEED: u64 = 20_240_524;

struct Golden {
    header: Value,
    data: &'static [u8],
}

impl Golden {
    fn open() -> Self {
        let (length, rest) = GOLDEN.split_first_chunk::<8>().unwrap();
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        Self { header: serde_json::from_slice(header).unwrap(), data }
    }

    /// The type's blocks, then their values.
    fn tensors(&self, kind: TensorType) -> (&[u8], Vec<f32>) {
        let bytes = |what: &str| {
            let offsets = &self.header[format!("{}.{what}", kind.name())]["data_offsets"];
            let at = |i: usize| offsets[i].as_u64().unwrap() as usize;
            &self.data[at(0)..at(1)]
        };
        (bytes("blocks"), bytes("values").as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }
}

fn quantised() -> impl Iterator<Item = TensorType> {
    TensorType::ALL.into_iter().filter(|kind| kind.row_bytes(1).is_none())
}

/// Elements and bytes of a block.
fn block(kind: TensorType) -> (usize, usize) {
    let elements = if kind.row_bytes(32).is_some() { 32 } else { 256 };
    (elements, kind.row_bytes(elements).unwrap())
}

fn values(kind: TensorType, bytes: &[u8]) -> Vec<f32> {
    let (elements, size) = block(kind);
    let mut out = vec![0.5; bytes.len() / size * elements];
    kind.dequantise(bytes, &mut out);
    out
}

/// The bits, all NaNs alike.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| if v.is_nan() { 0x7fc0_0000 } else { v.to_bits() }).collect()
}

fn splitmix64(bytes: usize) -> Vec<u8> {
    let mut state = SEED;
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend((z ^ (z >> 31)).to_le_bytes());
    }
    out.truncate(bytes);
    out
}

#[test]
fn ordinary_and_special_blocks() {
    let golden = Golden::open();
    let mut special = 0;
    for kind in quantised() {
        let (blocks, expected) = golden.tensors(kind);
        let (elements, _) = block(kind);
        let got = bits(&values(kind, blocks));
        assert_eq!(got.len(), expected.len(), "{}", kind.name());
        for (at, (got, expected)) in got.iter().zip(bits(&expected)).enumerate() {
            let (block, element) = (at / elements, at % elements);
            assert_eq!(*got, expected, "{}: element {element} of block {block}", kind.name());
        }
        special += expected.iter().filter(|v| !v.is_finite()).count();
    }
    assert!(special > 1000, "blocks with infinite and undefined scales are among them");
}

#[test]
fn thousands_of_random_blocks() {
    let golden = Golden::open();
    for kind in quantised() {
        let got = bits(&values(kind, &splitmix64(MANY * block(kind).1)));
        let hash = Sha256::digest(got.iter().flat_map(|b| b.to_le_bytes()).collect::<Vec<u8>>());
        let hash: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(golden.header["__metadata__"][format!("{}.sha256", kind.name())], hash, "{}", kind.name());
    }
}

proptest! {
    #[test]
    fn any_bytes_have_values_block_by_block(kind in prop::sample::select(TensorType::ALL.to_vec()), bytes in prop::collection::vec(any::<u8>(), 0..1500)) {
        let (elements, size) = match kind.row_bytes(1) {
            Some(size) => (1, size),
            None => block(kind),
        };
        let bytes = &bytes[..bytes.len() / size * size];
        let mut all = vec![0.5; bytes.len() / size * elements];
        kind.dequantise(bytes, &mut all);
        for (bytes, all) in bytes.chunks(size).zip(all.chunks(elements)) {
            let mut alone = vec![0.25; elements];
            kind.dequantise(bytes, &mut alone);
            prop_assert_eq!(bits(&alone), bits(all));
        }
    }

    #[test]
    fn row_bytes_never_overflows(kind in prop::sample::select(TensorType::ALL.to_vec()), cols in any::<usize>()) {
        if let Some(bytes) = kind.row_bytes(cols) {
            prop_assert!(bytes >= cols / 256);
        }
    }
}
