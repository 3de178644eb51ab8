"""Folders as SAELens saves them, one of every architecture that we read, with what SAELens computes from them.

    pip install sae-lens==6.54.12
    python scripts/golden/saelens_folders.py                                # small ones, for packages/dictionary/golden/saelens
    python scripts/golden/saelens_folders.py --out FOLDER --rows ROWS.safetensors --features 4096

Each folder holds what SAELens wrote (cfg.json, sae_weights.safetensors, of a checkpoint activation_scaler.json too) and
expected.safetensors: rows [n, d] (exact in bf16), activations a_i = f_i·‖W_dec,i‖ [n, F] and reconstruction [n, d], all by SAELens
in f32 (weights saved in 16 bits are loaded with dtype="float32").
"""

import argparse
import json
import pathlib

import sae_lens
import torch
from safetensors.torch import load_file, save_file
from sae_lens import SAE
from sae_lens.saes import batchtopk_sae, gated_sae, jumprelu_sae, standard_sae, topk_sae

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "packages" / "dictionary" / "golden" / "saelens")
parser.add_argument("--rows", help="a file with rows [n, d]; otherwise random ones")
parser.add_argument("--features", type=int, default=40)
args = parser.parse_args()

torch.manual_seed(1)
F = args.features
rows = load_file(args.rows)["rows"].float() if args.rows else torch.randn(10, 16) * 3 + 1
rows = rows.bfloat16().float()
d = rows.shape[1]
mean, spread = rows.mean(0), (rows - rows.mean(0)).norm(dim=1).mean()
K = max(4, min(32, F // 8))
METADATA = {"model_name": "made-up", "hook_name": "blocks.0.hook_resid_post", "context_size": 64, "prepend_bos": True}


def fill(sae, unit=False):
    """Weights at which about a tenth of the features fire, with decoder norms from .3 to 3."""
    with torch.no_grad():
        directions = torch.nn.functional.normalize(torch.randn(F, d), dim=1)
        norms = torch.ones(F) if unit else torch.exp(torch.empty(F).uniform_(-1.2, 1.1))
        sae.W_dec.copy_(directions * norms[:, None])
        sae.W_enc.copy_((directions + 0.3 * torch.randn(F, d) / d**0.5).T / norms)
        sae.b_dec.copy_(mean + 0.1 * torch.randn(d))
        bias = (0.15 * spread * torch.randn(F) - 1.4 * spread / d**0.5) / norms
        for name in ["b_enc", "b_mag", "b_gate"]:
            if getattr(sae, name, None) is not None:
                getattr(sae, name).copy_(bias + (0.05 * spread / norms * torch.randn(F) if name == "b_gate" else 0))
        if hasattr(sae, "r_mag"):
            sae.r_mag.copy_(0.3 * torch.randn(F))
        if hasattr(sae, "threshold"):
            sae.threshold.copy_((0.3 * spread / d**0.5 * torch.randn(F)).relu() / norms)
    return sae


def config(kind, **changes):
    return kind(d_in=d, d_sae=F, metadata=sae_lens.saes.sae.SAEMetadata(**METADATA), **changes)


def expect(name, sae):
    with torch.inference_mode():
        features = sae.encode(rows)
        reconstruction = sae.decode(features)
        if not getattr(sae.cfg, "rescale_acts_by_decoder_norm", False):
            features = features * sae.W_dec.norm(dim=1)
    save_file({"rows": rows, "activations": features.contiguous(), "reconstruction": reconstruction}, args.out / name / "expected.safetensors")
    error = (rows - reconstruction).pow(2).sum() / (rows - mean).pow(2).sum()
    print(f"{name}: L0 {(features > 0).sum(1).float().mean():.2f}, FVU {error:.3f}")


def save(name, sae):
    sae.save_model(args.out / name)
    expect(name, SAE.load_from_disk(args.out / name, dtype="float32"))


save("standard", fill(standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig))))
save("standard-no-pre-bias", fill(standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig, apply_b_dec_to_input=False))))
save("standard-bf16", fill(standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig, dtype="bfloat16"))))
save("standard-f16", fill(standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig, dtype="float16"))))
save("jumprelu", fill(jumprelu_sae.JumpReLUSAE(config(jumprelu_sae.JumpReLUSAEConfig))))
save("gated", fill(gated_sae.GatedSAE(config(gated_sae.GatedSAEConfig))))
save("topk", fill(topk_sae.TopKSAE(config(topk_sae.TopKSAEConfig, k=K)), unit=True))
save("topk-norms", fill(topk_sae.TopKSAE(config(topk_sae.TopKSAEConfig, k=K))))
save("topk-rescaled", fill(topk_sae.TopKSAE(config(topk_sae.TopKSAEConfig, k=K, rescale_acts_by_decoder_norm=True))))

# A checkpoint of a BatchTopK training, and the same as SAELens saves it in the end: a JumpReLU dictionary.
for rescaled in [False, True]:
    name = f"batchtopk-checkpoint{'-rescaled' if rescaled else ''}"
    training = fill(batchtopk_sae.BatchTopKTrainingSAE(config(batchtopk_sae.BatchTopKTrainingSAEConfig, k=K, rescale_acts_by_decoder_norm=rescaled)))
    training.topk_threshold.fill_(0.2 * spread / d**0.5)
    training.save_model(args.out / name)
    final = args.out / name.replace("checkpoint", "final")
    training.save_inference_model(final)
    sae = SAE.load_from_disk(final, dtype="float32")
    expect(final.name, sae)
    expect(name, sae)

# A checkpoint whose scale is not folded in; SAELens folds it at the end of the training.
scaled = fill(standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig, normalize_activations="expected_average_only_in")))
scale = (d**0.5 / rows.norm(dim=1).mean()).item()
with torch.no_grad():
    scaled.b_enc *= scale
    scaled.b_dec *= scale
scaled.save_model(args.out / "standard-scaled")
(args.out / "standard-scaled" / "activation_scaler.json").write_text(json.dumps({"scaling_factor": scale}))
sae = SAE.load_from_disk(args.out / "standard-scaled", dtype="float32")
sae.fold_activation_norm_scaling_factor(scale)
expect("standard-scaled", sae)

# A configuration as SAELens 3 to 5 wrote it, which SAELens 6 still opens.
for name, changes in {"old-standard": {}, "old-topk": {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": K}}}.items():
    kind = topk_sae.TopKSAE(config(topk_sae.TopKSAEConfig, k=K)) if changes else standard_sae.StandardSAE(config(standard_sae.StandardSAEConfig))
    fill(kind, unit=bool(changes)).save_model(args.out / name)
    old = {
        "architecture": "standard", "d_in": d, "d_sae": F, "activation_fn_str": "relu", "apply_b_dec_to_input": True,
        "finetuning_scaling_factor": False, "context_size": 64, "model_name": "made-up", "hook_name": "blocks.0.hook_resid_post",
        "hook_layer": 0, "hook_head_index": None, "prepend_bos": True, "dataset_path": "made/up", "normalize_activations": "none",
        "dtype": "torch.float32", "device": "cpu", "sae_lens_training_version": None, **changes,
    }  # fmt: skip
    (args.out / name / "cfg.json").write_text(json.dumps(old))
    expect(name, SAE.load_from_disk(args.out / name, dtype="float32"))
print(f"SAELens {sae_lens.__version__}, {len(rows)} rows of {d}, {F} features")
