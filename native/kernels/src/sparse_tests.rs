use super::*;
use proptest::prelude::*;

#[test]
fn inverts_a_code_and_leaves_out_zeros() {
    let inverted = Inverted::new(4, 2, &[1, 3, 3, 0, 1, 2], &[0.5, 0.0, 2.0, 1.0, 3.0, -1.0]);
    assert_eq!(inverted.entries(0), (&[1u32][..], &[1f32][..]));
    assert_eq!(inverted.entries(1), (&[0u32, 2][..], &[0.5f32, 3.0][..]));
    assert_eq!(inverted.entries(2), (&[][..], &[][..]));
    assert_eq!(inverted.entries(3), (&[1u32][..], &[2f32][..]));
    assert!(inverted.fired(0) && !inverted.fired(2));
    assert_eq!(inverted.len(), 4);
}

/// F20's arrays with λ = 0: g = 2(x̂ − x) = [1, 1], ∂f = g·d, ∂d = f·g, ∂e = ∂f·x.
#[test]
fn f20_gradients_of_the_reconstruction() {
    let (x, residual) = ([1f32, 2.0], [-0.5f32, -0.5]);
    let loss = ReconstructionLoss { factor: -2.0, residual: &residual };
    for (f, direction, bias, decoder, encoder) in
        [(1.0, [1f32, 0.0], 1.0, [1f32, 1.0], [1f32, 2.0]), (1.5, [0.0, 2.0], 2.0, [1.5, 1.5], [2.0, 4.0])]
    {
        let (mut dd, mut de) = ([0f32; 2], [0f32; 2]);
        let db =
            add_feature_gradient(CpuPath::Portable, loss, &[0], &[f], &x, &direction, Some(&mut dd), &mut de, &mut Vec::new());
        assert_eq!((db, dd, de), (bias, decoder, encoder));
    }
}

proptest! {
    #[test]
    fn sums_match_one_axpy_at_a_time_on_every_path(
        d in 1usize..70, entries in proptest::collection::vec((0u32..9, -2f32..2.0), 0..11), seed in 0u32..1000,
    ) {
        let value = |i: u32| ((i.wrapping_mul(2_654_435_761) ^ seed) % 1009) as f32 / 504.5 - 1.0;
        let x: Vec<f32> = (0..9 * d as u32).map(value).collect();
        let (rows, f): (Vec<u32>, Vec<f32>) = entries.into_iter().unzip();
        let mut expected = vec![0.25f32; d];
        for (&r, &f) in rows.iter().zip(&f) {
            for (y, x) in expected.iter_mut().zip(&x[r as usize * d..]) {
                *y += (-f) * x;
            }
        }
        for path in CpuPath::ALL {
            let mut y = vec![0.25f32; d];
            subtract_decoded(path, &rows, &f, &x, &mut y);
            prop_assert_eq!(&y, &expected);
        }
    }
}
