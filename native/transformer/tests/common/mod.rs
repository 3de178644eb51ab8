//! A small random model in a file of its own, and a plain forward pass in f64 to hold others against.
#![allow(dead_code)]

pub mod plain;

use lexiscope_kernels::{Cancel, CpuPath, Exec, Precision};
use lexiscope_transformer::{Architecture, ForwardInput, ForwardOutput, Logits, Model, ModelError, Tap, TensorRef, TensorType};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub const TINY: &str = r#"{"family":"llama","layers":3,"d":48,"heads":6,"kvHeads":2,"headWidth":8,"ff":72,"vocabulary":101,
    "context":96,"norm":{"kind":"rms","epsilon":1e-5},"positions":{"kind":"rope","base":10000,"width":8},
    "mlp":{"kind":"gated","activation":"silu"},"tied":true}"#;

pub fn paths() -> Vec<CpuPath> {
    let (have, lack): (Vec<_>, Vec<_>) = CpuPath::ALL.into_iter().partition(|p| p.available());
    for path in lack {
        println!("skipped: this CPU has no {}", path.name());
    }
    have
}

pub fn exec(path: CpuPath) -> Exec {
    Exec::new(path, Cancel::new())
}

pub fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut s = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            (s >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// Weights by role with their shapes, random but tame: (rows, cols, values).
pub type Weights = BTreeMap<String, (usize, usize, Vec<f32>)>;

pub fn random_weights(a: &Architecture, biases: bool) -> Weights {
    let (q, kv) = (a.q_width(), a.kv_width());
    let mut shapes = vec![("embed".to_string(), a.vocabulary, a.d), ("final_norm".to_string(), 1, a.d)];
    if !a.tied {
        shapes.push(("unembed".into(), a.vocabulary, a.d));
    }
    for l in 0..a.layers {
        for (part, rows, cols) in [
            ("attn_norm", 1, a.d),
            ("attn.q", q, a.d),
            ("attn.k", kv, a.d),
            ("attn.v", kv, a.d),
            ("attn.o", a.d, q),
            ("mlp_norm", 1, a.d),
            ("mlp.gate", a.ff, a.d),
            ("mlp.up", a.ff, a.d),
            ("mlp.down", a.d, a.ff),
        ] {
            shapes.push((format!("blocks.{l}.{part}"), rows, cols));
            if biases && rows > 1 && part != "mlp.up" {
                shapes.push((format!("blocks.{l}.{part}.bias"), 1, rows));
            }
        }
    }
    let fill = |(seed, (name, rows, cols)): (usize, (String, usize, usize))| {
        let scale = if rows == 1 { 0.5 } else { 2.0 / (cols as f32).sqrt() };
        let shift = if name.ends_with("norm") { 1.0 } else { 0.0 };
        let values = noise(rows * cols, seed as u64 + 1).into_iter().map(|v| v * scale + shift).collect();
        (name, (rows, cols, values))
    };
    shapes.into_iter().enumerate().map(fill).collect()
}

/// A file that is deleted when the test is over.
pub struct TempFile(pub PathBuf);

impl TempFile {
    pub fn new(bytes: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("lexiscope-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes weights as F32 one after the other.
pub fn store(weights: &Weights) -> (TempFile, Vec<TensorRef>) {
    let (mut bytes, mut refs) = (Vec::new(), Vec::new());
    for (role, (rows, cols, values)) in weights {
        let offset = bytes.len() as u64;
        values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        let (role, kind) = (role.clone(), TensorType::F32);
        refs.push(TensorRef {
            role,
            file: 0,
            offset,
            bytes: bytes.len() as u64 - offset,
            kind,
            rows: *rows,
            cols: *cols,
            unpermute_heads: None,
        });
    }
    (TempFile::new(&bytes), refs)
}

pub fn open(exec: &Exec, json: &str, precision: Precision, weights: &Weights) -> Result<Model, ModelError> {
    let (file, refs) = store(weights);
    Model::open(exec, Architecture::parse(json)?, precision, std::slice::from_ref(&file.0), refs)
}

pub fn tiny(exec: &Exec, precision: Precision) -> Model {
    open(exec, TINY, precision, &random_weights(&Architecture::parse(TINY).unwrap(), false)).unwrap()
}

/// Random blocks of every stored kind, queries and keys in GGUF's row order; q | k | v of two kinds side by side.
pub fn store_blocks(a: &Architecture) -> (TempFile, Vec<TensorRef>) {
    let (mut bytes, mut refs) = (Vec::new(), Vec::new());
    for (seed, (role, (rows, cols, values))) in random_weights(a, true).into_iter().enumerate() {
        let offset = bytes.len() as u64;
        let kind = match role.rsplit('.').next().unwrap() {
            _ if rows == 1 => TensorType::F32,
            "embed" | "down" => TensorType::Q8_0,
            "v" | "o" => TensorType::Q4_0,
            _ => TensorType::Q4_1,
        };
        let most = 2.0 / (cols as f32).sqrt();
        let half = |x: f32| half::f16::from_f32(x).to_le_bytes();
        let random: Vec<u8> = noise(rows * cols, seed as u64 + 9).iter().map(|v| (v * 127.0) as i8 as u8).collect();
        for quants in random.chunks(32) {
            match kind {
                TensorType::Q8_0 => bytes.extend(half(most / 127.0).iter().chain(quants)),
                TensorType::Q4_0 => bytes.extend(half(most / 8.0).iter().chain(&quants[..16])),
                TensorType::Q4_1 => {
                    bytes.extend(half(most / 7.5));
                    bytes.extend(half(-most));
                    bytes.extend(&quants[..16]);
                }
                _ => break,
            }
        }
        if kind == TensorType::F32 {
            values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        }
        let unpermute_heads = match role.as_str() {
            r if r.ends_with("attn.q") => Some(a.heads),
            r if r.ends_with("attn.k") => Some(a.kv_heads),
            _ => None,
        };
        refs.push(TensorRef { role, file: 0, offset, bytes: bytes.len() as u64 - offset, kind, rows, cols, unpermute_heads });
    }
    (TempFile::new(&bytes), refs)
}

pub fn tokens(n: usize) -> Vec<i32> {
    (0..n).map(|i| ((i * 31 + 7) % 101) as i32).collect()
}

pub fn full(model: &Model, exec: &Exec, tokens: &[i32], lengths: &[i32], taps: &[Tap]) -> ForwardOutput {
    model.forward(exec, &ForwardInput { tokens, lengths, taps, edits: &[], logits: Logits::Full, top: 5 }).unwrap()
}

/// Largest difference over the largest size.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(0f32, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / size
}
