//! The widest instructions that a path asks for and this CPU has.

use crate::cpu::CpuPath;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Portable,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Avx2,
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    Avx512,
}

// 0: not looked yet. One relaxed load, since `dot` is called per row.
static DETECTED: AtomicU8 = AtomicU8::new(0);

#[cold]
fn detect() -> u8 {
    // Every such CPU counts bits; the filters rely on it.
    #[cfg(target_arch = "x86_64")]
    let counts = is_x86_feature_detected!("popcnt");
    #[cfg(not(target_arch = "x86_64"))]
    let counts = false;
    let found = if (CpuPath::Avx512Bf16.available() || CpuPath::Avx512Vnni.available()) && counts {
        3
    } else if CpuPath::Avx2.available() {
        2
    } else {
        1
    };
    DETECTED.store(found, Ordering::Relaxed);
    found
}

/// The widest of this CPU, for work that every path may do with it.
#[inline]
pub(crate) fn widest() -> Level {
    level(CpuPath::Avx512Bf16)
}

/// A path that the CPU lacks falls to what it has, so that naming one is never unsound.
#[inline]
pub(crate) fn level(path: CpuPath) -> Level {
    let found = match DETECTED.load(Ordering::Relaxed) {
        0 => detect(),
        found => found,
    };
    match path {
        CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni if found == 3 => Level::Avx512,
        CpuPath::Avx512Bf16 | CpuPath::Avx512Vnni | CpuPath::Avx2I16 | CpuPath::Avx2 if found >= 2 => Level::Avx2,
        _ => Level::Portable,
    }
}
