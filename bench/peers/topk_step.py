"""The peer of our training step: a plain PyTorch f32 TopK step (Gao et al. 2024 as everybody first writes it).

    python bench/peers/topk_step.py

Needs torch. Prints one JSON line (see rounds.py).
The step: encode, top-k, decode, squared error, backward by autograd, projection of the decoder gradient,
Adam, renormalised decoder. No auxiliary loss, as in the row of ours that it stands beside.
"""

import argparse
import time

import rounds
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--d", type=int, default=576)
parser.add_argument("--features", type=int, default=16384)
parser.add_argument("--k", type=int, default=32)
parser.add_argument("--batch", type=int, default=4096)
rounds.add_arguments(parser)
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(0)
decoder = torch.nn.Parameter(torch.nn.functional.normalize(torch.randn(args.features, args.d), dim=1))
encoder = torch.nn.Parameter(decoder.detach().T.clone())
encoder_bias = torch.nn.Parameter(torch.zeros(args.features))
decoder_bias = torch.nn.Parameter(torch.zeros(args.d))
adam = torch.optim.Adam([decoder, encoder, encoder_bias, decoder_bias], lr=2e-4)
x = torch.randn(args.batch, args.d)


def step() -> float:
    started = time.perf_counter()
    pre = (x - decoder_bias) @ encoder + encoder_bias
    values, indices = pre.topk(args.k, dim=1)
    features = torch.zeros_like(pre).scatter(1, indices, values.relu())
    loss = (features @ decoder + decoder_bias - x).pow(2).sum(1).mean()
    adam.zero_grad()
    loss.backward()
    with torch.no_grad():
        decoder.grad -= (decoder.grad * decoder).sum(1, keepdim=True) * decoder
    adam.step()
    with torch.no_grad():
        decoder.copy_(torch.nn.functional.normalize(decoder, dim=1))
    return time.perf_counter() - started


rounds.measure(step, args, args.batch, {"name": "plain PyTorch f32 TopK step", "torch": torch.__version__, "threads": args.threads})
