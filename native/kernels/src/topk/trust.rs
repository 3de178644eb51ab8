//! How far the bound of a screening product is trusted, and what came of it.
//!
//! Errors of bytes are spread over all of k, so that the bound by norms, which holds for any, is some 6 times what is ever
//! seen. Two things follow. A row's threshold may be taken from values that are *likely* reached: the exact k-th value says
//! afterwards whether they were, and a row in which they were not is screened again by the bound ([`Trust::Sure`]). Or that
//! share of the bound may be trusted altogether, which drops more and proves nothing ([`Trust::Likely`]).

/// Share of the bound that errors of bytes stay below: 6 standard deviations and more, for independent roundings.
const LIKELY: f32 = 0.2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The bound holds for any input: exact.
    Sure,
    /// A fifth of it: nearly always exact. Of bytes only; other forms stay exact.
    Likely,
}

/// What screening left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screened {
    /// Entries computed in f32.
    pub rescored: u64,
    /// Rows screened twice.
    pub again: usize,
}

/// What a row's queue makes of the bound.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// Share of the bound that an entry must miss the threshold by to be dropped.
    pub share: f32,
    /// From lower (0) to upper (1) bound: what an entry is taken to reach.
    pub reached: f32,
    /// Whether a threshold may be what the row's k largest *likely* reach, judged by the outputs seen so far.
    pub foresees: bool,
}

impl Reading {
    pub const SURE: Reading = Reading { share: 1.0, reached: 0.0, foresees: false };

    /// For bytes; to be verified where it is `Sure`.
    pub fn of_bytes(trust: Trust) -> Reading {
        match trust {
            Trust::Sure => Reading { reached: 0.5 * (1.0 - LIKELY), foresees: true, ..Self::SURE },
            Trust::Likely => Reading { share: LIKELY, ..Self::SURE },
        }
    }

    /// The rank, among the `seen` of `n` outputs, whose value the k-th largest of all likely reaches: k when all are seen.
    /// If the k largest lie anywhere, a binomial number of them was seen; its mean and four standard deviations and more.
    pub fn rank(&self, k: usize, seen: usize, n: usize) -> usize {
        if !self.foresees || seen >= n {
            return k;
        }
        let (share, k_real) = (seen as f64 / n as f64, k as f64);
        let most = k_real * share + 4.0 * (k_real * share * (1.0 - share)).sqrt() + 2.0;
        (most.ceil() as usize).min(k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foresight_ends_at_k() {
        let reading = Reading::of_bytes(Trust::Sure);
        let ranks: Vec<usize> = [64, 128, 1024, 4096, 8192, 16_320, 16_384].map(|seen| reading.rank(32, seen, 16_384)).into();
        assert!(ranks.is_sorted() && ranks[0] >= 3 && ranks[0] <= 5 && ranks[6] == 32, "{ranks:?}");
        assert_eq!(Reading::SURE.rank(32, 64, 16_384), 32);
        assert_eq!(Reading::of_bytes(Trust::Likely).rank(32, 64, 16_384), 32);
    }
}
