"""Golden numbers for packages/model, from PyTorch and Transformers.

    pip install torch transformers==5.23.0 gguf safetensors jinja2
    python scripts/golden/model.py path/to/SmolLM2-135M-Instruct.Q4_1.gguf [--out FOLDER] [--tokens]

Transformers dequantises the GGUF file's own blocks, so both sides compute with the same weights. Writes to
FOLDER, by default packages/model/golden/ (--tokens: only the first two): tokens.json, chats.json, greedy.json, forward.safetensors. f32 on the CPU throughout.
"""

import json
import pathlib
import sys

import gguf
import torch
import transformers
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.dont_write_bytecode = True
from model_inputs import CHATS, CONVERSATIONS, TEXTS, strings

LAYERS = [0, 15, 29]
LENGTH = 128
TOP = 32
FULL_POSITIONS = [0, 1, 40, 90, 127]
COMMITTED = pathlib.Path(__file__).resolve().parents[2] / "packages" / "model" / "golden"
OUT = pathlib.Path(sys.argv[sys.argv.index("--out") + 1]) if "--out" in sys.argv else COMMITTED


def write_json(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def provenance():
    return {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__, "gguf": getattr(gguf, "__version__", "0.19"), "script": "scripts/golden/model.py"}


def write_tokens(tokenizer):
    items = [{"text": s, "ids": tokenizer(s)["input_ids"], "decoded": tokenizer.decode(tokenizer(s)["input_ids"])} for s in strings()]
    write_json("tokens.json", {**provenance(), "items": items})
    print(len(items), "strings")


def write_chats(tokenizer):
    items = []
    for messages in CONVERSATIONS:
        for prompt in (False, True):
            text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
            items.append({"messages": messages, "addGenerationPrompt": prompt, "text": text})
    write_json("chats.json", {**provenance(), "items": items})


@torch.no_grad()
def write_greedy(model, tokenizer):
    items = []
    for messages in CHATS:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids, past, feed, margins = [], None, torch.tensor([prompt]), []
        for _ in range(32):  # plain argmax, also past an end token
            out = model(feed, past_key_values=past, use_cache=True)
            best = out.logits[0, -1].topk(2)
            ids.append(best.indices[0].item())
            margins.append((best.values[0] - best.values[1]).item())
            past, feed = out.past_key_values, torch.tensor([[ids[-1]]])
        items.append({"messages": messages, "prompt": prompt, "ids": ids, "smallestMargin": min(margins)})
        print(round(min(margins), 4), repr(tokenizer.decode(ids)))
    write_json("greedy.json", {**provenance(), "items": items})


@torch.no_grad()
def write_forward(model, tokenizer):
    generator = torch.Generator().manual_seed(1)
    d, vocabulary = model.config.hidden_size, model.config.vocab_size
    random_ids = torch.randperm(vocabulary, generator=generator)[:TOP].sort().values
    directions = torch.nn.functional.normalize(torch.randn(8, d, generator=generator), dim=1)
    residual = {}
    for layer in LAYERS:  # a hook on the block: the last entry of output_hidden_states is normed
        def keep(_module, _inputs, output, layer=layer):
            residual[layer] = output[0] if isinstance(output, tuple) else output
        model.model.layers[layer].register_forward_hook(keep)
    rows = {}
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"][:LENGTH]
        assert len(ids) == LENGTH, len(ids)
        logits = model(torch.tensor([ids])).logits[0]
        top = logits.topk(TOP, dim=1)
        put = lambda name, value: rows.setdefault(name, []).append(value.contiguous())
        put("tokens", torch.tensor(ids, dtype=torch.int32))
        put("log_sum_exp", logits.double().logsumexp(1).float())
        put("max_abs_logit", logits.abs().max(1).values)
        put("top_ids", top.indices.int())
        put("top_logits", top.values)
        put("random_logits", logits[:, random_ids])
        for layer in LAYERS:
            x = residual[layer].reshape(LENGTH, d)
            put(f"residual.{layer}.norm", x.norm(dim=1))
            put(f"residual.{layer}.projection", x @ directions.T)
            put(f"residual.{layer}.full", x[FULL_POSITIONS])
    tensors = {name: torch.stack(values) for name, values in rows.items()}
    tensors |= {"random_ids": random_ids.int(), "directions": directions, "full_positions": torch.tensor(FULL_POSITIONS, dtype=torch.int32)}
    save_file(tensors, OUT / "forward.safetensors", {"format": "pt", **provenance()})


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    OUT.mkdir(parents=True, exist_ok=True)
    where = {"gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(path.parent, **where)
    # The import from GGUF leaves out the first step of SmolLM2's own tokenizer.json, the digits: with it and without it
    # ids differ where several spaces or a line end stand before a digit.
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    write_tokens(tokenizer)
    write_chats(tokenizer)
    if "--tokens" in sys.argv:
        return
    model = AutoModelForCausalLM.from_pretrained(path.parent, **where, dtype=torch.float32, attn_implementation="eager").eval()
    write_greedy(model, tokenizer)
    write_forward(model, tokenizer)


if __name__ == "__main__":
    main()
