//! Which instructions this process may use.

use std::sync::OnceLock;

/// The kernel family in use. `LEXISCOPE_CPU` forces one (`avx512bf16`, `avx512vnni`, `avx2i16`, `avx2`, `neon`, `portable`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CpuPath {
    /// Plain Rust, the reference. Always available.
    Portable,
    /// NEON FMA in f32.
    Neon,
    /// AVX2 + FMA in f32.
    Avx2,
    /// AVX2 with 16-bit integer products (`vpmaddwd`).
    Avx2I16,
    /// AVX-512 with 16-bit integer products (`vpdpwssd`).
    Avx512Vnni,
    /// AVX-512 with bf16 products (`vdpbf16ps`).
    Avx512Bf16,
}

impl CpuPath {
    pub const ALL: [CpuPath; 6] =
        [CpuPath::Avx512Bf16, CpuPath::Avx512Vnni, CpuPath::Avx2I16, CpuPath::Avx2, CpuPath::Neon, CpuPath::Portable];

    pub fn name(self) -> &'static str {
        match self {
            CpuPath::Portable => "portable",
            CpuPath::Neon => "neon",
            CpuPath::Avx2 => "avx2",
            CpuPath::Avx2I16 => "avx2i16",
            CpuPath::Avx512Vnni => "avx512vnni",
            CpuPath::Avx512Bf16 => "avx512bf16",
        }
    }

    pub fn from_name(name: &str) -> Option<CpuPath> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Whether this machine has the instructions.
    pub fn available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            // Every CPU with AVX2 has f16c too; the kernels rely on it.
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq");
            match self {
                CpuPath::Portable => true,
                CpuPath::Neon => false,
                CpuPath::Avx2 | CpuPath::Avx2I16 => avx2,
                CpuPath::Avx512Vnni => avx512 && is_x86_feature_detected!("avx512vnni"),
                CpuPath::Avx512Bf16 => avx512 && is_x86_feature_detected!("avx512bf16"),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            // Every 64-bit ARM has NEON.
            self == CpuPath::Portable || (cfg!(target_arch = "aarch64") && self == CpuPath::Neon)
        }
    }

    /// The best path this machine has.
    pub fn best() -> CpuPath {
        Self::ALL.into_iter().find(|p| p.available()).unwrap_or(CpuPath::Portable)
    }

    /// The path in force: `LEXISCOPE_CPU` if set, else the best. An unknown or unavailable name is an error that names it.
    pub fn current() -> Result<CpuPath, String> {
        static CURRENT: OnceLock<Result<CpuPath, String>> = OnceLock::new();
        CURRENT
            .get_or_init(|| match std::env::var("LEXISCOPE_CPU") {
                Err(_) => Ok(CpuPath::best()),
                Ok(name) if name.is_empty() => Ok(CpuPath::best()),
                Ok(name) => {
                    let path = CpuPath::from_name(&name).ok_or_else(|| {
                        let known = Self::ALL.map(Self::name).join(", ");
                        format!("LEXISCOPE_CPU={name} is not a CPU path; known: {known}")
                    })?;
                    if !path.available() {
                        return Err(format!(
                            "LEXISCOPE_CPU={name} needs instructions that this CPU lacks; unset it or use portable"
                        ));
                    }
                    Ok(path)
                }
            })
            .clone()
    }
}
