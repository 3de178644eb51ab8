/// No partner in this slot.
const EMPTY: u32 = u32::MAX;
/// Slots of a table when it is first used.
const FIRST: usize = 16;

/// Slots that a full table has, for so many neighbours asked: room for the frequent and the rare partners of each.
pub(super) fn table_slots(neighbours: usize) -> usize {
    (neighbours * 16).next_power_of_two().max(512)
}

/// Counts with what a feature fires: other features on the same token, or tokens. A full table forgets: the median count is taken
/// from every partner and those at zero leave (Misra-Gries, in bulk). So a count is exact until then, and afterwards a
/// lower bound that misses at most [`Partners::forgotten`].
#[derive(Default)]
pub(super) struct Partners {
    /// Open addressing, linear probing; (partner, count).
    slots: Vec<(u32, u32)>,
    used: usize,
    forgotten: u32,
}

impl Partners {
    pub(super) fn count(&mut self, partner: u32, most: usize) {
        if self.slots.is_empty() {
            self.slots = vec![(EMPTY, 0); FIRST];
        }
        let at = find(&self.slots, partner);
        if self.slots[at].0 == partner {
            self.slots[at].1 += 1;
            return;
        }
        self.slots[at] = (partner, 1);
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 {
            self.make_room(most);
        }
    }

    fn make_room(&mut self, most: usize) {
        let grown = (self.slots.len() * 2).min(most);
        let mut less = 0;
        if grown == self.slots.len() {
            let mut counts: Vec<u32> = self.iter().map(|(_, c)| c).collect();
            let middle = counts.len() / 2;
            less = *counts.select_nth_unstable(middle).1;
            self.forgotten += less;
        }
        let old = std::mem::replace(&mut self.slots, vec![(EMPTY, 0); grown]);
        self.used = 0;
        for (partner, count) in old {
            if partner != EMPTY && count > less {
                let at = find(&self.slots, partner);
                self.slots[at] = (partner, count - less);
                self.used += 1;
            }
        }
    }

    /// Partners with the tokens surely counted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.slots.iter().copied().filter(|slot| slot.0 != EMPTY)
    }

    /// By how much a count may fall short.
    #[cfg(test)]
    pub(super) fn forgotten(&self) -> u32 {
        self.forgotten
    }
}

/// Where `partner` is, or would go.
fn find(slots: &[(u32, u32)], partner: u32) -> usize {
    let mask = slots.len() - 1;
    let mut at = (partner.wrapping_mul(0x9e37_79b1) >> 7) as usize & mask;
    while slots[at].0 != partner && slots[at].0 != EMPTY {
        at = (at + 1) & mask;
    }
    at
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
        fn counts_are_lower_bounds_within_what_was_forgotten(seed in 0u64..500, spread in 10u32..4000) {
            let (mut partners, mut exact) = (Partners::default(), HashMap::new());
            let mut state = seed;
            for i in 0..20_000u32 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let partner = if i % 10 == 0 { 7 } else { (state >> 33) as u32 % spread };
                partners.count(partner, 512);
                *exact.entry(partner).or_insert(0u32) += 1;
            }
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
