//! How work is spread over threads, and stopped.

use crate::cpu::CpuPath;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The caller asked for the work to stop; results are incomplete and must be thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Shared by the caller and the worker: a flag to stop, and how far the work has come.
#[derive(Clone, Default)]
pub struct Cancel(Arc<CancelState>);

#[derive(Default)]
struct CancelState {
    stop: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn cancel(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
    pub fn is_cancelled(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
    pub fn set_total(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }
    pub fn add_done(&self, n: u64) {
        self.0.done.fetch_add(n, Ordering::Relaxed);
    }
    pub fn progress(&self) -> (u64, u64) {
        (self.0.done.load(Ordering::Relaxed), self.0.total.load(Ordering::Relaxed))
    }
}

/// For ThreadSanitizer, which follows threads that are begun and joined, but not the locks of a standard library that was
/// compiled without it, and a pool's threads meet in those.
const PLAIN: bool = cfg!(lexiscope_plain_threads);
const PLAIN_THREADS: usize = 3;

/// Calls `f(i)` for every `i < chunks` on threads of its own.
fn on_plain_threads(chunks: usize, f: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut i = next.fetch_add(1, Ordering::Relaxed);
        while i < chunks {
            f(i);
            i = next.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PLAIN_THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    });
}

/// Path, threads and stop flag of one piece of work.
#[derive(Clone)]
pub struct Exec {
    pub path: CpuPath,
    pub cancel: Cancel,
    pool: Option<Arc<rayon::ThreadPool>>,
    inline: bool,
}

impl Exec {
    /// Runs on rayon's global pool.
    pub fn new(path: CpuPath, cancel: Cancel) -> Self {
        Self { path, cancel, pool: None, inline: false }
    }

    /// Runs on a pool of exactly `threads` threads.
    pub fn with_threads(path: CpuPath, cancel: Cancel, threads: usize) -> Self {
        let build = || rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().ok().map(Arc::new);
        Self { path, cancel, pool: if PLAIN { None } else { build() }, inline: false }
    }

    /// The same path and stop flag on the calling thread alone: for work inside a chunk of [`Exec::run`].
    pub fn inline(&self) -> Self {
        Self { pool: None, inline: true, ..self.clone() }
    }

    pub fn threads(&self) -> usize {
        if self.inline {
            return 1;
        }
        if PLAIN {
            return PLAIN_THREADS;
        }
        self.pool.as_ref().map_or_else(rayon::current_num_threads, |p| p.current_num_threads())
    }

    /// Calls `f(i)` once for every `i < chunks`, on all threads, in no particular order. Chunks not yet begun are
    /// skipped after a cancel; the result is then `Err(Cancelled)`. `f` must write only what belongs to chunk `i`.
    pub fn run<F: Fn(usize) + Sync + Send>(&self, chunks: usize, f: F) -> Result<(), Cancelled> {
        self.cancel.check()?;
        if self.inline {
            (0..chunks).take_while(|_| !self.cancel.is_cancelled()).for_each(f);
            return self.cancel.check();
        }
        let chunk = |i: usize| {
            if !self.cancel.is_cancelled() {
                f(i);
            }
        };
        // Halves of halves: a thread's chunks follow one another in memory. Taking the next one that nobody has was no faster.
        let on_pool = || (0..chunks).into_par_iter().with_max_len(1).for_each(chunk);
        match &self.pool {
            _ if PLAIN => on_plain_threads(chunks, chunk),
            Some(pool) => pool.install(on_pool),
            None => on_pool(),
        }
        self.cancel.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_comes_once_however_many_threads() {
        for chunks in [0, 1, 2, 100] {
            let counts: Vec<AtomicU64> = (0..chunks).map(|_| AtomicU64::new(0)).collect();
            let count = |i: usize| _ = counts[i].fetch_add(1, Ordering::Relaxed);
            for threads in [1, 2, 5] {
                Exec::with_threads(CpuPath::Portable, Cancel::new(), threads).run(chunks, count).unwrap();
            }
            on_plain_threads(chunks, count);
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 4), "{chunks} chunks");
        }
    }

    #[test]
    fn after_a_stop_no_chunk_begins() {
        let exec = Exec::with_threads(CpuPath::Portable, Cancel::new(), 2);
        let begun = AtomicU64::new(0);
        let stopped = exec.run(1000, |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            exec.cancel.cancel();
        });
        assert!(stopped.is_err() && begun.load(Ordering::Relaxed) <= 2);
    }
}
