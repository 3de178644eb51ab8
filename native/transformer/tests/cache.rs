//! Decoding from a cache is the forward pass, token by token.

mod common;

use common::{TINY, distance, exec, full, paths, store_blocks, tiny, tokens};
use lexiscope_kernels::{Cancel, CpuPath, Exec, Precision};
use lexiscope_transformer::{Architecture, Edit, EditOp, ForwardInput, KvCache, Logits, Model, ModelError, Site};

const V: usize = 101;
/// Products of one row and of many may be summed in another order.
const TOLERANCE: f32 = 1e-5;

#[test]
fn prefill_and_decode_give_the_logits_of_the_whole_text() {
    let all = tokens(60);
    for path in paths() {
        for precision in [Precision::Exact, Precision::Fast] {
            let exec = exec(path);
            let model = tiny(&exec, precision);
            let rows = [&all[..40], &all[20..51]];
            let whole = rows.map(|r| full(&model, &exec, r, &[r.len() as i32], &[]).head.unwrap().logits);
            let mut cache = KvCache::new(&model, 2, 60).unwrap();
            let mut held = [0usize; 2];
            for step in [[17, 3], [1, 1], [1, 0], [0, 20], [5, 1], [1, 1]] {
                let new: Vec<i32> = (0..2).flat_map(|r| &rows[r][held[r]..held[r] + step[r]]).copied().collect();
                let lengths = step.map(|s| s as i32);
                let logits = model.extend(&exec, &mut cache, &new, &lengths, &[]).unwrap();
                for r in 0..2 {
                    held[r] += step[r];
                    let own = &logits[r * V..(r + 1) * V];
                    if step[r] == 0 {
                        assert!(own.iter().all(|l| l.is_nan()));
                    } else {
                        let expected = &whole[r][(held[r] - 1) * V..held[r] * V];
                        assert!(distance(own, expected) < TOLERANCE, "{path:?} {precision:?} {}", distance(own, expected));
                    }
                }
                assert_eq!(cache.lengths(), held);
            }
        }
    }
}

/// TINY, as wide as whole blocks are.
fn stored(exec: &Exec, precision: Precision) -> Model {
    let json = TINY.replace("\"d\":48,\"heads\":6", "\"d\":64,\"heads\":8").replace("72", "96");
    let architecture = Architecture::parse(&json).unwrap();
    let (file, refs) = store_blocks(&architecture);
    Model::open(exec, architecture, precision, std::slice::from_ref(&file.0), refs).unwrap()
}

#[test]
fn decoding_by_stored_blocks_is_close_to_f32() {
    let all = tokens(40);
    for path in paths() {
        let exec = exec(path);
        let exact = stored(&exec, Precision::Exact);
        let whole = full(&exact, &exec, &all, &[40], &[]).head.unwrap().logits;
        let model = stored(&exec, Precision::Fast);
        if path != CpuPath::Portable {
            assert!(model.decode_bytes() < exact.decode_bytes() / 4);
        }
        assert!(model.bytes() > model.decode_bytes());
        let mut cache = KvCache::new(&model, 1, 40).unwrap();
        for step in [1, 8, 1, 2, 5, 1, 7, 8, 1, 6].iter().scan(0, |held, n| {
            *held += n;
            Some(*held - n..*held)
        }) {
            let logits = model.extend(&exec, &mut cache, &all[step.clone()], &[step.len() as i32], &[]).unwrap();
            let expected = &whole[(step.end - 1) * V..step.end * V];
            // There activations are rounded to 16 bits a block, at most 9e-5 of a product's norms, three blocks deep.
            let integers = matches!(path, CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni | CpuPath::Avx2I16);
            let tolerance = if integers { 3e-4 } else { TOLERANCE };
            assert!(distance(&logits, expected) < tolerance, "{path:?} {}", distance(&logits, expected));
        }
    }
}

#[test]
fn what_runs_beside_a_sequence_changes_no_bit_of_it() {
    let all = tokens(90);
    for path in paths() {
        let exec = exec(path);
        let model = stored(&exec, Precision::Fast);
        let calls: [[usize; 2]; 5] = [[9, 30], [1, 1], [3, 20], [1, 0], [1, 9]];
        let mut beside = KvCache::new(&model, 2, 90).unwrap();
        let mut alone = [KvCache::new(&model, 1, 90).unwrap(), KvCache::new(&model, 1, 90).unwrap()];
        let mut held = [0; 2];
        for call in calls {
            let parts = [0, 1].map(|r| &all[held[r]..held[r] + call[r]]);
            let both = model.extend(&exec, &mut beside, &parts.concat(), &call.map(|n| n as i32), &[]).unwrap();
            for r in (0..2).filter(|r| call[*r] > 0) {
                let one = Exec::with_threads(path, Cancel::new(), 1);
                let own = model.extend(&one, &mut alone[r], parts[r], &[call[r] as i32], &[]).unwrap();
                assert_eq!(own, both[r * V..(r + 1) * V], "{path:?} {call:?}");
                held[r] += call[r];
            }
        }
    }
}

#[test]
fn truncating_goes_back() {
    let exec = exec(CpuPath::best());
    let model = tiny(&exec, Precision::Exact);
    let mut cache = KvCache::new(&model, 1, 50).unwrap();
    let all = tokens(30);
    let first = model.extend(&exec, &mut cache, &all, &[30], &[]).unwrap();
    cache.truncate(11);
    assert_eq!(cache.lengths(), [11]);
    model.extend(&exec, &mut cache, &tokens(9), &[9], &[]).unwrap();
    cache.truncate(11);
    let again = model.extend(&exec, &mut cache, &all[11..], &[19], &[]).unwrap();
    assert!(distance(&again, &first) < TOLERANCE);
}

#[test]
fn a_cancelled_or_refused_call_leaves_the_cache_as_it_was() {
    let exec = exec(CpuPath::best());
    let model = tiny(&exec, Precision::Exact);
    let mut cache = KvCache::new(&model, 2, 8).unwrap();
    model.extend(&exec, &mut cache, &tokens(7), &[4, 3], &[]).unwrap();
    let stopped = common::exec(CpuPath::best());
    stopped.cancel.cancel();
    assert_eq!(model.extend(&stopped, &mut cache, &[1, 2], &[1, 1], &[]).err(), Some(ModelError::Cancelled));
    let error = model.extend(&exec, &mut cache, &tokens(6), &[0, 6], &[]).unwrap_err();
    assert!(error.to_string().contains("row 1 would hold 9 tokens; the cache's capacity is 8"), "{error}");
    assert!(model.extend(&exec, &mut cache, &[1], &[1], &[]).is_err());
    assert_eq!(cache.lengths(), [4, 3]);
    let after = model.extend(&exec, &mut cache, &[9, 9], &[1, 1], &[]).unwrap();
    let mut fresh = KvCache::new(&model, 2, 8).unwrap();
    model.extend(&exec, &mut fresh, &tokens(7), &[4, 3], &[]).unwrap();
    assert_eq!(model.extend(&exec, &mut fresh, &[9, 9], &[1, 1], &[]).unwrap(), after);
    assert!(KvCache::new(&model, 1, 97).is_err());
    assert!(KvCache::new(&model, 0, 10).is_err());
}

#[test]
fn edits_apply_per_token_of_the_call() {
    let exec = exec(CpuPath::best());
    let model = tiny(&exec, Precision::Exact);
    let all = tokens(12);
    let site = Site::parse("blocks.1.hook_resid_post", 3).unwrap();
    let edit = |mask: Vec<u8>| [Edit { site, op: EditOp::Add(common::noise(48, 3)), mask, max_norm: None }];
    let mut mask = vec![0; 12];
    mask[5..].fill(1);
    let edits = edit(mask.clone());
    let input = ForwardInput { tokens: &all, lengths: &[12], taps: &[], edits: &edits, logits: Logits::Full, top: 0 };
    let whole = model.forward(&exec, &input).unwrap().head.unwrap().logits;
    let mut cache = KvCache::new(&model, 2, 12).unwrap();
    let both: Vec<i32> = all[..8].iter().chain(&all[..8]).copied().collect();
    let masks: Vec<u8> = mask[..8].iter().copied().chain([0; 8]).collect();
    model.extend(&exec, &mut cache, &both, &[8, 8], &edit(masks)).unwrap();
    let mut logits = Vec::new();
    for t in 8..12 {
        logits = model.extend(&exec, &mut cache, &[all[t], all[t]], &[1, 1], &edit(vec![1, 0])).unwrap();
    }
    assert!(distance(&logits[..V], &whole[11 * V..]) < TOLERANCE);
    let plain = full(&model, &exec, &all, &[12], &[]).head.unwrap().logits;
    assert!(distance(&logits[V..], &plain[11 * V..]) < TOLERANCE);
}
