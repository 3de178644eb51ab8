//! How far the packed product may be from the exact one, per output.

use crate::gemm::PackedMatrix;

/// Per output, padded to whole panels; `panels` holds the largest radius shares of each panel.
pub(crate) struct Bounds<'a> {
    /// Bias and its share of the radius.
    pub bias: Vec<f32>,
    pub bias_slack: Vec<f32>,
    pub approx_norm: &'a [f32],
    pub slack: &'a [f32],
    pub largest_norm: f32,
    panel_rows: usize,
    panels: Vec<Radius>,
}

/// An entry's radius is `delta·approx_norm + norm·slack + bias_slack`, with the row's delta = ‖x − x̂‖ and norm = ‖x‖.
#[derive(Clone, Copy, Default)]
pub(crate) struct Radius {
    approx_norm: f32,
    slack: f32,
    bias_slack: f32,
}

impl Radius {
    /// No entry of the panel that reaches `threshold` has a value below this; NaN when nothing can be said. The second
    /// term covers the rounding of the first and of value + radius.
    #[inline(always)]
    pub fn cut(&self, delta: f32, norm: f32, threshold: f32) -> f32 {
        let radius = delta * self.approx_norm + (norm * self.slack + self.bias_slack);
        (threshold - radius) - (threshold.abs() + radius) * 2f32.powi(-21)
    }
}

impl<'a> Bounds<'a> {
    pub fn new(w: &'a PackedMatrix, bias: Option<&[f32]>) -> Self {
        let padded = w.slacks().len();
        let mut padded_bias = bias.unwrap_or(&[]).to_vec();
        padded_bias.resize(padded, 0.0);
        // Products lost to underflow (bf16 sums flush): at most k of them, each below 2⁻¹²⁵.
        let lost = (w.k + 64) as f32 * 2f32.powi(-124);
        // Rounding of the sum with the bias; an infinite bias decides alone.
        let slack = |b: &f32| if b.is_finite() { b.abs() * 2f32.powi(-20) + lost } else { 0.0 };
        let bias_slack: Vec<f32> = padded_bias.iter().map(slack).collect();
        let largest_norm = w.approx_norms().iter().zip(w.slacks()).fold(0f32, |m, (&a, &s)| m.max(a + s));
        let largest_norm = if largest_norm.is_nan() { f32::INFINITY } else { largest_norm };
        let panel_rows = w.panel_rows();
        let largest = |values: &[f32]| values.iter().fold(0f32, |m, &v| if v <= m { m } else { v });
        let panels = (0..padded / panel_rows)
            .map(|p| {
                let of = p * panel_rows..(p + 1) * panel_rows;
                Radius {
                    approx_norm: largest(&w.approx_norms()[of.clone()]),
                    slack: largest(&w.slacks()[of.clone()]),
                    bias_slack: largest(&bias_slack[of]),
                }
            })
            .collect();
        Self { bias: padded_bias, bias_slack, approx_norm: w.approx_norms(), slack: w.slacks(), largest_norm, panel_rows, panels }
    }

    /// The largest shares among the outputs of the panel that begins at `col`.
    pub fn panel(&self, col: usize) -> &Radius {
        &self.panels[col / self.panel_rows]
    }
}
