use super::assignment::best_assignment;

/// How much of the planted truth a dictionary holds. F37.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// mean_i max_j cos(g_i, d̂_j)
    pub mmcs: f64,
    /// Share of planted features with max cos > 0.9.
    pub recovered: f64,
    /// mean |cos| over the best one-to-one match.
    pub mcc: f64,
    /// Distinct best matches over n.
    pub unique_match: f64,
    /// For each planted feature the latent with the largest cos.
    pub best: Vec<usize>,
    /// For each planted feature its latent in the one-to-one match; none where there are fewer latents than features.
    pub matched: Vec<Option<usize>>,
}

/// cos of every row of `a [n, d]` with every row of `b [m, d]`: `[n, m]`; a zero row has cos 0 with all.
pub fn cosines(a: &[f32], b: &[f32], d: usize) -> Vec<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let norms: Vec<f64> = b.chunks_exact(d).map(|b| dot(b, b).sqrt()).collect();
    let mut out = Vec::with_capacity(a.len() / d * norms.len());
    for a in a.chunks_exact(d) {
        let norm = dot(a, a).sqrt();
        out.extend(b.chunks_exact(d).zip(&norms).map(|(b, n)| if norm * n > 0.0 { dot(a, b) / (norm * n) } else { 0.0 }));
    }
    out
}

/// Compares planted directions `truth [n, d]` with the decoder rows `latents [m, d]` of living latents.
pub fn recovery(truth: &[f32], latents: &[f32], d: usize) -> Recovery {
    let (n, m) = (truth.len() / d, latents.len() / d);
    assert!(n > 0 && m > 0, "nothing to compare");
    let cos = cosines(truth, latents, d);
    let best: Vec<usize> =
        (0..n).map(|i| (0..m).max_by(|&a, &b| cos[i * m + a].total_cmp(&cos[i * m + b])).unwrap_or(0)).collect();
    let best_cos = |i: usize| cos[i * m + best[i]];
    let magnitude: Vec<f64> = if n <= m { cos.iter().map(|c| c.abs()).collect() } else { transpose_abs(&cos, n, m) };
    let pairs: Vec<(usize, usize)> = if n <= m {
        best_assignment(&magnitude, n, m).into_iter().enumerate().collect()
    } else {
        best_assignment(&magnitude, m, n).into_iter().enumerate().map(|(j, i)| (i, j)).collect()
    };
    let mut matched = vec![None; n];
    pairs.iter().for_each(|&(i, j)| matched[i] = Some(j));
    let distinct: std::collections::HashSet<usize> = best.iter().copied().collect();
    Recovery {
        mmcs: (0..n).map(best_cos).sum::<f64>() / n as f64,
        recovered: (0..n).filter(|&i| best_cos(i) > 0.9).count() as f64 / n as f64,
        mcc: pairs.iter().map(|&(i, j)| cos[i * m + j].abs()).sum::<f64>() / n as f64,
        unique_match: distinct.len() as f64 / n as f64,
        best,
        matched,
    }
}

fn transpose_abs(cos: &[f64], n: usize, m: usize) -> Vec<f64> {
    (0..n * m).map(|at| cos[at % n * m + at / n].abs()).collect()
}

/// F1 of "the planted feature is on" against "its latent fires"; 0 when they never agree.
pub fn firing_f1(truth: &[bool], latent: &[bool]) -> f64 {
    let both = truth.iter().zip(latent).filter(|(t, l)| **t && **l).count();
    let either = truth.iter().filter(|t| **t).count() + latent.iter().filter(|l| **l).count();
    if both == 0 { 0.0 } else { 2.0 * both as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f37_matching() {
        let truth = [1.0, 0.0, 0.0, 1.0, -0.6, 0.8];
        let latents = [0.6, 0.8, 0.0, 2.0, 1.0, 0.0];
        let r = recovery(&truth, &latents, 2);
        assert!((r.mmcs - 0.933333).abs() < 1e-6);
        assert!((r.recovered - 2.0 / 3.0).abs() < 1e-9);
        assert!((r.mcc - 0.866667).abs() < 1e-6);
        assert_eq!(r.best, [2, 1, 1]);
        assert_eq!(r.matched, [Some(2), Some(0), Some(1)]);
        assert!((r.unique_match - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn f37_firing_f1() {
        let on = |bits: [u8; 5]| bits.map(|b| b == 1);
        assert!((firing_f1(&on([1, 1, 0, 0, 1]), &on([1, 0, 1, 0, 1])) - 0.666667).abs() < 1e-6);
        assert_eq!(firing_f1(&on([0; 5]), &on([0; 5])), 0.0);
    }

    #[test]
    fn fewer_latents_than_features_leave_some_unmatched() {
        let r = recovery(&[1.0, 0.0, 0.0, 1.0], &[0.0, -3.0], 2);
        assert_eq!(r.matched, [None, Some(0)]);
        assert!((r.mcc - 0.5).abs() < 1e-9 && r.mmcs < 1e-9);
    }
}
