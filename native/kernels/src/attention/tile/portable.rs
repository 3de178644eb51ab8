//! The tile in plain Rust: the reference of the fast ones.

use super::super::kv::{KvSlot, PANEL};

/// `scores[r·stride + t] = queries[r]·k_t` for all keys up to `stride`.
pub fn scores(slot: &KvSlot, kv_head: usize, queries: &[f32], rows: usize, stride: usize, scores: &mut [f32]) {
    let head_width = queries.len() / rows;
    for (r, query) in queries.chunks_exact(head_width).enumerate() {
        for panel in 0..stride / PANEL {
            let mut acc = [0f32; PANEL];
            for (q, keys) in query.iter().zip(slot.key_panel(panel, kv_head).chunks_exact(PANEL)) {
                for (acc, k) in acc.iter_mut().zip(keys) {
                    *acc += q * k;
                }
            }
            scores[r * stride + panel * PANEL..][..PANEL].copy_from_slice(&acc);
        }
    }
}

/// `results[r] = scale[r] · Σ_t weights[r·stride + t] · v_t`
pub fn values(
    slot: &KvSlot,
    kv_head: usize,
    weights: &[f32],
    stride: usize,
    keys: usize,
    scale: &[f32],
    results: &mut [&mut [f32]],
) {
    let (v, v_stride) = slot.values(kv_head);
    for (r, result) in results.iter_mut().enumerate() {
        result.fill(0.0);
        for t in 0..keys {
            let weight = weights[r * stride + t];
            for (y, v) in result.iter_mut().zip(&v[t * v_stride..]) {
                *y += weight * v;
            }
        }
        for y in result.iter_mut() {
            *y *= scale[r];
        }
    }
}
