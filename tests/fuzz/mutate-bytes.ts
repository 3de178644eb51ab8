import fc from "fast-check";

/** Values that counts, lengths and offsets break on; written little-endian in 1, 2, 4 or 8 bytes. */
const extremes = [
  0n,
  1n,
  2n,
  4n,
  7n,
  8n,
  255n,
  256n,
  0x7fffn,
  0xffffn,
  0x10000n,
  2n ** 24n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  0x7fc00000n,
  0x7f800000n,
];
const widths = [1, 2, 4, 8] as const;
const kinds = ["flip", "set", "extreme", "extreme", "cut", "insert", "delete", "repeat", "copy", "splice"] as const;
/** No input grows beyond this: fuzzing looks for faults of form, and large files are slow. */
const maxBytes = 1 << 16;

interface Change {
  kind: (typeof kinds)[number];
  /** Places as shares of the length, so that they shrink and still hit. */
  at: number;
  to: number;
  value: number;
}

const unit = fc.noBias(fc.integer({ min: 0, max: 0xffff })).map((n) => n / 0x10000);
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...kinds),
  at: unit,
  to: unit,
  value: fc.noBias(fc.integer({ min: 0, max: 0xffff })),
});

/** Valid files with up to five changes: bits, extremes in length fields, cuts, repeats, pieces of another seed. */
export function mutatedBytes(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const seeds = files.map((file) => new Uint8Array(file)); // a Buffer's slice is no copy
  return fc.tuple(fc.nat({ max: seeds.length - 1 }), fc.array(change, { maxLength: 5 })).map(([seed, changes]) => {
    let bytes: Uint8Array = seeds[seed] ?? new Uint8Array();
    for (const [i, one] of changes.entries()) bytes = applyChange(bytes, one, seeds[(seed + i + 1) % seeds.length] ?? bytes);
    return bytes;
  });
}

/** The same, from a source of random 32-bit numbers: for guided runs. */
export function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  const kind = kinds[random() % kinds.length] ?? "flip";
  return applyChange(
    bytes,
    { kind, at: (random() % 0x10000) / 0x10000, to: (random() % 0x10000) / 0x10000, value: random() % 0x10000 },
    other,
  );
}

function applyChange(bytes: Uint8Array, { kind, at, to, value }: Change, other: Uint8Array): Uint8Array {
  const place = Math.floor(at * bytes.length);
  const end = Math.min(bytes.length, place + 1 + Math.floor(to * Math.min(64, bytes.length - place)));
  switch (kind) {
    case "flip":
    case "set": {
      if (bytes.length === 0) return Uint8Array.of(value & 255);
      const out = bytes.slice();
      out[place] = kind === "set" ? value & 255 : (out[place] ?? 0) ^ (1 << (value & 7));
      return out;
    }
    case "extreme": {
      const width = widths[value & 3] ?? 4;
      const from = Math.max(0, Math.min(place, bytes.length - width));
      const out = bytes.slice();
      const field = new DataView(new ArrayBuffer(8));
      field.setBigUint64(0, extremes[(value >> 2) % extremes.length] ?? 0n, true);
      for (let i = 0; i < width && from + i < out.length; i++) out[from + i] = field.getUint8(i);
      return out;
    }
    case "cut":
      return bytes.slice(0, place);
    case "insert":
      return limited([bytes.subarray(0, place), new Uint8Array(1 + (value & 63)).fill(value >> 8), bytes.subarray(place)]);
    case "delete":
      return limited([bytes.subarray(0, place), bytes.subarray(end)]);
    case "repeat":
      return limited([
        bytes.subarray(0, end),
        ...Array.from({ length: 1 + (value & 255) }, () => bytes.subarray(place, end)),
        bytes.subarray(end),
      ]);
    case "copy": {
      const out = bytes.slice();
      out.set(bytes.subarray(place, Math.min(end, place + out.length - Math.floor(to * out.length))), Math.floor(to * out.length));
      return out;
    }
    case "splice":
    default:
      return limited([bytes.subarray(0, place), other.subarray(Math.floor(to * other.length))]);
  }
}

function limited(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    Math.min(
      maxBytes,
      parts.reduce((sum, part) => sum + part.length, 0),
    ),
  );
  let at = 0;
  for (const part of parts) {
    if (at >= whole.length) break;
    whole.set(part.subarray(0, whole.length - at), at);
    at += part.length;
  }
  return whole;
}
