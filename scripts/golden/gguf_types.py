"""Blocks of GGUF's quantised types and their values as the `gguf` package dequantises them.

    pip install gguf==0.19.0 numpy safetensors
    python scripts/golden/gguf_types.py [FILE]

FILE is native/transformer/tests/fixtures/gguf_types.safetensors by default. Of each type it holds `TYPE.blocks`
[n, bytes of a block] and `TYPE.values` [n, elements of a block]: first SOUND blocks of random bits with ordinary scales, then
special ones. `TYPE.sha256` in the metadata is over the f32 values of MANY more blocks whose bytes are splitmix64's from
seed SEED, every NaN written as 0x7fc00000 (which of the NaNs comes out is the processor's matter).
"""

import hashlib
import pathlib
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from safetensors.numpy import save_file

# Byte offsets of the f16 scales (and minima) in a block.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0],
}
SOUND = 4
MANY = 4096
SEED = 20240524
ZERO, MINUS_ZERO, SMALLEST, LARGEST, INFINITY, QUIET, SIGNALLING, MINUS = 0, 0x8000, 1, 0x7BFF, 0x7C00, 0x7E00, 0x7C01, 0x8000
# Scale and minimum.
SPECIAL = [
    (ZERO, MINUS_ZERO), (MINUS_ZERO, ZERO), (SMALLEST, MINUS | SMALLEST), (LARGEST, MINUS | LARGEST), (MINUS | LARGEST, LARGEST),
    (INFINITY, ZERO), (MINUS | INFINITY, INFINITY), (QUIET, SMALLEST), (SIGNALLING, LARGEST), (LARGEST, SIGNALLING),
]


def splitmix64(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def put(block, at, half_bits):
    block[at : at + 2] = np.array([half_bits], dtype="<u2").view(np.uint8)


def golden_blocks(name, size, random):
    blocks = [random.integers(0, 256, size, dtype=np.uint8) for _ in range(SOUND + len(SPECIAL))]
    # Bits all clear and all set: the least and the greatest of every field.
    blocks += [np.zeros(size, dtype=np.uint8), np.full(size, 255, dtype=np.uint8)]
    for index, block in enumerate(blocks):
        special = SPECIAL[index - SOUND] if SOUND <= index < SOUND + len(SPECIAL) else None
        for which, at in enumerate(SCALES[name]):
            ordinary = np.float16(random.normal() * 0.01).view(np.uint16)
            put(block, at, special[which] if special else ordinary)
    return np.stack(blocks)


def main():
    default = pathlib.Path(__file__).resolve().parents[2] / "native/transformer/tests/fixtures/gguf_types.safetensors"
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    np.seterr(all="ignore")  # infinity times zero is meant
    random = np.random.Generator(np.random.PCG64(1))
    tensors, metadata = {}, {"gguf": "0.19.0", "script": "scripts/golden/gguf_types.py", "sound": str(SOUND)}
    for name in SCALES:
        kind = GGMLQuantizationType[name]
        elements, size = GGML_QUANT_SIZES[kind]
        blocks = golden_blocks(name, size, random)
        tensors[f"{name}.blocks"] = blocks
        tensors[f"{name}.values"] = dequantize(blocks.reshape(len(blocks), size), kind).reshape(len(blocks), elements)
        stream = splitmix64(SEED, MANY * size // 8 + 1).astype("<u8").view(np.uint8)[: MANY * size].reshape(MANY, size)
        values = dequantize(stream, kind)
        bits = np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32)).astype("<u4")
        metadata[f"{name}.sha256"] = hashlib.sha256(bits.tobytes()).hexdigest()
        print(name, blocks.shape, "finite:", int(np.isfinite(values).all(axis=1).sum()), "of", MANY)
    save_file(tensors, out, metadata)


if __name__ == "__main__":
    main()
