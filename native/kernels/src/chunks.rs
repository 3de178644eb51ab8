//! A slice cut into parts that threads write apart.

use crate::{Cancelled, Exec, SharedMut};

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
