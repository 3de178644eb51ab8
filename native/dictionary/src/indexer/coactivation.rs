use std::cmp::Reverse;

/// Partners kept of a feature, for so many neighbours asked: room for the frequent and the rare ones of each.
pub(super) fn most_kept(neighbours: usize) -> usize {
    (neighbours * 12).next_multiple_of(64).max(384)
}

/// A count for every id that may come, and which came. All zero before and after a feature's turn.
pub(super) struct Tally {
    counts: Vec<u32>,
    met: Vec<u32>,
}

impl Tally {
    pub(super) fn new(ids: usize) -> Self {
        Self { counts: vec![0; ids], met: Vec::new() }
    }

    pub(super) fn count(&mut self, id: u32) {
        self.add(id, 1);
    }

    fn add(&mut self, id: u32, times: u32) {
        // What was kept may be beyond the ids of this window.
        if id as usize >= self.counts.len() {
            self.counts.resize(id as usize + 1, 0);
        }
        let count = &mut self.counts[id as usize];
        if *count == 0 {
            self.met.push(id);
        }
        *count += times;
    }

    /// As if `id` had not come.
    pub(super) fn leave_out(&mut self, id: u32) {
        self.counts[id as usize] = 0;
    }
}

/// With what a feature fires, and how often: other features on the same token, or tokens. More than may be kept are forgotten
/// as by Misra and Gries (1982), a window's counts at once (Agarwal et al. 2012, "Mergeable summaries"): the largest count beyond
/// those that may stay is taken from all, and who comes to zero leaves. So a count is exact until then, and
/// afterwards a lower bound that misses at most [`Partners::forgotten`].
#[derive(Default)]
pub(super) struct Partners {
    /// (partner, count)
    kept: Vec<(u32, u32)>,
    forgotten: u32,
}

impl Partners {
    /// Takes over what was counted, of which at most `most` partners stay.
    pub(super) fn take(&mut self, tally: &mut Tally, most: usize) {
        for (partner, count) in self.kept.drain(..) {
            tally.add(partner, count);
        }
        for partner in tally.met.drain(..) {
            let count = std::mem::take(&mut tally.counts[partner as usize]);
            if count > 0 {
                self.kept.push((partner, count));
            }
        }
        if self.kept.len() > most {
            let less = self.kept.select_nth_unstable_by_key(most, |&(partner, count)| (Reverse(count), partner)).1.1;
            self.kept.truncate(most);
            self.kept.retain_mut(|(_, count)| {
                *count -= less;
                *count > 0
            });
            self.forgotten += less;
        }
        self.kept.shrink_to(most);
    }

    /// Partners with the tokens surely counted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.kept.iter().copied()
    }

    /// By how much a count may fall short.
    #[cfg(test)]
    pub(super) fn forgotten(&self) -> u32 {
        self.forgotten
    }
}

/// Normalised pointwise mutual information of two things that happen on the same token (Bouma 2009): ln(p_ij / p_i p_j) / −ln p_ij,
/// from −1 (never together) to 1 (only together). Counts over `n` tokens.
pub(super) fn npmi(joint: u32, a: u32, b: u32, n: u32) -> f32 {
    if joint == n {
        return 1.0;
    }
    let (joint, a, b, n) = (f64::from(joint), f64::from(a), f64::from(b), f64::from(n));
    ((joint * n / (a * b)).ln() / (n / joint).ln()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn npmi_is_one_for_inseparable_and_zero_for_independent_features() {
        assert_eq!(npmi(10, 10, 10, 1000), 1.0);
        assert_eq!(npmi(1000, 1000, 1000, 1000), 1.0);
        assert!(npmi(10, 100, 100, 1000).abs() < 1e-6);
        // ln(20·1000 / (40·50)) / ln(1000/20) = ln 10 / ln 50
        assert!((npmi(20, 40, 50, 1000) - 0.588_591).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn counts_are_lower_bounds_within_what_was_forgotten(seed in 0u64..500, spread in 10u32..4000, window in 1u32..9000) {
            let (mut partners, mut tally, mut exact) = (Partners::default(), Tally::new(10), HashMap::new());
            let mut state = seed;
            for i in 0..20_000u32 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let partner = if i % 10 == 0 { 7 } else { (state >> 33) as u32 % spread };
                tally.count(partner);
                if i % window == 0 {
                    partners.take(&mut tally, 384);
                }
                *exact.entry(partner).or_insert(0u32) += 1;
            }
            partners.take(&mut tally, 384);
            prop_assert!(partners.kept.len() <= 384 && partners.forgotten() <= 20_000 / 385);
            let mut seen = HashMap::new();
            for (partner, count) in partners.iter() {
                seen.insert(partner, count);
            }
            for (partner, &count) in &exact {
                let kept = seen.get(partner).copied().unwrap_or(0);
                prop_assert!(kept <= count && count <= kept + partners.forgotten());
            }
            if exact.len() <= 384 {
                prop_assert_eq!(partners.forgotten(), 0);
            }
            prop_assert!(seen.contains_key(&7));
        }
    }
}
