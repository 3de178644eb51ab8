//! The forward pass against the plain one, and against itself in other shapes.

mod common;

use common::{TINY, distance, exec, full, open, paths, plain, random_weights, tiny, tokens};
use lexiscope_kernels::{Cancel, CpuPath, Exec, Precision};
use lexiscope_transformer::{Architecture, ForwardInput, Logits, ModelError, Site, Tap, TapRows, TapValues};

fn tap(site: &str, values: TapValues) -> Tap {
    Tap { site: Site::parse(site, 3).unwrap(), keep: None, values }
}

fn rows(output: &TapRows) -> &[f32] {
    match output {
        TapRows::F32(rows) => rows,
        _ => panic!("f32 rows"),
    }
}

#[test]
fn agrees_with_the_plain_pass() {
    for (json, biases) in [(TINY.to_string(), false), (TINY.replace("\"tied\":true", "\"tied\":false"), true)] {
        let a = Architecture::parse(&json).unwrap();
        let weights = random_weights(&a, biases);
        let tokens = tokens(37);
        let expected = plain::forward(&a, &weights, &tokens);
        for path in paths() {
            for (precision, tolerance) in [(Precision::Exact, 1e-5), (Precision::Fast, 0.05)] {
                let exec = exec(path);
                let model = open(&exec, &json, precision, &weights).unwrap();
                let sites = ["blocks.0.hook_resid_post", "blocks.1.hook_attn_out", "blocks.2.hook_mlp_out"];
                let taps = sites.map(|s| tap(s, TapValues::F32));
                let out = full(&model, &exec, &tokens, &[37], &taps);
                let head = out.head.unwrap();
                let logits = plain::flat(&expected.logits);
                assert!(
                    distance(&head.logits, &logits) < tolerance,
                    "{path:?} {precision:?} {}",
                    distance(&head.logits, &logits)
                );
                for (tap, rows_of) in out.taps.iter().zip([&expected.resid_post[0], &expected.attn_out[1], &expected.mlp_out[2]])
                {
                    assert!(distance(rows(&tap.rows), &plain::flat(rows_of)) < tolerance, "{path:?} {precision:?}");
                }
                for t in 0..37 {
                    let row = &expected.logits[t];
                    let sum = row.iter().map(|l| l.exp()).sum::<f64>().ln();
                    assert!((f64::from(head.log_sum_exp[t]) - sum).abs() < f64::from(tolerance) * 10.0);
                    if t + 1 < 37 {
                        assert!(
                            (f64::from(head.nll[t]) - (sum - row[tokens[t + 1] as usize])).abs() < f64::from(tolerance) * 10.0
                        );
                    } else {
                        assert!(head.nll[t].is_nan());
                    }
                    let own = &head.logits[t * 101..(t + 1) * 101];
                    let best = (0..101).max_by(|a, b| own[*a].total_cmp(&own[*b])).unwrap();
                    assert_eq!(head.top_ids[t * 5], best as i32);
                    assert!((head.top_logprobs[t * 5] - (own[best] - head.log_sum_exp[t])).abs() < 1e-6);
                }
            }
        }
    }
}

#[test]
fn a_ragged_batch_is_its_sequences_alone_and_thread_counts_change_nothing() {
    let lengths = [5, 33, 1, 0, 20];
    let all = tokens(59);
    for path in paths() {
        for precision in [Precision::Exact, Precision::Fast] {
            let one = Exec::with_threads(path, Cancel::new(), 1);
            let two = Exec::with_threads(path, Cancel::new(), 2);
            let model = tiny(&one, precision);
            let batch = full(&model, &one, &all, &lengths, &[]).head.unwrap();
            let again = full(&model, &two, &all, &lengths, &[]).head.unwrap();
            assert_eq!(batch.logits, again.logits, "{path:?} {precision:?}: 1 and 2 threads");
            assert_eq!(batch.top_ids, again.top_ids);
            let mut start = 0;
            for len in lengths {
                let end = start + len as usize;
                let alone = full(&model, &two, &all[start..end], &[len], &[]).head.unwrap();
                assert_eq!(alone.logits, batch.logits[start * 101..end * 101], "{path:?} {precision:?}: row of {len}");
                start = end;
            }
        }
    }
}

#[test]
fn stopping_early_and_tapping_change_nothing() {
    for path in paths() {
        let exec = exec(path);
        let model = tiny(&exec, Precision::Fast);
        let tokens = tokens(40);
        let plain = full(&model, &exec, &tokens, &[40], &[]).head.unwrap();
        for site in ["hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post"] {
            let taps = [tap(&format!("blocks.1.{site}"), TapValues::F32), tap("blocks.0.hook_resid_post", TapValues::F32)];
            let whole = full(&model, &exec, &tokens, &[40], &taps);
            assert!(distance(&whole.head.unwrap().logits, &plain.logits) < 1e-5, "{site}: a tap changed the logits");
            let input = ForwardInput { tokens: &tokens, lengths: &[40], taps: &taps, edits: &[], logits: Logits::None, top: 0 };
            let early = model.forward(&exec, &input).unwrap();
            assert!(early.head.is_none());
            assert_eq!(early.taps, whole.taps, "{site}");
        }
    }
}

#[test]
fn taps_keep_what_they_are_told() {
    let exec = exec(CpuPath::Portable);
    let model = tiny(&exec, Precision::Exact);
    let tokens = tokens(20);
    let keep: Vec<u8> = (0..20).map(|i| u8::from(i % 3 == 1)).collect();
    let site = Site::parse("blocks.1.hook_resid_post", 3).unwrap();
    let taps: Vec<Tap> = [TapValues::F32, TapValues::Bf16, TapValues::None]
        .into_iter()
        .flat_map(|values| [Tap { site, keep: Some(keep.clone()), values }, Tap { site, keep: None, values }])
        .collect();
    let input = ForwardInput { tokens: &tokens, lengths: &[8, 12], taps: &taps, edits: &[], logits: Logits::None, top: 0 };
    let out = model.forward(&exec, &input).unwrap().taps;
    let all = rows(&out[1].rows);
    let kept: Vec<f32> = all.chunks(48).zip(&keep).filter(|(_, k)| **k == 1).flat_map(|(r, _)| r).copied().collect();
    assert_eq!(rows(&out[0].rows), kept);
    let TapRows::Bf16(short) = &out[2].rows else { panic!("bf16 rows") };
    assert_eq!(*short, kept.iter().map(|v| lexiscope_kernels::simd::bf16_round(*v)).collect::<Vec<_>>());
    assert_eq!(out[4].rows, TapRows::None);
    assert_eq!(out[4].norms, out[0].norms);
    for (norm, row) in out[1].norms.iter().zip(all.chunks(48)) {
        assert!((norm - row.iter().map(|v| v * v).sum::<f32>().sqrt()).abs() < 1e-5);
    }
}

#[test]
fn refuses_bad_input_by_name() {
    let exec = exec(CpuPath::Portable);
    let model = tiny(&exec, Precision::Exact);
    let run = |tokens: &[i32], lengths: &[i32], taps: &[Tap], top| {
        let input = ForwardInput { tokens, lengths, taps, edits: &[], logits: Logits::Nll, top };
        model.forward(&exec, &input).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert!(run(&[1, 101], &[2], &[], 0).contains("token 1 is 101"));
    assert!(run(&[-1], &[1], &[], 0).contains("token 0 is -1"));
    assert!(run(&[1, 2], &[3], &[], 0).contains("lengths sum to 3"));
    assert!(run(&tokens(97), &[97], &[], 0).contains("the model's context is 96"));
    assert!(run(&[1], &[1], &[], 102).contains("top is 102"));
    let short = Tap { keep: Some(vec![1]), ..tap("blocks.0.hook_resid_pre", TapValues::F32) };
    assert!(run(&[1, 2], &[2], &[short], 0).contains("keep"));
    assert_eq!(run(&[], &[], &[], 0), "");
}

#[test]
fn a_cancelled_call_says_so() {
    let exec = exec(CpuPath::Portable);
    let model = tiny(&exec, Precision::Exact);
    exec.cancel.cancel();
    let input = ForwardInput { tokens: &[1], lengths: &[1], taps: &[], edits: &[], logits: Logits::Nll, top: 0 };
    assert_eq!(model.forward(&exec, &input).err(), Some(ModelError::Cancelled));
    assert_eq!(model.weights_hash(&exec).err(), Some(ModelError::Cancelled));
}
