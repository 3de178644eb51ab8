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
fn f1_jumprelu_keeps_what_is_above_its_threshold() {
    let mut o = options(2, &[1.0; 6], &[1.0; 6], 1);
    o.activation = Activation::Threshold { theta: vec![1.0, 0.5, 0.25] };
    let dictionary = Dictionary::new(&exec(), o).unwrap();
    let code = dictionary.encode(&exec(), &[0.3, 0.3], 1).unwrap();
    assert_eq!((&code.indices[..], &code.values[..]), (&[1, 2][..], &[0.6, 0.6][..]));
    let mut out = [0.0; 2];
    dictionary.decode(&exec(), &code, &mut out).unwrap();
    assert_eq!(out, [1.2, 1.2]);
}

#[test]
fn a_gain_changes_values_and_order_but_not_the_selection() {
    let eye: Vec<f32> = (0..9).map(|i| if i % 4 == 0 { 1.0 } else { 0.0 }).collect();
    let mut o = options(3, &eye, &eye, 2);
    o.activation = Activation::ScaledTopK { k: 2, gain: vec![1.0, 5.0, 100.0] };
    let dictionary = Dictionary::new(&exec(), o.clone()).unwrap();
    let code = dictionary.encode(&exec(), &[3.0, 2.0, 1.0], 1).unwrap();
    assert_eq!((code.indices, code.values), (vec![1, 0], vec![10.0, 3.0]));
    o.activation = Activation::ScaledTopK { k: 2, gain: vec![1.0, 0.0, 1.0] };
    assert!(Dictionary::new(&exec(), o).err().unwrap().to_string().contains("gain must be above 0"));
}

#[test]
fn relu_rows_are_as_wide_as_the_widest_and_no_wider() {
    let eye: Vec<f32> = (0..16).map(|i| if i % 5 == 0 { 1.0 } else { 0.0 }).collect();
    let mut o = options(4, &eye, &eye, 1);
    o.activation = Activation::Threshold { theta: vec![0.0; 4] };
    let dictionary = Dictionary::new(&exec(), o).unwrap();
    let x = [0.0, -1.0, 3.0, 4.0, 0.0, 0.0, 0.0, -2.0, 5.0, 0.0, 0.0, 0.0];
    let code = dictionary.encode(&exec(), &x, 3).unwrap();
    assert_eq!((&code.indices[..], &code.values[..]), (&[3, 2, 0, 0, 0, 0][..], &[4.0, 3.0, 0.0, 0.0, 5.0, 0.0][..]));
    let sums = dictionary.evaluate(&exec(), &x, 3, &[0.0; 4]).unwrap();
    assert_eq!((sums.active, sums.fired, sums.squared_error), (3, vec![1, 0, 1, 1], 5.0));
    let silent = dictionary.encode(&exec(), &[-1.0; 4], 1).unwrap();
    assert_eq!((silent.indices, silent.values), (vec![0], vec![0.0]));
}

#[test]
fn every_path_gives_the_portable_threshold_code() {
    let (d, features, n) = (48, 500, 70);
    let number = |i: usize| ((i * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
    let mut o = options(d, &(0..features * d).map(number).collect::<Vec<_>>(), &vec![1.0; features * d], 1);
    o.activation = Activation::Threshold { theta: (0..features).map(|i| (i % 7) as f32 * 0.5).collect() };
    let x: Vec<f32> = (0..n * d).map(|i| (number(i * 31 + 5) * 256.0).round() / 64.0).collect();
    let expected = Dictionary::new(&exec(), o.clone()).unwrap().encode(&exec(), &x, n).unwrap();
    for path in CpuPath::ALL.into_iter().filter(|path| path.available()) {
        let exec = Exec::new(path, Cancel::new());
        let code = Dictionary::new(&exec, o.clone()).unwrap().encode(&exec, &x, n).unwrap();
        assert_eq!((&code.indices, &code.values), (&expected.indices, &expected.values), "{}", path.name());
    }
}

#[test]
fn bad_options_are_refused_by_name() {
    let eye = [1.0, 0.0, 0.0, 1.0];
    let refused = |o: DictionaryOptions| Dictionary::new(&exec(), o).err().unwrap().to_string();
    for (theta, reason) in [
        (vec![1.0], "threshold has 1 values"),
        (vec![1.0, f32::INFINITY], "threshold holds inf at 1"),
        (vec![0.5, -1.0], "threshold is below 0 at 1"),
    ] {
        let mut o = options(2, &eye, &eye, 1);
        o.activation = Activation::Threshold { theta };
        assert!(refused(o).contains(reason));
    }
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

#[test]
fn a_feature_at_sight_is_the_one_that_encoding_finds() {
    let (d, features, k) = (24, 2000, 16);
    let mut seed = 5u64;
    let mut random = |n: usize| -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    };
    let mut options = options(d, &random(features * d), &random(features * d), k);
    (options.encoder_bias, options.decoder_bias, options.apply_b_dec_to_input) = (random(features), random(d), true);
    // Equal features: the lower id goes first.
    options.encoder.copy_within(0..200 * d, 300 * d);
    options.encoder_bias.copy_within(0..200, 300);
    let few = DictionaryOptions {
        features: 400,
        encoder: options.encoder[..400 * d].to_vec(),
        encoder_bias: options.encoder_bias[..400].to_vec(),
        decoder: options.decoder[..400 * d].to_vec(),
        ..options.clone()
    };
    let theta = random(features).iter().map(|t| t.abs()).collect();
    let gain = random(400).iter().map(|g| 1.5 + g).collect();
    let scaled = DictionaryOptions { activation: Activation::ScaledTopK { k, gain }, ..few.clone() };
    let jump = DictionaryOptions { activation: Activation::Threshold { theta }, ..options.clone() };
    let all = DictionaryOptions { activation: Activation::Identity, ..few.clone() };
    for path in CpuPath::ALL.into_iter().filter(|path| path.available()) {
        let exec = Exec::new(path, Cancel::new());
        assert_eq!(Dictionary::new(&exec, all.clone()).unwrap().feature_at_sight(path, &vec![1.0; d], 3), None);
        for (options, always) in [(&options, false), (&few, true), (&scaled, true), (&jump, true)] {
            let dictionary = Dictionary::new(&exec, options.clone()).unwrap();
            let (mut decided, mut active) = (0, 0);
            for x in random(6 * d).chunks(d) {
                let code = dictionary.encode(&exec, x, 1).unwrap();
                for feature in 0..options.features {
                    let entry = code.indices.iter().position(|i| *i as usize == feature);
                    let Some(f) = dictionary.feature_at_sight(path, x, feature) else { continue };
                    assert_eq!(f.to_bits(), entry.map_or(0.0, |at| code.values[at]).to_bits(), "{path:?} {feature}");
                    (decided, active) = (decided + 1, active + usize::from(f > 0.0));
                }
            }
            assert!(decided > 6 * options.features * 9 / 10 && (active > 0) == always, "{decided} {active}");
            assert!(!always || decided == 6 * options.features);
            assert_eq!(dictionary.feature_at_sight(path, &vec![1e30; d], 0), None);
        }
    }
}
