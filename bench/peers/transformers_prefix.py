"""The peer of our harvest: Transformers running the first blocks of the same model, no head, no cache.

    python bench/peers/transformers_prefix.py --gguf model.gguf --dtype bf16

Needs torch, transformers, accelerate, gguf. Prints one JSON line (see rounds.py).
"""

import argparse
import os
import time

import rounds
import torch
import transformers
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--gguf", required=True)
parser.add_argument("--blocks", type=int, default=16)
parser.add_argument("--context", type=int, default=256)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--dtype", choices=["f32", "bf16"], default="bf16")
rounds.add_arguments(parser)
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(0)
folder, name = os.path.split(os.path.abspath(args.gguf))
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
model = model.to(torch.bfloat16 if args.dtype == "bf16" else torch.float32).eval()
model.model.layers = model.model.layers[: args.blocks]
tokens = torch.randint(100, 40_000, (args.batch, args.context))


def run() -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        model.model(tokens, use_cache=False)
    return time.perf_counter() - started


about = {"name": f"Transformers {args.dtype}, {args.blocks} blocks", "torch": torch.__version__, "transformers": transformers.__version__, "threads": args.threads}
rounds.measure(run, args, args.batch * args.context, about)
