//! How work is spread over threads, and stopped.

use crate::cpu::CpuPath;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().ok().map(Arc::new);
        Self { path, cancel, pool, inline: false }
    }

    /// The same path and stop flag on the calling thread alone: for work inside a chunk of [`Exec::run`].
    pub fn inline(&self) -> Self {
        Self { pool: None, inline: true, ..self.clone() }
    }

    pub fn threads(&self) -> usize {
        if self.inline {
            return 1;
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
        let body = || {
            (0..chunks).into_par_iter().with_max_len(1).for_each(|i| {
                if !self.cancel.is_cancelled() {
                    f(i);
                }
            });
        };
        match &self.pool {
            Some(pool) => pool.install(body),
            None => body(),
        }
        self.cancel.check()
    }
}
