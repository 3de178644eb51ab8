//! A model's weights in memory.

use crate::architecture::{Architecture, Norm, Positions};
use crate::error::ModelError;
use crate::source::{Source, TensorRef};
use lexiscope_kernels::rope::RopeTable;
use lexiscope_kernels::{BlockMatrix, BlockRows, CpuPath, Exec, PackedMatrix, Precision, gemm, gemm_blocks};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, RwLock};

/// A matrix with its optional bias.
pub(crate) struct Linear {
    pub weight: PackedMatrix,
    /// The weight as the file stores it, for few rows: there the time is that of reading it.
    blocks: Option<BlockMatrix>,
    pub bias: Option<Vec<f32>>,
}

/// Which form of a weight a row is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Packed,
    /// The file's blocks, where there are any.
    Stored,
}

impl Linear {
    /// `y = x·wᵀ`, or `y += …`, without the bias.
    pub fn multiply(&self, exec: &Exec, form: Form, x: &[f32], y: &mut [f32], accumulate: bool) -> Result<(), ModelError> {
        let rows = y.len() / self.weight.n;
        match &self.blocks {
            Some(blocks) if form == Form::Stored => gemm_blocks(exec, x, rows, blocks, y, accumulate)?,
            _ => gemm(exec, x, rows, &self.weight, y, accumulate)?,
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        let floats = self.bias.as_ref().map_or(0, Vec::len);
        self.weight.bytes() + self.blocks.as_ref().map_or(0, BlockMatrix::bytes) + 4 * floats
    }

    /// Bytes that a pass over few rows reads.
    fn read_bytes(&self) -> usize {
        self.blocks.as_ref().map_or_else(|| self.weight.bytes(), BlockMatrix::bytes)
    }
}

pub(crate) struct Block {
    pub attn_norm: Vec<f32>,
    /// q | k | v
    pub qkv: Linear,
    pub o: Linear,
    pub mlp_norm: Vec<f32>,
    /// gate | up
    pub gate_up: Linear,
    pub down: Linear,
}

/// Weights packed for this machine's path; shared between threads, never written.
pub struct Model {
    pub architecture: Architecture,
    pub(crate) blocks: Vec<Block>,
    /// `[V, d]` f32
    pub(crate) embed: Vec<f32>,
    pub(crate) final_norm: Vec<f32>,
    pub(crate) unembed: Linear,
    pub(crate) mean_unembed: OnceLock<Vec<f32>>,
    pub(crate) source: Source,
    rope: RwLock<Arc<RopeTable>>,
}

impl Model {
    /// Opens files, checks every weight against the architecture, dequantises and packs. Progress counts f32 values.
    pub fn open(
        exec: &Exec,
        architecture: Architecture,
        precision: Precision,
        files: &[PathBuf],
        tensors: Vec<TensorRef>,
    ) -> Result<Self, ModelError> {
        let source = Source::open(files, tensors)?;
        check_roles(&architecture, &source)?;
        exec.cancel.set_total(source.tensors.values().map(|t| (t.rows * t.cols) as u64).sum());
        let loader = Loader { exec, source: &source, precision };
        let blocks = (0..architecture.layers).map(|layer| loader.block(layer)).collect::<Result<_, _>>()?;
        let final_norm = loader.read("final_norm")?;
        let embed = loader.read("embed")?;
        let unembed = if architecture.tied {
            let weight = PackedMatrix::pack(exec, precision, &embed, architecture.vocabulary, architecture.d)?;
            Linear { weight, blocks: loader.blocks(&["embed"])?, bias: None }
        } else {
            loader.linear(&["unembed"])?
        };
        let rope = RwLock::new(Arc::new(rope_table(&architecture, 0)));
        Ok(Self { architecture, blocks, embed, final_norm, unembed, mean_unembed: OnceLock::new(), source, rope })
    }

    /// SHA-256 of the weights; see [`Source::hash`].
    pub fn weights_hash(&self, exec: &Exec) -> Result<String, ModelError> {
        self.source.hash(exec)
    }

    /// Bytes that the weights take.
    pub fn bytes(&self) -> usize {
        let norms: usize = self.blocks.iter().map(|b| b.attn_norm.len() + b.mlp_norm.len()).sum();
        self.linears().map(Linear::bytes).sum::<usize>() + 4 * (norms + self.embed.len() + self.final_norm.len())
    }

    /// Bytes of weights that a step of generation reads, however many sequences it advances (up to eight).
    pub fn decode_bytes(&self) -> usize {
        self.linears().map(Linear::read_bytes).sum()
    }

    fn linears(&self) -> impl Iterator<Item = &Linear> {
        self.blocks.iter().flat_map(|b| [&b.qkv, &b.o, &b.gate_up, &b.down]).chain([&self.unembed])
    }

    pub(crate) fn epsilon(&self) -> f32 {
        let Norm::Rms { epsilon } = self.architecture.norm;
        epsilon as f32
    }

    /// A table of at least `positions` positions.
    pub(crate) fn rope(&self, positions: usize) -> Arc<RopeTable> {
        let table = Arc::clone(&self.rope.read().unwrap_or_else(|e| e.into_inner()));
        if table.positions() >= positions {
            return table;
        }
        let grown = Arc::new(rope_table(&self.architecture, positions.next_power_of_two()));
        *self.rope.write().unwrap_or_else(|e| e.into_inner()) = Arc::clone(&grown);
        grown
    }
}

fn rope_table(architecture: &Architecture, positions: usize) -> RopeTable {
    let Positions::Rope { base, width, divisors } = &architecture.positions;
    RopeTable::new(*base, *width, divisors.as_deref(), positions)
}

fn check_roles(architecture: &Architecture, source: &Source) -> Result<(), ModelError> {
    let roles = architecture.roles();
    for role in &roles {
        match source.tensors.get(&role.name) {
            None if role.required => {
                return Err(ModelError::BadFile(format!("the weight {} [{}, {}] is missing", role.name, role.rows, role.cols)));
            }
            Some(t) if (t.rows, t.cols) != (role.rows, role.cols) => {
                return Err(ModelError::BadFile(format!(
                    "the weight {} is [{}, {}] where the architecture needs [{}, {}]",
                    role.name, t.rows, t.cols, role.rows, role.cols
                )));
            }
            _ => {}
        }
    }
    let known: std::collections::HashSet<&str> = roles.iter().map(|r| r.name.as_str()).collect();
    match source.tensors.keys().find(|name| !known.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(ModelError::Unsupported(format!("the weight {name} has no place in this architecture"))),
    }
}

struct Loader<'a> {
    exec: &'a Exec,
    source: &'a Source,
    precision: Precision,
}

impl Loader<'_> {
    fn read(&self, role: &str) -> Result<Vec<f32>, ModelError> {
        let values = self.source.read(self.exec, role)?;
        self.exec.cancel.add_done(values.len() as u64);
        Ok(values)
    }

    /// Matrices of equal width, one under the other, and their biases (zeros where only some have one).
    fn linear(&self, roles: &[&str]) -> Result<Linear, ModelError> {
        let (mut weight, mut bias, mut any, mut rows, mut cols) = (Vec::new(), Vec::new(), false, 0, 0);
        for role in roles {
            let tensor = &self.source.tensors[*role];
            (rows, cols) = (rows + tensor.rows, tensor.cols);
            let values = self.read(role)?;
            if weight.is_empty() {
                weight = values
            } else {
                weight.extend(values)
            }
            let name = format!("{role}.bias");
            if self.source.tensors.contains_key(&name) {
                bias.extend(self.read(&name)?);
                any = true;
            } else {
                bias.resize(rows, 0.0);
            }
        }
        let weight = PackedMatrix::pack(self.exec, self.precision, &weight, rows, cols)?;
        Ok(Linear { weight, blocks: self.blocks(roles)?, bias: any.then_some(bias) })
    }

    /// The stored blocks of such matrices: where every one has some, and exact f32 products were not asked for. Plain Rust
    /// takes longer to unpack them than to read f32.
    fn blocks(&self, roles: &[&str]) -> Result<Option<BlockMatrix>, ModelError> {
        let tensors: Vec<&TensorRef> = roles.iter().map(|role| &self.source.tensors[*role]).collect();
        let kinds: Option<Vec<_>> = tensors.iter().map(|t| t.kind.block_kind()).collect();
        let wanted = self.precision == Precision::Fast && !matches!(self.exec.path, CpuPath::Neon | CpuPath::Portable);
        let Some(kinds) = kinds.filter(|_| wanted) else { return Ok(None) };
        let stored = tensors.iter().map(|t| self.source.read_stored(self.exec, t)).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<_> = (tensors.iter().zip(kinds).zip(&stored))
            .map(|((tensor, kind), bytes)| BlockRows { kind, rows: tensor.rows, bytes })
            .collect();
        Ok(Some(BlockMatrix::pack(self.exec, &parts, tensors[0].cols)?))
    }

    fn block(&self, layer: usize) -> Result<Block, ModelError> {
        let name = |part: &str| format!("blocks.{layer}.{part}");
        let linear = |parts: &[&str]| {
            let names: Vec<String> = parts.iter().map(|p| name(p)).collect();
            self.linear(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        Ok(Block {
            attn_norm: self.read(&name("attn_norm"))?,
            qkv: linear(&["attn.q", "attn.k", "attn.v"])?,
            o: linear(&["attn.o"])?,
            mlp_norm: self.read(&name("mlp_norm"))?,
            gate_up: linear(&["mlp.gate", "mlp.up"])?,
            down: linear(&["mlp.down"])?,
        })
    }
}
