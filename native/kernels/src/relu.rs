//! Fused `ReLU(x · wᵀ + b)`, and what is above a threshold of its own column: only that leaves the cache.
//!
//! The packed (low-precision) product screens, exact f32 decides: an entry is dropped only when the upper bound of its
//! pre-activation (see [`crate::topk`]) is not above its threshold, and what is left is computed again in f32. So the set of
//! active entries and their values are those of the definition, bit for bit, on every path.

mod above;
mod threshold;

use crate::cut::Cut;
use crate::exec::{Cancelled, Exec};
use crate::gemm::{Input, PackedMatrix, sweep};
use crate::packed::Form;
use crate::shared::SharedMut;
use crate::simd::dot;
use crate::simd::prefetch;
use crate::sparse::Inverted;
use crate::topk::Bounds;
use above::may_be_above;
use std::ops::Range;
pub use threshold::above_gemm;

/// Active entries of rows, in the order of their columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseRows {
    /// [m + 1]
    pub offsets: Vec<usize>,
    pub indices: Vec<u32>,
    /// Above the threshold, or NaN where x or the weights were not finite.
    pub values: Vec<f32>,
}

impl SparseRows {
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }
    /// Active entries.
    pub fn len(&self) -> usize {
        self.indices.len()
    }
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
    /// Columns and values of a row.
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[i]..self.offsets[i + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The same entries by feature. At most 2³² of them.
    pub fn inverted(&self, features: usize) -> Inverted {
        assert!(u32::try_from(self.len()).is_ok(), "more than 2³² active entries");
        let mut offsets = vec![0u32; features + 1];
        self.indices.iter().for_each(|&i| offsets[i as usize + 1] += 1);
        for i in 0..features {
            offsets[i + 1] += offsets[i];
        }
        let (mut rows, mut values) = (vec![0u32; self.len()], vec![0f32; self.len()]);
        let mut next = offsets.clone();
        for row in 0..self.rows() {
            let (indices, own) = self.row(row);
            for (&i, &f) in indices.iter().zip(own) {
                let place = &mut next[i as usize];
                rows[*place as usize] = row as u32;
                values[*place as usize] = f;
                *place += 1;
            }
        }
        Inverted { offsets, rows, values }
    }
}

/// `ReLU(x [m, k] · wᵀ + bias)`, `bias [n]`. `w_exact [n, k]` are the f32 weights that `w` was packed from.
pub fn relu_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: &[f32],
) -> Result<SparseRows, Cancelled> {
    sparse_gemm(exec, x, m, w, w_exact, bias, None)
}

/// The entries of `x [m, k] · wᵀ + bias` above `threshold [n]`, else above 0, strictly. NaN counts as above.
fn sparse_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: &[f32],
    threshold: Option<&[f32]>,
) -> Result<SparseRows, Cancelled> {
    check(x, m, w.n, w.k, w_exact, bias);
    let rescore = Rescore { exec, x, w_exact, bias, threshold, k: w.k };
    exec.cancel.check()?;
    if w.form == Form::Rows {
        return rescore.all(m, w.n);
    }
    let input = Input::prepare(exec, x, m, w, true)?;
    let bounds = Bounds::new(w, Some(bias));
    let floors = floors(&bounds, threshold);
    let cut = Cut::new(m, w, w.panels().div_ceil(8), None);
    let mut parts: Vec<Part> = (0..cut.chunks()).map(|_| Part::default()).collect();
    let shared = SharedMut::new(&mut parts);
    exec.run(cut.chunks(), |c| {
        let (rows, panels) = cut.chunk(c);
        let mut candidates: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
        let swept = sweep(exec, &input, w, rows.clone(), panels, &mut |tile| {
            for (i, line) in tile.values.chunks_exact(tile.panel_rows).enumerate() {
                let form = &input.rows[tile.row + i];
                // Where sums could leave f32's range nothing is screened out.
                let safe = f64::from(form.norm) * f64::from(bounds.largest_norm) < 1e37;
                let (delta, norm) = if safe { (form.delta_norm, form.norm) } else { (f32::INFINITY, f32::INFINITY) };
                let mut mask = may_be_above(exec.path, line, &tile, &bounds, &floors, (delta, norm));
                let found = &mut candidates[tile.row + i - rows.start];
                while mask != 0 {
                    found.push(tile.col as u32 + mask.trailing_zeros());
                    mask &= mask - 1;
                }
            }
        });
        if swept.is_ok() {
            // SAFETY: one chunk, one part.
            unsafe { shared.slice(c, 1)[0] = rescore.part(rows, &candidates) };
        }
    })?;
    input.recycle();
    join(exec, m, &cut, &parts)
}

/// [`relu_gemm`] without screening: the definition. `w_exact [n, k]`.
pub fn relu_reference(
    exec: &Exec,
    x: &[f32],
    m: usize,
    n: usize,
    k: usize,
    w_exact: &[f32],
    bias: &[f32],
) -> Result<SparseRows, Cancelled> {
    check(x, m, n, k, w_exact, bias);
    Rescore { exec, x, w_exact, bias, threshold: None, k }.all(m, n)
}

/// What an upper bound must exceed: the threshold less its rounding and that of the bias. As long as the padded outputs.
fn floors(bounds: &Bounds, threshold: Option<&[f32]>) -> Vec<f32> {
    let mut out = vec![0.0; bounds.bias.len()];
    if let Some(threshold) = threshold {
        let floor = |j: usize| threshold[j] - threshold[j].abs() * 2f32.powi(-20) - bounds.bias_slack[j];
        (0..threshold.len()).for_each(|j| out[j] = floor(j));
    }
    out
}

fn check(x: &[f32], m: usize, n: usize, k: usize, w_exact: &[f32], bias: &[f32]) {
    assert_eq!(x.len(), m * k, "x must be [m, k]");
    assert_eq!(w_exact.len(), n * k, "w_exact must be [n, k]");
    assert_eq!(bias.len(), n, "bias must be [n]");
}

/// Active entries of a block's rows in one segment, row after row.
#[derive(Default)]
struct Part {
    /// Entries of each row.
    counts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

struct Rescore<'a> {
    exec: &'a Exec,
    x: &'a [f32],
    w_exact: &'a [f32],
    bias: &'a [f32],
    threshold: Option<&'a [f32]>,
    k: usize,
}

impl Rescore<'_> {
    /// Every entry of `m` rows and `n` columns in f32.
    fn all(&self, m: usize, n: usize) -> Result<SparseRows, Cancelled> {
        let cut = Cut { m, block: 1, panels: 1, segments: 1 };
        let all: Vec<u32> = (0..n as u32).collect();
        let mut parts: Vec<Part> = (0..m).map(|_| Part::default()).collect();
        let shared = SharedMut::new(&mut parts);
        // SAFETY: one chunk, one part.
        self.exec.run(m, |row| unsafe { shared.slice(row, 1)[0] = self.part(row..row + 1, std::slice::from_ref(&all)) })?;
        join(self.exec, m, &cut, &parts)
    }

    /// Of the candidate columns of each row those that are above in f32.
    fn part(&self, rows: Range<usize>, candidates: &[Vec<u32>]) -> Part {
        let (k, total) = (self.k, candidates.iter().map(Vec::len).sum());
        let mut out = Part {
            counts: Vec::with_capacity(rows.len()),
            indices: Vec::with_capacity(total),
            values: Vec::with_capacity(total),
        };
        for (row, columns) in rows.zip(candidates) {
            if self.exec.cancel.is_cancelled() {
                return out;
            }
            let (x, before) = (&self.x[row * k..(row + 1) * k], out.indices.len());
            for (c, &j) in columns.iter().enumerate() {
                let at = j as usize;
                if let Some(&next) = columns.get(c + 1) {
                    prefetch(&self.w_exact[next as usize * k..(next as usize + 1) * k]);
                }
                let value = dot(self.exec.path, x, &self.w_exact[at * k..(at + 1) * k]) + self.bias[at];
                if value > self.threshold.map_or(0.0, |t| t[at]) || value.is_nan() {
                    out.indices.push(j);
                    out.values.push(value);
                }
            }
            out.counts.push(out.indices.len() - before);
        }
        out
    }
}

/// The parts in the order of rows, a row's segments in the order of columns.
fn join(exec: &Exec, m: usize, cut: &Cut, parts: &[Part]) -> Result<SparseRows, Cancelled> {
    exec.cancel.check()?;
    let mut offsets = vec![0usize; m + 1];
    for (c, part) in parts.iter().enumerate() {
        let first = cut.chunk(c).0.start;
        part.counts.iter().enumerate().for_each(|(i, count)| offsets[first + i + 1] += count);
    }
    for row in 0..m {
        offsets[row + 1] += offsets[row];
    }
    let (mut indices, mut values) = (vec![0u32; offsets[m]], vec![0f32; offsets[m]]);
    let (to_indices, to_values) = (SharedMut::new(&mut indices), SharedMut::new(&mut values));
    exec.run(cut.blocks(), |block| {
        let own = &parts[block * cut.segments..(block + 1) * cut.segments];
        let mut from = vec![0usize; own.len()];
        for (i, row) in cut.rows(block).enumerate() {
            let mut at = offsets[row];
            for (part, from) in own.iter().zip(&mut from) {
                let count = part.counts[i];
                // SAFETY: rows of different blocks lie apart.
                unsafe {
                    to_indices.slice(at, count).copy_from_slice(&part.indices[*from..*from + count]);
                    to_values.slice(at, count).copy_from_slice(&part.values[*from..*from + count]);
                }
                (at, *from) = (at + count, *from + count);
            }
        }
    })?;
    Ok(SparseRows { offsets, indices, values })
}
