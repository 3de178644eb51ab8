//! Blocks of every stored type: to f32, and multiplied as they are stored. The first byte chooses the type.
#![no_main]

use lexiscope_kernels::{BlockKind, BlockMatrix, BlockRows, Cancel, CpuPath, Exec, gemm_blocks};
use lexiscope_transformer::TensorType;
use libfuzzer_sys::fuzz_target;

const WIDTH: usize = 256;

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let kind = TensorType::ALL[choice as usize % TensorType::ALL.len()];
    let row = kind.row_bytes(WIDTH).unwrap();
    let rows = (bytes.len() / row).min(8);
    let bytes = &bytes[..rows * row];
    let mut out = vec![f32::NAN; rows * WIDTH];
    kind.dequantise(bytes, &mut out);
    let Some(block) = BlockKind::ALL.into_iter().find(|b| b.bytes() * WIDTH / 32 == row && choice.is_multiple_of(16)) else {
        return;
    };
    for path in CpuPath::ALL.into_iter().filter(|path| path.available()) {
        let exec = Exec::new(path, Cancel::default());
        let matrix = BlockMatrix::pack(&exec, &[BlockRows { kind: block, rows, bytes }], WIDTH).unwrap();
        let x = vec![0.5f32; 2 * WIDTH];
        let mut y = vec![0f32; 2 * rows];
        gemm_blocks(&exec, &x, 2, &matrix, &mut y, false).unwrap();
    }
});
