//! What edits do to an activation. The dictionary of fixture F33: x [2, 1, 0] has f [.4, 0], rows [3, 4, 0] and [0, 0, 2].

mod common;

use common::{TINY, distance, exec, noise, paths, random_weights};
use lexiscope_dictionary::{Activation, Dictionary, DictionaryOptions};
use lexiscope_kernels::simd::bf16_round;
use lexiscope_kernels::{CpuPath, Exec, Precision};
use lexiscope_transformer::{Architecture, Edit, EditOp, Feature, ForwardInput, Logits, Model, Site, Tap, TapRows, TapValues};
use std::sync::Arc;

/// A model whose first residual stream is its embedding: token 0 is [2, 1, 0, …], token 1 is [0, 0, 3, …].
fn model(exec: &Exec) -> Model {
    let json = TINY.replace("\"d\":48", "\"d\":4").replace("\"ff\":72", "\"ff\":8");
    let mut weights = random_weights(&Architecture::parse(&json).unwrap(), false);
    if let Some((_, _, embed)) = weights.get_mut("embed") {
        embed[..8].copy_from_slice(&[2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0]);
    }
    common::open(exec, &json, Precision::Exact, &weights).unwrap()
}

fn dictionary(exec: &Exec) -> Arc<Dictionary> {
    with_activation(exec, Activation::TopK { k: 2 })
}

fn with_activation(exec: &Exec, activation: Activation) -> Arc<Dictionary> {
    let options = DictionaryOptions {
        d: 4,
        features: 3,
        activation,
        apply_b_dec_to_input: false,
        encoder: vec![0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        encoder_bias: vec![0.0; 3],
        decoder: vec![3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        decoder_bias: vec![0.0, 0.0, 0.0, 0.25],
    };
    Arc::new(Dictionary::new(exec, options).unwrap())
}

fn site() -> Site {
    Site::parse("blocks.0.hook_resid_pre", 3).unwrap()
}

fn edit(op: EditOp) -> Edit {
    Edit { site: site(), op, mask: vec![1], max_norm: None }
}

fn edited(exec: &Exec, model: &Model, token: i32, edits: &[Edit]) -> Vec<f32> {
    let taps = [Tap { site: site(), keep: None, values: TapValues::F32 }];
    let input = ForwardInput { tokens: &[token], lengths: &[1], taps: &taps, edits, logits: Logits::None, top: 0 };
    match model.forward(exec, &input).unwrap().taps.remove(0).rows {
        TapRows::F32(rows) => rows,
        _ => panic!("f32 rows"),
    }
}

fn close(a: &[f32], b: &[f32]) {
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
}

#[test]
fn f33_clamp_scale_ablate_add() {
    for path in paths() {
        let exec = exec(path);
        let model = model(&exec);
        f33(&exec, &model, &dictionary(&exec));
        f33(&exec, &model, &with_activation(&exec, Activation::Threshold { theta: vec![0.0; 3] }));
        // f_0 = .4 is not above .4: the feature is silent, and a clamp adds all of its value.
        let silent = with_activation(&exec, Activation::Threshold { theta: vec![0.4, 0.0, 0.0] });
        let clamp = edit(EditOp::Clamp { feature: Feature { dictionary: silent, index: 0 }, value: 25.0 });
        close(&edited(&exec, &model, 0, &[clamp]), &[17.0, 21.0, 0.0, 0.0]);
    }
}

fn f33(exec: &Exec, model: &Model, dictionary: &Arc<Dictionary>) {
    let feature = |index| Feature { dictionary: dictionary.clone(), index };
    let clamp = |index, value| edit(EditOp::Clamp { feature: feature(index), value });
    let run = |edits: &[Edit]| edited(exec, model, 0, edits);
    close(&run(&[clamp(0, 25.0)]), &[15.8, 19.4, 0.0, 0.0]);
    close(&run(&[clamp(0, 0.0)]), &[0.8, -0.6, 0.0, 0.0]);
    close(&run(&[clamp(1, -6.0)]), &[2.0, 1.0, -6.0, 0.0]);
    close(&run(&[clamp(0, 2.0)]), &[2.0, 1.0, 0.0, 0.0]);
    close(&run(&[edit(EditOp::Add(vec![15.0, 20.0, 0.0, 0.0]))]), &[17.0, 21.0, 0.0, 0.0]);
    close(&run(&[edit(EditOp::Scale { feature: feature(0), value: 3.0 })]), &[4.4, 4.2, 0.0, 0.0]);
    close(&run(&[edit(EditOp::Ablate { feature: feature(0) })]), &[0.8, -0.6, 0.0, 0.0]);
    close(&run(&[edit(EditOp::Reconstruct(dictionary.clone()))]), &[1.2, 1.6, 0.0, 0.25]);
    close(&run(&[edit(EditOp::Replace(vec![9.0, 8.0, 7.0, 6.0]))]), &[9.0, 8.0, 7.0, 6.0]);
}

#[test]
fn edits_of_a_site_see_the_activation_as_it_came() {
    let exec = exec(CpuPath::best());
    let (model, dictionary) = (model(&exec), dictionary(&exec));
    let feature = |index| Feature { dictionary: dictionary.clone(), index };
    // Without the rule, the second would encode what the first made: a_0 = 25 instead of 2.
    let clamp = || edit(EditOp::Clamp { feature: feature(0), value: 25.0 });
    let ablate = || edit(EditOp::Ablate { feature: feature(0) });
    close(&edited(&exec, &model, 0, &[clamp(), ablate()]), &[14.6, 17.8, 0.0, 0.0]);
    close(&edited(&exec, &model, 0, &[ablate(), clamp()]), &[14.6, 17.8, 0.0, 0.0]);
    // What sets x comes first, whatever its place.
    let replace = || edit(EditOp::Replace(vec![1.0, 1.0, 1.0, 1.0]));
    close(&edited(&exec, &model, 0, &[clamp(), replace()]), &[14.8, 19.4, 1.0, 1.0]);
    close(&edited(&exec, &model, 0, &[replace(), clamp()]), &[14.8, 19.4, 1.0, 1.0]);
}

#[test]
fn masks_and_norm_limits_leave_tokens_alone() {
    let exec = exec(CpuPath::best());
    let model = model(&exec);
    let add = |mask, max_norm| Edit { mask: vec![mask], max_norm, ..edit(EditOp::Add(vec![1.0; 4])) };
    assert_eq!(edited(&exec, &model, 1, &[add(0, None)]), [0.0, 0.0, 3.0, 0.0]);
    assert_eq!(edited(&exec, &model, 1, &[add(1, Some(2.5))]), [0.0, 0.0, 3.0, 0.0]);
    assert_eq!(edited(&exec, &model, 1, &[add(1, Some(3.5))]), [1.0, 1.0, 4.0, 1.0]);
}

#[test]
fn an_edit_changes_what_comes_after_and_nothing_before() {
    let exec = exec(CpuPath::best());
    let model = common::tiny(&exec, Precision::Exact);
    let tokens = common::tokens(10);
    let sites = ["hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post"];
    let plain = common::full(&model, &exec, &tokens, &[10], &[]).head.unwrap().logits;
    for name in sites {
        let site = Site::parse(&format!("blocks.1.{name}"), 3).unwrap();
        let mut mask = vec![0; 10];
        mask[6] = 1;
        let edits = [Edit { site, op: EditOp::Add(noise(48, 9)), mask, max_norm: None }];
        let input = ForwardInput { tokens: &tokens, lengths: &[10], taps: &[], edits: &edits, logits: Logits::Full, top: 0 };
        let logits = model.forward(&exec, &input).unwrap().head.unwrap().logits;
        assert!(distance(&logits[..6 * 101], &plain[..6 * 101]) < 1e-6, "{name}: earlier tokens changed");
        assert!(distance(&logits[6 * 101..7 * 101], &plain[6 * 101..7 * 101]) > 1e-3, "{name}: nothing changed");
    }
}

#[test]
fn activations_are_rounded_before_they_are_encoded() {
    let exec = exec(CpuPath::Portable);
    let (model, dictionary) = (model(&exec), dictionary(&exec));
    let token = 5;
    let x = edited(&exec, &model, token, &[]);
    let rounded = f32::from_bits(u32::from(bf16_round(x[2])) << 16);
    assert_ne!(rounded, x[2]);
    let a = (0.5 * rounded).max(0.0) * 2.0;
    let ablated = edited(&exec, &model, token, &[edit(EditOp::Ablate { feature: Feature { dictionary, index: 1 } })]);
    assert!((x[2] - a - ablated[2]).abs() < 1e-6);
}

#[test]
fn refuses_what_cannot_be_applied() {
    let exec = exec(CpuPath::Portable);
    let (model, dictionary) = (model(&exec), dictionary(&exec));
    let run = |edit: Edit| {
        let input = ForwardInput { tokens: &[0], lengths: &[1], taps: &[], edits: &[edit], logits: Logits::Nll, top: 0 };
        model.forward(&exec, &input).err().map(|e| e.to_string()).unwrap_or_default()
    };
    let feature = |index| Feature { dictionary: dictionary.clone(), index };
    assert!(run(edit(EditOp::Add(vec![1.0; 5]))).contains("the model's width is 4"));
    assert!(run(edit(EditOp::Add(vec![f32::NAN; 4]))).contains("NaN"));
    assert!(run(edit(EditOp::Ablate { feature: feature(3) })).contains("feature 3: the dictionary has 3"));
    assert!(run(edit(EditOp::Ablate { feature: feature(2) })).contains("no direction"));
    assert!(run(edit(EditOp::Clamp { feature: feature(0), value: f32::INFINITY })).contains("value"));
    assert!(run(Edit { mask: vec![1, 1], ..edit(EditOp::Add(vec![1.0; 4])) }).contains("mask"));
    assert!(run(Edit { max_norm: Some(0.0), ..edit(EditOp::Add(vec![1.0; 4])) }).contains("maxNorm"));
}
