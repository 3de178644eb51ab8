//! Changes of the activations at a site.

use crate::error::{ModelError, require};
use crate::site::Site;
use lexiscope_dictionary::Dictionary;
use lexiscope_kernels::simd::{axpy, bf16_round, sum_sq};
use lexiscope_kernels::{Exec, TopKOutput};
use std::cell::OnceCell;
use std::sync::Arc;

/// A feature i of a dictionary: direction d̂_i = W_dec,i / ‖W_dec,i‖, activation a_i = f_i·‖W_dec,i‖.
#[derive(Clone)]
pub struct Feature {
    pub dictionary: Arc<Dictionary>,
    pub index: usize,
}

#[derive(Clone)]
pub enum EditOp {
    /// x += v
    Add(Vec<f32>),
    /// x = v
    Replace(Vec<f32>),
    /// x = x̂
    Reconstruct(Arc<Dictionary>),
    /// x += (value − a_i)·d̂_i
    Clamp { feature: Feature, value: f32 },
    /// x += (value − 1)·a_i·d̂_i
    Scale { feature: Feature, value: f32 },
    /// x −= a_i·d̂_i
    Ablate { feature: Feature },
}

/// An edit of the tokens whose `mask` byte is 1 (one byte a token of the call) and whose ‖x‖ is at most `max_norm`.
///
/// Edits of one site all see the activation as it came: every a_i, x̂ and ‖x‖ is of that, rounded to bf16 before it is
/// encoded. `Replace` and `Reconstruct` set x (the last one wins), whatever their place; the others are added to it in
/// order. What the dictionary does not explain stays.
#[derive(Clone)]
pub struct Edit {
    pub site: Site,
    pub op: EditOp,
    pub mask: Vec<u8>,
    pub max_norm: Option<f32>,
}

impl EditOp {
    fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        match self {
            EditOp::Add(_) | EditOp::Replace(_) => None,
            EditOp::Reconstruct(dictionary) => Some(dictionary),
            EditOp::Clamp { feature, .. } | EditOp::Scale { feature, .. } | EditOp::Ablate { feature } => {
                Some(&feature.dictionary)
            }
        }
    }

    fn feature(&self) -> Option<&Feature> {
        match self {
            EditOp::Clamp { feature, .. } | EditOp::Scale { feature, .. } | EditOp::Ablate { feature } => Some(feature),
            _ => None,
        }
    }
}

impl Edit {
    /// Refuses what cannot be applied to `tokens` tokens of width `d`.
    pub(crate) fn check(&self, tokens: usize, d: usize) -> Result<(), ModelError> {
        let site = self.site;
        require(self.mask.len() == tokens, || {
            format!("mask of the edit at {site} has {} bytes for {tokens} tokens", self.mask.len())
        })?;
        if let EditOp::Add(vector) | EditOp::Replace(vector) = &self.op {
            require(vector.len() == d, || {
                format!("vector of the edit at {site} has {} values; the model's width is {d}", vector.len())
            })?;
            require(vector.iter().all(|v| v.is_finite()), || format!("vector of the edit at {site} holds NaN or infinity"))?;
        }
        if let Some(dictionary) = self.op.dictionary() {
            require(dictionary.d() == d, || {
                format!("the dictionary of the edit at {site} has width {}; the model's is {d}", dictionary.d())
            })?;
        }
        if let Some(Feature { dictionary, index }) = self.op.feature() {
            require(*index < dictionary.features(), || format!("feature {index}: the dictionary has {}", dictionary.features()))?;
            require(dictionary.decoder_norm(*index) > 0.0, || {
                format!("feature {index} has no direction: its decoder row is zero")
            })?;
        }
        if let EditOp::Clamp { value, .. } | EditOp::Scale { value, .. } = self.op {
            require(value.is_finite(), || format!("value of the edit at {site} is {value}"))?;
        }
        require(self.max_norm.is_none_or(|m| m > 0.0), || format!("maxNorm of the edit at {site} must be above 0"))
    }
}

/// A step of generation has one row a sequence; with so few of them a feature alone is asked for first.
const FEW_ROWS: usize = 8;

/// The rows that edits of one dictionary read.
struct Encoded {
    dictionary: Arc<Dictionary>,
    /// Row of `x` → row of `rounded` and `code`.
    place: Vec<Option<usize>>,
    /// `[rows, d]`, each value rounded to bf16.
    rounded: Vec<f32>,
    /// Made when it is first needed.
    code: OnceCell<TopKOutput>,
}

impl Encoded {
    fn rows(&self) -> usize {
        self.rounded.len() / self.dictionary.d()
    }

    fn code(&self, exec: &Exec) -> Result<&TopKOutput, ModelError> {
        if self.code.get().is_none() {
            let code = if self.rows() == 0 {
                TopKOutput::default()
            } else {
                self.dictionary.encode(exec, &self.rounded, self.rows())?
            };
            let _ = self.code.set(code);
        }
        Ok(self.code.get_or_init(TopKOutput::default))
    }

    /// a_i at a row of x.
    fn activation(&self, exec: &Exec, row: usize, feature: usize) -> Result<f32, ModelError> {
        let d = self.dictionary.d();
        let Some(place) = self.place[row] else { return Ok(0.0) };
        let norm = self.dictionary.decoder_norm(feature);
        if self.code.get().is_none() && self.rows() <= FEW_ROWS {
            let x = &self.rounded[place * d..(place + 1) * d];
            if let Some(f) = self.dictionary.feature_at_sight(exec.path, x, feature) {
                return Ok(f * norm);
            }
        }
        let code = self.code(exec)?;
        let k = code.indices.len() / self.rows();
        let entries = place * k..(place + 1) * k;
        let mut entries = code.indices[entries.clone()].iter().zip(&code.values[entries]);
        let f = entries.find(|(i, v)| **i as usize == feature && **v != 0.0).map_or(0.0, |(_, v)| *v);
        Ok(f * norm)
    }
}

/// Applies the edits of one site to `x [m, d]`, tokens `offset..offset + m` of the call.
pub(crate) fn apply(exec: &Exec, edits: &[&Edit], offset: usize, x: &mut [f32], d: usize) -> Result<(), ModelError> {
    let n = x.len() / d;
    let rows: Vec<Vec<usize>> = edits
        .iter()
        .map(|edit| {
            let norm_allows =
                |row: usize| edit.max_norm.is_none_or(|max| sum_sq(exec.path, &x[row * d..(row + 1) * d]).sqrt() <= max);
            (0..n).filter(|row| edit.mask[offset + row] != 0 && norm_allows(*row)).collect()
        })
        .collect();
    let encoded = gather(edits, &rows, x, d)?;
    let code_of = |dictionary: &Arc<Dictionary>| encoded.iter().find(|e| Arc::ptr_eq(&e.dictionary, dictionary));
    for (edit, rows) in edits.iter().zip(&rows) {
        match &edit.op {
            EditOp::Replace(vector) => rows.iter().for_each(|row| x[row * d..(row + 1) * d].copy_from_slice(vector)),
            EditOp::Reconstruct(dictionary) => {
                let Some(encoded) = code_of(dictionary) else { continue };
                let mut out = vec![0.0; encoded.rows() * d];
                dictionary.decode(exec, encoded.code(exec)?, &mut out)?;
                for row in rows {
                    if let Some(place) = encoded.place[*row] {
                        x[row * d..(row + 1) * d].copy_from_slice(&out[place * d..(place + 1) * d]);
                    }
                }
            }
            _ => {}
        }
    }
    for (edit, rows) in edits.iter().zip(&rows) {
        for row in rows {
            let x = &mut x[row * d..(row + 1) * d];
            if let EditOp::Add(vector) = &edit.op {
                axpy(exec.path, 1.0, vector, x);
            } else if let Some(feature) = edit.op.feature() {
                let a = match code_of(&feature.dictionary) {
                    Some(encoded) => encoded.activation(exec, *row, feature.index)?,
                    None => 0.0,
                };
                let change = match edit.op {
                    EditOp::Clamp { value, .. } => value - a,
                    EditOp::Scale { value, .. } => (value - 1.0) * a,
                    _ => -a,
                };
                let direction = feature.dictionary.decoder_row(feature.index);
                axpy(exec.path, change / feature.dictionary.decoder_norm(feature.index), direction, x);
            }
        }
    }
    Ok(())
}

/// The rows, as they came, that any edit of a dictionary touches; once for every dictionary.
fn gather(edits: &[&Edit], rows: &[Vec<usize>], x: &[f32], d: usize) -> Result<Vec<Encoded>, ModelError> {
    let mut encoded: Vec<Encoded> = Vec::new();
    for dictionary in edits.iter().filter_map(|e| e.op.dictionary()) {
        if encoded.iter().any(|e| Arc::ptr_eq(&e.dictionary, dictionary)) {
            continue;
        }
        let mut place = vec![None; x.len() / d];
        let own = |edit: &Edit| edit.op.dictionary().is_some_and(|other| Arc::ptr_eq(other, dictionary));
        for rows in edits.iter().zip(rows).filter(|(e, _)| own(e)).map(|(_, rows)| rows) {
            rows.iter().for_each(|row| place[*row] = Some(0));
        }
        let mut rounded = Vec::new();
        for (count, (row, place)) in place.iter_mut().enumerate().filter(|(_, p)| p.is_some()).enumerate() {
            *place = Some(count);
            rounded.extend(x[row * d..(row + 1) * d].iter().map(|v| f32::from_bits(u32::from(bf16_round(*v)) << 16)));
        }
        require(rounded.iter().all(|v| v.is_finite()), || {
            format!("the activation at {} is not finite; an earlier edit is too strong", edits[0].site)
        })?;
        encoded.push(Encoded { dictionary: Arc::clone(dictionary), place, rounded, code: OnceCell::new() });
    }
    Ok(encoded)
}
