//! Captured activations.

use crate::error::{ModelError, require};
use crate::site::Site;
use lexiscope_kernels::CpuPath;
use lexiscope_kernels::simd::{bf16_from_f32, sum_sq};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapValues {
    Bf16,
    F32,
    /// Norms only.
    None,
}

/// What to capture at a site, after the edits there.
#[derive(Clone, Debug)]
pub struct Tap {
    pub site: Site,
    /// One byte a token of the call; 1 = capture. `None`: all.
    pub keep: Option<Vec<u8>>,
    pub values: TapValues,
}

/// Rows of the kept tokens, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum TapRows {
    Bf16(Vec<u16>),
    F32(Vec<f32>),
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TapOutput {
    pub rows: TapRows,
    /// ‖x‖ of each kept token, of the f32 activation.
    pub norms: Vec<f32>,
}

impl Tap {
    pub(crate) fn check(&self, tokens: usize) -> Result<(), ModelError> {
        match &self.keep {
            Some(keep) => require(keep.len() == tokens, || {
                format!("keep of the tap at {} has {} bytes for {tokens} tokens", self.site, keep.len())
            }),
            None => Ok(()),
        }
    }

    /// Room for what will come of `tokens` tokens of width `d`.
    pub(crate) fn output(&self, tokens: usize, d: usize) -> Result<TapOutput, ModelError> {
        let kept = self.keep.as_ref().map_or(tokens, |keep| keep.iter().filter(|k| **k != 0).count());
        let short = |_| ModelError::Invalid(format!("not enough memory for {kept} rows of {d} at {}", self.site));
        let mut output = TapOutput { rows: TapRows::None, norms: Vec::with_capacity(kept) };
        match self.values {
            TapValues::Bf16 => {
                let mut rows = Vec::new();
                rows.try_reserve_exact(kept * d).map_err(short)?;
                output.rows = TapRows::Bf16(rows);
            }
            TapValues::F32 => {
                let mut rows = Vec::new();
                rows.try_reserve_exact(kept * d).map_err(short)?;
                output.rows = TapRows::F32(rows);
            }
            TapValues::None => {}
        }
        Ok(output)
    }

    /// Appends the kept rows of `x [m, d]`, tokens `offset..offset + m` of the call.
    pub(crate) fn capture(&self, path: CpuPath, offset: usize, x: &[f32], d: usize, output: &mut TapOutput) {
        for (row, x) in x.chunks_exact(d).enumerate() {
            if self.keep.as_ref().is_some_and(|keep| keep[offset + row] == 0) {
                continue;
            }
            output.norms.push(sum_sq(path, x).sqrt());
            match &mut output.rows {
                TapRows::Bf16(rows) => {
                    let start = rows.len();
                    rows.resize(start + d, 0);
                    bf16_from_f32(x, &mut rows[start..]);
                }
                TapRows::F32(rows) => rows.extend_from_slice(x),
                TapRows::None => {}
            }
        }
    }
}
