//! e^x in f32, written so that a loop over it becomes vector code.

/// Below this e^x is smaller than the smallest normal f32; the result is 0.
const LOWEST: f32 = -87.336_54;
const HIGHEST: f32 = 88.376_26;
/// ln 2 in two parts; products of the first with whole numbers below 2⁸ are exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Adding 1.5·2²³ rounds to a whole number, which then lies in the low bits.
const ROUND: f32 = 12_582_912.0;

/// e^x, relative error below 2e-7 for x in (−87.33, 88.37); 0 below, clamped above; NaN stays NaN. No FMA: the same
/// bits on every machine. Polynomial of Cephes' `expf`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let bounded = if x > HIGHEST { HIGHEST } else { x };
    let shifted = bounded * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (bounded - whole * LN2_HIGH) - whole * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_6e-1;
    p = p * r + 0.5;
    let mantissa = (p * (r * r) + r) + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    if x < LOWEST { 0.0 } else { mantissa * power }
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn relative_error_is_below_2e_7() {
        let mut worst = 0f64;
        for i in -873_000..883_000 {
            let x = i as f32 / 10_000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - exact).abs() / exact);
        }
        assert!(worst < 2e-7, "{worst}");
    }

    #[test]
    fn edges() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1000.0), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(1e6).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }
}
