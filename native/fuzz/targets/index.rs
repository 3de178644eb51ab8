//! One pass over a store whose contexts, positions, tokens and rows are anything.
#![no_main]

use arbitrary::Arbitrary;
use lexiscope_dictionary::{Activation, Dictionary, DictionaryOptions, Indexer, IndexerOptions};
use lexiscope_kernels::{Cancel, CpuPath, Exec};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    calls: Vec<Vec<(u8, u8, u32, u16)>>,
    raw: Option<(u32, u32)>,
    top: u16,
    intervals: u8,
}

fuzz_target!(|input: Input| {
    let exec = Exec::new(CpuPath::Portable, Cancel::default());
    let (d, features) = (2, 4);
    let matrix: Vec<f32> = (0..d * features).map(|i| (i as f32 - 3.5) / 4.0).collect();
    let dictionary = Dictionary::new(
        &exec,
        DictionaryOptions {
            d,
            features,
            activation: Activation::TopK { k: 2 },
            apply_b_dec_to_input: false,
            encoder: matrix.clone(),
            encoder_bias: vec![0.0; features],
            decoder: matrix,
            decoder_bias: vec![0.0; d],
        },
    )
    .unwrap();
    let options = IndexerOptions {
        features,
        top: input.top as usize,
        intervals: input.intervals as usize,
        per_interval: 2,
        coactivation: 2,
        tokens: 2,
        seed: 1,
    };
    let Ok(mut indexer) = Indexer::new(options) else { return };
    for call in input.calls.iter().take(4) {
        let rows: Vec<u16> = call.iter().flat_map(|c| [c.3, 0x3f80]).collect();
        let mut contexts: Vec<u32> = call.iter().map(|c| u32::from(c.0)).collect();
        let positions: Vec<u32> = call.iter().map(|c| u32::from(c.1)).collect();
        let tokens: Vec<u32> = call.iter().map(|c| c.2 % (1 << 23)).collect();
        if let (Some((at, value)), false) = (input.raw, contexts.is_empty()) {
            let at = at as usize % contexts.len();
            contexts[at] = value;
        }
        let _ = indexer.add(&exec, &dictionary, &rows, &contexts, &positions, &tokens);
    }
    let _ = indexer.finish(&exec);
});
