"""Whether our training step's losses and gradients are autograd's.

    node scripts/golden/step-gradients.mjs STORE STEP.safetensors
    python scripts/golden/step_gradients.py STEP.safetensors

PyTorch computes in f32, as we do, and again in f64, which says how far f32 itself may be off.
"""

import json
import sys

import torch
from safetensors import safe_open

sys.dont_write_bytecode = True
from topk_loss import remove_parallel, topk_loss

# Of the gradient's norm, and of the loss.
TOLERANCE = 1e-5
NAMES = ["encoder", "encoder_bias", "decoder", "decoder_bias"]

with safe_open(sys.argv[1], "pt") as file:
    about = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}
failed = 0


def far(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


for case in ["main", "aux"]:
    ours = json.loads(about[case])
    print(f"{'with AuxK' if case == 'aux' else 'without AuxK'}: {ours['dead']} dead" if case == "aux" else "without AuxK")
    results = {}
    for dtype in [torch.float32, torch.float64]:
        weights = {name: tensors[f"before.{name}"].detach().to(dtype, copy=True).requires_grad_() for name in NAMES}
        x = (tensors["rows"].float() * tensors["before.scale"]).to(dtype)
        coefficient = float(about["auxCoefficient"]) if case == "aux" else 0.0
        loss, parts, _ = topk_loss(weights, x, int(about["k"]), tensors["before.tokens_since_fired"], 1, int(about["auxK"]), coefficient)
        loss.backward()
        remove_parallel(weights)
        results[dtype] = (parts, {name: value.grad for name, value in weights.items()})
    f32, f64 = results[torch.float32], results[torch.float64]
    for name in ["loss", "auxLoss", "fvu", "l0"]:
        if name == "auxLoss" and case == "main":
            continue
        theirs = f32[0][name]
        error = abs(ours[name] - theirs) / abs(theirs)
        failed += error > TOLERANCE
        print(f"  {name:9} ours {ours[name]:.9g}, autograd's {theirs:.9g}: {error:.1e} apart; PyTorch f32 from f64 {abs(theirs - f64[0][name]) / abs(theirs):.1e}")
    for name in NAMES:
        gradient = tensors[f"{case}.{name}"]
        error = far(gradient, f32[1][name])
        worst = ((gradient - f32[1][name]).abs().max() / f32[1][name].abs().max()).item()
        failed += error > TOLERANCE
        print(
            f"  ∂/∂{name:13} {error:.1e} of its norm apart, largest entry {worst:.1e} of the largest;"
            f" from f64: ours {far(gradient, f64[1][name]):.1e}, PyTorch f32 {far(f32[1][name], f64[1][name]):.1e}"
        )
    if case == "aux" and ours["dead"] != f32[0]["dead"]:
        failed += 1
        print(f"  dead latents: ours {ours['dead']}, PyTorch's {f32[0]['dead']}")
print(f"{tensors['rows'].shape[0]} rows of {about['site']}, torch {torch.__version__}, tolerance {TOLERANCE:g}")
print("ok" if not failed else f"{failed} FAILED")
sys.exit(1 if failed else 0)
