//! Rows to low precision with their error norms, and rows to panels.

use crate::simd::{Level, widest};

/// ‖x‖ and ‖w‖ in units of an i16 product: Cauchy–Schwarz then keeps every full sum below 2³¹, whatever k
/// (90000 · 23000 < 2³¹, with room for rounding up to k = 2²⁰); sums on the way may wrap, and unwrap again.
pub(crate) const I16_NORM_X: f32 = 90_000.0;
pub(crate) const I16_NORM_W: f32 = 23_000.0;

/// A row's scale and norms; all norms are upper bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowForm {
    pub scale: f32,
    pub norm: f32,
    pub approx_norm: f32,
    pub delta_norm: f32,
}

const LANES: usize = 16;

/// Sums of squares of the row, of its low-precision form, and of their difference.
struct Squares([[f32; LANES]; 3]);

impl Squares {
    #[inline(always)]
    fn new() -> Self {
        Self([[0.0; LANES]; 3])
    }
    #[inline(always)]
    fn add(&mut self, lane: usize, x: f32, approx: f32) {
        let d = x - approx;
        self.0[0][lane] += x * x;
        self.0[1][lane] += approx * approx;
        self.0[2][lane] += d * d;
    }
    #[inline(always)]
    fn row(&self, len: usize, scale: f32) -> RowForm {
        // Relative: rounding of the sums (len/16 + 20 of 2⁻²⁴). Absolute: squares lost to underflow.
        let grow = 1.0 + (len / LANES + 32) as f32 * 2f32.powi(-24);
        let lost = (len as f32).sqrt() * 1e-22;
        let norm = |lanes: &[f32; LANES]| lanes.iter().sum::<f32>().sqrt() * grow + lost;
        RowForm { scale, norm: norm(&self.0[0]), approx_norm: norm(&self.0[1]), delta_norm: norm(&self.0[2]) }
    }
}

/// bf16 of x, subnormals to zero as the product instruction would have it.
#[inline(always)]
fn bf16_flushed(x: f32) -> u32 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let rounded = (bits.wrapping_add(0x7fff + ((bits >> 16) & 1))) >> 16;
    let rounded = if magnitude > 0x7f80_0000 { (bits >> 16) | 0x40 } else { rounded };
    if magnitude < 0x0080_0000 { 0 } else { rounded }
}

/// `out` = bf16 of `row`; the rest of `out` is zero.
#[inline(always)]
fn bf16_row(row: &[f32], out: &mut [u16]) -> RowForm {
    let mut sq = Squares::new();
    let (head, tail) = row.as_chunks::<LANES>();
    let (out_head, out_tail) = out.split_at_mut(head.len() * LANES);
    for (x, o) in head.iter().zip(out_head.as_chunks_mut::<LANES>().0) {
        for l in 0..LANES {
            let q = bf16_flushed(x[l]);
            o[l] = q as u16;
            sq.add(l, x[l], f32::from_bits(q << 16));
        }
    }
    out_tail.fill(0);
    for (l, (&x, o)) in tail.iter().zip(out_tail).enumerate() {
        let q = bf16_flushed(x);
        *o = q as u16;
        sq.add(l, x, f32::from_bits(q << 16));
    }
    sq.row(row.len(), 1.0)
}

/// `out` = `row` in units of `scale` (nearest), `scale` the smallest that keeps |q| ≤ 32767 and ‖q‖ ≤ `norm_units`.
/// A row with NaN or inf gets scale NaN and zeros. The rest of `out` is zero.
#[inline(always)]
fn i16_row<const NORMS: bool>(row: &[f32], norm_units: f32, out: &mut [i16]) -> RowForm {
    let (head, tail) = row.as_chunks::<LANES>();
    let (mut max, mut sum) = ([0f32; LANES], [0f32; LANES]);
    // 0·x is NaN for NaN and inf, and `max` would pass over a NaN.
    let mut poison = [0f32; LANES];
    for x in head {
        for l in 0..LANES {
            max[l] = if x[l].abs() > max[l] { x[l].abs() } else { max[l] };
            sum[l] += x[l] * x[l];
            poison[l] += x[l] * 0.0;
        }
    }
    for (l, &x) in tail.iter().enumerate() {
        max[l] = x.abs().max(max[l]);
        sum[l] += x * x;
        poison[l] += x * 0.0;
    }
    let max = max.into_iter().fold(0f32, f32::max);
    let mut norm = sum.iter().sum::<f32>().sqrt();
    if !norm.is_finite() {
        norm = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt() as f32;
    }
    if !norm.is_finite() || poison.iter().any(|p| p.is_nan()) {
        out.fill(0);
        return RowForm { scale: f32::NAN, norm: f32::INFINITY, approx_norm: f32::INFINITY, delta_norm: f32::INFINITY };
    }
    // The squares of rows this small underflow; they count as zero.
    let scale = if max < 1e-18 { 0.0 } else { (max / 32767.0).max(norm / norm_units) };
    let inv = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let mut sq = Squares::new();
    let (out_head, out_tail) = out.split_at_mut(head.len() * LANES);
    // Adding 1.5·2²³ leaves the nearest integer in the low mantissa bits.
    const MAGIC: f32 = 12_582_912.0;
    for (x, o) in head.iter().zip(out_head.as_chunks_mut::<LANES>().0) {
        for l in 0..LANES {
            let shifted = x[l] * inv + MAGIC;
            o[l] = shifted.to_bits() as i16;
            if NORMS {
                sq.add(l, x[l], (shifted - MAGIC) * scale);
            }
        }
    }
    out_tail.fill(0);
    for (l, (&x, o)) in tail.iter().zip(out_tail).enumerate() {
        let shifted = x * inv + MAGIC;
        *o = shifted.to_bits() as i16;
        if NORMS {
            sq.add(l, x, (shifted - MAGIC) * scale);
        }
    }
    if NORMS { sq.row(row.len(), scale) } else { RowForm { scale, ..RowForm::default() } }
}

#[inline(always)]
fn f32_row(row: &[f32]) -> RowForm {
    let mut sq = Squares::new();
    let (head, tail) = row.as_chunks::<LANES>();
    for x in head {
        for l in 0..LANES {
            sq.add(l, x[l], x[l]);
        }
    }
    for (l, &x) in tail.iter().enumerate() {
        sq.add(l, x, x);
    }
    let row = sq.row(row.len(), 1.0);
    RowForm { delta_norm: if row.norm.is_finite() { 0.0 } else { f32::INFINITY }, ..row }
}

/// `rows [r, words]` to columns `first..` of `out [words, nr]`.
#[inline(always)]
fn interleave(rows: &[u32], words: usize, first: usize, nr: usize, out: &mut [u32]) {
    let count = rows.len() / words.max(1);
    if count == 16 {
        let r: [&[u32]; 16] = std::array::from_fn(|i| &rows[i * words..(i + 1) * words]);
        for s in 0..words {
            let o = &mut out[s * nr + first..][..16];
            for i in 0..16 {
                o[i] = r[i][s];
            }
        }
    } else {
        for i in 0..count {
            for s in 0..words {
                out[s * nr + first + i] = rows[i * words + s];
            }
        }
    }
}

/// Declares `$name` with the body compiled for AVX2 and AVX-512 too.
macro_rules! widened {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? = $body:expr) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { $body }
                #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { $body }
                match widest() {
                    // SAFETY: `widest` names only instructions that this CPU has.
                    Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { avx2($($arg),*) },
                    Level::Portable => {}
                }
            }
            $body
        }
    };
}

widened! {
    /// One row of x to bf16, with its norms.
    x_to_bf16_normed(row: &[f32], out: &mut [u16]) -> RowForm = bf16_row(row, out)
}
/// One row of x to bf16; norms only when asked for.
pub(crate) fn x_to_bf16(row: &[f32], out: &mut [u16], norms: bool) -> RowForm {
    #[cfg(target_arch = "x86_64")]
    if !norms && is_x86_feature_detected!("avx512bf16") && widest() == Level::Avx512 {
        // SAFETY: asked on the line above; the rest is in `Level::Avx512`.
        unsafe { crate::packed_x86::bf16_row(row, out) };
        return RowForm::default();
    }
    x_to_bf16_normed(row, out)
}
widened! {
    /// One row of x to i16.
    x_to_i16(row: &[f32], out: &mut [i16], norms: bool) -> RowForm =
        if norms { i16_row::<true>(row, I16_NORM_X, out) } else { i16_row::<false>(row, I16_NORM_X, out) }
}
widened! {
    /// The norms of a row that stays f32.
    x_norms(row: &[f32]) -> RowForm = f32_row(row)
}
widened! {
    /// `rows [≤ nr, k]` to a panel of f32.
    pack_f32(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) = {
        let words: &[u32] = bytemuck::cast_slice(rows);
        for (b, block) in words.chunks(16 * k.max(1)).enumerate() {
            interleave(block, k, b * 16, nr, out);
        }
        for (r, row) in rows.chunks_exact(k.max(1)).enumerate() {
            note(r, f32_row(row));
        }
    }
}
widened! {
    /// `rows [≤ nr, k]` to a panel of bf16 pairs.
    pack_bf16(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) = {
        let steps = k.div_ceil(2);
        let mut block = vec![0u32; 16 * steps];
        for (b, rows) in rows.chunks(16 * k.max(1)).enumerate() {
            let count = rows.len() / k.max(1);
            for i in 0..count {
                let low = bytemuck::cast_slice_mut::<u32, u16>(&mut block[i * steps..(i + 1) * steps]);
                note(b * 16 + i, bf16_row(&rows[i * k..(i + 1) * k], low));
            }
            interleave(&block[..count * steps], steps, b * 16, nr, out);
        }
    }
}
widened! {
    /// `rows [≤ nr, k]` to a panel of i16 pairs.
    pack_i16(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) = {
        let steps = k.div_ceil(2);
        let mut block = vec![0u32; 16 * steps];
        for (b, rows) in rows.chunks(16 * k.max(1)).enumerate() {
            let count = rows.len() / k.max(1);
            for i in 0..count {
                let low = bytemuck::cast_slice_mut::<u32, i16>(&mut block[i * steps..(i + 1) * steps]);
                note(b * 16 + i, i16_row::<true>(&rows[i * k..(i + 1) * k], I16_NORM_W, low));
            }
            interleave(&block[..count * steps], steps, b * 16, nr, out);
        }
    }
}

// After the macro, which it uses.
mod bytes;
pub(crate) use bytes::{BLOCK_STEPS, INPUT_BLOCK, pack_bytes, x_to_bytes};
