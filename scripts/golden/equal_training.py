"""The same short training by PyTorch: same start, same batches in the same order, same schedule, same held-out rows.

    node scripts/golden/equal-training.mjs STORE SEED 500000 RUN.safetensors
    python scripts/golden/equal_training.py RUN.safetensors

f32, autograd, torch.optim.Adam. Passes when held-out FVU and L0 are within 1 % of ours, relative.
"""

import json
import sys

import torch
from safetensors import safe_open

sys.dont_write_bytecode = True
from topk_loss import remove_parallel, topk_loss

NAMES = ["encoder", "encoder_bias", "decoder", "decoder_bias"]

with safe_open(sys.argv[1], "pt") as file:
    about = file.metadata()
    options, ours = (json.loads(about[name]) for name in ("options", "ours"))
    tensors = {name: file.get_tensor(name) for name in file.keys()}
scale = tensors["start.scale"].item()
weights = {name: tensors[f"start.{name}"].clone().requires_grad_() for name in NAMES}
adam = torch.optim.Adam(weights.values(), lr=1.0, betas=(options["beta1"], options["beta2"]), eps=options["epsilon"])
silent = tensors["start.tokens_since_fired"].clone()
for batch, rate in zip(tensors["batches"], tensors["rates"].tolist()):
    x = batch.float() * scale
    loss, parts, silent = topk_loss(weights, x, options["k"], silent, options["deadAfter"], options["auxK"], options["auxCoefficient"])
    adam.zero_grad()
    loss.backward()
    remove_parallel(weights)
    adam.param_groups[0]["lr"] = rate
    adam.step()
    with torch.no_grad():
        weights["decoder"] /= weights["decoder"].norm(dim=1, keepdim=True)

error = active = 0.0
with torch.no_grad():
    for rows in tensors["held_out"].float().split(1024):
        x = rows * scale
        pre = (x - weights["decoder_bias"]) @ weights["encoder"].T + weights["encoder_bias"]
        top = pre.topk(options["k"], dim=1)
        f = torch.zeros_like(pre).scatter(1, top.indices, top.values.relu())
        reconstruction = (weights["decoder_bias"] + f @ weights["decoder"]) / scale
        error += (rows - reconstruction).double().pow(2).sum().item()
        active += (f > 0).sum().item()
deviation = (tensors["held_out"].double() - tensors["held_out_mean"].double()).pow(2).sum().item()
theirs = {"fvu": error / deviation, "l0": active / len(tensors["held_out"]), "dead": parts["dead"]}
steps, size, d = tensors["batches"].shape
print(f"seed {options['seed']}: {steps} steps of {size} rows, d {d}, F {options['features']}, k {options['k']}, {len(tensors['held_out'])} held-out rows; ours on {about['cpuPath']}, torch {torch.__version__}")
for name, at in [("ours", ours), ("PyTorch", theirs)]:
    print(f"  {name:8} FVU {at['fvu']:.6f}, L0 {at['l0']:.4f}, dead {at['dead']}")
apart = [abs(ours[name] / theirs[name] - 1) for name in ("fvu", "l0")]
passed = max(apart) < 0.01
print(f"  apart: FVU {apart[0]:.3%}, L0 {apart[1]:.3%}; {'ok' if passed else 'FAILED'}")
sys.exit(0 if passed else 1)
