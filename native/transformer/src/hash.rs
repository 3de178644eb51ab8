//! One name for a set of weights, whatever file they came in.

use crate::error::ModelError;
use crate::source::Source;
use lexiscope_kernels::Exec;
use sha2::{Digest, Sha256};

/// f32 values hashed at a time: 8 MB.
const PIECE: usize = 1 << 21;

impl Source {
    /// SHA-256, in hexadecimal, over every weight in the order of its role's name. Each contributes its role, a zero
    /// byte, rows and cols as little-endian u64, and its f32 values in Hugging Face's row order, little-endian.
    pub fn hash(&self, exec: &Exec) -> Result<String, ModelError> {
        let mut pieces = Vec::new();
        for tensor in self.tensors.values() {
            let step = (PIECE / tensor.cols / tensor.unit()).max(1) * tensor.unit();
            pieces.extend((0..tensor.rows).step_by(step).map(|first| (tensor, first, step.min(tensor.rows - first))));
        }
        exec.cancel.set_total(pieces.iter().map(|(t, _, rows)| (rows * t.cols) as u64).sum());
        let read = |at: usize| -> Result<Vec<f32>, ModelError> {
            let Some(&(tensor, first, rows)) = pieces.get(at) else { return Ok(Vec::new()) };
            let mut values = vec![0.0; rows * tensor.cols];
            self.read_rows(exec, tensor, first, &mut values)?;
            Ok(values)
        };
        let mut hash = Sha256::new();
        let mut values = read(0)?;
        for (at, (tensor, first, _)) in pieces.iter().enumerate() {
            if *first == 0 {
                hash.update(tensor.role.as_bytes());
                hash.update([0]);
                hash.update((tensor.rows as u64).to_le_bytes());
                hash.update((tensor.cols as u64).to_le_bytes());
            }
            // The next piece is dequantised while this one is hashed.
            let ((), next) = rayon::join(|| update(&mut hash, &values), || read(at + 1));
            exec.cancel.check()?;
            exec.cancel.add_done(values.len() as u64);
            values = next?;
        }
        Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }
}

fn update(hash: &mut Sha256, values: &[f32]) {
    if cfg!(target_endian = "little") {
        hash.update(bytemuck::cast_slice::<f32, u8>(values));
    } else {
        values.iter().for_each(|v| hash.update(v.to_le_bytes()));
    }
}
