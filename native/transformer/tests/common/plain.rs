//! The forward pass of the llama family, written for reading: f64, one token at a time, no tiles.

use super::Weights;
use lexiscope_transformer::Architecture;

/// Everything that a test may want to look at, [tokens][…].
#[derive(Default)]
pub struct Plain {
    pub logits: Vec<Vec<f64>>,
    /// [layer][token][d], after the block
    pub resid_post: Vec<Vec<Vec<f64>>>,
    pub attn_out: Vec<Vec<Vec<f64>>>,
    pub mlp_out: Vec<Vec<Vec<f64>>>,
}

fn linear(w: &Weights, role: &str, x: &[f64]) -> Vec<f64> {
    let (rows, cols, values) = &w[role];
    let bias = w.get(&format!("{role}.bias"));
    (0..*rows)
        .map(|r| {
            let dot: f64 = (0..*cols).map(|c| f64::from(values[r * cols + c]) * x[c]).sum();
            dot + bias.map_or(0.0, |(_, _, b)| f64::from(b[r]))
        })
        .collect()
}

fn norm(w: &Weights, role: &str, x: &[f64]) -> Vec<f64> {
    let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
    x.iter().zip(&w[role].2).map(|(x, g)| x / (mean + 1e-5).sqrt() * f64::from(*g)).collect()
}

/// Half-split pairs (i, i + hd/2), base 10,000.
fn rotate(head: &mut [f64], position: usize) {
    let half = head.len() / 2;
    for i in 0..half {
        let angle = position as f64 * 10_000f64.powf(-(i as f64) / half as f64);
        let (a, b) = (head[i], head[i + half]);
        head[i] = a * angle.cos() - b * angle.sin();
        head[i + half] = b * angle.cos() + a * angle.sin();
    }
}

fn add(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

pub fn forward(a: &Architecture, w: &Weights, tokens: &[i32]) -> Plain {
    let hd = a.head_width;
    let mut out = Plain::default();
    let embed = |t: i32| w["embed"].2[t as usize * a.d..][..a.d].iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let mut xs: Vec<Vec<f64>> = tokens.iter().map(|t| embed(*t)).collect();
    for layer in 0..a.layers {
        let role = |part: &str| format!("blocks.{layer}.{part}");
        let (mut keys, mut values): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        let (mut attn_out, mut mlp_out) = (Vec::new(), Vec::new());
        for (position, x) in xs.iter_mut().enumerate() {
            let h = norm(w, &role("attn_norm"), x);
            let mut q = linear(w, &role("attn.q"), &h);
            let mut k = linear(w, &role("attn.k"), &h);
            q.chunks_mut(hd).chain(k.chunks_mut(hd)).for_each(|head| rotate(head, position));
            keys.push(k);
            values.push(linear(w, &role("attn.v"), &h));
            let mut heads = vec![0.0; a.q_width()];
            for head in 0..a.heads {
                let kv = head / (a.heads / a.kv_heads) * hd;
                let scores: Vec<f64> = keys
                    .iter()
                    .map(|k| (0..hd).map(|i| q[head * hd + i] * k[kv + i]).sum::<f64>() / (hd as f64).sqrt())
                    .map(f64::exp)
                    .collect();
                let sum: f64 = scores.iter().sum();
                for (p, v) in scores.iter().zip(&values) {
                    (0..hd).for_each(|i| heads[head * hd + i] += p / sum * v[kv + i]);
                }
            }
            let y = linear(w, &role("attn.o"), &heads);
            add(x, &y);
            attn_out.push(y);
            let h = norm(w, &role("mlp_norm"), x);
            let (gate, up) = (linear(w, &role("mlp.gate"), &h), linear(w, &role("mlp.up"), &h));
            let hidden: Vec<f64> = gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
            let y = linear(w, &role("mlp.down"), &hidden);
            add(x, &y);
            mlp_out.push(y);
        }
        out.attn_out.push(attn_out);
        out.mlp_out.push(mlp_out);
        out.resid_post.push(xs.clone());
    }
    let head = if a.tied { "embed" } else { "unembed" };
    out.logits = xs.iter().map(|x| linear(w, head, &norm(w, "final_norm", x))).collect();
    out
}

/// Rows one after the other, in f32.
pub fn flat(rows: &[Vec<f64>]) -> Vec<f32> {
    rows.iter().flatten().map(|v| *v as f32).collect()
}
