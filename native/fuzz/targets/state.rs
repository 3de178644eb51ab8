//! A trainer's state as a checkpoint brings it, of either recipe: any arrays; what was taken must train on.
#![no_main]

use arbitrary::Arbitrary;
use lexiscope_dictionary::{Architecture, Rates, ReluOptions, Screen, StateArray, StateType, Trainer, TrainerOptions};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::{Cancel, CpuPath, Exec};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    relu: bool,
    screen: u8,
    changes: Vec<Change>,
}

#[derive(Arbitrary, Debug)]
struct Change {
    array: u8,
    name: Option<String>,
    u64s: bool,
    shape: Option<Vec<u64>>,
    /// Every word of the array: a counter near its end, floats near theirs.
    word: Option<u64>,
    byte: u16,
    value: u8,
    cut: u8,
}

fuzz_target!(|input: Input| {
    let Input { relu, screen, changes } = input;
    let exec = Exec::new(CpuPath::Portable, Cancel::default());
    let (d, features) = (4, 8);
    let options = TrainerOptions {
        architecture: if relu {
            Architecture::Relu(ReluOptions { decoder_norm: 0.1, clip_norm: 1.0 })
        } else {
            Architecture::TopK
        },
        d,
        features,
        k: 2,
        seed: 1,
        scale: 1.0,
        decoder_bias: vec![0.0; d],
        encoder_scale: 1.0,
        adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        aux_coefficient: 0.1,
        aux_k: 2,
        dead_after: 10,
        freeze_decoder: false,
        screen: [Screen::Exact, Screen::ExactLow, Screen::EightBits][screen as usize % 3],
    };
    let mut trainer = Trainer::new(&exec, options).unwrap();
    let mut arrays: Vec<StateArray<'static>> = trainer
        .state()
        .into_iter()
        .map(|a| StateArray { name: a.name.into_owned().into(), kind: a.kind, shape: a.shape, data: a.data.into_owned().into() })
        .collect();
    for change in changes.iter().take(8) {
        let at = change.array as usize % arrays.len();
        let array = &mut arrays[at];
        if let Some(name) = &change.name {
            array.name = name.clone().into();
        }
        if change.u64s {
            array.kind = StateType::U64;
        }
        if let Some(shape) = &change.shape {
            array.shape = shape.iter().map(|n| *n as usize).collect();
        }
        let mut data = array.data.to_vec();
        if let Some(word) = change.word {
            data.chunks_exact_mut(4)
                .zip(word.to_le_bytes().chunks_exact(4).cycle())
                .for_each(|(to, four)| to.copy_from_slice(four));
        } else if !data.is_empty() {
            let byte = change.byte as usize % data.len();
            data[byte] = change.value;
            data.truncate(data.len() - (change.cut as usize % 3) * 4 % data.len());
        }
        array.data = data.into();
    }
    if trainer.load(&arrays).is_ok() {
        let pool: Vec<u16> = (0..32u16).map(|i| 0x3f00 + i).collect();
        let rates = Rates { learning_rate: 1e-3, penalty: if relu { 1.0 } else { 0.0 } };
        for _ in 0..2 {
            let _ = trainer.step_at(&exec, &pool, &[0, 1, 2, 7], rates);
        }
        let _ = trainer.weights();
    }
});
