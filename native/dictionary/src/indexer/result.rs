use super::coactivation::npmi;
use super::examples::{Example, Limits};
use super::{FEATURE_CHUNK, IndexerOptions, Record};
use crate::error::DictionaryError;
use lexiscope_kernels::{Exec, SharedMut};

/// Bins of the histogram over (0, maximum].
pub const HISTOGRAM_BINS: usize = 40;
/// In place of a neighbour's id.
pub const NO_NEIGHBOUR: u32 = u32::MAX;
/// In place of an interval: the example is among the strongest.
pub const STRONGEST: i32 = -1;
/// Pairs that were seen together less often are no neighbours: two rare features that met once would have NPMI near 1.
const LEAST_JOINT: u32 = 3;

/// What the pass found. F features, E examples, A activations, c neighbours.
#[derive(Debug, Default, PartialEq)]
pub struct IndexResult {
    pub tokens: u32,
    /// `[F]` tokens on which the feature fired; maximum, sum and sum of squares of a_i over them.
    pub fired: Vec<u32>,
    pub maximum: Vec<f32>,
    pub sum: Vec<f64>,
    pub sum_squares: Vec<f64>,
    /// `[F, 40]`
    pub histogram: Vec<u32>,
    /// `[F + 1]` into the examples, each feature's strongest first and then intervals from the strongest down.
    pub example_offsets: Vec<u32>,
    /// `[E]`
    pub example_context: Vec<u32>,
    pub example_interval: Vec<i32>,
    pub example_peak: Vec<u32>,
    /// `[E + 1]` into the activations `[A]` of an example's context.
    pub activation_offsets: Vec<u32>,
    pub activation_positions: Vec<u32>,
    pub activation_values: Vec<f32>,
    /// `[F, c]` by NPMI, largest first: id, score, tokens on which both fired.
    pub coactivation_ids: Vec<u32>,
    pub coactivation_scores: Vec<f32>,
    pub coactivation_counts: Vec<u32>,
    /// `[F, t]` tokens by NPMI with the feature's firing, largest first: id, score, rows of it on which it fired.
    pub token_ids: Vec<u32>,
    pub token_scores: Vec<f32>,
    pub token_counts: Vec<u32>,
}

pub(super) fn gather(
    exec: &Exec,
    options: &IndexerOptions,
    rows: u32,
    token_rows: &[u32],
    records: Vec<Record>,
) -> Result<IndexResult, DictionaryError> {
    let mut out = IndexResult { tokens: rows, example_offsets: vec![0], activation_offsets: vec![0], ..IndexResult::default() };
    neighbours(exec, options, rows, &records, &mut out)?;
    let limits =
        Limits { top: options.top, intervals: options.intervals, per_interval: options.per_interval, seed: options.seed };
    for record in records {
        exec.cancel.check()?;
        out.fired.push(record.fired);
        out.maximum.push(record.maximum);
        out.sum.push(record.sum);
        out.sum_squares.push(record.sum_squares);
        out.histogram.extend(record.histogram.finish(record.maximum, HISTOGRAM_BINS));
        push_tokens(&mut out, options.tokens, rows, token_rows, &record);
        for (interval, example) in record.examples.finish(record.maximum, &limits) {
            push_example(&mut out, interval, &example)?;
        }
        out.example_offsets.push(out.example_context.len() as u32);
    }
    Ok(out)
}

fn push_example(out: &mut IndexResult, interval: Option<usize>, example: &Example) -> Result<(), DictionaryError> {
    out.example_context.push(example.context);
    out.example_interval.push(interval.map_or(STRONGEST, |i| i as i32));
    out.example_peak.push(example.peak);
    out.activation_positions.extend(example.activations.iter().map(|a| a.0));
    out.activation_values.extend(example.activations.iter().map(|a| a.1));
    let end = u32::try_from(out.activation_values.len())
        .map_err(|_| DictionaryError::Invalid("the examples hold more than 2³² activations; ask for fewer".into()))?;
    out.activation_offsets.push(end);
    Ok(())
}

fn push_tokens(out: &mut IndexResult, t: usize, rows: u32, token_rows: &[u32], record: &Record) {
    let met = record.tokens.iter().filter(|pair| pair.1 >= LEAST_JOINT);
    let ranked = rank(met.map(|(token, joint)| (npmi(joint, record.fired, token_rows[token as usize], rows), joint, token)));
    for i in 0..t {
        let (score, joint, token) = ranked.get(i).copied().unwrap_or((0.0, 0, NO_NEIGHBOUR));
        out.token_ids.push(token);
        out.token_scores.push(score);
        out.token_counts.push(joint);
    }
}

/// (NPMI, joint count, id) above chance, largest first.
fn rank(pairs: impl Iterator<Item = (f32, u32, u32)>) -> Vec<(f32, u32, u32)> {
    let mut ranked: Vec<_> = pairs.filter(|pair| pair.0 > 0.0).collect();
    ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    ranked
}

/// A pair may be known to both features or to one; the larger count is the better lower bound.
fn neighbours(
    exec: &Exec,
    options: &IndexerOptions,
    rows: u32,
    records: &[Record],
    out: &mut IndexResult,
) -> Result<(), DictionaryError> {
    let (features, c) = (options.features, options.coactivation);
    out.coactivation_ids = vec![NO_NEIGHBOUR; features * c];
    out.coactivation_scores = vec![0.0; features * c];
    out.coactivation_counts = vec![0; features * c];
    if c == 0 {
        return Ok(());
    }
    let (offsets, known_by) = transpose(records);
    let (ids, scores, counts) = (
        SharedMut::new(&mut out.coactivation_ids),
        SharedMut::new(&mut out.coactivation_scores),
        SharedMut::new(&mut out.coactivation_counts),
    );
    exec.run(features.div_ceil(FEATURE_CHUNK), |chunk| {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for i in chunk * FEATURE_CHUNK..((chunk + 1) * FEATURE_CHUNK).min(features) {
            pairs.clear();
            pairs.extend(records[i].partners.iter().filter(|pair| pair.1 >= LEAST_JOINT));
            pairs.extend_from_slice(&known_by[offsets[i]..offsets[i + 1]]);
            pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            pairs.dedup_by_key(|pair| pair.0);
            let ranked =
                rank(pairs.iter().map(|&(j, joint)| (npmi(joint, records[i].fired, records[j as usize].fired, rows), joint, j)));
            // SAFETY: one chunk, its own features.
            let (ids, scores, counts) = unsafe { (ids.slice(i * c, c), scores.slice(i * c, c), counts.slice(i * c, c)) };
            for (slot, &(score, joint, j)) in ranked.iter().take(c).enumerate() {
                (ids[slot], scores[slot], counts[slot]) = (j, score, joint);
            }
        }
    })?;
    Ok(())
}

/// For each feature the others that counted it, with their counts: `offsets [F + 1]`.
fn transpose(records: &[Record]) -> (Vec<usize>, Vec<(u32, u32)>) {
    let known = || {
        records.iter().enumerate().flat_map(|(i, record)| {
            record.partners.iter().filter(|pair| pair.1 >= LEAST_JOINT).map(move |(j, count)| (i as u32, j, count))
        })
    };
    let mut offsets = vec![0usize; records.len() + 1];
    known().for_each(|(_, j, _)| offsets[j as usize + 1] += 1);
    for j in 0..records.len() {
        offsets[j + 1] += offsets[j];
    }
    let mut next = offsets.clone();
    let mut pairs = vec![(0, 0); offsets[records.len()]];
    for (i, j, count) in known() {
        pairs[next[j as usize]] = (i, count);
        next[j as usize] += 1;
    }
    (offsets, pairs)
}
