//! Numeric loops that everything else is made of. Matrices are row-major; `m` rows of input, `n` outputs, `k` inner.
//!
//! Every operation has a plain reference; the fast paths are chosen at run time ([`CpuPath`]) and tested against it.
//! Work is cut into chunks whose number and order never depend on the number of threads, so results are the same bits
//! for any thread count on one path.

pub mod activation;
pub mod adam;
pub mod attention;
pub mod blocks;
pub mod choose;
pub mod chunks;
pub mod cpu;
mod cut;
pub mod exec;
pub mod exp;
pub mod gemm;
pub mod huge;
pub mod logits;
pub mod norm;
mod packed;
mod packed_buf;
mod packed_panel;
#[cfg(target_arch = "x86_64")]
mod packed_x86;
pub mod probe;
pub mod qkv;
pub mod relu;
pub mod rope;
pub mod shared;
pub mod simd;
pub mod sparse;
pub mod topk;
pub mod transpose;
mod versions;

pub use blocks::{BlockKind, BlockMatrix, BlockRows, gemm_blocks};
pub use chunks::{for_chunks, for_row_blocks};
pub use cpu::CpuPath;
pub use exec::{Cancel, Cancelled, Exec};
pub use gemm::{PackedMatrix, PackedShared, Precision, gemm};
pub use relu::{SparseRows, above_gemm, relu_gemm};
pub use shared::SharedMut;
pub use topk::{Screened, TopKOutput, Trust, topk_gemm, topk_screened};
