"""Four steps of Scaling Monosemanticity's training by PyTorch's autograd, clip_grad_norm_ and Adam: golden numbers of native/dictionary.

    python scripts/golden/relu_step.py > native/dictionary/tests/fixtures/relu_step.json

Templeton et al. 2024, "Update on how we train SAEs" (April 2024): f = ReLU(x·W_enc + b_enc), the loss is the mean over rows of
||x - x̂||² + λ Σ f_i·||W_dec,i||, gradients are clipped by their global norm to 1, no constraint on the weights. λ rises over the steps.
"""

import json
import sys

import torch

D, F, B = 8, 20, 12
LR, EPSILON, CLIP = 1e-2, 1e-3, 1.0
PENALTIES = [0.5, 1.0, 1.5, 2.0]


def round_all(tensor: torch.Tensor) -> list:
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def main() -> None:
    torch.manual_seed(0)
    # Multiples of 1/16 below 4 are exact in bf16.
    batches = [(torch.randn(B, D) * 16).round().clamp(-63, 63) / 16 for _ in PENALTIES]
    decoder = torch.nn.functional.normalize(torch.randn(F, D), dim=1) * (0.1 + torch.rand(F, 1))
    start = {
        "encoder": decoder + 0.1 * torch.randn(F, D),
        "encoder_bias": 0.1 * torch.randn(F) - 0.5 * (torch.arange(F) % 3 == 0),
        "decoder": decoder,
        "decoder_bias": 0.2 * torch.randn(D),
    }
    # The numbers of the file are the start on both sides.
    start = {n: torch.tensor(round_all(v)).float().reshape(v.shape) for n, v in start.items()}
    weights = {name: value.double().clone().requires_grad_() for name, value in start.items()}
    adam = torch.optim.Adam(weights.values(), lr=LR, betas=(0.9, 0.999), eps=EPSILON)
    steps = []
    for x, penalty in zip((b.double() for b in batches), PENALTIES):
        f = (x @ weights["encoder"].T + weights["encoder_bias"]).relu()
        error = x - weights["decoder_bias"] - f @ weights["decoder"]
        loss = error.pow(2).sum(1).mean()
        l1 = (f * weights["decoder"].norm(dim=1)).sum(1).mean()
        adam.zero_grad()
        (loss + penalty * l1).backward()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
        adam.step()
        steps.append(
            {
                "penalty": penalty,
                "loss": float(f"{loss.item():.9g}"),
                "l1": float(f"{l1.item():.9g}"),
                "l0": float((f > 0).sum() / B),
                "gradient_norm": float(f"{norm.item():.9g}"),
                "weights": {name: round_all(value) for name, value in weights.items()},
            }
        )
    json.dump(
        {
            "torch": torch.__version__.split("+")[0],
            "d": D, "features": F, "learning_rate": LR, "epsilon": EPSILON, "clip_norm": CLIP,
            "batches": [round_all(b) for b in batches],
            "start": {name: round_all(value) for name, value in start.items()},
            "steps": steps,
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
