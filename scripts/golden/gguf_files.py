"""Whether quantised files that llama.cpp writes hold the same weights to Lexiscope as to the `gguf` package.

    pip install gguf==0.19.0 numpy safetensors
    npm pack @node-llama-cpp/linux-x64@3.22.1     # llama.cpp's own libraries, in bins/linux-x64
    python scripts/golden/gguf_files.py LIBRARIES MODEL.gguf

First the blocks of native/transformer/tests/fixtures/gguf_types.safetensors go through ggml's C functions. Then llama.cpp quantises
the Llama-family MODEL.gguf in each way of WAYS, and the weights hash of every file by the `gguf` package is held against the one
that `lexiscope model` says.
"""

import collections
import ctypes
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLES = {
    "token_embd": "embed", "output_norm": "final_norm", "output": "unembed", "attn_norm": "attn_norm", "attn_q": "attn.q",
    "attn_k": "attn.k", "attn_v": "attn.v", "attn_output": "attn.o", "ffn_norm": "mlp_norm", "ffn_gate": "mlp.gate",
    "ffn_up": "mlp.up", "ffn_down": "mlp.down",
}
# llama.cpp's numbers of file types.
WAYS = {"Q4_0": 2, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K_M": 12, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "IQ4_NL": 25, "IQ4_XS": 30}


class QuantizeParameters(ctypes.Structure):
    # What follows the first fields differs between versions; 256 bytes hold it in any.
    _fields_ = [
        ("threads", ctypes.c_int32), ("way", ctypes.c_int32), ("output_type", ctypes.c_int32), ("embedding_type", ctypes.c_int32),
        ("requantise", ctypes.c_bool), ("rest", ctypes.c_uint8 * 239),
    ]


def libraries(folder):
    find = lambda stem: str(next(path for path in folder.iterdir() if re.fullmatch(rf"lib{stem}(\.v[\d.]+)?\.so", path.name)))
    base, ggml, llama = (ctypes.CDLL(find(stem), mode=ctypes.RTLD_GLOBAL) for stem in ("ggml-base", "ggml", "llama"))
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    llama.llama_model_quantize_default_params.restype = QuantizeParameters
    return base, llama


def canonical(values):
    return np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32))


def check_blocks(base):
    """Bits that ggml's C functions give otherwise than the golden file, NaNs alike."""
    tensors = load_file(ROOT / "native/transformer/tests/fixtures/gguf_types.safetensors")
    differ = 0
    for name in sorted({key.split(".")[0] for key in tensors}):
        blocks, values = np.ascontiguousarray(tensors[f"{name}.blocks"]), tensors[f"{name}.values"]
        got = np.zeros_like(values)
        pointers = (array.ctypes.data_as(ctypes.c_void_p) for array in (blocks, got))
        getattr(base, f"dequantize_row_{name.lower().replace('_k', '_K')}")(*pointers, ctypes.c_int64(values.size))
        count = int((canonical(got) != canonical(values)).sum())
        print(f"{name}: {count} of {values.size} values differ in a bit from ggml's")
        differ += count
    return differ


def role_of(name):
    block, part = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.weight", name).groups()
    return ROLES[part] if block is None else f"blocks.{block}.{ROLES[part]}"


def unpermute(values, heads):
    rows, cols = values.shape
    return values.reshape(heads, rows // heads // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)


def weights_hash(path):
    """Role, a zero byte, rows and columns as u64, f32 values in Hugging Face's row order; roles sorted."""
    reader = GGUFReader(path)
    heads = {part: int(reader.fields[f"llama.attention.{key}"].contents()) for part, key in (("q", "head_count"), ("k", "head_count_kv"))}
    tensors = {role_of(tensor.name): tensor for tensor in reader.tensors if tensor.name != "rope_freqs.weight"}
    total = hashlib.sha256()
    for role in sorted(tensors):
        values = np.atleast_2d(dequantize(tensors[role].data, tensors[role].tensor_type).astype("<f4", copy=False))
        if match := re.search(r"attn\.([qk])$", role):
            values = unpermute(values, heads[match[1]])
        total.update(role.encode() + b"\0" + np.array(values.shape, dtype="<u8").tobytes() + values.tobytes())
    return total.hexdigest(), collections.Counter(tensor.tensor_type.name for tensor in tensors.values())


def our_hash(path, home):
    command = [str(ROOT / "lexiscope"), "model", str(path), "--json"]
    run = subprocess.run(command, env={**os.environ, "LEXISCOPE_HOME": home}, capture_output=True, text=True)
    found = re.search(r'"weightsHash": *"(\w{64})"', run.stdout)
    return found[1] if found else f"none: {run.stdout[-300:]} {run.stderr[-300:]}"


def main():
    base, llama = libraries(pathlib.Path(sys.argv[1]).resolve())
    quiet = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    llama.llama_log_set(quiet, None)
    failed = check_blocks(base)
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "model.gguf"
        for name, way in WAYS.items():
            parameters = llama.llama_model_quantize_default_params()
            parameters.threads, parameters.way, parameters.requantise = 2, way, True
            if llama.llama_model_quantize(sys.argv[2].encode(), str(path).encode(), ctypes.byref(parameters)) != 0:
                raise SystemExit(f"llama.cpp does not write {name}")
            theirs, types = weights_hash(path)
            ours = our_hash(path, scratch)
            failed += ours != theirs
            print(f"{'ok    ' if ours == theirs else 'FAILED'} {name} ({', '.join(f'{n} {t}' for t, n in types.most_common())}): {theirs[:16]}, {ours[:16] if ours == theirs else ours}", flush=True)
    print("every value has the same bits" if failed == 0 else f"{failed} differ")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
