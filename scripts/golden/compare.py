"""Whether golden numbers made again are those in the repository.

    python scripts/golden/model.py MODEL.gguf --out FOLDER && python scripts/golden/compare.py FOLDER

JSON must be equal but for the versions that made it; tensors within 1e-5 of their largest value (another build of PyTorch sums
in another order), integers equal except among the top 32, where two nearly equal logits may change places.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import load_file

COMMITTED = pathlib.Path(__file__).resolve().parents[2] / "packages" / "model" / "golden"
VERSIONS = {"torch", "transformers", "gguf", "smallestMargin"}
folder = pathlib.Path(sys.argv[1])
failed = 0


def report(name, passed, what):
    global failed
    failed += not passed
    print(f"{'ok    ' if passed else 'FAILED'} {name}: {what}")


def without_versions(value):
    if isinstance(value, dict):
        return {key: without_versions(item) for key, item in value.items() if key not in VERSIONS}
    return [without_versions(item) for item in value] if isinstance(value, list) else value


for name in ["tokens.json", "chats.json", "greedy.json"]:
    old, new = (json.loads((at / name).read_text()) for at in (COMMITTED, folder))
    report(name, without_versions(old) == without_versions(new), f"{len(old['items'])} items")

old, new = (load_file(at / "forward.safetensors") for at in (COMMITTED, folder))
report("forward.safetensors", old.keys() == new.keys(), f"{len(old)} tensors")
for name, value in old.items():
    again = new[name]
    if name == "top_ids":
        share = (value == again).float().mean().item()
        report(name, share > 0.999, f"{share:.2%} in the same place")
    elif value.is_floating_point():
        worst = ((value - again).abs().max() / value.abs().max()).item()
        report(name, worst < 1e-5, f"largest difference {worst:.1e} of the largest value")
    else:
        report(name, torch.equal(value, again), "integers")
print(f"{'all golden numbers hold' if not failed else f'{failed} differ'}")
sys.exit(1 if failed else 0)
