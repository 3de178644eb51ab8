//! What this machine can do.

use crate::task::{Background, Task, background};
use lexiscope_kernels::{CpuPath, Precision, probe};
use napi::bindgen_prelude::*;
use napi_derive::napi;

#[napi(object)]
pub struct Cpu {
    pub path: String,
    pub available: Vec<String>,
    pub threads: u32,
    pub model: String,
}

#[napi(catch_unwind)]
pub fn cpu() -> Result<Cpu> {
    let exec = Task::default().exec()?;
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines().find(|l| l.starts_with("model name")).and_then(|l| l.split(':').nth(1)).map(|s| s.trim().to_string())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_string());
    Ok(Cpu {
        path: exec.path.name().to_string(),
        available: CpuPath::ALL.into_iter().filter(|p| p.available()).map(|p| p.name().to_string()).collect(),
        threads: exec.threads() as u32,
        model,
    })
}

/// Rates of the path's inner instruction on registers, and of reading memory, on all threads.
#[napi(object)]
pub struct Probe {
    pub fast_gflops: f64,
    pub exact_gflops: f64,
    #[napi(js_name = "bandwidthGBs")]
    pub bandwidth_gbs: f64,
}

#[napi(js_name = "probe", catch_unwind)]
pub fn probe_machine() -> Result<AsyncTask<Background<Probe>>> {
    let exec = Task::default().exec()?;
    Ok(background(move || {
        Ok(Probe {
            fast_gflops: probe::compute_limit(&exec, Precision::Fast),
            exact_gflops: probe::compute_limit(&exec, Precision::Exact),
            bandwidth_gbs: probe::bandwidth(&exec),
        })
    }))
}
