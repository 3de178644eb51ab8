//! Reads edits and taps from JavaScript objects, copying what they hold: the call goes on off the main thread.

use crate::dictionary::Dictionary;
use crate::number::whole;
use crate::task::{coded, invalid_input};
use lexiscope_transformer::{Edit, EditOp, Feature, ModelError, Site, Tap, TapValues};
use napi::bindgen_prelude::*;

/// A model's error as TypeScript expects it.
pub fn model_error(error: ModelError) -> Error {
    match error {
        ModelError::Cancelled => Error::from_reason("cancelled"),
        other => coded(other.code(), other),
    }
}

/// A field that must be there; `what` names the object in the error.
pub fn field<T: FromNapiValue>(object: &Object<'_>, what: &str, name: &str) -> Result<T> {
    optional(object, what, name)?.ok_or_else(|| invalid_input(format!("{what} has no {name}")))
}

/// A field that may be absent, `undefined` or `null`.
pub fn optional<T: FromNapiValue>(object: &Object<'_>, what: &str, name: &str) -> Result<Option<T>> {
    let value = object.get::<Option<T>>(name).map_err(|e| invalid_input(format!("{name} of {what}: {}", e.reason)))?;
    Ok(value.flatten())
}

pub fn read_taps(taps: &[Object<'_>], layers: usize) -> Result<Vec<Tap>> {
    let read = |tap: &Object<'_>| {
        let values: String = field(tap, "a tap", "values")?;
        Ok(Tap {
            site: read_site(tap, "a tap", layers)?,
            keep: optional::<Uint8Array>(tap, "a tap", "keep")?.map(|keep| keep.to_vec()),
            values: match values.as_str() {
                "bf16" => TapValues::Bf16,
                "f32" => TapValues::F32,
                "none" => TapValues::None,
                other => return Err(invalid_input(format!("values of a tap is {other:?}; known: bf16, f32, none"))),
            },
        })
    };
    taps.iter().map(read).collect()
}

pub fn read_edits(edits: &[Object<'_>], layers: usize) -> Result<Vec<Edit>> {
    edits.iter().map(|edit| read_edit(edit, layers)).collect()
}

fn read_edit(edit: &Object<'_>, layers: usize) -> Result<Edit> {
    let what = "an edit";
    let op: String = field(edit, what, "op")?;
    let vector = || Ok::<_, Error>(field::<Float32Array>(edit, what, "vector")?.to_vec());
    let dictionary = || Ok::<_, Error>(field::<ClassInstance<'_, Dictionary>>(edit, what, "dictionary")?.inner.clone());
    let value = || Ok::<_, Error>(field::<f64>(edit, what, "value")? as f32);
    let feature = || {
        let index: f64 = field(edit, what, "feature")?;
        Ok::<_, Error>(Feature { dictionary: dictionary()?, index: whole(index, "feature of an edit")? })
    };
    let op = match op.as_str() {
        "add" => EditOp::Add(vector()?),
        "replace" => EditOp::Replace(vector()?),
        "reconstruct" => EditOp::Reconstruct(dictionary()?),
        "clamp" => EditOp::Clamp { feature: feature()?, value: value()? },
        "scale" => EditOp::Scale { feature: feature()?, value: value()? },
        "ablate" => EditOp::Ablate { feature: feature()? },
        other => {
            return Err(invalid_input(format!(
                "op of an edit is {other:?}; known: add, replace, reconstruct, clamp, scale, ablate"
            )));
        }
    };
    Ok(Edit {
        site: read_site(edit, what, layers)?,
        op,
        mask: field::<Uint8Array>(edit, what, "mask")?.to_vec(),
        max_norm: optional::<f64>(edit, what, "maxNorm")?.map(|m| m as f32),
    })
}

fn read_site(object: &Object<'_>, what: &str, layers: usize) -> Result<Site> {
    let name: String = field(object, what, "site")?;
    Site::parse(&name, layers).map_err(model_error)
}
