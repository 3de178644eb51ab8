//! From a row of logits to the next token.

use crate::CpuPath;
use crate::logits::{draw, largest, log_sum_exp};
use crate::versions::per_level;

/// What of a row may be chosen, and how.
#[derive(Clone, Copy, Debug)]
pub struct Choosing {
    /// Entries at or past it are padding and never chosen.
    pub vocabulary: usize,
    /// 0: the most likely.
    pub temperature: f32,
    /// Most likely entries named beside the chosen one.
    pub top: usize,
}

/// log p in nats under the logits as they came.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub id: u32,
    pub logprob: f64,
    /// Most likely first, ties by lower id.
    pub top: Vec<(u32, f64)>,
}

/// The token that `unit` of [0, 1) picks. `None`: the logits are not all below infinity.
pub fn choose(path: CpuPath, row: &[f32], how: Choosing, unit: f64) -> Option<Choice> {
    let own = &row[..how.vocabulary.min(row.len())];
    let (most, all_below) = top(path, own);
    if !all_below || own.is_empty() {
        return None;
    }
    let total = f64::from(log_sum_exp(path, row));
    // The sum is rounded to f32, which must not make a probability more than 1.
    let logprob = |id: u32| (f64::from(own[id as usize]) - total).min(0.0);
    let id = if how.temperature > 0.0 && most > f32::NEG_INFINITY {
        draw(path, own, how.temperature, unit)
    } else {
        own.iter().position(|x| *x == most).unwrap_or(0)
    } as u32;
    let top = largest(own, how.top).into_iter().map(|(_, id)| (id, logprob(id))).collect();
    Some(Choice { id, logprob: logprob(id), top })
}

const LANES: usize = 16;

#[inline(always)]
fn top_body(row: &[f32]) -> (f32, bool) {
    let (lanes, rest) = row.as_chunks::<LANES>();
    let (mut tops, mut bad) = ([f32::NEG_INFINITY; LANES], [0u32; LANES]);
    for lane in lanes {
        for l in 0..LANES {
            tops[l] = if lane[l] > tops[l] { lane[l] } else { tops[l] };
            bad[l] |= u32::from(lane[l].is_nan() | (lane[l] == f32::INFINITY));
        }
    }
    let most = tops.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    (most, bad.iter().all(|b| *b == 0) && rest.iter().all(|x| *x < f32::INFINITY))
}

per_level! {
    /// The largest entry, and whether every entry is below infinity (NaN is not).
    top = top_body(row: &[f32]) -> (f32, bool)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEDY: Choosing = Choosing { vocabulary: 40, temperature: 0.0, top: 0 };

    fn row() -> Vec<f32> {
        (0..43).map(|i| ((i * 29) % 41) as f32 / 7.0).collect()
    }

    #[test]
    fn greedy_takes_the_lowest_of_the_largest_that_are_no_padding() {
        for path in CpuPath::ALL {
            let mut row = row();
            (row[8], row[30], row[41]) = (9.0, 9.0, 20.0);
            assert_eq!(choose(path, &row, GREEDY, 0.0).unwrap().id, 8);
            assert_eq!(choose(path, &[f32::NEG_INFINITY; 43], GREEDY, 0.5).unwrap().id, 0);
        }
    }

    #[test]
    fn log_probabilities_are_of_the_logits_as_they_came() {
        let row = row();
        let total = row.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
        let how = Choosing { temperature: 0.7, top: 5, ..GREEDY };
        for path in CpuPath::ALL {
            let choice = choose(path, &row, how, 0.3).unwrap();
            assert_eq!(choice.id as usize, draw(path, &row[..40], 0.7, 0.3));
            for (id, logprob) in choice.top.iter().chain([&(choice.id, choice.logprob)]) {
                assert!((logprob - (f64::from(row[*id as usize]) - total)).abs() < 1e-5);
            }
            let ids: Vec<u32> = choice.top.iter().map(|(id, _)| *id).collect();
            assert_eq!(ids, largest(&row[..40], 5).iter().map(|(_, id)| *id).collect::<Vec<_>>());
        }
    }

    #[test]
    fn logits_that_are_not_finite_give_no_token() {
        for (at, bad) in [(3, f32::NAN), (39, f32::INFINITY), (0, f32::NAN)] {
            let mut row = row();
            row[at] = bad;
            for path in CpuPath::ALL {
                assert_eq!(choose(path, &row, Choosing { temperature: 1.0, ..GREEDY }, 0.5), None);
            }
        }
    }
}
