//! One pass over a batch of sequences without a cache.

use crate::edits::Edit;
use crate::error::{ModelError, require};
use crate::head::Head;
use crate::hooks::Hooks;
use crate::model::{Form, Model};
use crate::pass::{GROUP_TOKENS, Kv, Part, run};
use crate::site::Site;
use crate::taps::{Tap, TapOutput};
use lexiscope_kernels::Exec;
use lexiscope_kernels::attention::KvSlot;
use lexiscope_kernels::qkv::QkvRows;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logits {
    /// The pass stops at the deepest tap.
    None,
    Nll,
    /// Also all of them, [n, V].
    Full,
}

/// n tokens of several sequences, one after the other.
pub struct ForwardInput<'a> {
    pub tokens: &'a [i32],
    pub lengths: &'a [i32],
    pub taps: &'a [Tap],
    pub edits: &'a [Edit],
    pub logits: Logits,
    /// With logits: this many of the most likely next tokens of every position.
    pub top: usize,
}

#[derive(Default)]
pub struct ForwardOutput {
    /// One a tap.
    pub taps: Vec<TapOutput>,
    pub head: Option<HeadOutput>,
}

/// What comes of the logits of n tokens.
#[derive(Default)]
pub struct HeadOutput {
    /// [n] −log p of the next token of the sequence, nats; NaN at its last position.
    pub nll: Vec<f32>,
    /// [n] log Σ e^logit
    pub log_sum_exp: Vec<f32>,
    /// [n, top]
    pub top_ids: Vec<i32>,
    pub top_logprobs: Vec<f32>,
    /// [n, V], or empty
    pub logits: Vec<f32>,
}

impl Model {
    /// Runs the sequences; see [`ForwardInput`]. Taps see a site's activation after its edits.
    pub fn forward(&self, exec: &Exec, input: &ForwardInput<'_>) -> Result<ForwardOutput, ModelError> {
        let a = &self.architecture;
        let tokens = check_tokens(input.tokens, a.vocabulary)?;
        let lengths = check_lengths(input.lengths, tokens.len())?;
        for (row, len) in lengths.iter().enumerate() {
            require(*len <= a.context, || format!("sequence {row} has {len} tokens; the model's context is {}", a.context))?;
        }
        input.taps.iter().try_for_each(|tap| tap.check(tokens.len()))?;
        input.edits.iter().try_for_each(|edit| edit.check(tokens.len(), a.d))?;
        let mut taps = input.taps.iter().map(|tap| tap.output(tokens.len(), a.d)).collect::<Result<Vec<_>, _>>()?;
        let last: Option<Site> = input.taps.iter().map(|t| t.site).max();
        let mut head = match input.logits {
            Logits::None if last.is_none() => return Ok(ForwardOutput::default()),
            Logits::None => None,
            Logits::Nll => Some(Head::new(self, tokens.len(), input.top, false)?),
            Logits::Full => Some(Head::new(self, tokens.len(), input.top, true)?),
        };
        exec.cancel.set_total(tokens.len() as u64);
        let mut offset = 0;
        for group in groups(&lengths) {
            let mut spans = Vec::new();
            let mut len = 0;
            for (slot, length) in group.iter().enumerate() {
                spans.push(QkvRows { start: len, len: *length, past: 0, slot });
                len += length;
            }
            let mut slots = vec![KvSlot::new(a.kv_heads, a.head_width); spans.len()];
            let stop = if head.is_none() { last } else { None };
            let mut hooks = Hooks { d: a.d, offset, taps: input.taps, outputs: &mut taps, edits: input.edits, last: stop };
            let rows = &tokens[offset..offset + len];
            let x = run(self, exec, rows, &spans, &[Part { end: len, form: Form::Packed }], Kv::Scratch(&mut slots), &mut hooks)?;
            if let (Some(head), Some(x)) = (&mut head, x) {
                let targets = spans.iter().flat_map(|s| (0..s.len).map(|t| (t + 1 < s.len).then(|| rows[s.start + t + 1])));
                head.add(self, exec, &x, &targets.collect::<Vec<_>>())?;
            }
            exec.cancel.add_done(len as u64);
            offset += len;
        }
        Ok(ForwardOutput { taps, head: head.map(|h| h.output) })
    }
}

/// Token ids within the vocabulary.
pub(crate) fn check_tokens(tokens: &[i32], vocabulary: usize) -> Result<Vec<u32>, ModelError> {
    match tokens.iter().position(|t| *t < 0 || *t as usize >= vocabulary) {
        None => Ok(tokens.iter().map(|t| *t as u32).collect()),
        Some(at) => Err(ModelError::Invalid(format!("token {at} is {}; the vocabulary has {vocabulary}", tokens[at]))),
    }
}

/// Lengths that are not negative and sum to `tokens`.
pub(crate) fn check_lengths(lengths: &[i32], tokens: usize) -> Result<Vec<usize>, ModelError> {
    require(lengths.iter().all(|l| *l >= 0), || "lengths holds a negative number".into())?;
    let total: usize = lengths.iter().map(|l| *l as usize).sum();
    require(total == tokens, || format!("lengths sum to {total}, but there are {tokens} tokens"))?;
    Ok(lengths.iter().map(|l| *l as usize).collect())
}

/// Whole sequences, as many as fit into a group.
fn groups(lengths: &[usize]) -> Vec<&[usize]> {
    let (mut groups, mut start, mut sum) = (Vec::new(), 0, 0);
    for (at, len) in lengths.iter().enumerate() {
        if at > start && sum + len > GROUP_TOKENS {
            groups.push(&lengths[start..at]);
            (start, sum) = (at, 0);
        }
        sum += len;
    }
    groups.push(&lengths[start..]);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_whole_sequences() {
        let lengths = [1000, 1000, 100, 5000, 1];
        assert_eq!(groups(&lengths), [&lengths[..2], &lengths[2..3], &lengths[3..4], &lengths[4..]]);
    }
}
