"""Whether SAELens's own evaluation gives our numbers on the same text.

    node scripts/golden/saelens-metrics.mjs DICTIONARY STORE MODEL 12 METRICS.json
    python scripts/golden/saelens_metrics.py DICTIONARY-FOLDER MODEL.gguf METRICS.json

SAELens's `get_sparsity_and_variance_metrics` and `get_downstream_reconstruction_metrics` run on Transformers' model (f32, from the
GGUF file's own blocks) in SAELens's HookedProxyLM. They leave tokens out by id only, and position 0 has no id of its own: there the
tokens get an alias (id + vocabulary) that is ignored by SAELens and read as the token by the model. A second run lets position 0 in,
as SAELens does by itself.
"""

import json
import os
import sys

import sae_lens
import torch
from sae_lens import SAE
from sae_lens.evals import get_downstream_reconstruction_metrics, get_sparsity_and_variance_metrics
from sae_lens.load_model import HookedProxyLM
from sae_lens.training.activation_scaler import ActivationScaler
from transformers import AutoModelForCausalLM

folder, gguf, file = sys.argv[1:]
data = json.load(open(file))
ours = data["ours"]
layer = int(data["site"].split(".")[1])
assert data["site"].endswith("hook_resid_post"), data["site"]
hook = f"model.layers.{layer}"
inner = AutoModelForCausalLM.from_pretrained(os.path.dirname(os.path.abspath(gguf)), gguf_file=os.path.basename(gguf), dtype=torch.float32).eval()
VOCABULARY = inner.config.vocab_size


class Aliased(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = inner.model
        self.full = [inner]

    def forward(self, tokens):
        return self.full[0](tokens % VOCABULARY, use_cache=False)


model = HookedProxyLM(Aliased(), None, hook_names=[hook])
sae = SAE.load_from_disk(folder, device="cpu")
sae.cfg.metadata.hook_name = hook


class Tokens:
    """One context after the other, as SAELens's ActivationsStore would hand them out."""

    def __init__(self, alias):
        self.contexts = [torch.tensor([[c[0] + VOCABULARY * alias, *c[1:]]]) for c in data["contexts"]]
        self.next = 0

    def get_batch_tokens(self, _size):
        self.next += 1
        return self.contexts[self.next - 1]


@torch.no_grad()
def saelens(alias):
    ignore = data["special"] + ([c[0] + VOCABULARY for c in data["contexts"]] if alias else [])
    shared = dict(activation_scaler=ActivationScaler(), n_batches=len(data["contexts"]), eval_batch_size_prompts=1, ignore_tokens=sorted(set(ignore)), model_kwargs={})
    metrics, _ = get_sparsity_and_variance_metrics(
        sae, model, Tokens(alias), compute_l2_norms=True, compute_sparsity_metrics=True, compute_variance_metrics=True,
        compute_featurewise_density_statistics=False, **shared,
    )  # fmt: skip
    return metrics | get_downstream_reconstruction_metrics(sae, model, Tokens(alias), compute_kl=False, compute_ce_loss=True, **shared)


failed = 0


def row(name, our, their, tolerance=None, relative=True):
    global failed
    difference = abs(our / their - 1) if relative else abs(our - their)
    shown = f"{difference:.2e} {'relative' if relative else 'apart'}"
    if tolerance is None:
        return print(f"  {name:44} ours {our:.6f}   SAELens {their:.6f}   {shown}")
    failed += not difference < tolerance
    print(f"  {name:44} ours {our:.6f}   SAELens {their:.6f}   {shown}, {'ok' if difference < tolerance else 'FAILED'} (below {tolerance:g})")


aligned = saelens(True)
theirs = {"ours": ours["cePatched"] - ours["ceClean"], "saelens": aligned["ce_loss_with_sae"] - aligned["ce_loss_without_sae"]}
print(f"SAELens {sae_lens.__version__}, {len(data['contexts'])} contexts, {data['rows']} tokens (position 0 and special tokens left out, {data['beyond']} beyond the norm limit)")
print("the same tokens:")
row("FVU (1 − explained_variance)", ours["fvu"], 1 - aligned["explained_variance"], 1e-3)
row("mse", ours["mse"], aligned["mse"], 1e-3)
row("L0", ours["l0"], aligned["l0"], 1e-4)
row("cross-entropy", ours["ceClean"], aligned["ce_loss_without_sae"], 1e-4)
row("cross-entropy with x̂", ours["cePatched"], aligned["ce_loss_with_sae"], 1e-3)
row("ΔCE, nats", theirs["ours"], theirs["saelens"], 2e-3, relative=False)
print("the same tokens, where definitions differ:")
row("FVU on the store's rows (fast path, bf16)", ours["stored"]["fvu"], 1 - aligned["explained_variance"])
row("FVU against 1 − explained_variance_legacy", ours["fvu"], 1 - aligned["explained_variance_legacy"])
print("    legacy: the mean over tokens of each token's own ratio, about the mean of its batch (here one context)")
row("CE with x = 0: kept tokens only / all tokens", ours["ceZero"], aligned["ce_loss_with_ablation"])
recovered = 1 - theirs["ours"] / (ours["ceMean"] - ours["ceClean"])
row("CE recovered: of the mean's loss / of zero's", recovered, aligned["ce_loss_score"])
print("    ours compares with the site's mean at kept tokens; SAELens with zero everywhere, position 0 included")
own = saelens(False)
print("SAELens as it comes, with position 0:")
row("FVU (1 − explained_variance)", ours["fvu"], 1 - own["explained_variance"])
row("L0", ours["l0"], own["l0"])
row("ΔCE, nats", theirs["ours"], own["ce_loss_with_sae"] - own["ce_loss_without_sae"], relative=False)
print("    the first token's activation is some 140 times as long as any other's, and the dictionary was never shown it")
print("ok" if not failed else f"{failed} FAILED")
sys.exit(1 if failed else 0)
