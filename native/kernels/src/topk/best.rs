//! The k best of a row's exact values: by value descending, ties by lower index.

use super::queue::{ordered, reached_by};
use crate::cpu::CpuPath;
use crate::versions::per_level;

/// Up to here each entry's rank is counted against all others, which has no branch; sorting has one in two comparisons.
const COUNTED: usize = 256;

/// What a row with NaN gets.
pub(super) fn write_nan(indices: &mut [u32], values: &mut [f32]) {
    indices.iter_mut().zip(0..).for_each(|(i, j)| *i = j);
    values.fill(f32::NAN);
}

/// Writes the `indices.len()` best of `all` (value, index), or NaN where one of them is NaN.
pub(super) fn write_best(path: CpuPath, all: &mut [(f32, u32)], indices: &mut [u32], values: &mut [f32]) {
    let k = indices.len();
    if all.iter().fold(false, |nan, (v, _)| nan | v.is_nan()) {
        return write_nan(indices, values);
    }
    debug_assert!(all.len() >= k, "a row has at least k candidates");
    if all.len() > COUNTED {
        return write_sorted(all, indices, values);
    }
    let (mut found, mut keys, mut columns, mut places) = ([0f32; COUNTED], [0i32; COUNTED], [0u32; COUNTED], [0u32; COUNTED]);
    found.iter_mut().zip(all.iter()).for_each(|(to, (v, _))| *to = *v);
    // Ranks cost the square of their number.
    let bar = if all.len() > k + k / 4 { reached_by(&found[..all.len()], k, f32::NEG_INFINITY) } else { f32::NEG_INFINITY };
    let mut n = 0;
    for &(v, j) in all.iter() {
        (keys[n], columns[n], found[n]) = (ordered(v), j, v);
        n += usize::from(v >= bar);
    }
    ranks(path, &keys[..n], &columns[..n], &mut places[..n]);
    for ((&v, &j), &place) in found[..n].iter().zip(&columns).zip(&places) {
        if (place as usize) < k {
            (indices[place as usize], values[place as usize]) = (j, v);
        }
    }
}

/// [`write_best`] by sorting; no value is NaN.
fn write_sorted(all: &mut [(f32, u32)], indices: &mut [u32], values: &mut [f32]) {
    let k = indices.len();
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if all.len() > k {
        all.select_nth_unstable_by(k - 1, order);
    }
    all[..k].sort_unstable_by(order);
    for (slot, &(v, j)) in all[..k].iter().enumerate() {
        (indices[slot], values[slot]) = (j, v);
    }
}

#[inline(always)]
fn ranks_body(keys: &[i32], columns: &[u32], places: &mut [u32]) {
    for ((&key, &column), place) in keys.iter().zip(columns).zip(places) {
        let before = |(&other, &at): (&i32, &u32)| u32::from(other > key) + u32::from((other == key) & (at < column));
        *place = keys.iter().zip(columns).map(before).sum();
    }
}

per_level! {
    /// `places[i]` = how many entries come before entry i.
    ranks = ranks_body(keys: &[i32], columns: &[u32], places: &mut [u32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_and_sorting_agree() {
        for n in [1usize, 5, 33, 200, 256, 300] {
            let all: Vec<(f32, u32)> =
                (0..n).map(|i| (((i * 37) % 23) as f32 - 11.0, (n - i) as u32)).chain([(-0.0, 9999), (0.0, 10_000)]).collect();
            for k in [1, n / 2 + 1, n] {
                let (mut indices, mut values) = (vec![0; k], vec![0.0; k]);
                write_sorted(&mut all.clone(), &mut indices, &mut values);
                for path in CpuPath::ALL {
                    let (mut i, mut v) = (vec![7; k], vec![7.0; k]);
                    write_best(path, &mut all.clone(), &mut i, &mut v);
                    assert_eq!((i, v), (indices.clone(), values.clone()), "{} {n} {k}", path.name());
                }
            }
        }
    }

    #[test]
    fn nan_spoils_the_row() {
        let (mut i, mut v) = ([7; 2], [7.0; 2]);
        write_best(CpuPath::best(), &mut [(1.0, 3), (f32::NAN, 4)], &mut i, &mut v);
        assert!(i == [0, 1] && v.iter().all(|v| v.is_nan()));
    }
}
