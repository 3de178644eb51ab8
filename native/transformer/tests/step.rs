//! A step is `extend` and a choice.

mod common;

use common::{exec, paths, tiny, tokens};
use lexiscope_kernels::Precision;
use lexiscope_kernels::choose::{Choosing, choose};
use lexiscope_transformer::KvCache;

const V: usize = 101;

#[test]
fn a_step_chooses_from_the_logits_that_extend_gives() {
    for path in paths() {
        let exec = exec(path);
        let model = tiny(&exec, Precision::Fast);
        let mut caches = [(); 2].map(|()| KvCache::new(&model, 3, 30).unwrap());
        let units = [0.9, 0.1, 0.5];
        for (lengths, temperature) in [([9, 4, 1], 0.0), ([1, 0, 1], 1.0), ([1, 1, 1], 0.6)] {
            let new = tokens(lengths.iter().sum::<i32>() as usize);
            let how = Choosing { vocabulary: 97, temperature, top: 3 };
            let logits = model.extend(&exec, &mut caches[0], &new, &lengths, &[]).unwrap();
            let choices = model.step(&exec, &mut caches[1], &new, &lengths, &[], how, &units).unwrap();
            for (r, choice) in choices.into_iter().enumerate() {
                let expected = if lengths[r] > 0 { choose(path, &logits[r * V..(r + 1) * V], how, units[r]) } else { None };
                assert_eq!((choice.is_some(), &choice), (lengths[r] > 0, &expected), "{path:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_chosen_by_is_refused() {
    let exec = exec(lexiscope_kernels::CpuPath::best());
    let model = tiny(&exec, Precision::Exact);
    let mut cache = KvCache::new(&model, 1, 30).unwrap();
    let how = Choosing { vocabulary: 101, temperature: 1.0, top: 0 };
    for (how, units) in [
        (how, &[1.0][..]),
        (how, &[f64::NAN]),
        (how, &[]),
        (Choosing { vocabulary: 102, ..how }, &[0.0]),
        (Choosing { vocabulary: 0, ..how }, &[0.0]),
        (Choosing { temperature: -1.0, ..how }, &[0.0]),
        (Choosing { temperature: f32::NAN, ..how }, &[0.0]),
        (Choosing { top: 1025, ..how }, &[0.0]),
    ] {
        assert!(model.step(&exec, &mut cache, &[1], &[1], &[], how, units).is_err());
    }
    assert_eq!(cache.lengths(), [0]);
}
