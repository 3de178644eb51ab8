//! Transposed copies, in blocks that stay in cache.

use crate::exec::{Cancelled, Exec};
use crate::shared::SharedMut;

const BLOCK: usize = 32;

/// `out [cols, rows]` = the transpose of `from [rows, cols]`, on all threads.
pub fn transpose(exec: &Exec, from: &[f32], rows: usize, cols: usize, out: &mut [f32]) -> Result<(), Cancelled> {
    assert_eq!(from.len(), rows * cols, "from must be [rows, cols]");
    assert_eq!(out.len(), rows * cols, "out must be [cols, rows]");
    let out = SharedMut::new(out);
    exec.run(cols.div_ceil(BLOCK), |block| {
        let first = block * BLOCK;
        let width = BLOCK.min(cols - first);
        // SAFETY: a chunk owns its rows of the result.
        let out = unsafe { out.slice(first * rows, width * rows) };
        for r0 in (0..rows).step_by(BLOCK) {
            for r in r0..(r0 + BLOCK).min(rows) {
                let line = &from[r * cols + first..][..width];
                for (c, v) in line.iter().enumerate() {
                    out[c * rows + r] = *v;
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::transpose;
    use crate::{Cancel, CpuPath, Exec};

    #[test]
    fn rows_become_columns() {
        for (rows, cols) in [(1, 1), (3, 70), (65, 33), (0, 5)] {
            let from: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
            let mut out = vec![0.0; rows * cols];
            transpose(&Exec::new(CpuPath::best(), Cancel::new()), &from, rows, cols, &mut out).unwrap();
            for r in 0..rows {
                for c in 0..cols {
                    assert_eq!(out[c * rows + r], from[r * cols + c]);
                }
            }
        }
    }
}
