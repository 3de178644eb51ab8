//! One function for each of `ggml`'s block structs: `y` = the values of the block `b`. Every product and sum is one f32
//! operation, in `ggml`'s order, so that the values are the same bits.

/// Elements of a small block and of a super-block ("K").
pub(super) const SMALL: usize = 32;
pub(super) const SUPER: usize = 256;
/// Where Q4_K and Q5_K keep eight 6-bit scales and eight 6-bit minima, in 12 bytes.
const PAIRS: usize = 4;

/// The sixteen levels of IQ4_NL and IQ4_XS.
const LEVELS: [f32; 16] =
    [-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0];

pub(super) fn q4_0(b: &[u8; 18], y: &mut [f32; SMALL]) {
    let d = f16(b, 0);
    for j in 0..SMALL / 2 {
        y[j] = d * centred(b[2 + j] & 15, 8);
        y[j + SMALL / 2] = d * centred(b[2 + j] >> 4, 8);
    }
}

pub(super) fn q4_1(b: &[u8; 20], y: &mut [f32; SMALL]) {
    let (d, m) = (f16(b, 0), f16(b, 2));
    for j in 0..SMALL / 2 {
        y[j] = d * f32::from(b[4 + j] & 15) + m;
        y[j + SMALL / 2] = d * f32::from(b[4 + j] >> 4) + m;
    }
}

pub(super) fn q5_0(b: &[u8; 22], y: &mut [f32; SMALL]) {
    let (d, high) = (f16(b, 0), word(b, 2));
    for j in 0..SMALL / 2 {
        y[j] = d * centred(b[6 + j] & 15 | fifth(high, j), 16);
        y[j + SMALL / 2] = d * centred(b[6 + j] >> 4 | fifth(high, j + SMALL / 2), 16);
    }
}

pub(super) fn q5_1(b: &[u8; 24], y: &mut [f32; SMALL]) {
    let (d, m, high) = (f16(b, 0), f16(b, 2), word(b, 4));
    for j in 0..SMALL / 2 {
        y[j] = d * f32::from(b[8 + j] & 15 | fifth(high, j)) + m;
        y[j + SMALL / 2] = d * f32::from(b[8 + j] >> 4 | fifth(high, j + SMALL / 2)) + m;
    }
}

pub(super) fn q8_0(b: &[u8; 34], y: &mut [f32; SMALL]) {
    let d = f16(b, 0);
    for j in 0..SMALL {
        y[j] = d * f32::from(b[2 + j] as i8);
    }
}

pub(super) fn iq4_nl(b: &[u8; 18], y: &mut [f32; SMALL]) {
    let d = f16(b, 0);
    for j in 0..SMALL / 2 {
        y[j] = d * LEVELS[usize::from(b[2 + j] & 15)];
        y[j + SMALL / 2] = d * LEVELS[usize::from(b[2 + j] >> 4)];
    }
}

pub(super) fn q2_k(b: &[u8; 84], y: &mut [f32; SUPER]) {
    let (d, dmin) = (f16(b, 80), f16(b, 82));
    for (group, y) in y.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let (scale, min) = (d * f32::from(b[group] & 15), dmin * f32::from(b[group] >> 4));
        let (at, shift) = two_bits(16, group);
        for j in 0..16 {
            y[j] = scale * f32::from(b[at + j] >> shift & 3) - min;
        }
    }
}

pub(super) fn q3_k(b: &[u8; 110], y: &mut [f32; SUPER]) {
    let d = f16(b, 108);
    for (group, y) in y.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let low = b[96 + group % 8] >> (4 * (group / 8)) & 15;
        let high = b[104 + group % 4] >> (2 * (group / 4)) & 3;
        let scale = d * centred(low | high << 4, 32);
        let (at, shift) = two_bits(32, group);
        let (mask_at, mask) = (16 * (group % 2), 1 << (group / 2));
        for j in 0..16 {
            // The third bit is kept inverted.
            let third = if b[mask_at + j] & mask == 0 { 4 } else { 0 };
            y[j] = scale * centred(b[at + j] >> shift & 3, third);
        }
    }
}

pub(super) fn q4_k(b: &[u8; 144], y: &mut [f32; SUPER]) {
    let (d, dmin) = (f16(b, 0), f16(b, 2));
    for (group, y) in y.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, min) = pair(b, group);
        let (scale, min) = (d * scale, dmin * min);
        let (at, shift) = (16 + 32 * (group / 2), 4 * (group % 2));
        for j in 0..32 {
            y[j] = scale * f32::from(b[at + j] >> shift & 15) - min;
        }
    }
}

pub(super) fn q5_k(b: &[u8; 176], y: &mut [f32; SUPER]) {
    let (d, dmin) = (f16(b, 0), f16(b, 2));
    for (group, y) in y.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (scale, min) = pair(b, group);
        let (scale, min) = (d * scale, dmin * min);
        let (at, shift) = (48 + 32 * (group / 2), 4 * (group % 2));
        for j in 0..32 {
            let q = b[at + j] >> shift & 15 | (b[16 + j] >> group & 1) << 4;
            y[j] = scale * f32::from(q) - min;
        }
    }
}

pub(super) fn q6_k(b: &[u8; 210], y: &mut [f32; SUPER]) {
    let d = f16(b, 208);
    for (group, y) in y.as_chunks_mut::<16>().0.iter_mut().enumerate() {
        let scale = d * f32::from(b[192 + group] as i8);
        let (half, within) = (group / 8, group % 8);
        let (low_at, low_shift) = (64 * half + 16 * (within % 4), 4 * (within / 4));
        let (high_at, high_shift) = two_bits(128, group);
        for j in 0..16 {
            let q = b[low_at + j] >> low_shift & 15 | (b[high_at + j] >> high_shift & 3) << 4;
            y[j] = scale * centred(q, 32);
        }
    }
}

pub(super) fn iq4_xs(b: &[u8; 136], y: &mut [f32; SUPER]) {
    let d = f16(b, 0);
    let scales_high = u16::from_le_bytes([b[2], b[3]]);
    for (group, y) in y.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let low = b[4 + group / 2] >> (4 * (group % 2)) & 15;
        let high = (scales_high >> (2 * group) & 3) as u8;
        let scale = d * centred(low | high << 4, 32);
        for j in 0..16 {
            let q = b[8 + 16 * group + j];
            y[j] = scale * LEVELS[usize::from(q & 15)];
            y[j + 16] = scale * LEVELS[usize::from(q >> 4)];
        }
    }
}

fn f16(block: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

fn word(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

fn centred(q: u8, zero: u8) -> f32 {
    f32::from(i16::from(q) - i16::from(zero))
}

/// Bit `j` of `high`, in the fifth place.
fn fifth(high: u32, j: usize) -> u8 {
    ((high >> j & 1) << 4) as u8
}

/// Byte and shift of a group of 16 two-bit numbers that begin at `start`: four groups share the bits of 32 bytes' half.
fn two_bits(start: usize, group: usize) -> (usize, usize) {
    (start + 32 * (group / 8) + 16 * (group % 2), 2 * (group % 8 / 2))
}

/// The 6-bit scale and minimum of a group of 32: the last four keep their high bits above those of the first four.
fn pair(block: &[u8], group: usize) -> (f32, f32) {
    let s = &block[PAIRS..PAIRS + 12];
    let (scale, min) = if group < 4 {
        (s[group] & 63, s[group + 4] & 63)
    } else {
        (s[group + 4] & 15 | s[group - 4] >> 6 << 4, s[group + 4] >> 4 | s[group] >> 6 << 4)
    };
    (f32::from(scale), f32::from(min))
}
