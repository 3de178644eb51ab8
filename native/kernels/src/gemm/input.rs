//! x in the form that the path multiplies with, converted once.

use crate::exec::{Cancelled, Exec};
use crate::packed::{Form, PackedMatrix};
use crate::packed_panel::{BLOCK_STEPS, INPUT_BLOCK, RowForm, x_norms, x_to_bf16, x_to_bytes, x_to_i16};
use crate::shared::SharedMut;
use std::cell::RefCell;

pub(crate) struct Input<'a> {
    x: &'a [f32],
    low: Vec<u16>,
    form: Form,
    k: usize,
    /// One a row for integers, or when bounds were asked for; else empty.
    pub rows: Vec<RowForm>,
    /// Integers: value of a unit, one a row.
    pub scales: Vec<f32>,
}

thread_local! {
    // Fresh pages cost as much as converting into them, so the calling thread keeps one buffer.
    static SPARE: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}
const SPARE_LIMIT: usize = 8 << 20;
const ROWS_PER_CHUNK: usize = 64;

impl<'a> Input<'a> {
    /// `x [m, k]`; `bounds`: the norms of x, x̂ and x − x̂ too.
    pub fn prepare(exec: &Exec, x: &'a [f32], m: usize, w: &PackedMatrix, bounds: bool) -> Result<Self, Cancelled> {
        let (form, k) = (w.form, w.k);
        let width = match form {
            Form::I16x16 | Form::I16x64 | Form::Bf16x64 => 2 * form.steps(k),
            Form::Bytes16 | Form::Bytes64 => form.steps(k) / BLOCK_STEPS * INPUT_BLOCK / 2,
            Form::Rows | Form::F32x16 | Form::F32x64 => 0,
        };
        let mut low = SPARE.with(|spare| std::mem::take(&mut *spare.borrow_mut()));
        low.resize(m * width, 0);
        let mut rows = vec![RowForm::default(); if bounds || form.scaled() { m } else { 0 }];
        if width > 0 || bounds {
            let (low, forms) = (SharedMut::new(&mut low), SharedMut::new(&mut rows));
            let convert = |c: usize| {
                for i in c * ROWS_PER_CHUNK..((c + 1) * ROWS_PER_CHUNK).min(m) {
                    let row = &x[i * k..(i + 1) * k];
                    // SAFETY: a chunk owns its rows.
                    let low = unsafe { low.slice(i * width, width) };
                    let done = match form {
                        Form::Bf16x64 => x_to_bf16(row, low, bounds),
                        Form::I16x16 | Form::I16x64 => x_to_i16(row, bytemuck::cast_slice_mut(low), bounds),
                        Form::Bytes16 | Form::Bytes64 => x_to_bytes(form, row, bytemuck::cast_slice_mut(low)),
                        Form::Rows | Form::F32x16 | Form::F32x64 => x_norms(row),
                    };
                    if bounds || form.scaled() {
                        // SAFETY: as above.
                        unsafe { forms.slice(i, 1)[0] = done };
                    }
                }
            };
            let chunks = m.div_ceil(ROWS_PER_CHUNK);
            if m * k <= 1 << 15 {
                (0..chunks).for_each(convert);
            } else {
                exec.run(chunks, convert)?;
            }
        }
        let scales = if form.scaled() { rows.iter().map(|r| r.scale).collect() } else { Vec::new() };
        Ok(Self { x, low, form, k, rows, scales })
    }

    /// First byte of row `i` at k step `step`, and bytes between rows.
    pub fn row_ptr(&self, i: usize, step: usize) -> (*const u8, usize) {
        match self.form {
            Form::I16x16 | Form::I16x64 | Form::Bf16x64 => {
                let width = 2 * self.form.steps(self.k);
                (self.low[i * width + 2 * step..].as_ptr().cast(), 2 * width)
            }
            Form::Bytes16 | Form::Bytes64 => {
                let width = self.form.steps(self.k) / BLOCK_STEPS * INPUT_BLOCK;
                (self.low[(i * width + step / BLOCK_STEPS * INPUT_BLOCK) / 2..].as_ptr().cast(), width)
            }
            Form::Rows | Form::F32x16 | Form::F32x64 => (self.x[i * self.k + step..].as_ptr().cast(), 4 * self.k),
        }
    }

    /// Gives the buffer back for the next call on this thread.
    pub fn recycle(self) {
        if self.low.capacity() <= SPARE_LIMIT {
            SPARE.with(|spare| *spare.borrow_mut() = self.low);
        }
    }
}
