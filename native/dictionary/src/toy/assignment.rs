/// One-to-one assignment of rows to columns with the largest total `score [rows, columns]`, rows ≤ columns: the column
/// of each row. Hungarian method with potentials, O(rows²·columns).
pub fn best_assignment(score: &[f64], rows: usize, columns: usize) -> Vec<usize> {
    assert!(rows <= columns && score.len() == rows * columns, "score must be [rows, columns] with rows ≤ columns");
    // Row and column 0 stand for "none".
    let (mut u, mut v) = (vec![0f64; rows + 1], vec![0f64; columns + 1]);
    let (mut row_of, mut previous) = (vec![0usize; columns + 1], vec![0usize; columns + 1]);
    for row in 1..=rows {
        row_of[0] = row;
        let mut column = 0;
        let (mut shortest, mut used) = (vec![f64::INFINITY; columns + 1], vec![false; columns + 1]);
        while row_of[column] != 0 {
            used[column] = true;
            let (r, mut delta, mut next) = (row_of[column], f64::INFINITY, 0);
            for c in 1..=columns {
                if used[c] {
                    continue;
                }
                let reduced = -score[(r - 1) * columns + c - 1] - u[r] - v[c];
                if reduced < shortest[c] {
                    (shortest[c], previous[c]) = (reduced, column);
                }
                if shortest[c] < delta {
                    (delta, next) = (shortest[c], c);
                }
            }
            for c in 0..=columns {
                if used[c] {
                    u[row_of[c]] += delta;
                    v[c] -= delta;
                } else {
                    shortest[c] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[previous[column]];
            column = previous[column];
        }
    }
    let mut out = vec![0; rows];
    for c in 1..=columns {
        if row_of[c] != 0 {
            out[row_of[c] - 1] = c - 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::best_assignment;
    use proptest::prelude::*;

    fn best_by_trying_all(score: &[f64], rows: usize, columns: usize) -> f64 {
        fn go(score: &[f64], row: usize, rows: usize, columns: usize, used: u32) -> f64 {
            if row == rows {
                return 0.0;
            }
            (0..columns)
                .filter(|c| used & (1 << c) == 0)
                .map(|c| score[row * columns + c] + go(score, row + 1, rows, columns, used | 1 << c))
                .fold(f64::NEG_INFINITY, f64::max)
        }
        go(score, 0, rows, columns, 0)
    }

    proptest! {
        #[test]
        fn is_the_best_of_all(rows in 1usize..5, extra in 0usize..3, scores in proptest::collection::vec(-1f64..1.0, 28)) {
            let columns = rows + extra;
            let score = &scores[..rows * columns];
            let found = best_assignment(score, rows, columns);
            let total: f64 = found.iter().enumerate().map(|(r, c)| score[r * columns + c]).sum();
            let distinct: std::collections::HashSet<_> = found.iter().collect();
            prop_assert_eq!(distinct.len(), rows);
            prop_assert!((total - best_by_trying_all(score, rows, columns)).abs() < 1e-9);
        }
    }
}
