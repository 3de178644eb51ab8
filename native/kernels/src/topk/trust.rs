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
}

impl Reading {
    pub const SURE: Reading = Reading { share: 1.0, reached: 0.0 };

    /// For bytes; to be verified where it is `Sure`.
    pub fn of_bytes(trust: Trust) -> Reading {
        match trust {
            Trust::Sure => Reading { reached: 0.5 * (1.0 - LIKELY), ..Self::SURE },
            Trust::Likely => Reading { share: LIKELY, ..Self::SURE },
        }
    }
}
