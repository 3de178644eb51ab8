//! Slices cut into parts that threads write apart.

use crate::{Cancelled, Exec, SharedMut};
use std::sync::Mutex;

/// Calls `f(i, part)` for every part of `size` elements (the last may be shorter), on all threads.
pub fn for_chunks<T: Send>(
    exec: &Exec,
    out: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) -> Result<(), Cancelled> {
    let (len, size) = (out.len(), size.max(1));
    let out = SharedMut::new(out);
    exec.run(len.div_ceil(size), |chunk| {
        let start = chunk * size;
        // SAFETY: parts of different chunks are disjoint.
        f(chunk, unsafe { out.slice(start, size.min(len - start)) });
    })
}

/// Rows that one thread takes in [`for_row_blocks`].
const BLOCK_ROWS: usize = 120;
/// With fewer rows than this for each thread they share the work inside of a block instead.
const LEAST_ROWS: usize = 24;
/// Rows that they then take at a time.
const SHARED_ROWS: usize = 256;

/// Calls `f(exec, first, parts)` for blocks of rows `first…` of arrays that have the same rows; each array comes with its
/// width. When there are enough rows a block belongs to one thread, from its first operation to its last, so that no thread
/// waits for another in between; else the blocks come one after the other, and `exec` has all threads.
pub fn for_row_blocks<const N: usize, E: From<Cancelled> + Send>(
    exec: &Exec,
    arrays: [(&mut [f32], usize); N],
    f: impl Fn(&Exec, usize, [&mut [f32]; N]) -> Result<(), E> + Sync + Send,
) -> Result<(), E> {
    let rows = arrays.first().map_or(0, |(a, width)| a.len() / (*width).max(1));
    let shared = arrays.map(|(a, width)| {
        assert_eq!(a.len(), rows * width, "the arrays must have the same rows");
        (SharedMut::new(a), width)
    });
    let parts = |from: usize, to: usize| {
        // SAFETY: the blocks below are disjoint, and each is handed out once.
        std::array::from_fn(|i| unsafe { shared[i].0.slice(from * shared[i].1, (to - from) * shared[i].1) })
    };
    let threads = exec.threads();
    if rows < threads * LEAST_ROWS {
        let mut starts = (0..rows).step_by(SHARED_ROWS);
        return starts.try_for_each(|from| f(exec, from, parts(from, rows.min(from + SHARED_ROWS))));
    }
    // Blocks of even size, as many for each thread.
    let count = rows.div_ceil(BLOCK_ROWS).next_multiple_of(threads);
    let inline = exec.inline();
    let failed = Mutex::new(None);
    exec.run(count, |c| {
        let (from, to) = (c * rows / count, (c + 1) * rows / count);
        if let Err(error) = f(&inline, from, parts(from, to)) {
            failed.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(error);
        }
    })?;
    failed.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cancel, CpuPath};

    #[test]
    fn every_row_comes_once_with_its_parts() {
        for (rows, threads) in [(0, 2), (1, 1), (30, 1), (47, 2), (300, 8), (1000, 3), (121, 1)] {
            let exec = Exec::with_threads(CpuPath::Portable, Cancel::new(), threads);
            let (mut a, mut b) = (vec![0.0; rows * 2], vec![0.0; rows * 3]);
            for_row_blocks(&exec, [(&mut a, 2), (&mut b, 3)], |_, first, [a, b]| {
                assert_eq!(a.len() / 2, b.len() / 3);
                a.chunks_exact_mut(2).zip(first..).for_each(|(a, row)| a[1] += row as f32);
                b.chunks_exact_mut(3).zip(first..).for_each(|(b, row)| b[2] += row as f32);
                Ok::<(), Cancelled>(())
            })
            .unwrap();
            assert!(
                a.chunks(2).zip(b.chunks(3)).enumerate().all(|(i, (a, b))| a == [0.0, i as f32] && b == [0.0, 0.0, i as f32])
            );
        }
    }

    #[test]
    fn an_error_comes_back() {
        for rows in [3, 500] {
            let exec = Exec::with_threads(CpuPath::Portable, Cancel::new(), 2);
            let done = for_row_blocks(&exec, [(&mut vec![0.0; rows], 1)], |_, _, _| Err(Cancelled));
            assert_eq!(done, Err(Cancelled));
        }
    }
}
