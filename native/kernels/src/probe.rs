//! What this machine can do at most, measured beside the figures it is compared with (a shared machine changes by the minute).

use crate::cpu::CpuPath;
use crate::exec::Exec;
use crate::gemm::Precision;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 5;
/// Long enough to hide the start of the threads, short enough that five fit in 50 ms.
const CHUNK_STEPS: usize = 20_000;
const CHUNKS_PER_THREAD: usize = 8;

/// GFLOP/s (for i16: GOP/s, a multiplication and an addition each) of the path's inner instruction on registers only, on
/// all threads of `exec`: the best of five rounds. 0 after a cancel.
pub fn compute_limit(exec: &Exec, precision: Precision) -> f64 {
    let (step, ops) = inner(exec.path, precision);
    let chunks = exec.threads() * CHUNKS_PER_THREAD;
    let mut best = 0f64;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        // SAFETY: `inner` chose instructions that the CPU has.
        if exec.run(chunks, |_| unsafe { step(CHUNK_STEPS) }).is_err() {
            return 0.0;
        }
        best = best.max(chunks as f64 * CHUNK_STEPS as f64 * ops / start.elapsed().as_secs_f64() / 1e9);
    }
    best
}

/// GB/s of reading memory that is in no cache, on all threads of `exec`. 0 after a cancel.
pub fn bandwidth(exec: &Exec) -> f64 {
    const WORDS: usize = 16 << 20;
    const CHUNK: usize = 128 << 10;
    let data = vec![1u64; WORDS];
    let mut best = 0f64;
    for _ in 0..3 {
        let start = Instant::now();
        let read = exec.run(WORDS / CHUNK, |c| {
            black_box(data[c * CHUNK..(c + 1) * CHUNK].iter().fold(0u64, |a, &b| a.wrapping_add(b)));
        });
        if read.is_err() {
            return 0.0;
        }
        best = best.max(WORDS as f64 * 8.0 / start.elapsed().as_secs_f64() / 1e9);
    }
    best
}

type Steps = unsafe fn(usize);

/// The loop, and its operations a step.
fn inner(path: CpuPath, precision: Precision) -> (Steps, f64) {
    assert!(path.available(), "{} is not available on this CPU", path.name());
    match (path, precision) {
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni, Precision::Screen) if is_x86_feature_detected!("avx512vnni") => {
            (x86::vnni_bytes, 24.0 * 128.0)
        }
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx2 | CpuPath::Avx2I16, Precision::Screen) => (x86::bytes, 12.0 * 64.0),
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx512Bf16, Precision::Fast | Precision::Screen) => (x86::bf16, 24.0 * 64.0),
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx512Vnni, Precision::Fast | Precision::Screen) => (x86::vnni_i16, 24.0 * 64.0),
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni, Precision::Exact) => (x86::avx512_f32, 24.0 * 32.0),
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx2I16, Precision::Fast) => (x86::i16, 12.0 * 32.0),
        #[cfg(target_arch = "x86_64")]
        (CpuPath::Avx2I16 | CpuPath::Avx2, _) => (x86::avx2_f32, 12.0 * 16.0),
        #[cfg(target_arch = "aarch64")]
        (CpuPath::Neon, _) => (neon, 24.0 * 8.0),
        _ => (portable, 32.0 * 3.0),
    }
}

#[cfg(target_arch = "aarch64")]
fn neon(steps: usize) {
    use std::arch::aarch64::{vdupq_n_f32, vfmaq_f32};
    // SAFETY: every 64-bit ARM has NEON.
    unsafe {
        let (x, y) = black_box((vdupq_n_f32(0.5), vdupq_n_f32(0.5)));
        let mut acc = black_box([vdupq_n_f32(0.0); 24]);
        for _ in 0..steps {
            for a in &mut acc {
                *a = vfmaq_f32(*a, x, y);
            }
        }
        black_box(acc);
    }
}

fn portable(steps: usize) {
    let (x, y) = black_box(([0.5f32; 32], [0.25f32; 32]));
    let mut acc = black_box([0f32; 32]);
    for _ in 0..steps {
        for l in 0..32 {
            acc[l] += (acc[l] + x[l]) * y[l];
        }
    }
    black_box(acc);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;
    use std::mem::transmute;

    macro_rules! probe {
        ($name:ident, $features:literal, $count:literal, $zero:expr, $x:expr, $step:expr) => {
            #[target_feature(enable = $features)]
            pub(super) fn $name(steps: usize) {
                let (x, y) = black_box(($x, $x));
                // Equal accumulators would be merged into one.
                let mut acc = black_box([$zero; $count]);
                for _ in 0..steps {
                    for a in &mut acc {
                        *a = $step(*a, x, y);
                    }
                }
                black_box(acc);
            }
        };
    }

    probe!(bf16, "avx512f,avx512bf16", 24, _mm512_setzero_ps(), _mm512_set1_epi32(0x3f80_3f80), |a, x, y| {
        // SAFETY: same size, any bits are valid.
        unsafe { _mm512_dpbf16_ps(a, transmute::<__m512i, __m512bh>(x), transmute::<__m512i, __m512bh>(y)) }
    });
    probe!(vnni_i16, "avx512f,avx512vnni", 24, _mm512_setzero_si512(), _mm512_set1_epi32(0x0003_0005), |a, x, y| {
        _mm512_dpwssd_epi32(a, x, y)
    });
    probe!(vnni_bytes, "avx512f,avx512vnni", 24, _mm512_setzero_si512(), _mm512_set1_epi32(0x0102_0305), |a, x, y| {
        _mm512_dpbusd_epi32(a, x, y)
    });
    probe!(bytes, "avx2", 12, _mm256_setzero_si256(), _mm256_set1_epi32(0x0102_0305), |a, x: __m256i, y: __m256i| {
        let p: __m256i;
        // SAFETY: one register operation; as below.
        unsafe {
            std::arch::asm!("vpmaddubsw {p}, {x}, {y}", p = lateout(ymm_reg) p, x = in(ymm_reg) x, y = in(ymm_reg) y,
                options(nomem, nostack, preserves_flags))
        };
        _mm256_add_epi16(a, p)
    });
    probe!(avx512_f32, "avx512f", 24, _mm512_setzero_ps(), _mm512_set1_ps(0.5), |a, x, y| _mm512_fmadd_ps(x, y, a));
    probe!(avx2_f32, "avx2,fma", 12, _mm256_setzero_ps(), _mm256_set1_ps(0.5), |a, x, y| _mm256_fmadd_ps(x, y, a));
    probe!(i16, "avx2", 12, _mm256_setzero_si256(), _mm256_set1_epi32(0x0003_0005), |a, x: __m256i, y: __m256i| {
        let p: __m256i;
        // The product is the same each time, and an intrinsic would be hoisted out of the loop.
        // SAFETY: one register operation.
        unsafe {
            std::arch::asm!("vpmaddwd {p}, {x}, {y}", p = lateout(ymm_reg) p, x = in(ymm_reg) x, y = in(ymm_reg) y,
                options(nomem, nostack, preserves_flags))
        };
        _mm256_add_epi32(a, p)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::Cancel;

    #[test]
    fn every_path_has_a_limit() {
        for path in CpuPath::ALL {
            if !path.available() {
                println!("skipped: {} is not available on this CPU", path.name());
                continue;
            }
            let exec = Exec::new(path, Cancel::new());
            for precision in [Precision::Exact, Precision::Fast, Precision::Screen] {
                let limit = compute_limit(&exec, precision);
                assert!(limit > 0.1 && limit < 1e5, "{} {precision:?}: {limit}", path.name());
            }
        }
    }
}
