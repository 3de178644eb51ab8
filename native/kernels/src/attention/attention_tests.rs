use super::*;
use crate::{Cancel, CpuPath};

fn slot_of(kv_heads: usize, head_width: usize, keys: &[f32], values: &[f32]) -> KvSlot {
    let width = kv_heads * head_width;
    let mut slot = KvSlot::new(kv_heads, head_width);
    slot.reserve(keys.len() / width).unwrap();
    let rows: Vec<_> = keys.chunks(width).zip(values.chunks(width)).collect();
    for (panel, rows) in slot.panels_mut().zip(rows.chunks(16)) {
        let mut panel = panel;
        for (lane, (k, v)) in rows.iter().enumerate() {
            panel.write(lane, k, v);
        }
    }
    slot
}

/// The definition, in f64. Queries already scaled.
fn plain(shape: AttentionShape, q: &[f32], k: &[f32], v: &[f32], past: usize) -> Vec<f64> {
    let AttentionShape { heads, kv_heads, head_width } = shape;
    let (qw, kw) = (heads * head_width, kv_heads * head_width);
    let mut out = vec![0.0; q.len()];
    for t in 0..q.len() / qw {
        for h in 0..heads {
            let kh = h / (heads / kv_heads);
            let e: Vec<f64> = (0..=past + t)
                .map(|j| {
                    (0..head_width)
                        .map(|i| f64::from(q[t * qw + h * head_width + i]) * f64::from(k[j * kw + kh * head_width + i]))
                        .sum()
                })
                .collect();
            let top = e.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = e.iter().map(|e| (e - top).exp()).sum();
            for i in 0..head_width {
                out[t * qw + h * head_width + i] =
                    e.iter().enumerate().map(|(j, e)| (e - top).exp() / sum * f64::from(v[j * kw + kh * head_width + i])).sum();
            }
        }
    }
    out
}

fn noise(n: usize, seed: u32) -> Vec<f32> {
    let mut s = seed;
    (0..n)
        .map(|_| {
            s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (s >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

#[test]
fn f51_two_tokens() {
    let scale = 1.0 / 2f32.sqrt();
    let slot = slot_of(1, 2, &[1.0, 0.0, 0.0, 2.0], &[1.0, 2.0, 3.0, 4.0]);
    for path in CpuPath::ALL {
        let mut out = [0.0; 4];
        let shape = AttentionShape { heads: 1, kv_heads: 1, head_width: 2 };
        let rows = [AttentionRows { start: 0, len: 2, past: 0, slot: &slot }];
        attention(&Exec::new(path, Cancel::new()), shape, &[scale, 0.0, scale, scale], 2, &rows, &mut out).unwrap();
        for (y, expected) in out.iter().zip([1.0, 2.0, 2.339_523, 3.339_523]) {
            assert!((y - expected).abs() < 1e-6, "{path:?}: {y} {expected}");
        }
    }
}

#[test]
fn agrees_with_the_definition_over_odd_shapes() {
    for (heads, kv_heads, head_width, past, len) in [
        (9, 3, 64, 0, 37),
        (9, 3, 64, 51, 1),
        (8, 4, 8, 3, 18),
        (4, 4, 24, 0, 33),
        (6, 1, 80, 17, 5),
        (14, 2, 72, 0, 20),
        (1, 1, 2, 0, 1),
    ] {
        let shape = AttentionShape { heads, kv_heads, head_width };
        let q = noise(len * heads * head_width, 1);
        let (k, v) = (noise((past + len) * kv_heads * head_width, 2), noise((past + len) * kv_heads * head_width, 3));
        let slot = slot_of(kv_heads, head_width, &k, &v);
        let expected = plain(shape, &q, &k, &v, past);
        for path in CpuPath::ALL {
            let mut out = vec![f32::NAN; q.len()];
            let rows = [AttentionRows { start: 0, len, past, slot: &slot }];
            attention(&Exec::new(path, Cancel::new()), shape, &q, heads * head_width, &rows, &mut out).unwrap();
            for (y, e) in out.iter().zip(&expected) {
                assert!((f64::from(*y) - e).abs() < 3e-6, "{path:?} {shape:?}: {y} {e}");
            }
        }
    }
}

#[test]
fn a_row_has_the_same_bits_alone_and_in_a_batch() {
    let shape = AttentionShape { heads: 9, kv_heads: 3, head_width: 64 };
    let len = 45;
    let q = noise(len * 576, 5);
    let (k, v) = (noise(len * 192, 6), noise(len * 192, 7));
    let slot = slot_of(3, 64, &k, &v);
    for path in CpuPath::ALL {
        let exec = Exec::new(path, Cancel::new());
        let mut whole = vec![0.0; q.len()];
        attention(&exec, shape, &q, 576, &[AttentionRows { start: 0, len, past: 0, slot: &slot }], &mut whole).unwrap();
        for t in [0, 1, 16, 31, 44] {
            let mut one = vec![0.0; 576];
            let rows = [AttentionRows { start: 0, len: 1, past: t, slot: &slot }];
            attention(&exec, shape, &q[t * 576..(t + 1) * 576], 576, &rows, &mut one).unwrap();
            assert_eq!(one, whole[t * 576..(t + 1) * 576], "{path:?} {t}");
        }
    }
}
