//! The JSON of an architecture, and the names of sites.
#![no_main]

use lexiscope_transformer::{Architecture, Site};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(architecture) = Architecture::parse(text) {
        assert!(architecture.kv_width() <= architecture.q_width());
    }
    let _ = Site::parse(text, 4);
});
