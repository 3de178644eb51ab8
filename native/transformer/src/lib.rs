//! Decoder language models: weights, the forward pass with taps and edits, the KV cache.
//!
//! Letters: n rows (tokens), d width, V vocabulary, H query heads, Hkv key/value heads, hd head width, ff MLP width.

#![forbid(unsafe_code)]

mod architecture;
mod cache;
mod choose;
mod dequant;
mod edits;
mod effects;
mod error;
mod forward;
mod hash;
mod head;
mod hooks;
mod model;
mod pass;
mod site;
mod source;
mod taps;

pub use architecture::Architecture;
pub use cache::KvCache;
pub use dequant::TensorType;
pub use edits::{Edit, EditOp, Feature};
pub use effects::DirectEffects;
pub use error::ModelError;
pub use forward::{ForwardInput, ForwardOutput, HeadOutput, Logits};
pub use model::Model;
pub use site::{Site, SiteKind};
pub use source::{Source, TensorRef};
pub use taps::{Tap, TapOutput, TapRows, TapValues};
