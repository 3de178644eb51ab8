"""The peer of our training step in SAELens: its own training classes, its loss, its clipping, Adam.

    python bench/peers/saelens_step.py --architecture standard
    python bench/peers/saelens_step.py --architecture topk --k 32

Needs sae-lens 6.54. Prints one JSON line (see rounds.py). `standard` is the ReLU with the decoder-norm-weighted L1 penalty; its step
is dense, so that its time does not depend on how many features are active. The step is SAETrainer's `_train_step` without autocast.
"""

import argparse
import time

import rounds
import sae_lens
import torch
from sae_lens import StandardTrainingSAE, StandardTrainingSAEConfig, TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.saes.sae import TrainStepInput

parser = argparse.ArgumentParser()
parser.add_argument("--architecture", choices=["standard", "topk"], default="standard")
parser.add_argument("--d", type=int, default=576)
parser.add_argument("--features", type=int, default=16384)
parser.add_argument("--k", type=int, default=32)
parser.add_argument("--batch", type=int, default=4096)
rounds.add_arguments(parser)
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(0)
shared = {"d_in": args.d, "d_sae": args.features, "normalize_activations": "none"}
sae = (
    StandardTrainingSAE(StandardTrainingSAEConfig(**shared, apply_b_dec_to_input=False, l1_coefficient=5.0))
    if args.architecture == "standard"
    else TopKTrainingSAE(TopKTrainingSAEConfig(**shared, k=args.k))
)
sae.train()
adam = torch.optim.Adam(sae.parameters(), lr=5e-5, betas=(0.9, 0.999))
x = torch.randn(args.batch, args.d)
silent = torch.zeros(args.features)


def step() -> float:
    global silent
    started = time.perf_counter()
    out = sae.training_forward_pass(
        TrainStepInput(
            sae_in=x,
            coefficients={"l1": 5.0} if args.architecture == "standard" else {},
            dead_neuron_mask=torch.zeros(args.features, dtype=torch.bool),
            n_training_steps=0,
            is_logging_step=False,
        )
    )
    with torch.no_grad():
        fired = out.feature_acts.bool().float().sum(-2)
        fired = (fired.to_dense() if fired.is_sparse else fired).bool()
        silent = torch.where(fired, 0.0, silent + 1)
    out.loss.backward()
    torch.nn.utils.clip_grad_norm_(sae.parameters(), 1.0)
    adam.step()
    adam.zero_grad()
    return time.perf_counter() - started


name = f"SAELens {sae_lens.__version__} {args.architecture} step"
rounds.measure(step, args, args.batch, {"name": name, "torch": torch.__version__, "threads": args.threads})
