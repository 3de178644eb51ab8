//! What happens between the q|k|v product and attention.

use crate::attention::{AttentionShape, KvPanel, KvSlot, PANEL};
use crate::rope::RopeTable;
use crate::{Cancelled, Exec, SharedMut};

/// `len` tokens at rows `start…` of a batch, written to slot `slot` from position `past` on.
#[derive(Clone, Copy, Debug)]
pub struct QkvRows {
    pub start: usize,
    pub len: usize,
    pub past: usize,
    pub slot: usize,
}

struct Work<'a> {
    panel: KvPanel<'a>,
    lane: usize,
    row: usize,
    position: usize,
    len: usize,
}

/// Rows of `qkv [n, (H + 2·Hkv)·hd]`: rotates q and scales it by 1/√hd in place, rotates k, and stores k and v in the
/// slots, which must have room. A slot takes at most one entry of `sequences`.
pub fn rotate_and_store(
    exec: &Exec,
    shape: AttentionShape,
    rope: &RopeTable,
    qkv: &mut [f32],
    sequences: &[QkvRows],
    slots: &mut [KvSlot],
) -> Result<(), Cancelled> {
    let AttentionShape { heads, kv_heads, head_width } = shape;
    let (q_width, kv_width) = (heads * head_width, kv_heads * head_width);
    let width = q_width + 2 * kv_width;
    let scale = 1.0 / (head_width as f32).sqrt();
    let mut work = Vec::new();
    let mut by_slot: Vec<Option<&QkvRows>> = vec![None; slots.len()];
    for rows in sequences.iter().filter(|rows| rows.len > 0) {
        assert!(
            slots[rows.slot].tokens() >= rows.past + rows.len && rope.positions() >= rows.past + rows.len,
            "room for the tokens"
        );
        assert!(by_slot[rows.slot].replace(rows).is_none(), "a slot takes one sequence");
    }
    for (slot, rows) in slots.iter_mut().zip(by_slot) {
        let Some(rows) = rows else { continue };
        let end = rows.past + rows.len;
        for (index, panel) in slot.panels_mut().enumerate().skip(rows.past / PANEL).take_while(|(index, _)| index * PANEL < end) {
            let position = rows.past.max(index * PANEL);
            let len = end.min((index + 1) * PANEL) - position;
            work.push(Work { panel, lane: position % PANEL, row: rows.start + position - rows.past, position, len });
        }
    }
    let rows = SharedMut::new(qkv);
    let chunks = work.len();
    let work = SharedMut::new(&mut work);
    exec.run(chunks, |chunk| {
        // SAFETY: an entry of `work` belongs to one chunk, and so do its rows.
        let work = unsafe { &mut work.slice(chunk, 1)[0] };
        for t in 0..work.len {
            // SAFETY: as above.
            let row = unsafe { rows.slice((work.row + t) * width, width) };
            let (q, kv) = row.split_at_mut(q_width);
            for head in q.chunks_exact_mut(head_width) {
                rope.rotate(exec.path, work.position + t, head);
                head.iter_mut().for_each(|x| *x *= scale);
            }
            let (k, v) = kv.split_at_mut(kv_width);
            for head in k.chunks_exact_mut(head_width) {
                rope.rotate(exec.path, work.position + t, head);
            }
            work.panel.write(work.lane + t, k, v);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{AttentionRows, attention};
    use crate::{Cancel, CpuPath};

    #[test]
    fn storing_in_pieces_is_storing_at_once() {
        let shape = AttentionShape { heads: 4, kv_heads: 2, head_width: 4 };
        let rope = RopeTable::new(10_000.0, 4, None, 64);
        let rows: Vec<f32> = (0..37 * 32).map(|i| ((i * 53) % 97) as f32 / 50.0 - 1.0).collect();
        for path in CpuPath::ALL {
            let exec = Exec::new(path, Cancel::new());
            let run = |cuts: &[usize]| {
                let mut slots = vec![KvSlot::new(2, 4); 2];
                slots[1].reserve(37).unwrap();
                let mut out = Vec::new();
                for cut in cuts.windows(2) {
                    let (past, len) = (cut[0], cut[1] - cut[0]);
                    let mut qkv = rows[past * 32..cut[1] * 32].to_vec();
                    rotate_and_store(&exec, shape, &rope, &mut qkv, &[QkvRows { start: 0, len, past, slot: 1 }], &mut slots)
                        .unwrap();
                    let mut heads = vec![0.0; len * 16];
                    let sequence = [AttentionRows { start: 0, len, past, slot: &slots[1] }];
                    attention(&exec, shape, &qkv, 32, &sequence, &mut heads).unwrap();
                    out.extend(heads);
                }
                out
            };
            assert_eq!(run(&[0, 13, 14, 32, 37]), run(&[0, 37]), "{path:?}");
        }
    }

    #[test]
    fn queries_are_scaled_and_rotated() {
        let shape = AttentionShape { heads: 1, kv_heads: 1, head_width: 4 };
        let rope = RopeTable::new(10_000.0, 4, None, 8);
        let mut slots = [KvSlot::new(1, 4)];
        slots[0].reserve(4).unwrap();
        let mut qkv = [1.0, 2.0, 3.0, 4.0, 0.5, -1.0, 2.0, 0.0, 7.0, 8.0, 9.0, 6.0];
        let exec = Exec::new(CpuPath::Portable, Cancel::new());
        rotate_and_store(&exec, shape, &rope, &mut qkv, &[QkvRows { start: 0, len: 1, past: 3, slot: 0 }], &mut slots).unwrap();
        for (q, expected) in qkv.iter().zip([-1.413_352_5, 1.879_118, -2.828_857_5, 4.058_191]) {
            assert!((q - expected / 2.0).abs() < 1e-6);
        }
        assert_eq!(qkv[8..], [7.0, 8.0, 9.0, 6.0]);
    }
}
