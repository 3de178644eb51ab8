//! Where weights lie in a file, and reading them: any place, size, type and head count against a file of 4 KiB.
#![no_main]

use arbitrary::Arbitrary;
use lexiscope_kernels::{Cancel, CpuPath, Exec};
use lexiscope_transformer::{Source, TensorRef, TensorType};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

#[derive(Arbitrary, Debug)]
struct Tensor {
    file: u8,
    offset: u64,
    bytes: u64,
    kind: u8,
    rows: u64,
    cols: u64,
    heads: Option<u64>,
    /// Gives the number of bytes that the shape takes, so that more than the sizes is tried.
    honest: bool,
}

fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("lexiscope-fuzz-source-{}", std::process::id()));
        let bytes: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f).collect();
        std::fs::write(&path, bytes).unwrap();
        path
    })
}

fuzz_target!(|tensors: Vec<Tensor>| {
    let refs = tensors.iter().take(4).enumerate().map(|(i, t)| {
        let kind = TensorType::ALL[t.kind as usize % TensorType::ALL.len()];
        let (rows, cols) = if t.honest { (t.rows % 64, (t.cols % 8) * 256) } else { (t.rows, t.cols) };
        let size = kind.row_bytes(cols as usize).map_or(0, |row| (row as u64).wrapping_mul(rows));
        TensorRef {
            role: format!("t{i}"),
            file: t.file as usize % 2,
            offset: if t.honest { t.offset % 4096 } else { t.offset },
            bytes: if t.honest { size } else { t.bytes },
            kind,
            rows: rows as usize,
            cols: cols as usize,
            unpermute_heads: t.heads.map(|h| if t.honest { h % 8 } else { h } as usize),
        }
    });
    let names: Vec<String> = (0..4).map(|i| format!("t{i}")).collect();
    let Ok(source) = Source::open(std::slice::from_ref(file()), refs.collect()) else { return };
    let exec = Exec::new(CpuPath::Portable, Cancel::default());
    for name in &names {
        if let Ok(values) = source.read(&exec, name) {
            assert!(values.iter().all(|v| v.is_finite()));
        }
    }
});
