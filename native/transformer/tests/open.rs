//! Opening weights: types, rows in order, damaged and missing ones, and the hash that names them.

mod common;

use common::{TINY, TempFile, distance, exec, full, noise, open, random_weights, store, tiny, tokens};
use lexiscope_kernels::{CpuPath, Precision};
use lexiscope_transformer::{Architecture, Model, ModelError, Source, TensorRef, TensorType};
use std::slice::from_ref;

fn tiny_architecture() -> Architecture {
    Architecture::parse(TINY).unwrap()
}

#[test]
fn missing_extra_and_misshapen_weights_are_named() {
    let exec = exec(CpuPath::Portable);
    let weights = random_weights(&tiny_architecture(), false);
    let failure = |change: &dyn Fn(&mut common::Weights)| {
        let mut weights = weights.clone();
        change(&mut weights);
        open(&exec, TINY, Precision::Exact, &weights).err().unwrap()
    };
    let missing = failure(&|w| drop(w.remove("blocks.1.mlp.up")));
    assert_eq!(missing, ModelError::BadFile("the weight blocks.1.mlp.up [72, 48] is missing".into()));
    let extra = failure(&|w| drop(w.insert("blocks.0.attn.q_norm".into(), (1, 8, vec![1.0; 8]))));
    assert_eq!(extra, ModelError::Unsupported("the weight blocks.0.attn.q_norm has no place in this architecture".into()));
    let misshapen = failure(&|w| drop(w.insert("blocks.2.attn.k".into(), (48, 16, vec![0.0; 768]))));
    assert_eq!(
        misshapen,
        ModelError::BadFile("the weight blocks.2.attn.k is [48, 16] where the architecture needs [16, 48]".into())
    );
    let damaged = failure(&|w| w.get_mut("embed").unwrap().2[48 * 7 + 2] = f32::INFINITY);
    assert!(damaged.to_string().contains("embed holds inf at [7, 2]"), "{damaged}");
}

#[test]
fn a_file_that_is_cut_short_is_named() {
    let exec = exec(CpuPath::Portable);
    let (file, refs) = store(&random_weights(&tiny_architecture(), false));
    let bytes = std::fs::read(&file.0).unwrap();
    std::fs::write(&file.0, &bytes[..bytes.len() - 8]).unwrap();
    let error = Model::open(&exec, tiny_architecture(), Precision::Exact, from_ref(&file.0), refs.clone()).err().unwrap();
    assert!(error.to_string().contains("past the end of the file") && error.code() == "bad_file", "{error}");
    let error =
        Model::open(&exec, tiny_architecture(), Precision::Exact, &["/nowhere/weights".into()], refs.clone()).err().unwrap();
    assert!(error.to_string().contains("/nowhere/weights"), "{error}");
    let twice: Vec<TensorRef> = refs.iter().chain(&refs[..1]).cloned().collect();
    std::fs::write(&file.0, &bytes).unwrap();
    let error = Model::open(&exec, tiny_architecture(), Precision::Exact, from_ref(&file.0), twice).err().unwrap();
    assert!(error.to_string().contains("given twice"), "{error}");
}

#[test]
fn f50_permuted_rows_come_back_in_order() {
    let exec = exec(CpuPath::Portable);
    // Two heads of width 8; row r holds its Hugging Face index, stored in the order 0 4 1 5 2 6 3 7 of each head.
    let stored: Vec<f32> = (0..2).flat_map(|h| [0, 4, 1, 5, 2, 6, 3, 7].map(|r| (h * 8 + r) as f32)).collect();
    let bytes: Vec<u8> = stored.iter().flat_map(|v| v.to_le_bytes()).collect();
    let file = TempFile::new(&bytes);
    let tensor = TensorRef {
        role: "q".into(),
        file: 0,
        offset: 0,
        bytes: 64,
        kind: TensorType::F32,
        rows: 16,
        cols: 1,
        unpermute_heads: Some(2),
    };
    let source = Source::open(from_ref(&file.0), vec![tensor.clone()]).unwrap();
    assert_eq!(source.read(&exec, "q").unwrap(), (0..16).map(|r| r as f32).collect::<Vec<_>>());
    for heads in [0, 3, 16] {
        assert!(Source::open(from_ref(&file.0), vec![TensorRef { unpermute_heads: Some(heads), ..tensor.clone() }]).is_err());
    }
}

#[test]
fn the_hash_names_the_values_and_not_the_file() {
    let exec = exec(CpuPath::best());
    let values: Vec<f32> = noise(64 * 32, 4).iter().map(|v| (v * 100.0).round()).collect();
    let plain: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let half: Vec<u8> = values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
    let hash = |bytes: &[u8], kind, role: &str, rows, cols, padding: u64| {
        let file = TempFile::new(&[vec![7; padding as usize], bytes.to_vec()].concat());
        let (role, bytes) = (role.to_string(), bytes.len() as u64);
        let tensor = TensorRef { role, file: 0, offset: padding, bytes, kind, rows, cols, unpermute_heads: None };
        Source::open(from_ref(&file.0), vec![tensor]).unwrap().hash(&exec).unwrap()
    };
    let first = hash(&plain, TensorType::F32, "a", 64, 32, 0);
    assert_eq!(first, hash(&half, TensorType::F16, "a", 64, 32, 48));
    assert_ne!(first, hash(&plain, TensorType::F32, "b", 64, 32, 0));
    assert_ne!(first, hash(&plain, TensorType::F32, "a", 32, 64, 0));
    // sha256("one" 00 | 1 as u64 | 2 as u64 | 1.0f32 | -2.0f32)
    let known = hash(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], TensorType::F32, "one", 1, 2, 0);
    assert_eq!(known, KNOWN);
}

const KNOWN: &str = "8aff1dfa1a74a5f77b71136286f8b5dac20d859788264c05edeef286fac81945";

#[test]
fn every_stored_type_opens() {
    let exec = exec(CpuPath::best());
    let a = tiny_architecture();
    let weights = random_weights(&a, false);
    let (file, refs) = store(&weights);
    let f16: Vec<u8> = weights.values().flat_map(|(_, _, v)| v).flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
    let halved = TempFile::new(&f16);
    let half_refs =
        refs.iter().map(|t| TensorRef { kind: TensorType::F16, offset: t.offset / 2, bytes: t.bytes / 2, ..t.clone() }).collect();
    let exact = Model::open(&exec, a.clone(), Precision::Exact, from_ref(&file.0), refs).unwrap();
    let rounded = Model::open(&exec, a, Precision::Exact, from_ref(&halved.0), half_refs).unwrap();
    let logits = |m: &Model| full(m, &exec, &tokens(9), &[9], &[]).head.unwrap().logits;
    assert!(distance(&logits(&rounded), &logits(&exact)) < 0.01);
    assert!(exact.bytes() > 4 * (101 * 48));
    assert_eq!(logits(&exact), logits(&tiny(&exec, Precision::Exact)));
}

#[test]
fn direct_effects_are_the_logits_of_a_direction() {
    let exec = exec(CpuPath::best());
    for json in [TINY.to_string(), TINY.replace("\"tied\":true", "\"tied\":false")] {
        let weights = random_weights(&Architecture::parse(&json).unwrap(), false);
        let model = open(&exec, &json, Precision::Fast, &weights).unwrap();
        let directions = noise(2 * 48, 8);
        let effects = model.direct_effects(&exec, &directions, 4).unwrap();
        let rows = &weights.get("unembed").unwrap_or(&weights["embed"]).2;
        for (i, v) in directions.chunks(48).enumerate() {
            let effect = |row: &[f32]| -> f64 {
                row.iter().zip(v).zip(&weights["final_norm"].2).map(|((w, v), g)| f64::from(*w) * f64::from(v * g)).sum()
            };
            let all: Vec<f64> = rows.chunks(48).map(effect).collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.sort_by(|a, b| all[*b].total_cmp(&all[*a]));
            for k in 0..4 {
                assert_eq!(effects.top_ids[i * 4 + k], order[k] as i32);
                assert_eq!(effects.bottom_ids[i * 4 + k], order[100 - k] as i32);
                assert!((f64::from(effects.top_values[i * 4 + k]) - (all[order[k]] - mean)).abs() < 1e-5);
                assert!((f64::from(effects.bottom_values[i * 4 + k]) - (all[order[100 - k]] - mean)).abs() < 1e-5);
            }
        }
        assert!(model.direct_effects(&exec, &directions[..47], 4).is_err());
        assert!(model.direct_effects(&exec, &directions, 0).is_err());
    }
}
