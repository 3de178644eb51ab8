//! Numeric loops that everything else is made of. Matrices are row-major; `m` rows of input, `n` outputs, `k` inner.
//!
//! Every operation has a plain reference; the fast paths are chosen at run time ([`CpuPath`]) and tested against it.
//! Work is cut into chunks whose number and order never depend on the number of threads, so results are the same bits
//! for any thread count on one path.

pub mod cpu;
pub mod exec;
pub mod gemm;
pub mod shared;
pub mod simd;
pub mod topk;

pub use cpu::CpuPath;
pub use exec::{Cancel, Cancelled, Exec};
pub use gemm::{PackedMatrix, Precision, gemm};
pub use shared::SharedMut;
pub use topk::{TopKOutput, topk_gemm};
