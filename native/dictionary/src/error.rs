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

/// Refuses sizes for which this process gets no memory, before they are allocated: a failed allocation would end it.
pub(crate) fn require_memory(what: &str, counts: &[usize], bytes: usize) -> Result<(), DictionaryError> {
    let size = counts.iter().try_fold(bytes, |a, &b| a.checked_mul(b));
    let fits = size.is_some_and(|size| Vec::<u8>::new().try_reserve_exact(size).is_ok());
    require(fits, || format!("there is no memory for {what} of size {counts:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_beyond_any_memory_are_refused() {
        assert!(require_memory("a dictionary", &[16_384, 576], 28).is_ok());
        for counts in [[1 << 40, 1 << 20], [usize::MAX, 2], [1 << 46, 1]] {
            assert!(require_memory("a dictionary", &counts, 4).is_err(), "{counts:?}");
        }
    }
}
