//! What a decoder LM computes, as data: the Rust side of `contract`'s `Architecture`.

use crate::error::ModelError;
use lexiscope_kernels::attention::AttentionShape;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Architecture {
    pub family: Family,
    pub layers: usize,
    pub d: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub head_width: usize,
    pub ff: usize,
    pub vocabulary: usize,
    pub context: usize,
    pub norm: Norm,
    pub positions: Positions,
    pub mlp: Mlp,
    pub tied: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Llama,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Norm {
    Rms { epsilon: f64 },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Positions {
    Rope { base: f64, width: usize, divisors: Option<Vec<f32>> },
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Mlp {
    Gated { activation: Activation },
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    Silu,
}

/// Where a weight goes and what shape it must have, [rows, cols]; vectors have one row.
pub(crate) struct Role {
    pub name: String,
    pub rows: usize,
    pub cols: usize,
    pub required: bool,
}

/// No single dimension of a real model comes near this; it keeps every product below within 64 bits.
const LARGEST: usize = 1 << 24;

impl Architecture {
    /// Reads and checks the JSON of an `Architecture`.
    pub fn parse(json: &str) -> Result<Self, ModelError> {
        let parsed: Self = serde_json::from_str(json).map_err(|e| ModelError::Unsupported(format!("architecture: {e}")))?;
        parsed.check().map_err(|message| ModelError::Invalid(format!("architecture: {message}")))?;
        Ok(parsed)
    }

    fn check(&self) -> Result<(), String> {
        for (name, value) in [
            ("layers", self.layers),
            ("d", self.d),
            ("heads", self.heads),
            ("kvHeads", self.kv_heads),
            ("headWidth", self.head_width),
            ("ff", self.ff),
            ("vocabulary", self.vocabulary),
            ("context", self.context),
        ] {
            if value == 0 || value > LARGEST {
                return Err(format!("{name} is {value}; it must lie between 1 and {LARGEST}"));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!("{} query heads cannot share {} key/value heads", self.heads, self.kv_heads));
        }
        let Norm::Rms { epsilon } = self.norm;
        if !(0.0..=1.0).contains(&epsilon) {
            return Err(format!("norm.epsilon is {epsilon}"));
        }
        let Positions::Rope { base, width, divisors } = &self.positions;
        if !(base.is_finite() && *base > 0.0) {
            return Err(format!("positions.base is {base}"));
        }
        if *width < 2 || !width.is_multiple_of(2) || *width > self.head_width {
            return Err(format!("positions.width is {width}; it must be even and at most the head width {}", self.head_width));
        }
        if let Some(divisors) = divisors {
            if divisors.len() != width / 2 {
                return Err(format!("positions.divisors has {} numbers where {} are expected", divisors.len(), width / 2));
            }
            if let Some(bad) = divisors.iter().find(|d| !(d.is_finite() && **d > 0.0)) {
                return Err(format!("positions.divisors holds {bad}"));
            }
        }
        Ok(())
    }

    pub fn attention_shape(&self) -> AttentionShape {
        AttentionShape { heads: self.heads, kv_heads: self.kv_heads, head_width: self.head_width }
    }

    /// H·hd
    pub fn q_width(&self) -> usize {
        self.heads * self.head_width
    }

    /// Hkv·hd
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_width
    }

    /// Every weight that this architecture reads.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let (d, q, kv, ff, v) = (self.d, self.q_width(), self.kv_width(), self.ff, self.vocabulary);
        let mut roles = vec![role("embed", v, d), role("final_norm", 1, d)];
        if !self.tied {
            roles.push(role("unembed", v, d));
        }
        for layer in 0..self.layers {
            let name = |part: &str| format!("blocks.{layer}.{part}");
            roles.push(role(name("attn_norm"), 1, d));
            roles.push(role(name("mlp_norm"), 1, d));
            for (part, rows, cols) in [
                ("attn.q", q, d),
                ("attn.k", kv, d),
                ("attn.v", kv, d),
                ("attn.o", d, q),
                ("mlp.gate", ff, d),
                ("mlp.up", ff, d),
                ("mlp.down", d, ff),
            ] {
                roles.push(role(name(part), rows, cols));
                roles.push(Role { required: false, ..role(format!("{}.bias", name(part)), 1, rows) });
            }
        }
        roles
    }
}

fn role(name: impl Into<String>, rows: usize, cols: usize) -> Role {
    Role { name: name.into(), rows, cols, required: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOL: &str = r#"{"family":"llama","layers":30,"d":576,"heads":9,"kvHeads":3,"headWidth":64,"ff":1536,
        "vocabulary":49152,"context":8192,"norm":{"kind":"rms","epsilon":1e-5},
        "positions":{"kind":"rope","base":100000,"width":64},"mlp":{"kind":"gated","activation":"silu"},"tied":true}"#;

    #[test]
    fn reads_the_contract() {
        let smol = Architecture::parse(SMOL).unwrap();
        assert_eq!((smol.q_width(), smol.kv_width()), (576, 192));
        assert_eq!(smol.roles().iter().filter(|r| r.required).count(), 2 + 30 * 9);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for (from, to, word) in [
            ("\"silu\"", "\"gelu\"", "gelu"),
            ("\"rms\"", "\"layer\"", "layer"),
            ("\"llama\"", "\"mamba\"", "mamba"),
            ("\"tied\":true", "\"tied\":true,\"softCap\":30", "softCap"),
            ("\"kvHeads\":3", "\"kvHeads\":2", "key/value heads"),
            ("\"width\":64", "\"width\":66", "positions.width"),
            ("\"width\":64", "\"width\":64,\"divisors\":[1]", "divisors"),
        ] {
            let error = Architecture::parse(&SMOL.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
