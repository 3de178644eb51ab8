//! Rows to bytes, for screening: mixed first, so that no dimension stands out and 8 bits serve all of them equally.
//!
//! Each block of 64 entries is multiplied with signs and a Hadamard matrix over 8. That is an orthogonal map, so products
//! and norms stay, up to 6 roundings a side; an outlier is spread over 64 entries.

use super::{RowForm, Squares, interleave};
use crate::packed::Form;
use crate::simd::{Level, widest};

/// Entries along k that are mixed with each other, and the longest sum in 16 bits.
pub(crate) const BLOCK: usize = 64;
/// Steps of the inner loop in a block: four entries each.
pub(crate) const BLOCK_STEPS: usize = BLOCK / 4;
/// Bytes of a block of an input row: what makes up for the offset of w, then the entries.
pub(crate) const INPUT_BLOCK: usize = 4 + BLOCK;

/// Largest entry, and largest norm of the entries that share one sum in 16 bits (half a block).
#[derive(Clone, Copy)]
struct Units {
    most: f32,
    half: f32,
}

/// Sums in 32 bits.
const WIDE: Units = Units { most: 127.0, half: f32::INFINITY };
/// Sums in 16 bits: with √32/2 for rounding, 142.9 · 228.9 < 2¹⁵, and 2 · 255 · 63 < 2¹⁵ for a pair.
const NARROW_X: Units = Units { most: 63.0, half: 140.0 };
const NARROW_W: Units = Units { most: 127.0, half: 226.0 };

const LANES: usize = 16;

/// ±1, the parity of a multiplicative hash.
const SIGNS: [f32; BLOCK] = {
    let mut signs = [1.0; BLOCK];
    let mut j = 0;
    while j < BLOCK {
        if (j as u32).wrapping_mul(0x9e37_79b9).count_ones() % 2 == 1 {
            signs[j] = -1.0;
        }
        j += 1;
    }
    signs
};

/// The block's Hadamard transform, over 8.
#[inline(always)]
fn mix(block: &mut [f32; BLOCK]) {
    for (b, s) in block.iter_mut().zip(&SIGNS) {
        *b *= s * 0.125;
    }
    let mut v: [[f32; LANES]; 4] = std::array::from_fn(|i| std::array::from_fn(|l| block[i * LANES + l]));
    let pairs = |a: [f32; LANES], b: [f32; LANES]| {
        let sum: [f32; LANES] = std::array::from_fn(|l| a[l] + b[l]);
        let difference: [f32; LANES] = std::array::from_fn(|l| a[l] - b[l]);
        (sum, difference)
    };
    (v[0], v[1]) = pairs(v[0], v[1]);
    (v[2], v[3]) = pairs(v[2], v[3]);
    (v[0], v[2]) = pairs(v[0], v[2]);
    (v[1], v[3]) = pairs(v[1], v[3]);
    macro_rules! within {
        ($h:literal) => {
            for v in &mut v {
                let other: [f32; LANES] = std::array::from_fn(|l| v[l ^ $h]);
                let own: [f32; LANES] = std::array::from_fn(|l| if l & $h == 0 { v[l] } else { -v[l] });
                *v = std::array::from_fn(|l| other[l] + own[l]);
            }
        };
    }
    within!(1);
    within!(2);
    within!(4);
    within!(8);
    for (to, from) in block.as_chunks_mut::<LANES>().0.iter_mut().zip(v) {
        *to = from;
    }
}

/// `row`, mixed, and zeros up to whole blocks.
#[inline(always)]
fn mixed(row: &[f32], out: &mut [f32]) {
    out[..row.len()].copy_from_slice(row);
    out[row.len()..].fill(0.0);
    out.as_chunks_mut::<BLOCK>().0.iter_mut().for_each(mix);
}

/// `row`, mixed, in units of a scale: the smallest that keeps to `units`. `put` gets every block of entries. A row that is
/// not finite, or too large to be mixed, gets the scale NaN and zeros.
#[inline(always)]
fn quantise(row: &[f32], room: &mut [f32], units: Units, mut put: impl FnMut(usize, &[i8; BLOCK])) -> RowForm {
    mixed(row, room);
    let (blocks, _) = room.as_chunks::<BLOCK>();
    let (mut max, mut poison) = ([0f32; LANES], [0f32; LANES]);
    for x in room.as_chunks::<LANES>().0 {
        for l in 0..LANES {
            max[l] = if x[l].abs() > max[l] { x[l].abs() } else { max[l] };
            // NaN for NaN and infinity, which the comparison would pass over.
            poison[l] += x[l] * 0.0;
        }
    }
    let max = max.into_iter().fold(0f32, f32::max);
    if poison.iter().any(|p| p.is_nan()) {
        (0..blocks.len()).for_each(|b| put(b, &[0; BLOCK]));
        return RowForm { scale: f32::NAN, norm: f32::INFINITY, approx_norm: f32::INFINITY, delta_norm: f32::INFINITY };
    }
    // The squares of rows this small underflow; they count as zero.
    let mut scale = if max < 1e-18 { 0.0 } else { max / units.most };
    if units.half.is_finite() && scale > 0.0 {
        let inverse = 1.0 / max;
        let mut largest = 0f32;
        for block in blocks {
            let mut squares = [0f32; LANES];
            for x in block.as_chunks::<LANES>().0 {
                for l in 0..LANES {
                    squares[l] += (x[l] * inverse) * (x[l] * inverse);
                }
            }
            for half in [0, 2] {
                let sum: f32 = (0..LANES).filter(|l| l & 2 == half).map(|l| squares[l]).sum();
                largest = largest.max(sum);
            }
        }
        scale = scale.max(max * (largest.sqrt() / units.half));
    }
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    // Adding 1.5·2²³ leaves the nearest integer in the low mantissa bits.
    const MAGIC: f32 = 12_582_912.0;
    let mut squares = Squares::new();
    let mut entries = [0i8; BLOCK];
    for (b, block) in blocks.iter().enumerate() {
        for (x, q) in block.as_chunks::<LANES>().0.iter().zip(entries.as_chunks_mut::<LANES>().0) {
            for l in 0..LANES {
                let shifted = x[l] * inverse + MAGIC;
                q[l] = shifted.to_bits() as i8;
                squares.add(l, x[l], (shifted - MAGIC) * scale);
            }
        }
        put(b, &entries);
    }
    squares.row(room.len(), scale)
}

/// Entries in blocks, each after −128 · Σ of its entries: of the first two of each four and of the last two, in 16 bits
/// (`NARROW`), or of the whole row, in 32 bits, before the first block.
#[inline(always)]
fn input_row<const NARROW: bool>(row: &[f32], out: &mut [u8]) -> RowForm {
    let mut room = vec![0f32; row.len().next_multiple_of(BLOCK)];
    let mut total = 0i32;
    let form = quantise(row, &mut room, if NARROW { NARROW_X } else { WIDE }, |b, entries| {
        let out = &mut out[b * INPUT_BLOCK..(b + 1) * INPUT_BLOCK];
        out[4..].copy_from_slice(bytemuck::cast_slice(entries));
        let mut sums = [0i32; 4];
        for four in entries.as_chunks::<4>().0 {
            for (s, q) in sums.iter_mut().zip(four) {
                *s += i32::from(*q);
            }
        }
        let [first, last] = [sums[0] + sums[1], sums[2] + sums[3]].map(|s| (-128 * s) as i16);
        total += sums.iter().sum::<i32>();
        out[..2].copy_from_slice(&first.to_le_bytes());
        out[2..4].copy_from_slice(&last.to_le_bytes());
    });
    if !NARROW && let Some(head) = out.first_chunk_mut::<4>() {
        *head = (-128 * total).to_le_bytes();
    }
    form
}

#[inline(always)]
fn pack<const NARROW: bool>(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) {
    let padded = k.next_multiple_of(BLOCK);
    let (mut room, mut block) = (vec![0f32; padded], vec![0u32; 16 * padded / 4]);
    for (b, rows) in rows.chunks(16 * k.max(1)).enumerate() {
        let count = rows.len() / k.max(1);
        for i in 0..count {
            let bytes = bytemuck::cast_slice_mut::<u32, u8>(&mut block[i * padded / 4..(i + 1) * padded / 4]);
            let row = &rows[i * k..(i + 1) * k];
            let form = quantise(row, &mut room, if NARROW { NARROW_W } else { WIDE }, |b, entries| {
                for (to, q) in bytes[b * BLOCK..(b + 1) * BLOCK].iter_mut().zip(entries) {
                    *to = *q as u8 ^ 128;
                }
            });
            note(b * 16 + i, form);
        }
        interleave(&block[..count * padded / 4], padded / 4, b * 16, nr, out);
    }
}

widened! {
    x_to_wide(row: &[f32], out: &mut [u8]) -> RowForm = input_row::<false>(row, out)
}
widened! {
    x_to_narrow(row: &[f32], out: &mut [u8]) -> RowForm = input_row::<true>(row, out)
}
widened! {
    pack_wide(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) =
        pack::<false>(rows, k, nr, out, note)
}
widened! {
    pack_narrow(rows: &[f32], k: usize, nr: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) =
        pack::<true>(rows, k, nr, out, note)
}

/// One row of x to bytes, `⌈k/64⌉` blocks of [`INPUT_BLOCK`].
pub(crate) fn x_to_bytes(form: Form, row: &[f32], out: &mut [u8]) -> RowForm {
    if form == Form::Bytes64 { x_to_wide(row, out) } else { x_to_narrow(row, out) }
}

/// `rows [≤ nr, k]` to a panel of bytes without sign (offset by 128), four along k together.
pub(crate) fn pack_bytes(form: Form, rows: &[f32], k: usize, out: &mut [u32], note: &mut dyn FnMut(usize, RowForm)) {
    let nr = form.panel_rows();
    if form == Form::Bytes64 { pack_wide(rows, k, nr, out, note) } else { pack_narrow(rows, k, nr, out, note) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = seed | 1;
        (0..len)
            .map(|_| {
                rng = rng.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (rng >> 40) as f32 / (1u64 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn mixing_keeps_products() {
        let (a, b) = (random(200, 1), random(200, 2));
        let (mut ma, mut mb) = (vec![0.0; 256], vec![0.0; 256]);
        mixed(&a, &mut ma);
        mixed(&b, &mut mb);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        assert!((dot(&a, &b) - dot(&ma, &mb)).abs() < 1e-5);
        let mut one = [0.0; BLOCK];
        one[5] = 8.0;
        mix(&mut one);
        assert!(one.iter().all(|v| v.abs() == 1.0), "an outlier is spread over its block");
    }

    #[test]
    fn sums_in_16_bits_cannot_overflow() {
        let mut spiky = random(640, 3);
        spiky.iter_mut().enumerate().for_each(|(j, v)| *v *= if j / 64 == 3 { 100.0 } else { 0.01 });
        for row in [random(640, 4), spiky, vec![1.0; 640], (0..640).map(|j| f32::from(j == 7)).collect()] {
            let mut room = vec![0.0; 640];
            let mut halves = [NARROW_X, NARROW_W].map(|units| {
                let mut halves = Vec::new();
                quantise(&row, &mut room, units, |_, q| {
                    assert!(q.iter().all(|q| f32::from(*q).abs() <= units.most));
                    for half in [0, 2] {
                        let squares = q.iter().enumerate().filter(|(j, _)| j & 2 == half).map(|(_, q)| f64::from(*q).powi(2));
                        halves.push(squares.sum::<f64>().sqrt());
                    }
                });
                halves
            });
            let [x, w] = halves.each_mut().map(|h| h.iter().copied().fold(0.0, f64::max));
            assert!(x * w < 32768.0, "{x} {w}");
        }
    }

    #[test]
    fn norms_bound_the_error_of_a_product() {
        for units in [WIDE, NARROW_X] {
            let (x, w) = (random(576, 5), random(576, 6));
            let mut room = vec![0.0; 576];
            let mut codes = [Vec::new(), Vec::new()];
            let forms = [&x, &w].map(|row| {
                let mut code = Vec::new();
                let form = quantise(row, &mut room, units, |_, q| code.extend_from_slice(q));
                codes.rotate_left(1);
                codes[1] = code;
                form
            });
            let product: i64 = codes[0].iter().zip(&codes[1]).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            let approx = product as f64 * f64::from(forms[0].scale) * f64::from(forms[1].scale);
            let exact: f64 = x.iter().zip(&w).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let bound = f64::from(forms[0].delta_norm * forms[1].approx_norm + forms[0].norm * forms[1].delta_norm);
            assert!((approx - exact).abs() < bound, "{approx} {exact} {bound}");
            assert!(bound < 0.04 * f64::from(forms[0].norm * forms[1].norm));
        }
    }
}
