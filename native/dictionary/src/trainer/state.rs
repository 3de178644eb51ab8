//! Everything that the next step depends on, as named arrays.

use super::Trainer;
use crate::error::{DictionaryError, require};
use crate::weights::Weights;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateType {
    F32,
    U64,
}

impl StateType {
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::U64 => "U64",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::F32, Self::U64].into_iter().find(|t| t.name() == name)
    }
}

/// One array of a trainer's state; `data` little endian.
#[derive(Clone, Debug, PartialEq)]
pub struct StateArray<'a> {
    pub name: Cow<'a, str>,
    pub kind: StateType,
    pub shape: Vec<usize>,
    pub data: Cow<'a, [u8]>,
}

impl StateArray<'_> {
    pub fn into_owned(self) -> StateArray<'static> {
        let (name, data) = (Cow::Owned(self.name.into_owned()), Cow::Owned(self.data.into_owned()));
        StateArray { name, kind: self.kind, shape: self.shape, data }
    }
}

#[cfg(not(target_endian = "little"))]
compile_error!("state arrays are little endian, and copied as they lie in memory");

/// Beyond any training, and far from where adding a batch overflows.
const MOST_COUNT: u64 = 1 << 53;

/// Refuses what a training cannot have left behind, and what a step on it would not survive.
fn check_values(name: &str, kind: StateType, data: &[u8]) -> Result<(), DictionaryError> {
    match kind {
        StateType::F32 => {
            let values = || data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            require(values().all(f32::is_finite), || format!("`{name}` holds NaN or infinity"))?;
            require(name != "scale" || values().all(|v| v > 0.0), || "`scale` is not above 0".to_string())?;
            require(!name.starts_with("second_moment.") || values().all(|v| v >= 0.0), || {
                format!("`{name}` holds a mean of squares below 0")
            })
        }
        StateType::U64 => {
            let most = if name == "dense" { 1 } else { MOST_COUNT };
            let mut values = data.chunks_exact(8).map(|b| b.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)));
            let bad = values.find(|&n| n > most);
            require(bad.is_none(), || format!("`{name}` holds {}; at most {most} is possible", bad.unwrap_or(0)))
        }
    }
}

impl Weights {
    fn arrays_mut(&mut self) -> [&mut Vec<f32>; 4] {
        [&mut self.encoder, &mut self.encoder_bias, &mut self.decoder, &mut self.decoder_bias]
    }
}

impl Trainer {
    /// The arrays in their order. Weights are in the trainer's own units (x = scale·raw).
    pub fn state(&self) -> Vec<StateArray<'_>> {
        let (features, d) = (self.options.features, self.options.d);
        let array =
            |name: String, kind, shape, data| StateArray { name: Cow::Owned(name), kind, shape, data: Cow::Borrowed(data) };
        let mut out = Vec::new();
        for (prefix, w) in [("", &self.weights), ("first_moment.", &self.first_moment), ("second_moment.", &self.second_moment)] {
            for (name, shape, values) in [
                ("encoder", vec![features, d], &w.encoder),
                ("encoder_bias", vec![features], &w.encoder_bias),
                ("decoder", vec![features, d], &w.decoder),
                ("decoder_bias", vec![d], &w.decoder_bias),
            ] {
                out.push(array(format!("{prefix}{name}"), StateType::F32, shape, bytemuck::cast_slice(values)));
            }
        }
        out.push(array("scale".into(), StateType::F32, vec![1], bytemuck::bytes_of(&self.options.scale)));
        out.push(array("tokens_since_fired".into(), StateType::U64, vec![features], bytemuck::cast_slice(&self.silent)));
        out.push(array("steps".into(), StateType::U64, vec![1], bytemuck::bytes_of(&self.steps)));
        if let Some(relu) = &self.relu {
            out.push(array("dense".into(), StateType::U64, vec![1], bytemuck::bytes_of(&relu.dense)));
        }
        out
    }

    /// Takes back what [`Trainer::state`] gave, from a trainer of the same shape. Changes nothing on an error.
    pub fn load(&mut self, arrays: &[StateArray<'_>]) -> Result<(), DictionaryError> {
        let mut found = Vec::new();
        for expected in self.state() {
            let StateArray { name, kind, shape, data } = expected;
            let Some(array) = arrays.iter().find(|a| a.name == name) else {
                return Err(DictionaryError::Invalid(format!("the state lacks `{name}`")));
            };
            require(array.kind == kind && array.shape == shape, || {
                format!("`{name}` is {} {:?}, {} {shape:?} is expected", array.kind.name(), array.shape, kind.name())
            })?;
            require(array.data.len() == data.len(), || {
                format!("`{name}` has {} bytes, {} are expected", array.data.len(), data.len())
            })?;
            check_values(&name, kind, &array.data)?;
            found.push(array);
        }
        let (mut scale, mut steps, mut dense) = (vec![0f32], vec![0u64], vec![0u64]);
        {
            let weights =
                [&mut self.weights, &mut self.first_moment, &mut self.second_moment].into_iter().flat_map(Weights::arrays_mut);
            // Copied in place, so that big arrays keep their huge pages.
            let floats = weights.chain([&mut scale]).map(|to| bytemuck::cast_slice_mut::<f32, u8>(to));
            let counters =
                [&mut self.silent, &mut steps, &mut dense].into_iter().map(|to| bytemuck::cast_slice_mut::<u64, u8>(to));
            floats.chain(counters).zip(found).for_each(|(to, array)| to.copy_from_slice(&array.data));
        }
        (self.options.scale, self.steps) = (scale[0], steps[0]);
        self.relu.iter_mut().for_each(|relu| relu.dense = dense[0]);
        self.packed = None;
        Ok(())
    }
}
