//! The top k of a batch: exact, or nearly so by 8 bits under their name, and then checked against exact rows.

use super::Trainer;
use lexiscope_kernels::gemm::Precision;
use lexiscope_kernels::{Cancelled, CpuPath, Exec, PackedMatrix, Screened, TopKOutput, Trust, topk_screened};

/// How features are selected in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The k largest, always: screened by products of 8 bits on AVX-512 until those leave too much to rescore, else by the
    /// path's low precision, with the same bits.
    #[default]
    Exact,
    /// The same bits, screened by the path's low precision alone: to measure against.
    ExactLow,
    /// By a bound on products of 8 bits that is no proof; values are exact, a member may be missed.
    EightBits,
}

impl Screen {
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::ExactLow => "exact-low",
            Self::EightBits => "8bit",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Exact, Self::ExactLow, Self::EightBits].into_iter().find(|s| s.name() == name)
    }
}

/// Rows of a step that are selected exactly too.
const CHECKED_ROWS: usize = 16;

/// Rows that were selected both ways, and those of them with another top k.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Check {
    pub rows: usize,
    pub differing: usize,
    /// Entries that the selection of a row computed in f32, on average.
    pub rescored: f64,
}

/// What products of 8 bits save is worth rescoring one row of w in so many (measured at d 576, F 16,384).
const WORTH: usize = 110;

/// The form that exact selection begins with.
pub(crate) fn exact_form(path: CpuPath) -> Precision {
    match path {
        CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni => Precision::Screen,
        _ => Precision::Fast,
    }
}

/// Whether exact selection had better use the path's low precision from now on.
pub(crate) fn too_many(screened: Screened, rows: usize, features: usize, k: usize) -> bool {
    // The low precision leaves about a quarter more than k.
    let free = k + k / 4 + features / WORTH;
    screened.rescored > (rows * free) as u64 || screened.again > rows / 50
}

impl Trainer {
    /// The form of the encoder that the next step screens with.
    pub(super) fn form(&self, path: CpuPath) -> Precision {
        match self.options.screen {
            _ if self.relu.is_some() => Precision::Fast,
            Screen::EightBits => Precision::Screen,
            Screen::Exact if !self.bytes_lose => exact_form(path),
            Screen::Exact | Screen::ExactLow => Precision::Fast,
        }
    }

    /// Top k of the batch by pre-activation.
    pub(super) fn select(&self, exec: &Exec, packed: &PackedMatrix) -> Result<(TopKOutput, Check, bool), Cancelled> {
        let (k, n, d) = (self.options.k, self.batch.rows, self.options.d);
        let (encoder, bias) = (&self.weights.encoder[..], Some(&self.weights.encoder_bias[..]));
        let exact = self.options.screen != Screen::EightBits;
        let trust = if exact { Trust::Sure } else { Trust::Likely };
        let (code, screened) = topk_screened(exec, self.batch.x(), n, packed, encoder, bias, k, trust)?;
        if exact {
            let lost = packed.precision == Precision::Screen && too_many(screened, n, self.options.features, k);
            return Ok((code, Check { rescored: screened.rescored as f64 / n as f64, ..Check::default() }, lost));
        }
        let rows = CHECKED_ROWS.min(n);
        // Other places of the batch in every step; which rows stand there is chance.
        let chosen: Vec<usize> = (0..rows).map(|i| (i * n / rows + self.steps as usize) % n).collect();
        let mut x = Vec::with_capacity(rows * d);
        chosen.iter().for_each(|&i| x.extend_from_slice(&self.batch.x()[i * d..(i + 1) * d]));
        let (right, _) = topk_screened(exec, &x, rows, packed, encoder, bias, k, Trust::Sure)?;
        let top = |code: &TopKOutput, at: usize| code.indices[at * k..(at + 1) * k].to_vec();
        let differing = (0..rows).filter(|&at| top(&right, at) != top(&code, chosen[at])).count();
        Ok((code, Check { rows, differing, rescored: screened.rescored as f64 / n as f64 }, false))
    }
}
