//! Keys and values kept between calls, for prefill and decode in one function.

use crate::edits::Edit;
use crate::error::{ModelError, require};
use crate::forward::{check_lengths, check_tokens};
use crate::head::logits;
use crate::hooks::Hooks;
use crate::model::{Form, Model};
use crate::pass::{GROUP_TOKENS, Kv, Part, run};
use lexiscope_kernels::Exec;
use lexiscope_kernels::attention::KvSlot;
use lexiscope_kernels::qkv::QkvRows;

/// Most sequences of one cache; each costs a few hundred bytes a layer before it holds anything.
const LARGEST_ROWS: usize = 4096;
/// A sequence that gets at most so many tokens in a call is multiplied with the weights as the file stores them: that is
/// faster there, and closer to f32. Asked of each sequence alone, so that what runs beside it changes no bit of it.
const FEW_TOKENS: usize = 8;

/// Keys and values of several sequences. Memory grows with the tokens held, not with the capacity.
pub struct KvCache {
    /// [layer][row]
    layers: Vec<Vec<KvSlot>>,
    lengths: Vec<usize>,
    capacity: usize,
}

impl KvCache {
    /// Room for `rows` sequences of at most `capacity` tokens.
    pub fn new(model: &Model, rows: usize, capacity: usize) -> Result<Self, ModelError> {
        let a = &model.architecture;
        require((1..=LARGEST_ROWS).contains(&rows), || format!("a cache of {rows} rows; 1 to {LARGEST_ROWS} are possible"))?;
        require(capacity >= 1 && capacity <= a.context, || {
            format!("a cache of {capacity} tokens a row; the model's context is {}", a.context)
        })?;
        let layers = vec![vec![KvSlot::new(a.kv_heads, a.head_width); rows]; a.layers];
        Ok(Self { layers, lengths: vec![0; rows], capacity })
    }

    /// Tokens held per row.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Shortens every row to at most `length` tokens.
    pub fn truncate(&mut self, length: usize) {
        self.lengths.iter_mut().for_each(|l| *l = (*l).min(length));
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.layers.iter().flatten().map(KvSlot::bytes).sum()
    }
}

impl Model {
    /// Appends `lengths[r]` tokens to every row r and returns the logits of each row's last token, `[rows, V]`; rows
    /// that got no token are NaN. After an error or a cancel the cache is as it was.
    pub fn extend(
        &self,
        exec: &Exec,
        cache: &mut KvCache,
        tokens: &[i32],
        lengths: &[i32],
        edits: &[Edit],
    ) -> Result<Vec<f32>, ModelError> {
        let a = &self.architecture;
        let tokens = check_tokens(tokens, a.vocabulary)?;
        let lengths = check_lengths(lengths, tokens.len())?;
        let rows = cache.lengths.len();
        require(cache.layers.len() == a.layers, || "the cache belongs to another model".into())?;
        require(lengths.len() == rows, || format!("lengths has {} numbers; the cache has {rows} rows", lengths.len()))?;
        for (row, (held, new)) in cache.lengths.iter().zip(&lengths).enumerate() {
            require(held + new <= cache.capacity, || {
                format!("row {row} would hold {} tokens; the cache's capacity is {}", held + new, cache.capacity)
            })?;
        }
        edits.iter().try_for_each(|edit| edit.check(tokens.len(), a.d))?;
        exec.cancel.set_total(tokens.len() as u64);
        let mut last = vec![0.0; rows * a.d];
        let mut offset = 0;
        for spans in pieces(&cache.lengths, &lengths) {
            let len = spans.iter().map(|s| s.len).sum::<usize>();
            let mut hooks = Hooks { d: a.d, offset, taps: &[], outputs: &mut [], edits, last: None };
            let parts = parts(&spans, &lengths);
            let x = run(self, exec, &tokens[offset..offset + len], &spans, &parts, Kv::Cache(&mut cache.layers), &mut hooks)?;
            for span in &spans {
                let end = span.start + span.len;
                if let Some(x) = &x {
                    last[span.slot * a.d..(span.slot + 1) * a.d].copy_from_slice(&x[(end - 1) * a.d..end * a.d]);
                }
            }
            exec.cancel.add_done(len as u64);
            offset += len;
        }
        let out = self.last_logits(exec, &last, &lengths)?;
        cache.lengths.iter_mut().zip(&lengths).for_each(|(held, new)| *held += new);
        Ok(out)
    }

    fn last_logits(&self, exec: &Exec, last: &[f32], lengths: &[usize]) -> Result<Vec<f32>, ModelError> {
        let (d, v) = (self.architecture.d, self.architecture.vocabulary);
        let live: Vec<usize> = (0..lengths.len()).filter(|row| lengths[*row] > 0).collect();
        if live.len() == lengths.len() {
            let mut out = vec![0.0; lengths.len() * v];
            logits(self, exec, Form::Stored, last, &mut out)?;
            return Ok(out);
        }
        let x: Vec<f32> = live.iter().flat_map(|row| &last[row * d..(row + 1) * d]).copied().collect();
        let mut some = vec![0.0; live.len() * v];
        logits(self, exec, Form::Stored, &x, &mut some)?;
        let mut out = vec![f32::NAN; lengths.len() * v];
        for (row, logits) in live.iter().zip(some.chunks_exact(v)) {
            out[row * v..(row + 1) * v].copy_from_slice(logits);
        }
        Ok(out)
    }
}

/// Cuts the new tokens into passes of at most `GROUP_TOKENS`; a long row goes in several, each after the one before.
fn pieces(held: &[usize], lengths: &[usize]) -> Vec<Vec<QkvRows>> {
    let mut pieces: Vec<Vec<QkvRows>> = Vec::new();
    let (mut spans, mut used) = (Vec::new(), 0);
    for (slot, (&held, &len)) in held.iter().zip(lengths).enumerate() {
        let mut done = 0;
        while done < len {
            if used == GROUP_TOKENS {
                pieces.push(std::mem::take(&mut spans));
                used = 0;
            }
            let take = (len - done).min(GROUP_TOKENS - used);
            spans.push(QkvRows { start: used, len: take, past: held + done, slot });
            (done, used) = (done + take, used + take);
        }
    }
    if !spans.is_empty() {
        pieces.push(spans);
    }
    pieces
}

/// The form that each row of a piece is multiplied with, by the tokens that its sequence gets in the whole call.
fn parts(spans: &[QkvRows], lengths: &[usize]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for span in spans {
        let form = if lengths[span.slot] <= FEW_TOKENS { Form::Stored } else { Form::Packed };
        let end = span.start + span.len;
        match parts.last_mut() {
            Some(part) if part.form == form => part.end = end,
            _ => parts.push(Part { end, form }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_go_in_pieces() {
        let cut: Vec<Vec<_>> = pieces(&[5, 7, 0], &[3000, 0, 1500])
            .iter()
            .map(|p| p.iter().map(|s| (s.slot, s.start, s.len, s.past)).collect())
            .collect();
        assert_eq!(cut, [vec![(0, 0, 2048, 5)], vec![(0, 0, 952, 2053), (2, 952, 1096, 0)], vec![(2, 0, 404, 1096)]]);
    }

    #[test]
    fn the_form_of_a_row_depends_on_its_own_sequence() {
        let lengths = [1, 2, 2050, 3];
        let forms: Vec<Vec<_>> = pieces(&[0; 4], &lengths)
            .iter()
            .map(|spans| parts(spans, &lengths).iter().map(|p| (p.end, p.form)).collect())
            .collect();
        let (stored, packed) = (Form::Stored, Form::Packed);
        assert_eq!(forms, [vec![(3, stored), (2048, packed)], vec![(5, packed), (8, stored)]]);
    }
}
