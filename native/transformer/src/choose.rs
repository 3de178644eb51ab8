//! A step of generation that ends in tokens: logits stay here.

use crate::cache::KvCache;
use crate::edits::Edit;
use crate::error::{ModelError, require};
use crate::model::Model;
use lexiscope_kernels::choose::{Choice, Choosing, choose};
use lexiscope_kernels::{Exec, for_chunks};

/// Most likely tokens that a step names a row.
const LARGEST_TOP: usize = 1024;

impl Model {
    /// [`Model::extend`], then the next token of every row that got one, drawn by its share `units[r]` of [0, 1). `None`:
    /// the row got no token, or its logits are no longer finite.
    pub fn step(
        &self,
        exec: &Exec,
        cache: &mut KvCache,
        tokens: &[i32],
        lengths: &[i32],
        edits: &[Edit],
        how: Choosing,
        units: &[f64],
    ) -> Result<Vec<Option<Choice>>, ModelError> {
        require(how.vocabulary >= 1 && how.vocabulary <= self.architecture.vocabulary, || {
            format!("a vocabulary of {}; the model has {}", how.vocabulary, self.architecture.vocabulary)
        })?;
        require(how.temperature >= 0.0 && how.temperature.is_finite(), || format!("temperature is {}", how.temperature))?;
        require(how.top <= LARGEST_TOP, || format!("top is {}; at most {LARGEST_TOP} are named", how.top))?;
        require(units.len() == lengths.len() && units.iter().all(|u| (0.0..1.0).contains(u)), || {
            "units must be one number of [0, 1) a row".into()
        })?;
        let logits = self.extend(exec, cache, tokens, lengths, edits)?;
        let mut choices = vec![None; lengths.len()];
        let row = |r: usize| &logits[r * self.architecture.vocabulary..][..self.architecture.vocabulary];
        for_chunks(exec, &mut choices, 1, |r, choice| {
            if lengths[r] > 0 {
                choice[0] = choose(exec.path, row(r), how, units[r]);
            }
        })?;
        Ok(choices)
    }
}
