use lexiscope_kernels::Cancelled;

/// What can go wrong in this crate. Nothing has changed when one comes back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DictionaryError {
    /// The caller's shapes or numbers are wrong.
    #[error("{0}")]
    Invalid(String),
    #[error("cancelled")]
    Cancelled,
}

impl From<Cancelled> for DictionaryError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// `Err` with `message` unless `holds`.
pub(crate) fn require(holds: bool, message: impl FnOnce() -> String) -> Result<(), DictionaryError> {
    if holds { Ok(()) } else { Err(DictionaryError::Invalid(message())) }
}

/// Refuses NaN and infinity, naming the array.
pub(crate) fn require_finite(name: &str, values: &[f32]) -> Result<(), DictionaryError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(DictionaryError::Invalid(format!("{name} holds {} at {at}", values[at]))),
    }
}

/// Refuses an array of another length than its shape says.
pub(crate) fn require_shape(name: &str, len: usize, shape: &[usize]) -> Result<(), DictionaryError> {
    let expected = shape.iter().try_fold(1usize, |a, &b| a.checked_mul(b));
    require(expected == Some(len), || format!("{name} has {len} values where {shape:?} is expected"))
}
