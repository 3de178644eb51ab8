use crate::rng::Rng;

#[derive(Clone, Copy, Debug)]
pub struct PlantedOptions {
    /// n: number of planted features.
    pub features: usize,
    pub d: usize,
    /// Probability of each feature.
    pub p: f64,
    pub seed: u64,
}

/// n directions uniform on the sphere in R^d; z_i = Bernoulli(p)·U(0.5, 1.5), x = zG, scaled to E‖x‖² = d.
pub struct Planted {
    options: PlantedOptions,
    /// G `[n, d]`, unit rows.
    pub directions: Vec<f32>,
    scale: f64,
    streams: u64,
}

/// Rows and the features that made them.
pub struct Samples {
    /// `[rows, d]`
    pub x: Vec<f32>,
    /// Planted features that are on, by row.
    pub on: Vec<Vec<u32>>,
}

impl Planted {
    pub fn new(options: PlantedOptions) -> Self {
        let mut directions = vec![0f32; options.features * options.d];
        for (i, row) in directions.chunks_exact_mut(options.d).enumerate() {
            Rng::new(options.seed, i as u64).fill_unit(row);
        }
        // E‖x‖² = ‖E x‖² + Σ var(z_i), E z² = p·13/12, E z = p.
        let mut mean = vec![0f64; options.d];
        for row in directions.chunks_exact(options.d) {
            mean.iter_mut().zip(row).for_each(|(m, g)| *m += options.p * f64::from(*g));
        }
        let variance = options.features as f64 * (options.p * 13.0 / 12.0 - options.p * options.p);
        let square = mean.iter().map(|m| m * m).sum::<f64>() + variance;
        let scale = (options.d as f64 / square).sqrt();
        Self { options, directions, scale, streams: options.features as u64 }
    }

    /// The next `rows` samples.
    pub fn sample(&mut self, rows: usize) -> Samples {
        let PlantedOptions { features, d, p, seed } = self.options;
        let mut rng = Rng::new(seed, self.streams);
        self.streams += 1;
        let (mut x, mut on) = (vec![0f32; rows * d], Vec::with_capacity(rows));
        for row in x.chunks_exact_mut(d) {
            let mut active = Vec::new();
            for i in 0..features {
                if rng.uniform() < p {
                    let z = (self.scale * (0.5 + rng.uniform())) as f32;
                    row.iter_mut().zip(&self.directions[i * d..]).for_each(|(x, g)| *x += z * g);
                    active.push(i as u32);
                }
            }
            on.push(active);
        }
        Samples { x, on }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_the_norm_and_sparsity_that_they_promise() {
        let mut planted = Planted::new(PlantedOptions { features: 256, d: 64, p: 0.01, seed: 3 });
        let samples = planted.sample(20_000);
        let square = samples.x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / 20_000.0;
        let l0 = samples.on.iter().map(Vec::len).sum::<usize>() as f64 / 20_000.0;
        assert!((square - 64.0).abs() < 1.5, "{square}");
        assert!((l0 - 2.56).abs() < 0.05, "{l0}");
        assert_ne!(planted.sample(1).x, planted.sample(1).x);
    }
}
