//! The glue that every long call shares: a task to stop it, a thread to run it, panics and errors turned into messages.

use lexiscope_kernels::{Cancel, Cancelled, CpuPath, Exec};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// Stops a call, and tells how far it is.
#[napi]
#[derive(Clone, Default)]
pub struct Task {
    pub(crate) cancel: Cancel,
}

#[napi(object)]
pub struct TaskProgress {
    pub done: f64,
    pub total: f64,
}

#[napi]
impl Task {
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    #[napi(catch_unwind)]
    pub fn progress(&self) -> TaskProgress {
        let (done, total) = self.cancel.progress();
        TaskProgress { done: done as f64, total: total as f64 }
    }
}

impl Task {
    /// What native work needs to run under this task.
    pub fn exec(&self) -> Result<Exec> {
        let path = CpuPath::current().map_err(invalid_input)?;
        start_threads().map_err(invalid_input)?;
        Ok(Exec::new(path, self.cancel.clone()))
    }
}

/// Starts the pool once: `LEXISCOPE_THREADS` threads, else one for each processor. Results do not depend on the number.
fn start_threads() -> std::result::Result<(), String> {
    static STARTED: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    const MOST: usize = 1024;
    let start = || {
        let Some(text) = std::env::var("LEXISCOPE_THREADS").ok().filter(|t| !t.is_empty()) else { return Ok(()) };
        let threads = text.parse::<usize>().ok().filter(|n| (1..=MOST).contains(n));
        let threads = threads.ok_or_else(|| format!("LEXISCOPE_THREADS={text} is not a number of threads (1 to {MOST})"))?;
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| error.to_string())
    };
    STARTED.get_or_init(start).clone()
}

/// An error whose message begins with its code, as `packages/native` expects.
pub fn coded(code: &str, message: impl std::fmt::Display) -> Error {
    Error::from_reason(format!("{code}: {message}"))
}

pub fn invalid_input(message: impl std::fmt::Display) -> Error {
    coded("invalid_input", message)
}

pub fn cancelled(_: Cancelled) -> Error {
    Error::from_reason("cancelled")
}

type Job<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// A closure that runs on a worker thread and resolves a promise. A panic in it rejects the promise.
pub struct Background<T: ToNapiValue + TypeName + Send + 'static> {
    job: Option<Job<T>>,
}

impl<T: ToNapiValue + TypeName + Send + 'static> napi::Task for Background<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let job = self.job.take().ok_or_else(|| coded("internal", "the job ran twice"))?;
        catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without a message");
            Err(coded("internal", text))
        })
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}

/// Runs `job` off the main thread.
pub fn background<T, F>(job: F) -> AsyncTask<Background<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    AsyncTask::new(Background { job: Some(Box::new(job)) })
}
