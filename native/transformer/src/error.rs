use lexiscope_kernels::Cancelled;

/// What can go wrong with a model. `code` is the first word of the message that reaches TypeScript.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    #[error("cancelled")]
    Cancelled,
    /// The caller's arguments are wrong.
    #[error("{0}")]
    Invalid(String),
    /// A file is not what it should be.
    #[error("{0}")]
    BadFile(String),
    /// The file is sound, but asks for what is not built.
    #[error("{0}")]
    Unsupported(String),
}

impl ModelError {
    pub fn code(&self) -> &'static str {
        match self {
            ModelError::Cancelled => "cancelled",
            ModelError::Invalid(_) => "invalid_input",
            ModelError::BadFile(_) => "bad_file",
            ModelError::Unsupported(_) => "unsupported",
        }
    }
}

impl From<Cancelled> for ModelError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// `Invalid` with `message` unless `holds`.
pub(crate) fn require(holds: bool, message: impl FnOnce() -> String) -> Result<(), ModelError> {
    if holds { Ok(()) } else { Err(ModelError::Invalid(message())) }
}
