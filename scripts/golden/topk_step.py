"""Three steps of TopK training with AuxK by PyTorch's autograd and Adam: the golden numbers of native/dictionary.

    python scripts/golden/topk_step.py > native/dictionary/tests/fixtures/topk_step.json

After Gao et al. 2024, as dictionary_learning trains it: the encoder sees x - b_dec, the loss is the mean over rows of
||x - x̂||² plus `aux_coefficient` times the normalised auxiliary loss over dead latents, the part of the decoder's
gradient parallel to a row is removed before the step, and rows are scaled to norm 1 after it.
"""

import json
import sys

import torch

D, F, B, K = 8, 20, 12, 3
AUX_K, AUX_COEFFICIENT, DEAD_AFTER = 4, 0.25, 24
LR, EPSILON, STEPS = 1e-2, 1e-3, 3


def round_all(tensor: torch.Tensor) -> list:
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def main() -> None:
    torch.manual_seed(0)
    # Multiples of 1/16 below 4 are exact in bf16.
    batches = [(torch.randn(B, D) * 16).round().clamp(-63, 63) / 16 for _ in range(STEPS)]
    decoder = torch.nn.functional.normalize(torch.randn(F, D), dim=1)
    start = {
        "encoder": 0.8 * decoder + 0.1 * torch.randn(F, D),
        "encoder_bias": 0.1 * torch.randn(F) - 3.0 * (torch.arange(F) % 3 == 0),
        "decoder": decoder,
        "decoder_bias": 0.2 * torch.randn(D),
    }
    # The numbers of the file are the start on both sides.
    start = {n: torch.tensor(round_all(v)).float().reshape(v.shape) for n, v in start.items()}
    weights = {name: value.double().clone().requires_grad_() for name, value in start.items()}
    adam = torch.optim.Adam(weights.values(), lr=LR, betas=(0.9, 0.999), eps=EPSILON)
    silent = torch.zeros(F)
    steps = []
    for x in (b.double() for b in batches):
        centred = x - weights["decoder_bias"]
        pre = centred @ weights["encoder"].T + weights["encoder_bias"]
        top = pre.topk(K, dim=1)
        f = torch.zeros_like(pre).scatter(1, top.indices, top.values.relu())
        error = x - weights["decoder_bias"] - f @ weights["decoder"]
        loss = error.pow(2).sum(1).mean()

        silent = torch.where((f > 0).any(0), 0.0, silent + B)
        dead = silent >= DEAD_AFTER
        aux = torch.zeros(())
        if dead.any():
            target = error.detach()
            z = pre.masked_fill(~dead, -torch.inf).topk(min(AUX_K, int(dead.sum())), dim=1)
            z = torch.zeros_like(pre).scatter(1, z.indices, z.values.relu())
            aux = (target - z @ weights["decoder"]).pow(2).sum(1).mean() / (target - target.mean(0)).pow(2).sum(1).mean()
        adam.zero_grad()
        (loss + AUX_COEFFICIENT * aux).backward()
        with torch.no_grad():
            rows, gradient = weights["decoder"], weights["decoder"].grad
            gradient -= (gradient * rows).sum(1, keepdim=True) * rows
            adam.step()
            rows /= rows.norm(dim=1, keepdim=True)
        steps.append(
            {
                "loss": float(f"{loss.item():.9g}"),
                "aux_loss": float(f"{aux.item():.9g}"),
                "dead": int(dead.sum()),
                "l0": float((f > 0).sum() / B),
                "weights": {name: round_all(value) for name, value in weights.items()},
            }
        )
    json.dump(
        {
            "torch": torch.__version__.split("+")[0],
            "d": D, "features": F, "k": K, "aux_k": AUX_K, "aux_coefficient": AUX_COEFFICIENT, "dead_after": DEAD_AFTER,
            "learning_rate": LR, "epsilon": EPSILON,
            "batches": [round_all(b) for b in batches],
            "start": {name: round_all(value) for name, value in start.items()},
            "steps": steps,
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
