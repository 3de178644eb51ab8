//! Numbers from JavaScript that count something. Node-API's own integers wrap around: 2³² + 1 would pass for 1.

use crate::task::invalid_input;
use napi::bindgen_prelude::*;

/// A whole number of at most 2⁵³ − 1.
pub fn whole(value: f64, name: &str) -> Result<usize> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if (0.0..=LARGEST).contains(&value) && value.fract() == 0.0 {
        Ok(value as usize)
    } else {
        Err(invalid_input(format!("{name} holds {value} where a whole number is expected")))
    }
}

/// Refuses a result of `count` values of `bytes` each that this process cannot be given: a failed allocation ends it.
pub fn require_room(what: &str, count: [usize; 2], bytes: usize) -> Result<()> {
    let size = count[0].checked_mul(count[1]).and_then(|n| n.checked_mul(bytes));
    match size.map(|size| Vec::<u8>::new().try_reserve_exact(size)) {
        Some(Ok(())) => Ok(()),
        _ => Err(invalid_input(format!("{what} would take {} × {} values, for which there is no memory", count[0], count[1]))),
    }
}
