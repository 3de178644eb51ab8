//! Where weights lie in files, and reading them with `pread` into memory of our own.

use crate::dequant::TensorType;
use crate::error::ModelError;
use lexiscope_kernels::{Exec, for_chunks};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;

/// f32 values that one chunk of reading makes: 256 KB.
const CHUNK: usize = 1 << 16;

/// A weight in a file. `rows` × `cols` as [out, in]; a vector has one row.
#[derive(Clone, Debug)]
pub struct TensorRef {
    pub role: String,
    pub file: usize,
    pub offset: u64,
    pub bytes: u64,
    pub kind: TensorType,
    pub rows: usize,
    pub cols: usize,
    /// Heads of a q or k matrix whose rows GGUF permuted; they are given back in Hugging Face's order.
    pub unpermute_heads: Option<usize>,
}

impl TensorRef {
    /// Rows that are read together: whole heads where rows are permuted.
    pub(crate) fn unit(&self) -> usize {
        match self.unpermute_heads {
            Some(heads) => self.rows / heads,
            None => (CHUNK / self.cols).max(1).min(self.rows),
        }
    }

    fn check(&self, files: &[(PathBuf, File, u64)]) -> Result<(), ModelError> {
        let name = &self.role;
        let (path, _, size) =
            files.get(self.file).ok_or_else(|| ModelError::Invalid(format!("{name}: file {} of {}", self.file, files.len())))?;
        let path = path.display();
        let bad = |message: String| Err(ModelError::BadFile(format!("{path}: {name} {message}")));
        if self.rows == 0 || self.cols == 0 {
            return bad(format!("is empty: [{}, {}]", self.rows, self.cols));
        }
        let Some(row) = self.kind.row_bytes(self.cols) else {
            return bad(format!("has rows of {} values, which {} cannot hold", self.cols, self.kind.name()));
        };
        if (row as u64).checked_mul(self.rows as u64) != Some(self.bytes) {
            return bad(format!(
                "[{}, {}] as {} takes {row} bytes a row, but {} bytes are given",
                self.rows,
                self.cols,
                self.kind.name(),
                self.bytes
            ));
        }
        if self.offset.checked_add(self.bytes).is_none_or(|end| end > *size) {
            return bad(format!(
                "lies at bytes {} to {}, past the end of the file ({size} bytes); the file is cut short",
                self.offset,
                self.offset.saturating_add(self.bytes)
            ));
        }
        match self.unpermute_heads {
            Some(heads) if heads == 0 || !self.rows.is_multiple_of(heads) || !(self.rows / heads).is_multiple_of(2) => {
                bad(format!("has {} rows, which are not {heads} heads of even width", self.rows))
            }
            _ => Ok(()),
        }
    }
}

/// Open files and the weights in them, by role.
pub struct Source {
    files: Vec<(PathBuf, File, u64)>,
    pub(crate) tensors: BTreeMap<String, TensorRef>,
}

impl Source {
    /// Opens the files and checks that every tensor lies within its file.
    pub fn open(paths: &[PathBuf], tensors: Vec<TensorRef>) -> Result<Self, ModelError> {
        let files = paths
            .iter()
            .map(|path| {
                let file = File::open(path).map_err(|e| unreadable(path, &e))?;
                let size = file.metadata().map_err(|e| unreadable(path, &e))?.len();
                Ok((path.clone(), file, size))
            })
            .collect::<Result<Vec<_>, ModelError>>()?;
        let mut by_role = BTreeMap::new();
        for tensor in tensors {
            tensor.check(&files)?;
            let role = tensor.role.clone();
            if by_role.insert(role.clone(), tensor).is_some() {
                return Err(ModelError::BadFile(format!("{role} is given twice")));
            }
        }
        Ok(Self { files, tensors: by_role })
    }

    /// A whole weight in f32, `[rows, cols]`.
    pub fn read(&self, exec: &Exec, role: &str) -> Result<Vec<f32>, ModelError> {
        let tensor = self.tensors.get(role).ok_or_else(|| ModelError::BadFile(format!("{role} is missing")))?;
        let mut out = vec![0.0; tensor.rows * tensor.cols];
        self.read_rows(exec, tensor, 0, &mut out)?;
        Ok(out)
    }

    /// Rows from `first` on into `out [rows, cols]`; `first` is a multiple of the tensor's unit. NaN and infinity are
    /// refused: no sound weight holds them.
    pub(crate) fn read_rows(&self, exec: &Exec, tensor: &TensorRef, first: usize, out: &mut [f32]) -> Result<(), ModelError> {
        let (unit, cols) = (tensor.unit(), tensor.cols);
        assert!(first.is_multiple_of(unit), "rows are read in units");
        let failure = Mutex::new(None);
        for_chunks(exec, out, unit * cols, |chunk, out| {
            if let Err(error) = self.read_unit(tensor, first + chunk * unit, out) {
                failure.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(error);
            }
        })?;
        failure.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(()), Err)
    }

    /// The bytes of a whole weight, its rows in Hugging Face's order.
    pub(crate) fn read_stored(&self, exec: &Exec, tensor: &TensorRef) -> Result<Vec<u8>, ModelError> {
        let (unit, row_bytes) = (tensor.unit(), (tensor.bytes / tensor.rows as u64) as usize);
        let mut out = vec![0; tensor.bytes as usize];
        let failure = Mutex::new(None);
        for_chunks(exec, &mut out, unit * row_bytes, |chunk, out| {
            let read = self.read_bytes(tensor, chunk * unit, out.len() / row_bytes).map(|bytes| match tensor.unpermute_heads {
                None => out.copy_from_slice(&bytes),
                Some(_) => {
                    for (row, out) in out.chunks_exact_mut(row_bytes).enumerate() {
                        out.copy_from_slice(&bytes[stored_row(row, unit) * row_bytes..][..row_bytes]);
                    }
                }
            });
            if let Err(error) = read {
                failure.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(error);
            }
        })?;
        failure.into_inner().unwrap_or_else(|e| e.into_inner()).map_or(Ok(out), Err)
    }

    fn read_bytes(&self, tensor: &TensorRef, first: usize, rows: usize) -> Result<Vec<u8>, ModelError> {
        let (path, file, _) = &self.files[tensor.file];
        let row_bytes = (tensor.bytes / tensor.rows as u64) as usize;
        let mut bytes = vec![0; rows * row_bytes];
        read_exact_at(file, &mut bytes, tensor.offset + (first * row_bytes) as u64).map_err(|e| unreadable(path, &e))?;
        Ok(bytes)
    }

    fn read_unit(&self, tensor: &TensorRef, first: usize, out: &mut [f32]) -> Result<(), ModelError> {
        let (path, _, _) = &self.files[tensor.file];
        let cols = tensor.cols;
        let row_bytes = (tensor.bytes / tensor.rows as u64) as usize;
        let bytes = self.read_bytes(tensor, first, out.len() / cols)?;
        if tensor.unpermute_heads.is_some() {
            for (row, out) in out.chunks_exact_mut(cols).enumerate() {
                tensor.kind.dequantise(&bytes[stored_row(row, tensor.unit()) * row_bytes..][..row_bytes], out);
            }
        } else {
            tensor.kind.dequantise(&bytes, out);
        }
        match out.iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let (row, col) = (first + at / cols, at % cols);
                Err(ModelError::BadFile(format!(
                    "{}: {} holds {} at [{row}, {col}]; the file is damaged",
                    path.display(),
                    tensor.role,
                    out[at]
                )))
            }
        }
    }
}

/// Where GGUF has row `row` of a head of `width` rows: the two halves alternate.
fn stored_row(row: usize, width: usize) -> usize {
    let half = width / 2;
    2 * (row % half) + row / half
}

fn unreadable(path: &std::path::Path, error: &std::io::Error) -> ModelError {
    ModelError::BadFile(format!("{}: {error}", path.display()))
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[n..];
        offset += n as u64;
    }
    Ok(())
}
