//! A real small model: stories260K, with its rows in the interleaved order that llama2.c and GGUF use.

mod common;

use common::{distance, exec, full, paths, plain};
use lexiscope_kernels::{Exec, Precision};
use lexiscope_transformer::{Architecture, KvCache, Model, TensorRef, TensorType};
use std::path::PathBuf;

const STORIES: &str = r#"{"family":"llama","layers":5,"d":64,"heads":8,"kvHeads":4,"headWidth":8,"ff":172,"vocabulary":512,
    "context":512,"norm":{"kind":"rms","epsilon":1e-5},"positions":{"kind":"rope","base":10000,"width":8},
    "mlp":{"kind":"gated","activation":"silu"},"tied":true}"#;

/// The file, or a message when the shared fixtures are not there.
fn fixture(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fixtures").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn tensors() -> Vec<TensorRef> {
    let mut offset = 7 * 4;
    let mut refs = Vec::new();
    let mut take = |role: String, rows: usize, cols: usize, unpermute_heads| {
        let bytes = (rows * cols * 4) as u64;
        refs.push(TensorRef { role, file: 0, offset, bytes, kind: TensorType::F32, rows, cols, unpermute_heads });
        offset += bytes;
    };
    take("embed".into(), 512, 64, None);
    for (part, rows, cols, heads) in [
        ("attn_norm", 1, 64, None),
        ("attn.q", 64, 64, Some(8)),
        ("attn.k", 32, 64, Some(4)),
        ("attn.v", 32, 64, None),
        ("attn.o", 64, 64, None),
        ("mlp_norm", 1, 64, None),
        ("mlp.gate", 172, 64, None),
        ("mlp.down", 64, 172, None),
        ("mlp.up", 172, 64, None),
    ] {
        for layer in 0..5 {
            take(format!("blocks.{layer}.{part}"), rows, cols, heads);
        }
    }
    take("final_norm".into(), 1, 64, None);
    refs
}

fn open(exec: &Exec, path: &PathBuf, precision: Precision) -> Model {
    Model::open(exec, Architecture::parse(STORIES).unwrap(), precision, std::slice::from_ref(path), tensors()).unwrap()
}

/// Greedy continuation of `prompt`, from a cache.
fn continued(exec: &Exec, model: &Model, prompt: &[i32], tokens: usize) -> Vec<i32> {
    let mut cache = KvCache::new(model, 1, 256).unwrap();
    let mut out = prompt.to_vec();
    let mut new = prompt.to_vec();
    for _ in 0..tokens {
        let logits = model.extend(exec, &mut cache, &new, &[new.len() as i32], &[]).unwrap();
        let best = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap() as i32;
        out.push(best);
        new = vec![best];
    }
    out
}

/// Pieces of llama2.c's tokeniser file: i32 longest, then per piece f32 score, i32 length, bytes.
fn pieces(bytes: &[u8]) -> Vec<String> {
    let (mut at, mut out) = (4, Vec::new());
    while at < bytes.len() {
        let len = i32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        out.push(String::from_utf8_lossy(&bytes[at + 8..at + 8 + len]).into_owned());
        at += 8 + len;
    }
    out
}

#[test]
fn tells_a_story() {
    let (Some(path), Some(tokenizer)) = (fixture("stories260K.bin"), fixture("tok512.bin")) else { return };
    let pieces = pieces(&std::fs::read(tokenizer).unwrap());
    for cpu in paths() {
        let exec = exec(cpu);
        let model = open(&exec, &path, Precision::Exact);
        let story: String = continued(&exec, &model, &[1], 60)[1..].iter().map(|t| pieces[*t as usize].as_str()).collect();
        assert!(story.trim_start().starts_with("Once upon a time, there was a little girl named Lily."), "{cpu:?}: {story}");
    }
}

#[test]
fn agrees_with_the_plain_pass() {
    let Some(path) = fixture("stories260K.bin") else { return };
    let source = lexiscope_transformer::Source::open(std::slice::from_ref(&path), tensors()).unwrap();
    let reader = exec(lexiscope_kernels::CpuPath::Portable);
    let weights =
        tensors().into_iter().map(|t| (t.role.clone(), (t.rows, t.cols, source.read(&reader, &t.role).unwrap()))).collect();
    let tokens = continued(&reader, &open(&reader, &path, Precision::Exact), &[1], 80);
    let expected = plain::flat(&plain::forward(&Architecture::parse(STORIES).unwrap(), &weights, &tokens).logits);
    for cpu in paths() {
        for (precision, tolerance) in [(Precision::Exact, 1e-5), (Precision::Fast, 0.03)] {
            let exec = exec(cpu);
            let model = open(&exec, &path, precision);
            let logits = full(&model, &exec, &tokens, &[tokens.len() as i32], &[]).head.unwrap().logits;
            assert!(distance(&logits, &expected) < tolerance, "{cpu:?} {precision:?} {}", distance(&logits, &expected));
        }
    }
}
