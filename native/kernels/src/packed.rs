//! Weights in the form that a path multiplies with, and how far that form is from the f32 weights.

use crate::cpu::CpuPath;
use crate::exec::{Cancelled, Exec};
use crate::packed_buf::AlignedBuf;
use crate::packed_panel::{BLOCK_STEPS, pack_bf16, pack_bytes, pack_f32, pack_i16};
use std::marker::PhantomData;

/// What a packed matrix keeps of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32 products on every path.
    Exact,
    /// The path's low-precision form (bf16, i16), f32 on paths that have none.
    Fast,
    /// 8 bits, for [`crate::topk_gemm`] only; [`Precision::Fast`] on paths that have no such products.
    Screen,
}

/// Layout of the packed bytes. Panels hold `panel_rows` outputs; within one, `[k step][output]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// f32 `[n, k]`, as given.
    Rows,
    /// f32, 16 outputs a panel.
    F32x16,
    /// f32, 64 outputs a panel.
    F32x64,
    /// Pairs of i16 along k, 16 outputs a panel, one scale an output.
    I16x16,
    /// Pairs of i16 along k, 64 outputs a panel, one scale an output.
    I16x64,
    /// Four bytes along k, mixed, 16 outputs a panel, one scale an output.
    Bytes16,
    /// Four bytes along k, mixed, 64 outputs a panel, one scale an output.
    Bytes64,
    /// Pairs of bf16 along k, 64 outputs a panel.
    Bf16x64,
}

impl Form {
    fn of(path: CpuPath, precision: Precision) -> Form {
        match (path, precision) {
            #[cfg(target_arch = "x86_64")]
            (CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni, Precision::Screen) if is_x86_feature_detected!("avx512vnni") => {
                Form::Bytes64
            }
            (CpuPath::Avx2 | CpuPath::Avx2I16, Precision::Screen) => Form::Bytes16,
            (CpuPath::Portable, _) => Form::Rows,
            (CpuPath::Neon | CpuPath::Avx2, _) | (CpuPath::Avx2I16, Precision::Exact) => Form::F32x16,
            (CpuPath::Avx2I16, Precision::Fast) => Form::I16x16,
            (CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni, Precision::Exact) => Form::F32x64,
            (CpuPath::Avx512Vnni, _) => Form::I16x64,
            (CpuPath::Avx512Bf16, _) => Form::Bf16x64,
        }
    }
    pub fn panel_rows(self) -> usize {
        match self {
            Form::Rows | Form::F32x16 | Form::I16x16 | Form::Bytes16 => 16,
            Form::F32x64 | Form::I16x64 | Form::Bytes64 | Form::Bf16x64 => 64,
        }
    }
    /// Steps of the inner loop: k, pairs of k, or fours in whole blocks.
    pub fn steps(self, k: usize) -> usize {
        match self {
            Form::Rows | Form::F32x16 | Form::F32x64 => k,
            Form::I16x16 | Form::I16x64 | Form::Bf16x64 => k.div_ceil(2),
            Form::Bytes16 | Form::Bytes64 => k.div_ceil(4).next_multiple_of(BLOCK_STEPS),
        }
    }
    /// What steps come in.
    pub fn step_unit(self) -> usize {
        if self.bytes() { BLOCK_STEPS } else { 1 }
    }
    pub fn bytes(self) -> bool {
        matches!(self, Form::Bytes16 | Form::Bytes64)
    }
    /// Roundings on the way of one f32 sum over k (an integer sum has none until it is scaled; mixing bytes has 6 a side).
    pub fn sum_roundings(self, k: usize) -> usize {
        if self.bytes() {
            16
        } else if self.scaled() {
            2
        } else {
            k
        }
    }
    /// Integers in units of a scale, one a row and one an output.
    pub fn scaled(self) -> bool {
        matches!(self, Form::I16x16 | Form::I16x64) || self.bytes()
    }
}

/// Weights `w [n, k]` (one row an output) in the form that a path multiplies with.
pub struct PackedMatrix {
    pub n: usize,
    pub k: usize,
    pub path: CpuPath,
    pub precision: Precision,
    pub(crate) form: Form,
    data: AlignedBuf,
    /// Three numbers an output, padded to whole panels.
    scale: Vec<f32>,
    approx_norm: Vec<f32>,
    slack: Vec<f32>,
}

impl PackedMatrix {
    /// Packs `w [n, k]`. Panics when this CPU lacks `exec.path`.
    pub fn pack(exec: &Exec, precision: Precision, w: &[f32], n: usize, k: usize) -> Result<Self, Cancelled> {
        assert_eq!(w.len(), n * k, "w must be [n, k]");
        assert!(exec.path.available(), "{} is not available on this CPU", exec.path.name());
        assert!(k <= 1 << 20, "k above 2^20 could overflow an i16 sum");
        // Σ of at most 2^16 products below 2^15 each.
        let in_bytes = precision != Precision::Screen || k <= 1 << 16;
        let form = Form::of(exec.path, if in_bytes { precision } else { Precision::Fast });
        let panels = n.div_ceil(form.panel_rows());
        let padded = panels * form.panel_rows();
        let mut packed = Self {
            n,
            k,
            path: exec.path,
            precision,
            form,
            data: AlignedBuf::zeroed(padded * form.steps(k) * 4),
            scale: vec![0.0; padded],
            approx_norm: vec![0.0; padded],
            slack: vec![0.0; padded],
        };
        let shared = packed.shared();
        let rows = form.panel_rows();
        exec.run(panels, |p| {
            let w = &w[p * rows * k..((p + 1) * rows).min(n) * k];
            // SAFETY: one chunk, one panel.
            unsafe { shared.repack_panel(p, w) }
        })?;
        Ok(packed)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len() + 4 * (self.scale.len() + self.approx_norm.len() + self.slack.len())
    }

    /// Outputs in one panel, the unit of repacking.
    pub fn panel_rows(&self) -> usize {
        self.form.panel_rows()
    }

    /// Number of panels.
    pub fn panels(&self) -> usize {
        self.n.div_ceil(self.form.panel_rows())
    }

    /// For rewriting panels from several threads, after the f32 weights changed.
    pub fn shared(&mut self) -> PackedShared<'_> {
        PackedShared {
            n: self.n,
            k: self.k,
            form: self.form,
            data: self.data.as_mut_ptr(),
            scale: self.scale.as_mut_ptr(),
            approx_norm: self.approx_norm.as_mut_ptr(),
            slack: self.slack.as_mut_ptr(),
            _life: PhantomData,
        }
    }

    pub(crate) fn panel_ptr(&self, panel: usize) -> *const u8 {
        let bytes = self.form.panel_rows() * self.form.steps(self.k) * 4;
        assert!((panel + 1) * bytes <= self.data.len(), "panel outside of the matrix");
        // SAFETY: inside the buffer by the assertion.
        unsafe { self.data.as_ptr().add(panel * bytes) }
    }

    /// The f32 weights of output `j`, in [`Form::Rows`].
    pub(crate) fn f32_row(&self, j: usize) -> &[f32] {
        assert!(self.form == Form::Rows && j < self.n);
        // SAFETY: [`Form::Rows`] holds n·k f32 values; the buffer is aligned and initialised.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr().cast::<f32>().add(j * self.k), self.k) }
    }

    /// i16: the value of one unit of output `j`.
    pub(crate) fn scales(&self) -> &[f32] {
        &self.scale
    }
    /// ≥ ‖ŵ_j‖, the norm of what is multiplied.
    pub(crate) fn approx_norms(&self) -> &[f32] {
        &self.approx_norm
    }
    /// ≥ ‖w_j − ŵ_j‖ + c·‖w_j‖, with c the relative rounding of the sums themselves; infinite for rows with NaN or inf.
    pub(crate) fn slacks(&self) -> &[f32] {
        &self.slack
    }
}

/// Writes panels of a [`PackedMatrix`] from several threads.
#[derive(Clone, Copy)]
pub struct PackedShared<'a> {
    n: usize,
    k: usize,
    form: Form,
    data: *mut u8,
    scale: *mut f32,
    approx_norm: *mut f32,
    slack: *mut f32,
    _life: PhantomData<&'a mut PackedMatrix>,
}

// SAFETY: panels are disjoint, and `repack_panel` demands that one panel is written by one thread at a time.
unsafe impl Send for PackedShared<'_> {}
// SAFETY: as above.
unsafe impl Sync for PackedShared<'_> {}

impl PackedShared<'_> {
    /// Outputs in one panel.
    pub fn panel_rows(&self) -> usize {
        self.form.panel_rows()
    }

    /// Rewrites one panel from `rows [≤ panel_rows, k]`, the f32 weights of outputs `panel · panel_rows ..`, and its
    /// error bounds. Different panels may be written at the same time.
    ///
    /// # Safety
    /// No two threads may write the same panel at the same time.
    pub unsafe fn repack_panel(&self, panel: usize, rows: &[f32]) {
        let nr = self.form.panel_rows();
        let first = panel * nr;
        assert!(first < self.n, "panel outside of the matrix");
        let count = nr.min(self.n - first);
        assert_eq!(rows.len(), count * self.k, "rows must be the panel's [rows, k]");
        // SAFETY: `first < n`, so the panel lies in the padded buffers; it is this thread's by the caller's promise.
        let (scale, approx_norm, slack) = unsafe {
            (
                std::slice::from_raw_parts_mut(self.scale.add(first), nr),
                std::slice::from_raw_parts_mut(self.approx_norm.add(first), nr),
                std::slice::from_raw_parts_mut(self.slack.add(first), nr),
            )
        };
        let words = nr * self.form.steps(self.k);
        // SAFETY: as above; a panel is `words` u32, aligned since the buffer is.
        let out = unsafe { std::slice::from_raw_parts_mut(self.data.cast::<u32>().add(panel * words), words) };
        let mut note = |r: usize, row: crate::packed_panel::RowForm| {
            scale[r] = row.scale;
            approx_norm[r] = row.approx_norm;
            // Sum of the product, of the exact f32 dot product, and of the bound itself.
            let c = (self.form.sum_roundings(self.k) + self.k / 32 + 16) as f32 * 2f32.powi(-23);
            let bound = row.delta_norm + c * row.norm;
            slack[r] = if bound.is_finite() { bound } else { f32::INFINITY };
        };
        match self.form {
            Form::Rows => {
                let out = bytemuck::cast_slice_mut::<u32, f32>(out);
                out[..rows.len()].copy_from_slice(rows);
            }
            Form::F32x16 | Form::F32x64 => pack_f32(rows, self.k, nr, out, &mut note),
            Form::I16x16 | Form::I16x64 => pack_i16(rows, self.k, nr, out, &mut note),
            Form::Bytes16 | Form::Bytes64 => pack_bytes(self.form, rows, self.k, out, &mut note),
            Form::Bf16x64 => pack_bf16(rows, self.k, nr, out, &mut note),
        }
    }
}
