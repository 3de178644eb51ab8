//! Fused `x · wᵀ + b` and selection of the k largest per row: the [m, n] product is never written to memory.
//!
//! The packed (low-precision) product screens, exact f32 decides. With x̂, ŵ what is multiplied,
//! |x·w − x̂·ŵ| ≤ ‖x − x̂‖‖ŵ‖ + ‖x‖‖w − ŵ‖, plus the rounding of the sums; an entry is dropped only when its upper bound
//! is below a value that k others surely reach. Set and values are therefore those of [`topk_reference`], bit for bit,
//! on every path.

mod best;
mod bounds;
mod queue;
mod screen;
#[cfg(target_arch = "x86_64")]
mod screen_x86;
mod select;
mod trust;

use crate::cpu::CpuPath;
use crate::cut::Cut;
use crate::exec::{Cancelled, Exec};
use crate::gemm::{Input, PackedMatrix, sweep};
use crate::packed::Form;
use crate::shared::SharedMut;
pub(crate) use bounds::Bounds;
use queue::RowQueue;
use screen::{Screen, recycle};
use select::{Said, Selector};
use trust::Reading;
pub use trust::{Screened, Trust};

/// The k largest entries of each row, by value descending, ties by lower index. Rows with fewer than k columns do not
/// occur: `k <= n` is required. A row in which x or any entry is NaN, or x is infinite, has values NaN and indices 0..k.
#[derive(Clone, Debug, Default)]
pub struct TopKOutput {
    /// `[m, k]` column of each entry.
    pub indices: Vec<u32>,
    /// `[m, k]` exact f32 value of each entry (pre-activation, before any ReLU; may be negative).
    pub values: Vec<f32>,
}

/// Top k of `x [m, k_in] · wᵀ + bias` per row. `w_exact [n, k_in]` are the f32 weights from which the values of the
/// selected entries are computed ([`crate::simd::dot`]), so the selection and the values are exact on every path and
/// equal on all of them. `w` must be packed from the same weights.
pub fn topk_gemm(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: Option<&[f32]>,
    k: usize,
) -> Result<TopKOutput, Cancelled> {
    topk_screened(exec, x, m, w, w_exact, bias, k, Trust::Sure).map(|(out, _)| out)
}

/// [`topk_gemm`], or with [`Trust::Likely`] and a `w` in 8 bits nearly that: values are exact, a member may be missed.
pub fn topk_screened(
    exec: &Exec,
    x: &[f32],
    m: usize,
    w: &PackedMatrix,
    w_exact: &[f32],
    bias: Option<&[f32]>,
    k: usize,
    trust: Trust,
) -> Result<(TopKOutput, Screened), Cancelled> {
    check(x, m, w.n, w.k, w_exact, bias, k);
    if w.form == Form::Rows {
        let rescored = (m * w.n) as u64;
        let out = topk_reference(exec, x, m, w.n, w.k, w_exact, bias, k)?;
        return Ok((out, Screened { rescored, again: 0 }));
    }
    exec.cancel.check()?;
    let bounds = Bounds::new(w, bias);
    let screening = Screening { exec, w, w_exact, bias, bounds: &bounds, k };
    if !w.form.bytes() {
        let (out, rows) = screening.run(x, m, Reading::SURE)?;
        let rescored = rows.iter().map(|r| u64::from(r.rescored)).sum();
        return Ok((out, Screened { rescored, again: 0 }));
    }
    let (mut out, mut rows) = screening.run(x, m, Reading::of_bytes(trust))?;
    let unsound: Vec<usize> = if trust == Trust::Sure { (0..m).filter(|&i| !rows[i].sound).collect() } else { Vec::new() };
    if !unsound.is_empty() {
        let mut again = Vec::with_capacity(unsound.len() * w.k);
        unsound.iter().for_each(|&i| again.extend_from_slice(&x[i * w.k..(i + 1) * w.k]));
        let (found, counts) = screening.run(&again, unsound.len(), Reading::SURE)?;
        for (at, &i) in unsound.iter().enumerate() {
            out.indices[i * k..(i + 1) * k].copy_from_slice(&found.indices[at * k..(at + 1) * k]);
            out.values[i * k..(i + 1) * k].copy_from_slice(&found.values[at * k..(at + 1) * k]);
            rows[i].rescored += counts[at].rescored;
        }
    }
    let rescored = rows.iter().map(|r| u64::from(r.rescored)).sum();
    Ok((out, Screened { rescored, again: unsound.len() }))
}

struct Screening<'a> {
    exec: &'a Exec,
    w: &'a PackedMatrix,
    w_exact: &'a [f32],
    bias: Option<&'a [f32]>,
    bounds: &'a Bounds<'a>,
    k: usize,
}

impl Screening<'_> {
    /// The top k, and what [`Selector::select`] says of every row.
    fn run(&self, x: &[f32], m: usize, reading: Reading) -> Result<(TopKOutput, Vec<Said>), Cancelled> {
        let Self { exec, w, w_exact, bias, bounds, k } = *self;
        let mut out = TopKOutput { indices: vec![0; m * k], values: vec![0.0; m * k] };
        let mut said = vec![Said::default(); m];
        if m == 0 {
            return Ok((out, said));
        }
        let input = Input::prepare(exec, x, m, w, true)?;
        // A segment selects its own top k first, so it should be much longer than k.
        let segments = w.n / (16 * k).max(1024);
        // Of bytes more is rescored.
        let cut = Cut::new(m, w, segments, w.form.bytes().then(|| exec.threads()));
        let selector = Selector { exec, x, rows: &input.rows, w_exact, bias, bounds, k_in: w.k, k };
        let (indices, values) = (SharedMut::new(&mut out.indices), SharedMut::new(&mut out.values));
        let says = SharedMut::new(&mut said);
        let screen = |c: usize| {
            let (rows, panels) = cut.chunk(c);
            let mut screen = Screen::new(exec.path, bounds, (k, w.n), reading, rows.start, &input.rows[rows.clone()]);
            let swept = sweep(exec, &input, w, rows, panels, &mut |tile| screen.look(&tile));
            swept.map(|()| screen.finish())
        };
        // SAFETY: both uses below give each row to one call; all three hold as much for every row.
        let own = |rows: std::ops::Range<usize>| unsafe {
            let entries = (rows.start * k, rows.len() * k);
            (indices.slice(entries.0, entries.1), values.slice(entries.0, entries.1), says.slice(rows.start, rows.len()))
        };
        if cut.segments == 1 {
            exec.run(cut.chunks(), |c| {
                let Ok(mut queues) = screen(c) else { return };
                let rows = cut.chunk(c).0;
                let (indices, values, says) = own(rows.clone());
                selector.select(rows.start, queues.chunks_mut(1), indices, values, says);
                recycle(queues);
            })?;
        } else {
            let mut parts: Vec<Vec<RowQueue>> = (0..cut.chunks()).map(|_| Vec::new()).collect();
            let shared = SharedMut::new(&mut parts);
            exec.run(cut.chunks(), |c| {
                if let Ok(queues) = screen(c) {
                    // SAFETY: one chunk, one part.
                    unsafe { shared.slice(c, 1)[0] = queues };
                }
            })?;
            let mut rows: Vec<Vec<RowQueue>> = (0..m).map(|_| Vec::with_capacity(cut.segments)).collect();
            for (c, queues) in parts.into_iter().enumerate() {
                let first = cut.chunk(c).0.start;
                for (i, queue) in queues.into_iter().enumerate() {
                    rows[first + i].push(queue);
                }
            }
            let shared = SharedMut::new(&mut rows);
            exec.run(m, |row| {
                // SAFETY: one chunk, one row.
                let queues = unsafe { shared.slice(row, 1) };
                let (indices, values, says) = own(row..row + 1);
                selector.select(row, queues.iter_mut().map(|q| &mut q[..]), indices, values, says);
            })?;
        }
        input.recycle();
        exec.cancel.check()?;
        Ok((out, said))
    }
}

fn check(x: &[f32], m: usize, n: usize, k_in: usize, w_exact: &[f32], bias: Option<&[f32]>, k: usize) {
    assert!(k >= 1 && k <= n, "1 <= k <= n");
    assert_eq!(x.len(), m * k_in, "x must be [m, k]");
    assert_eq!(w_exact.len(), n * k_in, "w_exact must be [n, k]");
    assert!(bias.is_none_or(|b| b.len() == n), "bias must be [n]");
}

/// [`topk_gemm`] without screening: the definition. `w_exact [n, k_in]`.
pub fn topk_reference(
    exec: &Exec,
    x: &[f32],
    m: usize,
    n: usize,
    k_in: usize,
    w_exact: &[f32],
    bias: Option<&[f32]>,
    k: usize,
) -> Result<TopKOutput, Cancelled> {
    check(x, m, n, k_in, w_exact, bias, k);
    let mut out = TopKOutput { indices: vec![0; m * k], values: vec![0.0; m * k] };
    let (indices, values) = (SharedMut::new(&mut out.indices), SharedMut::new(&mut out.values));
    exec.run(m, |row| {
        let x_row = &x[row * k_in..(row + 1) * k_in];
        let mut all = Vec::with_capacity(n);
        for j in 0..n {
            if j % 256 == 0 && exec.cancel.is_cancelled() {
                return;
            }
            let dot = crate::simd::dot(exec.path, x_row, &w_exact[j * k_in..(j + 1) * k_in]);
            all.push((dot + bias.map_or(0.0, |b| b[j]), j as u32));
        }
        // SAFETY: one chunk, one row.
        let (ri, rv) = unsafe { (indices.slice(row * k, k), values.slice(row * k, k)) };
        if x_row.iter().all(|v| v.is_finite()) {
            best::write_best(CpuPath::Portable, &mut all, ri, rv);
        } else {
            best::write_nan(ri, rv);
        }
    })?;
    Ok(out)
}
