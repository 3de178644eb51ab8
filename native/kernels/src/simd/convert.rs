//! bf16 and f16 to and from f32: nearest even, subnormals kept, NaN stays NaN.

use half::slice::HalfFloatSliceExt;

/// bf16 bits nearest to `x`.
#[inline(always)]
pub fn bf16_round(x: f32) -> u16 {
    let bits = x.to_bits();
    let rounded = (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16;
    // The carry would turn a NaN into infinity or zero.
    if bits & 0x7fff_ffff > 0x7f80_0000 { (bits >> 16) as u16 | 0x40 } else { rounded }
}

/// `out[i]` = bf16 bits nearest to `x[i]`.
pub fn bf16_from_f32(x: &[f32], out: &mut [u16]) {
    assert_eq!(x.len(), out.len(), "bf16_from_f32: lengths differ");
    for (o, &x) in out.iter_mut().zip(x) {
        *o = bf16_round(x);
    }
}

/// `out[i]` = the value of bf16 bits `x[i]`.
pub fn f32_from_bf16(x: &[u16], out: &mut [f32]) {
    assert_eq!(x.len(), out.len(), "f32_from_bf16: lengths differ");
    for (o, &x) in out.iter_mut().zip(x) {
        *o = f32::from_bits(u32::from(x) << 16);
    }
}

/// `out[i]` = f16 bits nearest to `x[i]`.
pub fn f16_from_f32(x: &[f32], out: &mut [u16]) {
    assert_eq!(x.len(), out.len(), "f16_from_f32: lengths differ");
    bytemuck::cast_slice_mut::<u16, half::f16>(out).convert_from_f32_slice(x);
}

/// `out[i]` = the value of f16 bits `x[i]`.
pub fn f32_from_f16(x: &[u16], out: &mut [f32]) {
    assert_eq!(x.len(), out.len(), "f32_from_f16: lengths differ");
    bytemuck::cast_slice::<u16, half::f16>(x).convert_to_f32_slice(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_bf16(x: f32) -> u16 {
        let mut out = [0];
        bf16_from_f32(&[x], &mut out);
        out[0]
    }
    fn to_f16(x: f32) -> u16 {
        let mut out = [0];
        f16_from_f32(&[x], &mut out);
        out[0]
    }

    #[test]
    fn f46_bf16_from_bits() {
        let from: [u32; 15] = [
            0x3f800000, 0x3f808000, 0x3f808001, 0x3f817fff, 0x3f818000, 0x3fff8000, 0xbf808000, 0x7f7f7fff, 0x7f7fffff,
            0x7f800000, 0x7f800001, 0x80000000, 0x00008000, 0x00008001, 0x00018000,
        ];
        let to: [u16; 15] =
            [0x3f80, 0x3f80, 0x3f81, 0x3f81, 0x3f82, 0x4000, 0xbf80, 0x7f7f, 0x7f80, 0x7f80, 0x7fc0, 0x8000, 0, 1, 2];
        for (from, to) in from.into_iter().zip(to) {
            assert_eq!(to_bf16(f32::from_bits(from)), to, "{from:08x}");
        }
    }

    #[test]
    fn f46_bf16_of_decimals_and_back() {
        for (x, bits, back) in [
            (1.1, 0x3f8d, 1.1015625),
            (0.1, 0x3dcd, 0.10009765625),
            (1e-3, 0x3a83, 0.00099945068359375),
            (255.5, 0x4380, 256.0),
            (256.5, 0x4380, 256.0),
            (1.0 / 3.0, 0x3eab, 0.333984375),
        ] {
            assert_eq!(to_bf16(x), bits);
            let mut out = [0.0];
            f32_from_bf16(&[bits], &mut out);
            assert_eq!(out[0], back);
        }
    }

    #[test]
    fn f47_f16() {
        for (x, bits) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (65519.996, 0x7bff),
            (65520.0, 0x7c00),
            (2049.0, 0x6800),
            (2051.0, 0x6802),
            (2f32.powi(-14), 0x0400),
            (2f32.powi(-24), 0x0001),
            (2f32.powi(-25), 0x0000),
            (2.9805303e-8, 0x0001),
            (0.1, 0x2e66),
            (1.0 / 3.0, 0x3555),
            (-0.0, 0x8000),
            (f32::NAN, 0x7e00),
        ] {
            assert_eq!(to_f16(x), bits, "{x}");
        }
        let mut back = [0f32; 6];
        f32_from_f16(&[0x0001, 0x03ff, 0x3c01, 0x2e66, 0xb400, 0xfc00], &mut back);
        assert_eq!(back, [5.960464477539063e-8, 6.097555160522461e-5, 1.0009765625, 0.0999755859375, -0.25, f32::NEG_INFINITY]);
    }
}
