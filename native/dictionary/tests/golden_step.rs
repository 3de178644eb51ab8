//! Training steps equal PyTorch's (scripts/golden/topk_step.py, relu_step.py): losses, dead latents, every weight.

use lexiscope_dictionary::{Architecture, Rates, ReluOptions, Screen, StateArray, Trainer, TrainerOptions};
use lexiscope_kernels::adam::AdamOptions;
use lexiscope_kernels::{Cancel, CpuPath, Exec, simd};
use serde_json::Value;

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn close(name: &str, ours: &[f32], golden: &[f32]) {
    assert_eq!(ours.len(), golden.len(), "{name}");
    for (i, (a, b)) in ours.iter().zip(golden).enumerate() {
        assert!((a - b).abs() <= 2e-6 + 1e-5 * b.abs(), "{name}[{i}]: {a}, PyTorch has {b}");
    }
}

#[test]
fn steps_equal_pytorchs() {
    let golden: Value = serde_json::from_str(include_str!("fixtures/topk_step.json")).unwrap();
    let number = |name: &str| golden[name].as_f64().unwrap();
    let (d, features) = (number("d") as usize, number("features") as usize);
    let exec = Exec::new(CpuPath::best(), Cancel::new());
    let options = TrainerOptions {
        architecture: Architecture::TopK,
        d,
        features,
        k: number("k") as usize,
        seed: 0,
        scale: 1.0,
        decoder_bias: vec![0.0; d],
        encoder_scale: 1.0,
        adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: number("epsilon") },
        aux_coefficient: number("aux_coefficient") as f32,
        aux_k: number("aux_k") as usize,
        dead_after: number("dead_after") as u64,
        freeze_decoder: false,
        screen: Screen::Exact,
    };
    let mut trainer = Trainer::new(&exec, options).unwrap();
    let mut state: Vec<StateArray> = trainer.state().into_iter().map(StateArray::into_owned).collect();
    for array in &mut state {
        if let Some(values) = golden["start"].get(&*array.name) {
            array.data = bytemuck::cast_slice::<f32, u8>(&floats(values)).to_vec().into();
        }
    }
    trainer.load(&state).unwrap();

    let mut dead = 0;
    for (batch, expected) in golden["batches"].as_array().unwrap().iter().zip(golden["steps"].as_array().unwrap()) {
        let x = floats(batch);
        let mut pool = vec![0; x.len()];
        simd::bf16_from_f32(&x, &mut pool);
        let rows: Vec<u32> = (0..(x.len() / d) as u32).collect();
        let metrics = trainer.step(&exec, &pool, &rows, number("learning_rate")).unwrap();
        let expect = |name: &str| expected[name].as_f64().unwrap();
        close("loss", &[metrics.loss as f32, metrics.aux_loss as f32], &[expect("loss") as f32, expect("aux_loss") as f32]);
        assert_eq!(metrics.dead, expect("dead") as usize);
        assert!((metrics.l0 - expect("l0")).abs() < 1e-6);
        for array in trainer.state() {
            if let Some(values) = expected["weights"].get(&*array.name) {
                let ours: Vec<f32> = array.data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                close(&array.name, &ours, &floats(values));
            }
        }
        dead += metrics.dead;
    }
    assert!(dead > 0, "AuxK must have been at work");
}

/// PyTorch's autograd, clipping and Adam on the weights of every step.
fn relu_steps_equal_pytorchs(path: CpuPath, dense: bool) {
    let golden: Value = serde_json::from_str(include_str!("fixtures/relu_step.json")).unwrap();
    let number = |name: &str| golden[name].as_f64().unwrap();
    let (d, features) = (number("d") as usize, number("features") as usize);
    let exec = Exec::new(path, Cancel::new());
    let options = TrainerOptions {
        architecture: Architecture::Relu(ReluOptions { decoder_norm: 0.1, clip_norm: number("clip_norm") }),
        d,
        features,
        k: 0,
        seed: 0,
        scale: 1.0,
        decoder_bias: vec![0.0; d],
        encoder_scale: 1.0,
        adam: AdamOptions { beta1: 0.9, beta2: 0.999, epsilon: number("epsilon") },
        aux_coefficient: 0.0,
        aux_k: 0,
        dead_after: u64::MAX,
        freeze_decoder: false,
        screen: Screen::Exact,
    };
    let mut trainer = Trainer::new(&exec, options).unwrap();
    let replace = |trainer: &mut Trainer, with_start: bool| {
        let mut state: Vec<StateArray> = trainer.state().into_iter().map(StateArray::into_owned).collect();
        for array in &mut state {
            if array.name == "dense" {
                array.data = bytemuck::cast_slice::<u64, u8>(&[u64::from(dense)]).to_vec().into();
            } else if let (true, Some(values)) = (with_start, golden["start"].get(&*array.name)) {
                array.data = bytemuck::cast_slice::<f32, u8>(&floats(values)).to_vec().into();
            }
        }
        trainer.load(&state).unwrap();
    };
    replace(&mut trainer, true);
    for (batch, expected) in golden["batches"].as_array().unwrap().iter().zip(golden["steps"].as_array().unwrap()) {
        replace(&mut trainer, false);
        let x = floats(batch);
        let mut pool = vec![0; x.len()];
        simd::bf16_from_f32(&x, &mut pool);
        let rows: Vec<u32> = (0..(x.len() / d) as u32).collect();
        let expect = |name: &str| expected[name].as_f64().unwrap();
        let rates = Rates { learning_rate: number("learning_rate"), penalty: expect("penalty") };
        let metrics = trainer.step_at(&exec, &pool, &rows, rates).unwrap();
        assert_eq!(metrics.dense, dense);
        assert!((metrics.l0 - expect("l0")).abs() < 1e-6);
        for (name, ours) in [("loss", metrics.loss), ("l1", metrics.l1), ("gradient_norm", metrics.gradient_norm)] {
            close(name, &[ours as f32], &[expect(name) as f32]);
        }
        for array in trainer.state() {
            if let Some(values) = expected["weights"].get(&*array.name) {
                let ours: Vec<f32> = array.data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
                close(&array.name, &ours, &floats(values));
            }
        }
    }
}

#[test]
fn relu_steps_equal_pytorchs_on_both_paths() {
    for path in CpuPath::ALL.into_iter().filter(|p| p.available()) {
        for dense in [true, false] {
            relu_steps_equal_pytorchs(path, dense);
        }
    }
}
