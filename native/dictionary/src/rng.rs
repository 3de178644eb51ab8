//! A seeded stream of random numbers (splitmix64): the same for any number of threads, since each row has its own.

pub(crate) struct Rng(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// Stream number `stream` of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(STEP)).wrapping_add(stream.wrapping_mul(STEP))))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in [0, 1), 53 bits of it.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2f64.powi(-53)
    }

    /// Normal with mean 0 and variance 1 (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// A direction uniform on the unit sphere.
    pub fn fill_unit(&mut self, row: &mut [f32]) {
        let values: Vec<f64> = row.iter().map(|_| self.normal()).collect();
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        row.iter_mut().zip(values).for_each(|(r, v)| *r = (v / norm) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn streams_differ_and_repeat() {
        assert_ne!(Rng::new(1, 0).next(), Rng::new(1, 1).next());
        assert_ne!(Rng::new(1, 0).next(), Rng::new(2, 0).next());
        assert_eq!(Rng::new(7, 3).next(), Rng::new(7, 3).next());
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut rng = Rng::new(42, 0);
        let n = 100_000;
        let mean = (0..n).map(|_| rng.uniform()).sum::<f64>() / f64::from(n);
        let square = (0..n).map(|_| rng.normal().powi(2)).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.005 && (square - 1.0).abs() < 0.02, "{mean} {square}");
    }
}
