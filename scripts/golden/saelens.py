"""Whether SAELens opens a dictionary or atlas folder of ours and computes what we compute.

    pip install sae-lens==6.54.12
    python scripts/golden/saelens.py FOLDER ROWS.safetensors

ROWS.safetensors (made by scripts/golden/saelens-rows.mjs): rows [n, d], indices and values [n, k], reconstruction [n, d], all ours.
"""

import sys

import sae_lens
import torch
from sae_lens import SAE
from safetensors.torch import load_file

sae = SAE.load_from_disk(sys.argv[1], device="cpu")
ours = load_file(sys.argv[2])
with torch.inference_mode():
    features = sae.encode(ours["rows"])
    reconstruction = sae.decode(features)
# Added, not set: empty places are value 0 at index 0.
expected = torch.zeros_like(features).scatter_add_(1, ours["indices"].long(), ours["values"])
largest = features.abs().max()
feature_error = ((features - expected).abs().max() / largest).item()
support = ((features > 0) != (expected > 0)).sum().item()
reconstruction_error = ((reconstruction - ours["reconstruction"]).norm() / reconstruction.norm()).item()
print(f"SAELens {sae_lens.__version__}, {type(sae).__name__}, {features.shape[0]} rows, {features.shape[1]} features")
print(f"features: largest difference {feature_error:.1e} of the largest, {support} entries on in one and off in the other")
print(f"reconstruction: {reconstruction_error:.1e} relative")
passed = feature_error < 1e-5 and support == 0 and reconstruction_error < 1e-5
print("ok" if passed else "FAILED")
sys.exit(0 if passed else 1)
