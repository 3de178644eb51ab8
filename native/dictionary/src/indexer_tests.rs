use super::*;
use crate::dictionary::{Activation, DictionaryOptions};
use lexiscope_kernels::{Cancel, CpuPath};

const CONTEXT: usize = 32;

fn exec() -> Exec {
    Exec::new(CpuPath::Portable, Cancel::new())
}

/// Numbers that look random and are the same everywhere.
struct Stream(u64);
impl Stream {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

fn bf16(x: f32) -> f32 {
    f32::from_bits((x.to_bits() >> 16) << 16)
}

/// Planted activations [n, F]: 0 fires on a tenth of the tokens at any height up to 10; 1 fires exactly with it at half
/// its height; 2 fires once in a hundred; 3 never; 4…: noise.
fn planted(n: usize, features: usize) -> Vec<f32> {
    let mut s = Stream(7);
    let mut a = vec![0.0; n * features];
    for row in a.chunks_exact_mut(features) {
        if s.next() < 0.1 {
            row[0] = bf16(10.0 * s.next() + 0.01);
            row[1] = bf16(row[0] / 2.0);
        }
        if s.next() < 0.01 {
            row[2] = bf16(3.0 + s.next());
        }
        for value in &mut row[4..] {
            if s.next() < 0.05 {
                *value = bf16(1.0 + s.next());
            }
        }
    }
    a
}

/// The identity dictionary, so that planted activations are the rows themselves; feature i's decoder row has norm `norm`.
fn identity(features: usize, norm: f32) -> Dictionary {
    with_activation(features, norm, Activation::TopK { k: features })
}

fn with_activation(features: usize, norm: f32, activation: Activation) -> Dictionary {
    let eye = |v: f32| (0..features * features).map(|i| if i % (features + 1) == 0 { v } else { 0.0 }).collect();
    let options = DictionaryOptions {
        d: features,
        features,
        activation,
        apply_b_dec_to_input: false,
        encoder: eye(1.0),
        encoder_bias: vec![0.0; features],
        decoder: eye(norm),
        decoder_bias: vec![0.0; features],
    };
    Dictionary::new(&exec(), options).unwrap()
}

fn options(features: usize) -> IndexerOptions {
    IndexerOptions { features, top: 20, intervals: 10, per_interval: 4, coactivation: 5, tokens: 4, seed: 3 }
}

fn coordinates(n: usize) -> (Vec<u32>, Vec<u32>) {
    ((0..n).map(|r| (r / CONTEXT) as u32).collect(), (0..n).map(|r| (r % CONTEXT) as u32).collect())
}

/// Token 9 wherever feature 0 fires, else one of 0…8.
fn token_ids(a: &[f32], features: usize) -> Vec<u32> {
    a.chunks_exact(features).enumerate().map(|(r, row)| if row[0] > 0.0 { 9 } else { (r % 9) as u32 }).collect()
}

fn run(exec: &Exec, a: &[f32], features: usize, contexts_per_call: usize, norm: f32) -> IndexResult {
    run_with(exec, &identity(features, norm), a, contexts_per_call)
}

fn run_with(exec: &Exec, dictionary: &Dictionary, a: &[f32], contexts_per_call: usize) -> IndexResult {
    let features = dictionary.features();
    let n = a.len() / features;
    let (contexts, positions) = coordinates(n);
    let rows: Vec<u16> = a.iter().map(|v| (v.to_bits() >> 16) as u16).collect();
    let tokens = token_ids(a, features);
    let mut indexer = Indexer::new(options(features)).unwrap();
    for start in (0..n).step_by(contexts_per_call * CONTEXT) {
        let end = (start + contexts_per_call * CONTEXT).min(n);
        let rows = &rows[start * features..end * features];
        indexer.add(exec, dictionary, rows, &contexts[start..end], &positions[start..end], &tokens[start..end]).unwrap();
    }
    indexer.finish(exec).unwrap()
}

#[test]
fn statistics_are_those_of_the_planted_data() {
    let (n, features) = (6400, 12);
    let a = planted(n, features);
    let r = run(&exec(), &a, features, 50, 1.0);
    assert_eq!(r.tokens, n as u32);
    for i in 0..features {
        let values: Vec<f32> = a.iter().skip(i).step_by(features).copied().filter(|v| *v > 0.0).collect();
        assert_eq!(r.fired[i] as usize, values.len());
        assert_eq!(r.maximum[i], values.iter().copied().fold(0.0, f32::max));
        assert_eq!(r.sum[i], values.iter().map(|v| f64::from(*v)).sum::<f64>());
        assert_eq!(r.sum_squares[i], values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>());
        assert_eq!(r.histogram[i * 40..(i + 1) * 40].iter().sum::<u32>(), r.fired[i]);
    }
    assert_eq!((r.fired[3], r.maximum[3]), (0, 0.0));
}

#[test]
fn a_threshold_of_zero_is_a_topk_that_keeps_all_and_a_higher_one_silences() {
    let (n, features) = (3200, 12);
    let a = planted(n, features);
    let threshold = |theta: f32| {
        let dictionary = with_activation(features, 1.0, Activation::Threshold { theta: vec![theta; features] });
        run_with(&exec(), &dictionary, &a, 7)
    };
    assert_eq!(threshold(0.0), run(&exec(), &a, features, 50, 1.0));
    let above = threshold(1.5);
    for i in 0..features {
        assert_eq!(above.fired[i] as usize, a.iter().skip(i).step_by(features).filter(|v| **v > 1.5).count());
    }
}

#[test]
fn activations_are_in_units_of_the_unit_direction() {
    let a = planted(640, 6);
    let (one, half) = (run(&exec(), &a, 6, 20, 1.0), run(&exec(), &a, 6, 20, 0.5));
    assert_eq!(one.maximum[0] / 2.0, half.maximum[0]);
}

#[test]
fn examples_are_the_strongest_contexts_and_right_in_every_interval() {
    let (n, features) = (6400, 12);
    let a = planted(n, features);
    let r = run(&exec(), &a, features, 50, 1.0);
    let at = |context: u32, position: u32| a[(context as usize * CONTEXT + position as usize) * features];
    let examples = r.example_offsets[0] as usize..r.example_offsets[1] as usize;

    let mut peaks: Vec<(f32, u32)> =
        (0..(n / CONTEXT) as u32).map(|c| ((0..CONTEXT as u32).map(|p| at(c, p)).fold(0.0, f32::max), c)).collect();
    peaks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let strongest: Vec<u32> = examples.clone().take(20).map(|e| r.example_context[e]).collect();
    assert_eq!(strongest, peaks[..20].iter().map(|p| p.1).collect::<Vec<_>>());
    assert!(examples.clone().take(20).all(|e| r.example_interval[e] == STRONGEST));

    for interval in 0..10 {
        let here: Vec<usize> = examples.clone().filter(|&e| r.example_interval[e] == interval).collect();
        assert_eq!(here.len(), 4, "interval {interval}");
        for e in here {
            let share = at(r.example_context[e], r.example_peak[e]) / r.maximum[0] * 10.0;
            assert!(share > interval as f32 && share <= interval as f32 + 1.0 + 1e-5);
        }
    }
    for e in examples {
        let stored: Vec<(u32, f32)> = (r.activation_offsets[e] as usize..r.activation_offsets[e + 1] as usize)
            .map(|x| (r.activation_positions[x], r.activation_values[x]))
            .collect();
        let expected: Vec<(u32, f32)> =
            (0..CONTEXT as u32).map(|p| (p, at(r.example_context[e], p))).filter(|x| x.1 > 0.0).collect();
        assert_eq!(stored, expected);
    }
}

#[test]
fn the_planted_pair_is_found() {
    let r = run(&exec(), &planted(6400, 12), 12, 50, 1.0);
    assert_eq!((r.coactivation_ids[0], r.coactivation_ids[5]), (1, 0));
    assert_eq!((r.coactivation_scores[0], r.coactivation_counts[0]), (1.0, r.fired[0]));
    assert!(r.coactivation_scores[1] < 0.2, "the next neighbour is noise");
    assert_eq!(r.coactivation_ids[3 * 5..4 * 5], [NO_NEIGHBOUR; 5]);
}

#[test]
fn the_planted_token_is_found() {
    let r = run(&exec(), &planted(6400, 12), 12, 50, 1.0);
    assert_eq!((r.token_ids[0], r.token_scores[0], r.token_counts[0]), (9, 1.0, r.fired[0]));
    assert_eq!(r.token_ids[1], NO_NEIGHBOUR, "feature 0 fires on nothing else");
    assert_eq!(r.token_ids[4], 9, "nor does feature 1");
    assert!(r.token_scores[4 * 4] < 0.1, "feature 4 prefers no token");
}

#[test]
fn a_rare_partner_is_found_though_the_frequent_feature_has_forgotten_it() {
    // Feature 0 fires everywhere beside ever-changing others; feature 1 fires 40 times in 20,000 tokens, always with 2.
    let (n, features) = (20_000, 3000);
    let (contexts, positions) = coordinates(n);
    let mut s = Stream(11);
    let mut code = TopKOutput::default();
    for r in 0..n {
        code.indices.push(0);
        code.indices.extend(if r % 500 == 3 {
            [1, 2]
        } else {
            [3 + (s.next() * 1400.0) as u32, 1403 + (s.next() * 1500.0) as u32]
        });
        code.values.extend([1.0, 2.0, 3.0]);
    }
    let mut indexer = Indexer::new(options(features)).unwrap();
    indexer.add_encoded(&exec(), &code, &contexts, &positions, &vec![0; contexts.len()]).unwrap();
    let r = indexer.finish(&exec()).unwrap();
    assert_eq!((r.coactivation_ids[5], r.coactivation_scores[5], r.coactivation_counts[5]), (2, 1.0, 40));
    assert_eq!(r.coactivation_ids[10], 1);
}

#[test]
fn neither_threads_nor_the_cut_into_calls_change_anything() {
    let a = planted(3200, 40);
    let one = run(&Exec::with_threads(CpuPath::Portable, Cancel::new(), 1), &a, 40, 100, 1.0);
    assert_eq!(one, run(&Exec::with_threads(CpuPath::Portable, Cancel::new(), 4), &a, 40, 7, 1.0));
}

#[test]
fn windows_end_where_the_pass_says_and_not_where_a_call_does() {
    // More tokens than a window holds, and more different ones than a feature keeps.
    let n = 5000 * CONTEXT;
    let (contexts, positions) = coordinates(n);
    let mut s = Stream(13);
    let tokens: Vec<u32> = (0..n).map(|_| (s.next() * s.next() * 2000.0) as u32).collect();
    let code = TopKOutput { indices: (0..n).flat_map(|r| [0, 1 + r as u32 % 2]).collect(), values: vec![1.0; 2 * n] };
    let run = |contexts_per_call: usize| {
        let mut indexer = Indexer::new(options(3)).unwrap();
        let step = contexts_per_call * CONTEXT;
        for start in (0..n).step_by(step) {
            let rows = start..(start + step).min(n);
            let entries = 2 * rows.start..2 * rows.end;
            let part = TopKOutput { indices: code.indices[entries.clone()].to_vec(), values: code.values[entries].to_vec() };
            indexer.add_encoded(&exec(), &part, &contexts[rows.clone()], &positions[rows.clone()], &tokens[rows]).unwrap();
        }
        indexer.finish(&exec()).unwrap()
    };
    let whole = run(5000);
    assert_eq!(whole.fired, [n as u32, n as u32 / 2, n as u32 / 2]);
    assert_eq!(whole, run(7));
    assert_eq!(whole, run(1999));
}

#[test]
fn samples_are_spread_over_the_tokens_of_an_interval() {
    // 400 equal activations; each seed keeps 4 of them, and over 100 seeds both halves of the pass are drawn alike.
    let (contexts, positions) = coordinates(400 * CONTEXT);
    let mut early = 0;
    for seed in 0..100 {
        let mut indexer = Indexer::new(IndexerOptions { top: 1, seed, ..options(1) }).unwrap();
        let values = (0..400 * CONTEXT).map(|r| if r % CONTEXT == 5 { 1.0 } else { 0.0 }).collect();
        let code = TopKOutput { indices: vec![0; 400 * CONTEXT], values };
        indexer.add_encoded(&exec(), &code, &contexts, &positions, &vec![0; contexts.len()]).unwrap();
        let r = indexer.finish(&exec()).unwrap();
        assert_eq!(r.example_context.len(), 5);
        early += r.example_context[1..].iter().filter(|c| **c < 200).count();
    }
    assert!((160..240).contains(&early), "{early} of 400 in the first half");
}

#[test]
fn bad_input_is_refused_and_a_cancelled_call_ends_the_pass() {
    let dictionary = identity(2, 1.0);
    let mut indexer = Indexer::new(options(2)).unwrap();
    let mut refused = |rows: &[u16], contexts: &[u32], positions: &[u32]| {
        indexer.add(&exec(), &dictionary, rows, contexts, positions, &vec![1; contexts.len()]).unwrap_err().to_string()
    };
    assert!(refused(&[0; 3], &[0], &[0]).contains("rows has 3 values"));
    assert!(refused(&[0, 0x7f80, 0, 0], &[0, 0], &[0, 1]).contains("row 0 holds NaN or infinity"));
    assert!(refused(&[0; 4], &[1, 0], &[0, 0]).contains("row 1 (context 0, position 0) is out of order"));
    assert!(refused(&[0; 4], &[0, 0], &[4]).contains("2 contexts beside 1 positions and 2 tokens"));
    assert!(Indexer::new(IndexerOptions { intervals: 0, ..options(2) }).err().unwrap().to_string().contains("intervals is 0"));

    indexer.add(&exec(), &dictionary, &[0x3f80; 4], &[5, 6], &[0, 0], &[0, 0]).unwrap();
    let large = indexer.add(&exec(), &dictionary, &[0x3f80; 2], &[7], &[0], &[u32::MAX]).unwrap_err().to_string();
    assert!(large.contains("4294967295 is no token id"));
    let again = indexer.add(&exec(), &dictionary, &[0x3f80; 2], &[6], &[1], &[0]).unwrap_err().to_string();
    assert!(again.contains("context 6 comes after context 6"));
    let stopped = exec();
    stopped.cancel.cancel();
    assert_eq!(indexer.add(&stopped, &dictionary, &[0x3f80; 2], &[7], &[0], &[0]), Err(DictionaryError::Cancelled));
    assert!(indexer.finish(&exec()).unwrap_err().to_string().contains("cut short"));
}

#[test]
fn an_index_of_many_features_holds_nothing_until_rows_come() {
    let mut indexer = Indexer::new(options(1 << 24)).unwrap();
    let error = indexer.add(&exec(), &identity(2, 1.0), &[0x3f80; 2], &[0], &[0], &[0]).unwrap_err().to_string();
    assert!(error.contains("the dictionary has 2 features, the index 16777216"));
    assert_eq!(indexer.records.capacity(), 0);
    assert_eq!(Indexer::new(options(3)).unwrap().finish(&exec()).unwrap().fired, [0; 3]);
}
