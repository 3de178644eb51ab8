use super::*;
use lexiscope_kernels::{Cancel, CpuPath};

fn exec() -> Exec {
    Exec::new(CpuPath::Portable, Cancel::new())
}

fn options(d: usize, encoder: &[f32], decoder: &[f32], k: usize) -> DictionaryOptions {
    let features = encoder.len() / d;
    DictionaryOptions {
        d,
        features,
        activation: Activation::TopK { k },
        apply_b_dec_to_input: false,
        encoder: encoder.to_vec(),
        encoder_bias: vec![0.0; features],
        decoder: decoder.to_vec(),
        decoder_bias: vec![0.0; d],
    }
}

#[test]
fn f9_identity_dictionary_keeps_the_positive_part() {
    let eye = [1.0, 0.0, 0.0, 1.0];
    let dictionary = Dictionary::new(&exec(), options(2, &eye, &eye, 2)).unwrap();
    let mut out = [0.0; 2];
    dictionary.reconstruct(&exec(), &[2.0, -1.0], 1, &mut out).unwrap();
    assert_eq!(out, [2.0, 0.0]);
}

#[test]
fn f9_topk_keeps_the_k_largest() {
    let eye: Vec<f32> = (0..16).map(|i| if i % 5 == 0 { 1.0 } else { 0.0 }).collect();
    let dictionary = Dictionary::new(&exec(), options(4, &eye, &eye, 2)).unwrap();
    let mut out = [0.0; 8];
    dictionary.reconstruct(&exec(), &[1.0, 1.5, 3.0, 4.0, 4.0, 3.0, 1.5, 1.0], 2, &mut out).unwrap();
    assert_eq!(out, [0.0, 0.0, 3.0, 4.0, 4.0, 3.0, 0.0, 0.0]);
}

#[test]
fn f31_folded_dictionary_gives_the_same_output() {
    let (e, b) = ([1.0, 0.0, 0.0, 1.0, 1.0, -1.0], vec![0.0, -0.5, 0.25]);
    let d = [1.0, 0.0, 0.0, 2.0, 3.0, 4.0];
    let mut plain = options(2, &e, &d, 3);
    plain.encoder_bias = b.clone();
    plain.decoder_bias = vec![0.5, -0.5];
    let mut folded = plain.clone();
    folded.encoder.iter_mut().for_each(|v| *v *= 0.5);
    folded.decoder.iter_mut().chain(&mut folded.decoder_bias).for_each(|v| *v /= 0.5);
    let (plain, folded) = (Dictionary::new(&exec(), plain).unwrap(), Dictionary::new(&exec(), folded).unwrap());
    let raw = [2.0, 4.0];
    let code = folded.encode(&exec(), &raw, 1).unwrap();
    let mut f = [0.0; 3];
    let mut a = [0.0; 3];
    for (&i, &v) in code.indices.iter().zip(&code.values) {
        f[i as usize] = v;
        a[i as usize] = v * folded.decoder_norm(i as usize);
    }
    assert_eq!((f, a), ([1.0, 1.5, 0.0], [2.0, 6.0, 0.0]));
    let (mut out, mut scaled) = ([0.0; 2], [0.0; 2]);
    folded.reconstruct(&exec(), &raw, 1, &mut out).unwrap();
    plain.reconstruct(&exec(), &[1.0, 2.0], 1, &mut scaled).unwrap();
    assert_eq!((out, scaled), ([3.0, 5.0], [1.5, 2.5]));
}

#[test]
fn the_decoder_bias_is_subtracted_when_asked() {
    let eye = [1.0, 0.0, 0.0, 1.0];
    let mut o = options(2, &eye, &eye, 1);
    o.apply_b_dec_to_input = true;
    o.decoder_bias = vec![10.0, 0.0];
    let dictionary = Dictionary::new(&exec(), o).unwrap();
    let code = dictionary.encode(&exec(), &[11.0, 5.0], 1).unwrap();
    assert_eq!((code.indices, code.values), (vec![1], vec![5.0]));
}

#[test]
fn identity_keeps_signs_and_order() {
    let eye = [1.0, 0.0, 0.0, 1.0];
    let mut o = options(2, &eye, &eye, 1);
    o.activation = Activation::Identity;
    let dictionary = Dictionary::new(&exec(), o).unwrap();
    let code = dictionary.encode(&exec(), &[-3.0, 2.0], 1).unwrap();
    assert_eq!((dictionary.k_out(), code.indices, code.values), (2, vec![0, 1], vec![-3.0, 2.0]));
}

#[test]
fn bad_options_are_refused_by_name() {
    let eye = [1.0, 0.0, 0.0, 1.0];
    let refused = |o: DictionaryOptions| Dictionary::new(&exec(), o).err().unwrap().to_string();
    assert!(refused(options(2, &eye, &eye, 3)).contains("k is 3"));
    assert!(refused(options(2, &eye, &[1.0], 1)).contains("decoder has 1 values"));
    assert!(refused(options(2, &[1.0, f32::NAN, 0.0, 1.0], &eye, 1)).contains("encoder holds NaN at 1"));
}

#[test]
fn evaluate_gives_the_sums_of_f6_and_f45() {
    // Reconstruction [[0,0],[0,2],[.5,1]] of x [[-1,0],[0,2],[1,1]] from features that are planted by hand.
    let eye = [1.0, 0.0, 0.0, 1.0];
    let decoder = [0.5, 0.0, 0.0, 1.0];
    let dictionary = Dictionary::new(&exec(), options(2, &eye, &decoder, 2)).unwrap();
    let sums = dictionary.evaluate(&exec(), &[-1.0, 0.0, 0.0, 2.0, 1.0, 1.0], 3, &[0.0, 1.0]).unwrap();
    assert!((sums.squared_error / sums.squared_deviation - 0.3125).abs() < 1e-9);
    assert!((sums.squared_error / sums.squared_norm - 0.178571).abs() < 1e-6);
    assert!((sums.squared_reconstruction / sums.dot - 0.954545).abs() < 1e-6);
    assert_eq!((sums.active, sums.fired), (3, vec![1, 2]));
}
