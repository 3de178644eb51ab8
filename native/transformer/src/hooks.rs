//! What happens when the pass comes by a site.

use crate::edits::{Edit, apply};
use crate::error::ModelError;
use crate::site::Site;
use crate::taps::{Tap, TapOutput};
use lexiscope_kernels::Exec;

/// Taps and edits of a call, for the group of tokens that is in the model now.
pub(crate) struct Hooks<'a> {
    pub d: usize,
    /// First token of the group within the call.
    pub offset: usize,
    pub taps: &'a [Tap],
    pub outputs: &'a mut [TapOutput],
    pub edits: &'a [Edit],
    /// The last site of the pass, when it may stop there.
    pub last: Option<Site>,
}

impl Hooks<'_> {
    /// Whether anything happens at `site`.
    pub fn wants(&self, site: Site) -> bool {
        self.taps.iter().any(|t| t.site == site) || self.edits.iter().any(|e| e.site == site)
    }

    /// Edits `x [m, d]`, then captures it. `true`: the pass may stop.
    pub fn visit(&mut self, exec: &Exec, site: Site, x: &mut [f32]) -> Result<bool, ModelError> {
        let edits: Vec<&Edit> = self.edits.iter().filter(|e| e.site == site).collect();
        if !edits.is_empty() {
            apply(exec, &edits, self.offset, x, self.d)?;
        }
        for (tap, output) in self.taps.iter().zip(self.outputs.iter_mut()).filter(|(t, _)| t.site == site) {
            tap.capture(exec.path, self.offset, x, self.d, output);
        }
        Ok(self.last == Some(site))
    }
}
