//! Causal attention in f32 with grouped key/value heads.
//!
//! The result of a row depends on its own query and on the keys before it only, never on the tile it was computed in:
//! a row decoded from a cache has the bits of the same row in a prefill.

mod kv;
mod tile;

pub(crate) use kv::PANEL;
pub use kv::{KvPanel, KvSlot};

use crate::{Cancelled, Exec, SharedMut};
use std::cell::RefCell;

/// Queries that one chunk of work takes.
const QUERIES: usize = 16;

/// With so few queries the time is that of reading keys and values.
const FEW: usize = 2;

/// H query heads in groups that share one of Hkv key/value heads; hd is the width of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_width: usize,
}

/// `len` new tokens of one sequence: rows `start..start + len` of the batch, after `past` tokens that the slot holds.
/// The slot holds the new tokens' keys and values too.
pub struct AttentionRows<'a> {
    pub start: usize,
    pub len: usize,
    pub past: usize,
    pub slot: &'a KvSlot,
}

thread_local! {
    static SCRATCH: RefCell<(Vec<f32>, Vec<f32>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// `out [n, H·hd] = softmax(q·kᵀ)·v`, head h reading key/value head ⌊h·Hkv/H⌋. Row r's query heads begin at
/// `q[r·q_stride]` and carry the factor 1/√hd already.
pub fn attention(
    exec: &Exec,
    shape: AttentionShape,
    q: &[f32],
    q_stride: usize,
    sequences: &[AttentionRows<'_>],
    out: &mut [f32],
) -> Result<(), Cancelled> {
    let AttentionShape { heads, kv_heads, head_width } = shape;
    let group = heads / kv_heads;
    let width = heads * head_width;
    assert!(heads == group * kv_heads && q_stride >= width, "heads must be a multiple of kv_heads, rows must hold them");
    let mut chunks = Vec::new();
    for (s, rows) in sequences.iter().enumerate() {
        assert!(rows.slot.tokens() >= rows.past + rows.len, "the slot must hold the keys of its queries");
        assert!((rows.start + rows.len) * width <= out.len(), "out must be [n, H hd]");
        assert!(rows.slot.shape() == (kv_heads, head_width), "the slot must be of the same heads");
        for first in (0..rows.len).step_by(QUERIES) {
            chunks.extend((0..kv_heads).map(|kv_head| (s, kv_head, first)));
        }
    }
    // The last queries of a sequence see the most keys; they go first so that no thread ends alone with one of them.
    chunks.reverse();
    let out = SharedMut::new(out);
    exec.run(chunks.len(), |chunk| {
        let (s, kv_head, first) = chunks[chunk];
        let rows = &sequences[s];
        let last = rows.len.min(first + QUERIES);
        if rows.len <= FEW {
            rows.slot.prefetch(kv_head, rows.past + last);
        }
        SCRATCH.with_borrow_mut(|(queries, scores)| {
            // Row i of this chunk is head i % group of query first + i / group.
            let total = (last - first) * group;
            let place = |i: usize| (rows.start + first + i / group, (kv_head * group + i % group) * head_width);
            for at in (0..total).step_by(tile::ROWS) {
                let count = tile::ROWS.min(total - at);
                queries.clear();
                for i in at..at + count {
                    let (token, offset) = place(i);
                    queries.extend_from_slice(&q[token * q_stride + offset..][..head_width]);
                }
                let mut visible = [0; tile::ROWS];
                for (i, visible) in visible[..count].iter_mut().enumerate() {
                    *visible = rows.past + first + (at + i) / group + 1;
                }
                let mut results: [&mut [f32]; tile::ROWS] = Default::default();
                for (i, result) in results[..count].iter_mut().enumerate() {
                    let (token, offset) = place(at + i);
                    // SAFETY: these columns of this token belong to this chunk alone.
                    *result = unsafe { out.slice(token * width + offset, head_width) };
                }
                tile::attend(exec.path, rows.slot, kv_head, queries, &visible[..count], scores, &mut results[..count]);
            }
        });
    })
}

#[cfg(test)]
#[path = "attention/attention_tests.rs"]
mod tests;
