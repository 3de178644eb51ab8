//! The blocks of a model over a group of sequences.

use crate::error::ModelError;
use crate::hooks::Hooks;
use crate::model::{Block, Form, Linear, Model};
use crate::site::{Site, SiteKind};
use lexiscope_kernels::activation::{add, add_bias, silu_mul};
use lexiscope_kernels::attention::{AttentionRows, KvSlot, attention};
use lexiscope_kernels::norm::rms_norm;
use lexiscope_kernels::qkv::{QkvRows, rotate_and_store};
use lexiscope_kernels::rope::RopeTable;
use lexiscope_kernels::{Exec, for_chunks, for_row_blocks};
use std::sync::Mutex;

/// Embedding rows that one chunk copies.
const EMBED_ROWS: usize = 64;
/// Tokens that pass through the model at a time (a longer sequence goes alone): bounds the memory of a call.
pub(crate) const GROUP_TOKENS: usize = 2048;

/// Keys and values of a pass: kept for every layer, or thrown away after each.
pub(crate) enum Kv<'a> {
    Scratch(&'a mut [KvSlot]),
    /// [layer][slot]
    Cache(&'a mut [Vec<KvSlot>]),
}

impl Kv<'_> {
    fn layer(&mut self, layer: usize) -> &mut [KvSlot] {
        match self {
            Kv::Scratch(slots) => slots,
            Kv::Cache(layers) => &mut layers[layer],
        }
    }
}

/// Rows of a pass that are multiplied with one form of the weights; parts follow one another and cover the pass.
pub(crate) struct Part {
    pub end: usize,
    pub form: Form,
}

/// Runs `tokens` (the rows of `spans`) through the blocks. Returns the residual stream `[n, d]` after the last block,
/// or `None` when the hooks said to stop before.
pub(crate) fn run(
    model: &Model,
    exec: &Exec,
    tokens: &[u32],
    spans: &[QkvRows],
    parts: &[Part],
    mut kv: Kv<'_>,
    hooks: &mut Hooks<'_>,
) -> Result<Option<Vec<f32>>, ModelError> {
    let a = &model.architecture;
    let (n, d) = (tokens.len(), a.d);
    let rope = model.rope(spans.iter().map(|s| s.past + s.len).max().unwrap_or(0));
    let mut x = vec![0.0; n * d];
    for_chunks(exec, &mut x, EMBED_ROWS * d, |chunk, x| {
        for (x, token) in x.chunks_exact_mut(d).zip(&tokens[chunk * EMBED_ROWS..]) {
            x.copy_from_slice(&model.embed[*token as usize * d..][..d]);
        }
    })?;
    let mut buffers = Buffers {
        normed: vec![0.0; n * d],
        qkv: vec![0.0; n * (a.q_width() + 2 * a.kv_width())],
        heads: vec![0.0; n * a.q_width()],
        wide: Mutex::default(),
    };
    for (layer, block) in model.blocks.iter().enumerate() {
        exec.cancel.check()?;
        let slots = kv.layer(layer);
        for span in spans {
            slots[span.slot].reserve(span.past + span.len).map_err(|_| {
                ModelError::Invalid("not enough memory for keys and values; use fewer or shorter sequences".into())
            })?;
        }
        let step = Step { model, exec, layer, block, rope: &rope, spans, parts };
        if step.attention(&mut x, slots, &mut buffers, hooks)? || step.mlp(&mut x, &mut buffers, hooks)? {
            return Ok(None);
        }
    }
    Ok(Some(x))
}

struct Buffers {
    normed: Vec<f32>,
    qkv: Vec<f32>,
    heads: Vec<f32>,
    /// Room for a block's MLP activations, as many as blocks at a time.
    wide: Mutex<Vec<Vec<f32>>>,
}

struct Step<'a> {
    model: &'a Model,
    exec: &'a Exec,
    layer: usize,
    block: &'a Block,
    rope: &'a RopeTable,
    spans: &'a [QkvRows],
    parts: &'a [Part],
}

impl Step<'_> {
    fn site(&self, kind: SiteKind) -> Site {
        Site { layer: self.layer, kind }
    }

    /// `y = x·wᵀ + b`, or `y += …`, for the rows of the pass from `first` on.
    fn linear(
        &self,
        exec: &Exec,
        first: usize,
        x: &[f32],
        linear: &Linear,
        y: &mut [f32],
        accumulate: bool,
    ) -> Result<(), ModelError> {
        let (n, k) = (linear.weight.n, linear.weight.k);
        let (end, mut row) = (first + y.len() / n, first);
        for part in self.parts {
            let next = part.end.min(end);
            if next > row {
                let (x, y) = (&x[(row - first) * k..(next - first) * k], &mut y[(row - first) * n..(next - first) * n]);
                linear.multiply(exec, part.form, x, y, accumulate)?;
                row = next;
            }
        }
        if let Some(bias) = &linear.bias {
            add_bias(exec, bias, y)?;
        }
        Ok(())
    }

    /// [`Step::linear`] of all rows.
    fn linear_all(&self, x: &[f32], linear: &Linear, y: &mut [f32], accumulate: bool) -> Result<(), ModelError> {
        let (n, k) = (linear.weight.n, linear.weight.k);
        for_row_blocks(self.exec, [(y, n)], |exec, first, [y]| {
            self.linear(exec, first, &x[first * k..first * k + y.len() / n * k], linear, y, accumulate)
        })
    }

    /// Attention with the sites before and after it; `true`: stop here.
    fn attention(&self, x: &mut [f32], slots: &mut [KvSlot], b: &mut Buffers, hooks: &mut Hooks<'_>) -> Result<bool, ModelError> {
        let (exec, shape) = (self.exec, self.model.architecture.attention_shape());
        if hooks.visit(exec, self.site(SiteKind::ResidPre), x)? {
            return Ok(true);
        }
        let (d, width) = (self.model.architecture.d, self.block.qkv.weight.n);
        for_row_blocks(exec, [(x, d), (&mut b.normed, d), (&mut b.qkv, width)], |exec, first, [x, normed, qkv]| {
            rms_norm(exec, x, &self.block.attn_norm, self.model.epsilon(), normed)?;
            self.linear(exec, first, normed, &self.block.qkv, qkv, false)
        })?;
        rotate_and_store(exec, shape, self.rope, &mut b.qkv, self.spans, slots)?;
        let rows: Vec<AttentionRows<'_>> =
            self.spans.iter().map(|s| AttentionRows { start: s.start, len: s.len, past: s.past, slot: &slots[s.slot] }).collect();
        attention(exec, shape, &b.qkv, self.block.qkv.weight.n, &rows, &mut b.heads)?;
        let site = self.site(SiteKind::AttnOut);
        if hooks.wants(site) {
            self.linear_all(&b.heads, &self.block.o, &mut b.normed, false)?;
            if hooks.visit(exec, site, &mut b.normed)? {
                return Ok(true);
            }
            add(exec, &b.normed, x)?;
        } else {
            self.linear_all(&b.heads, &self.block.o, x, true)?;
        }
        hooks.visit(exec, self.site(SiteKind::ResidMid), x)
    }

    /// The MLP with the sites after it; `true`: stop here.
    fn mlp(&self, x: &mut [f32], b: &mut Buffers, hooks: &mut Hooks<'_>) -> Result<bool, ModelError> {
        let (exec, block) = (self.exec, self.block);
        let (d, ff) = (self.model.architecture.d, self.model.architecture.ff);
        let site = self.site(SiteKind::MlpOut);
        let apart = hooks.wants(site);
        let wide = &b.wide;
        for_row_blocks(exec, [(x, d), (&mut b.normed, d)], |exec, first, [x, normed]| {
            let rows = x.len() / d;
            rms_norm(exec, x, &block.mlp_norm, self.model.epsilon(), normed)?;
            let mut room = wide.lock().unwrap_or_else(|e| e.into_inner()).pop().unwrap_or_default();
            room.resize((rows * 3 * ff).max(room.len()), 0.0);
            let (gate_up, hidden) = room[..rows * 3 * ff].split_at_mut(rows * 2 * ff);
            self.linear(exec, first, normed, &block.gate_up, gate_up, false)?;
            silu_mul(exec, gate_up, ff, hidden)?;
            self.linear(exec, first, hidden, &block.down, if apart { normed } else { x }, !apart)?;
            wide.lock().unwrap_or_else(|e| e.into_inner()).push(room);
            Ok::<(), ModelError>(())
        })?;
        if apart {
            if hooks.visit(exec, site, &mut b.normed)? {
                return Ok(true);
            }
            add(exec, &b.normed, x)?;
        }
        hooks.visit(exec, self.site(SiteKind::ResidPost), x)
    }
}
