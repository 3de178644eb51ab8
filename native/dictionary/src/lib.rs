//! Sparse dictionaries: encode, decode, the training step, PCA, and measures against known truth.
//!
//! Letters: n rows (tokens), B rows of a batch, d width, F features, k entries a row. Encoder and decoder are `[F, d]`,
//! one row a feature.

mod decode;
mod dictionary;
mod error;
mod evaluate;
mod indexer;
mod pca;
mod rng;
pub mod toy;
mod trainer;
mod weights;

pub use dictionary::{Activation, Dictionary, DictionaryOptions};
pub use error::DictionaryError;
pub use evaluate::Evaluation;
pub use indexer::{HISTOGRAM_BINS, IndexResult, Indexer, IndexerOptions, NO_NEIGHBOUR, STRONGEST};
pub use lexiscope_kernels::TopKOutput;
pub use pca::{Pca, PcaResult};
pub use trainer::state::{StateArray, StateType};
pub use trainer::{Architecture, PhaseTimes, Rates, ReluOptions, Screen, StepMetrics, Trainer, TrainerOptions};
pub use weights::Weights;
