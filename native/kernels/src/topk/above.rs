//! Fused `x · wᵀ + b` and everything above a threshold of its own column (ReLU: 0). As in the selection of the k largest, the
//! packed product screens and exact f32 decides.

use super::bounds::Bounds;
use super::{Cut, TopKOutput};
use crate::cpu::CpuPath;
use crate::exec::{Cancelled, Exec};
use crate::gemm::{Done, Input, PackedMatrix, sweep};
use crate::packed::Form;
use crate::packed_panel::RowForm;
use crate::shared::SharedMut;
use crate::simd::dot;
use crate::versions::per_level;

/// Entries that are looked at together: most groups hold nothing.
const GROUP: usize = 16;
/// With few rows the outputs are cut as for so many entries a row.
const EXPECTED: usize = 64;

/// Entries of `x [m, k_in] · wᵀ + bias` above `threshold [n]` (at least 0), strictly: by value descending, ties by lower index,
/// as `[m, k]` with k the most entries that a row has, at least 1; value 0 fills shorter rows. `w_exact [n, k_in]` are the
/// f32 weights that `w` was packed from: set and values are exact on every path and equal on all of them. NaN counts as above.
pub fn above_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: &[f32],
    threshold: &[f32],
) -> Result<TopKOutput, Cancelled> {
    super::check(x, m, w.n, w.k, w_exact, Some(bias), 1);
    assert_eq!(threshold.len(), w.n, "threshold must be [n]");
    assert!(threshold.iter().all(|&t| t >= 0.0), "thresholds are at least 0");
    exec.cancel.check()?;
    if m == 0 {
        return Ok(TopKOutput::default());
    }
    let problem = Problem { exec, x, w, w_exact, bias, threshold };
    let cut = Cut::new(m, w, EXPECTED, exec.threads());
    let mut parts: Vec<Vec<Row>> = (0..cut.chunks()).map(|_| Vec::new()).collect();
    let shared = SharedMut::new(&mut parts);
    // SAFETY: both uses write one part a chunk.
    let put = |c: usize, rows: Vec<Row>| unsafe { shared.slice(c, 1)[0] = rows };
    if w.form == Form::Rows {
        exec.run(cut.chunks(), |c| {
            let (rows, panels) = cut.chunk(c);
            let columns = panels.start * w.form.panel_rows()..(panels.end * w.form.panel_rows()).min(w.n);
            put(c, rows.map(|row| problem.exact(row, columns.clone())).collect());
        })?;
    } else {
        let bounds = Bounds::new(w, Some(bias));
        let floors = floors(&bounds, threshold);
        let input = Input::prepare(exec, x, m, w, true)?;
        exec.run(cut.chunks(), |c| {
            let (rows, panels) = cut.chunk(c);
            let mut candidates: Vec<Vec<u32>> = rows.clone().map(|_| Vec::new()).collect();
            let limits: Vec<(f32, f32)> = rows.clone().map(|row| radii(&input.rows[row], &bounds)).collect();
            let swept = sweep(exec, &input, w, rows.clone(), panels, &mut |tile| {
                screen(exec.path, &tile, rows.start, &limits, &bounds, &floors, &mut candidates);
            });
            if swept.is_ok() {
                let decided = rows.zip(candidates).map(|(row, found)| problem.exact(row, found.into_iter().map(|j| j as usize)));
                put(c, decided.collect());
            }
        })?;
        input.recycle();
    }
    exec.cancel.check()?;
    let mut rows: Vec<Row> = (0..m).map(|_| Row::new()).collect();
    for (c, part) in parts.into_iter().enumerate() {
        let first = cut.chunk(c).0.start;
        for (i, part) in part.into_iter().enumerate() {
            rows[first + i].extend(part);
        }
    }
    padded(exec, rows)
}

/// (value, column)
type Row = Vec<(f32, u32)>;

struct Problem<'a> {
    exec: &'a Exec,
    x: &'a [f32],
    w: &'a PackedMatrix,
    w_exact: &'a [f32],
    bias: &'a [f32],
    threshold: &'a [f32],
}

impl Problem<'_> {
    /// Those of `columns` that are above their threshold; NaN stays, so that nobody takes it for silence.
    fn exact(&self, row: usize, columns: impl Iterator<Item = usize>) -> Row {
        let k_in = self.w.k;
        let x = &self.x[row * k_in..(row + 1) * k_in];
        let value = |j: usize| dot(self.exec.path, x, &self.w_exact[j * k_in..(j + 1) * k_in]) + self.bias[j];
        columns
            .take_while(|j| j % 256 != 0 || !self.exec.cancel.is_cancelled())
            .map(|j| (value(j), j))
            .filter(|&(value, j)| value > self.threshold[j] || value.is_nan())
            .map(|(value, j)| (value, j as u32))
            .collect()
    }
}

/// What a product without bias must reach to be above its threshold, less the rounding of bias and threshold.
fn floors(bounds: &Bounds, threshold: &[f32]) -> Vec<f32> {
    let floor = |j: usize| threshold[j] - bounds.bias[j] - threshold[j].abs() * 2f32.powi(-20) - 2.0 * bounds.bias_slack[j];
    (0..bounds.bias.len()).map(|j| if j < threshold.len() { floor(j) } else { f32::INFINITY }).collect()
}

/// ‖x − x̂‖ and ‖x‖; infinite when sums could leave f32's range, so that nothing is screened out.
fn radii(row: &RowForm, bounds: &Bounds) -> (f32, f32) {
    let safe = f64::from(row.norm) * f64::from(bounds.largest_norm) < 1e37;
    if safe { (row.delta_norm, row.norm) } else { (f32::INFINITY, f32::INFINITY) }
}

fn screen(
    path: CpuPath,
    tile: &Done,
    first: usize,
    limits: &[(f32, f32)],
    bounds: &Bounds,
    floors: &[f32],
    candidates: &mut [Vec<u32>],
) {
    for (i, line) in tile.values.chunks_exact(tile.panel_rows).enumerate() {
        let row = tile.row - first + i;
        let (delta, norm) = limits[row];
        for from in (0..tile.cols).step_by(GROUP) {
            let (at, count) = (tile.col + from, GROUP.min(tile.cols - from));
            let mut mask = surely_below(
                path,
                &line[from..from + count],
                (delta, &bounds.approx_norm[at..at + count]),
                (norm, &bounds.slack[at..at + count]),
                &floors[at..at + count],
            );
            mask = !mask & ((1 << count) - 1);
            while mask != 0 {
                candidates[row].push((at + mask.trailing_zeros() as usize) as u32);
                mask &= mask - 1;
            }
        }
    }
}

per_level! {
    /// A bit for every value that cannot reach its floor within the radius; a bound that is no number says nothing.
    surely_below = surely_below_plain(
        values: &[f32], delta: (f32, &[f32]), norm: (f32, &[f32]), floors: &[f32],
    ) -> u32
}

#[inline(always)]
fn surely_below_plain(values: &[f32], delta: (f32, &[f32]), norm: (f32, &[f32]), floors: &[f32]) -> u32 {
    let below = |c: usize| values[c] + delta.0 * delta.1[c] + norm.0 * norm.1[c] < floors[c];
    if values.len() == GROUP {
        // Of known length, so that it becomes one comparison.
        let mut all = true;
        for c in 0..GROUP {
            all &= below(c);
        }
        if all {
            return (1 << GROUP) - 1;
        }
    }
    (0..values.len()).fold(0, |mask, c| mask | u32::from(below(c)) << c)
}

fn padded(exec: &Exec, mut rows: Vec<Row>) -> Result<TopKOutput, Cancelled> {
    let k = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut out = TopKOutput { indices: vec![0; rows.len() * k], values: vec![0.0; rows.len() * k] };
    let (indices, values) = (SharedMut::new(&mut out.indices), SharedMut::new(&mut out.values));
    let n = rows.len();
    let rows = SharedMut::new(&mut rows);
    exec.run(n, |row| {
        // SAFETY: one chunk, one row of each.
        let (entries, indices, values) =
            unsafe { (&mut rows.slice(row, 1)[0], indices.slice(row * k, k), values.slice(row * k, k)) };
        entries.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (slot, &(value, column)) in entries.iter().enumerate() {
            (indices[slot], values[slot]) = (column, value);
        }
    })?;
    Ok(out)
}
