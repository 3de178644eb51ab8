//! Rotary positions, half-split pairs (i, i + width/2) as in Hugging Face's llama.

use crate::CpuPath;
use crate::versions::per_level;

/// cos and sin of `position · frequency`, [positions, width / 2].
pub struct RopeTable {
    half: usize,
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RopeTable {
    /// Frequencies are `base^(−2i/width) / divisors[i]`; angles are f32 products, as in the reference implementation.
    pub fn new(base: f64, width: usize, divisors: Option<&[f32]>, positions: usize) -> Self {
        let half = width / 2;
        let frequencies: Vec<f32> = (0..half)
            .map(|i| {
                let f = base.powf(-2.0 * i as f64 / width as f64) as f32;
                divisors.map_or(f, |d| f / d[i])
            })
            .collect();
        let (mut cos, mut sin) = (Vec::with_capacity(positions * half), Vec::with_capacity(positions * half));
        for position in 0..positions {
            for f in &frequencies {
                let angle = f64::from(position as f32 * f);
                cos.push(angle.cos() as f32);
                sin.push(angle.sin() as f32);
            }
        }
        Self { half, cos, sin }
    }

    /// Positions held.
    pub fn positions(&self) -> usize {
        self.cos.len() / self.half.max(1)
    }

    /// Rotates the first `width` elements of one head in place.
    #[inline]
    pub fn rotate(&self, path: CpuPath, position: usize, head: &mut [f32]) {
        let row = position * self.half..(position + 1) * self.half;
        let (a, rest) = head.split_at_mut(self.half);
        rotate_pairs(path, a, &mut rest[..self.half], &self.cos[row.clone()], &self.sin[row]);
    }
}

#[inline(always)]
fn rotate_body(a: &mut [f32], b: &mut [f32], cos: &[f32], sin: &[f32]) {
    for (((a, b), c), s) in a.iter_mut().zip(b).zip(cos).zip(sin) {
        (*a, *b) = (*a * c - *b * s, *b * c + *a * s);
    }
}

per_level! {
    /// `(a, b) = (a·cos − b·sin, b·cos + a·sin)`, element by element.
    rotate_pairs = rotate_body(a: &mut [f32], b: &mut [f32], cos: &[f32], sin: &[f32])
}

#[cfg(test)]
#[allow(clippy::excessive_precision)]
mod tests {
    use super::*;

    fn rotated(position: usize, x: [f32; 4]) -> [f32; 4] {
        let table = RopeTable::new(10_000.0, 4, None, 8);
        let mut y = x;
        table.rotate(CpuPath::best(), position, &mut y);
        y
    }

    #[test]
    fn f50_half_split() {
        for (y, expected) in rotated(3, [1.0, 2.0, 3.0, 4.0]).into_iter().zip([-1.41335252, 1.87911807, -2.82885748, 4.05819114])
        {
            assert!((y - expected).abs() < 1e-6, "{y} {expected}");
        }
    }

    #[test]
    fn f50_only_the_distance_counts() {
        let dot = |a: [f32; 4], b: [f32; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (q, k) = ([1.0, 2.0, 3.0, 4.0], [0.5, -1.0, 2.0, 0.0]);
        for (at, from) in [(5, 3), (2, 0), (7, 5)] {
            assert!((dot(rotated(at, q), rotated(from, k)) + 4.16991107).abs() < 2e-6);
        }
        assert!((dot(rotated(6, q), rotated(6, k)) - 4.5).abs() < 2e-6);
    }

    #[test]
    fn divisors_divide_the_frequencies_and_the_rest_of_a_head_is_left() {
        let slow = RopeTable::new(10_000.0, 4, Some(&[2.0, 2.0]), 8);
        let mut y = [1.0, 2.0, 3.0, 4.0, 9.0];
        slow.rotate(CpuPath::Portable, 6, &mut y);
        let x = rotated(3, [1.0, 2.0, 3.0, 4.0]);
        for (a, b) in y.iter().zip(x) {
            assert!((a - b).abs() < 1e-6);
        }
        assert_eq!(y[4], 9.0);
    }
}
