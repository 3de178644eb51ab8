//! Stored blocks, rearranged so that one load holds the same place of 16 outputs. Not a byte more than the file has.

use crate::cpu::CpuPath;
use crate::exec::{Cancelled, Exec};
use crate::packed_buf::AlignedBuf;
use crate::shared::SharedMut;
use crate::simd::{Level, level};

/// Weights of a block, along k.
pub const BLOCK: usize = 32;
/// Outputs of a panel.
pub(super) const PANEL: usize = 16;

/// `ggml`'s blocks of 32 weights; scales and minima are f16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum BlockKind {
    /// d·(q − 8), q of 4 bits: weight j in the low half of byte j, weight j + 16 in the high half.
    Q4_0,
    /// d·q + m, q as in `Q4_0`.
    Q4_1,
    /// d·q, q of 8 bits with sign.
    Q8_0,
}

impl BlockKind {
    pub const ALL: [BlockKind; 3] = [Self::Q4_0, Self::Q4_1, Self::Q8_0];

    /// Bytes of a block.
    pub fn bytes(self) -> usize {
        self.scale_bytes() + self.quant_bytes()
    }
    /// Scale, and minimum where there is one.
    fn scale_bytes(self) -> usize {
        if self == Self::Q4_1 { 4 } else { 2 }
    }
    fn quant_bytes(self) -> usize {
        if self == Self::Q8_0 { BLOCK } else { BLOCK / 2 }
    }
    /// Where the q of a panel's block begin: after 16 scales and 16 minima.
    pub(super) const fn quants_at(self) -> usize {
        match self {
            Self::Q4_1 => 4 * PANEL,
            Self::Q4_0 | Self::Q8_0 => 2 * PANEL,
        }
    }
    /// Bytes of a panel's block.
    pub(super) const fn panel_block(self) -> usize {
        match self {
            Self::Q4_0 | Self::Q4_1 => self.quants_at() + PANEL * BLOCK / 2,
            Self::Q8_0 => self.quants_at() + PANEL * BLOCK,
        }
    }
}

/// In which order the q of a panel's block lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Four bits: a u32 an output holds weights 8g…8g + 7, lowest first, `[g][output]`. Eight bits: `[weight][output]`.
    Single,
    /// For products of integers. Four bits: the low halves of the u32's bytes hold weights 8g…8g + 3, the high halves the next
    /// four. Eight bits: `[weight/4][output][4]`.
    #[cfg(target_arch = "x86_64")]
    Quads,
}

impl Order {
    fn of(path: CpuPath) -> Self {
        match level(path) {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Self::Quads,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if path == CpuPath::Avx2I16 => Self::Quads,
            _ => Self::Single,
        }
    }
}

/// Stored rows `[rows, k/32]` blocks, as the file has them.
#[derive(Clone, Copy, Debug)]
pub struct BlockRows<'a> {
    pub kind: BlockKind,
    pub rows: usize,
    pub bytes: &'a [u8],
}

/// Up to 16 outputs of one kind, and where they lie.
pub(super) struct Panel {
    pub kind: BlockKind,
    pub first: usize,
    pub rows: usize,
    offset: usize,
}

/// Weights `[n, k]` in panels of 16 outputs, `[k/32]` blocks each: 16 scales, 16 minima (Q4_1), then the q.
pub struct BlockMatrix {
    pub n: usize,
    pub k: usize,
    pub path: CpuPath,
    pub(super) order: Order,
    panels: Vec<Panel>,
    data: AlignedBuf,
}

impl BlockMatrix {
    /// Rearranges matrices of width `k`, one under the other. Panics when this CPU lacks `exec.path`.
    pub fn pack(exec: &Exec, parts: &[BlockRows<'_>], k: usize) -> Result<Self, Cancelled> {
        assert!(exec.path.available(), "{} is not available on this CPU", exec.path.name());
        assert!(k.is_multiple_of(BLOCK), "k must be whole blocks");
        let (blocks, order) = (k / BLOCK, Order::of(exec.path));
        let (mut panels, mut sources, mut n, mut size) = (Vec::new(), Vec::new(), 0, 0);
        for part in parts {
            let row_bytes = blocks * part.kind.bytes();
            assert_eq!(part.bytes.len(), part.rows * row_bytes, "bytes must hold the rows");
            for row in (0..part.rows).step_by(PANEL) {
                let rows = PANEL.min(part.rows - row);
                panels.push(Panel { kind: part.kind, first: n + row, rows, offset: size });
                sources.push(&part.bytes[row * row_bytes..(row + rows) * row_bytes]);
                size += blocks * part.kind.panel_block();
            }
            n += part.rows;
        }
        let mut data = AlignedBuf::zeroed(size);
        // SAFETY: the buffer has at least `size` initialised bytes, and nothing else refers to it yet.
        let out = SharedMut::new(unsafe { std::slice::from_raw_parts_mut(data.as_mut_ptr(), size) });
        exec.run(panels.len(), |p| {
            let (kind, size) = (panels[p].kind, blocks * panels[p].kind.panel_block());
            // SAFETY: panels lie apart.
            let out = unsafe { out.slice(panels[p].offset, size) };
            for (row, blocks) in sources[p].chunks_exact(blocks.max(1) * kind.bytes()).enumerate() {
                for (block, out) in blocks.chunks_exact(kind.bytes()).zip(out.chunks_exact_mut(kind.panel_block())) {
                    place(kind, order, block, row, out);
                }
            }
        })?;
        Ok(Self { n, k, path: exec.path, order, panels, data })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    pub(super) fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// The panel's first byte, 32-byte aligned; `k/32` blocks follow.
    pub(super) fn panel_ptr(&self, panel: &Panel) -> *const u8 {
        let bytes = self.k / BLOCK * panel.kind.panel_block();
        assert!(panel.offset + bytes <= self.data.len(), "panel outside of the matrix");
        // SAFETY: inside the buffer by the assertion.
        unsafe { self.data.as_ptr().add(panel.offset) }
    }
}

/// A stored block to output `row` of a panel's block.
fn place(kind: BlockKind, order: Order, block: &[u8], row: usize, out: &mut [u8]) {
    let (scales, quants) = block.split_at(kind.scale_bytes());
    for (at, pair) in scales.chunks_exact(2).enumerate() {
        out[2 * (at * PANEL + row)..][..2].copy_from_slice(pair);
    }
    let out = &mut out[kind.quants_at()..];
    if kind == BlockKind::Q8_0 {
        for (j, q) in quants.iter().enumerate() {
            out[if order == Order::Single { j * PANEL + row } else { j / 4 * 4 * PANEL + 4 * row + j % 4 }] = *q;
        }
    } else {
        let nibble = |j: usize| if j < BLOCK / 2 { quants[j] & 15 } else { quants[j - BLOCK / 2] >> 4 };
        for byte in 0..BLOCK / 2 {
            let (group, place) = (byte / 4, byte % 4);
            let (low, high) = if order == Order::Single { (2 * place, 2 * place + 1) } else { (place, place + 4) };
            out[4 * (group * PANEL + row) + place] = nibble(8 * group + low) | nibble(8 * group + high) << 4;
        }
    }
}
