//! Where activations are read or edited.

use crate::error::ModelError;

/// A place in the forward pass; the order is the order in which the pass comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    pub layer: usize,
    pub kind: SiteKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SiteKind {
    ResidPre,
    AttnOut,
    ResidMid,
    MlpOut,
    ResidPost,
}

const NAMES: [(&str, SiteKind); 5] = [
    ("hook_resid_pre", SiteKind::ResidPre),
    ("hook_attn_out", SiteKind::AttnOut),
    ("hook_resid_mid", SiteKind::ResidMid),
    ("hook_mlp_out", SiteKind::MlpOut),
    ("hook_resid_post", SiteKind::ResidPost),
];

impl Site {
    /// `blocks.15.hook_resid_post`, in a model of `layers` blocks.
    pub fn parse(name: &str, layers: usize) -> Result<Self, ModelError> {
        let site = name.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')).and_then(|(layer, kind)| {
            let layer = layer.bytes().all(|b| b.is_ascii_digit()).then(|| layer.parse().ok()).flatten()?;
            let (_, kind) = NAMES.iter().find(|(n, _)| *n == kind)?;
            Some(Site { layer, kind: *kind })
        });
        match site {
            None => Err(ModelError::Invalid(format!("{name:?} is not a site; sites are named blocks.L.KIND"))),
            Some(site) if site.layer >= layers => {
                Err(ModelError::Invalid(format!("{name}: the model has blocks 0 to {}", layers - 1)))
            }
            Some(site) => Ok(site),
        }
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, _) = NAMES[self.kind as usize];
        write!(f, "blocks.{}.{name}", self.layer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_pass_order() {
        let names: Vec<String> = NAMES.iter().map(|(n, _)| format!("blocks.2.{n}")).collect();
        let sites: Vec<Site> = names.iter().map(|n| Site::parse(n, 3).unwrap()).collect();
        assert!(sites.is_sorted());
        assert_eq!(sites.iter().map(Site::to_string).collect::<Vec<_>>(), names);
    }

    #[test]
    fn refuses_other_names() {
        for name in ["blocks.3.hook_resid_pre", "blocks.+1.hook_resid_pre", "blocks..hook_resid_pre", "blocks.1.hook_z", "x"] {
            assert!(Site::parse(name, 3).is_err(), "{name}");
        }
    }
}
