/** All indices, from the first or from the last. */
export function identityOrder(features: number, descending: boolean): Uint32Array {
  const order = new Uint32Array(features);
  for (let i = 0; i < features; i++) order[i] = descending ? features - 1 - i : i;
  return order;
}

/** u32 keys that sort as the values do: the bits of an f32, turned so that negative ones come first. */
export function sortKeys(values: Float32Array | Uint32Array, descending: boolean): Uint32Array {
  const keys = new Uint32Array(values.slice().buffer);
  const float = values instanceof Float32Array;
  for (let i = 0; i < keys.length; i++) {
    const bits = keys[i] as number;
    const key = float ? (bits >>> 31 === 1 ? ~bits : bits | 0x8000_0000) : bits;
    keys[i] = descending ? ~key : key;
  }
  return keys;
}

/** Indices in the order of their keys; equal keys keep the order of their indices. */
export function radixOrder(keys: Uint32Array): Uint32Array {
  const n = keys.length;
  let from = identityOrder(n, false);
  let to: Uint32Array = new Uint32Array(n);
  for (let shift = 0; shift < 32; shift += 11) {
    const starts = new Uint32Array(2049);
    for (let i = 0; i < n; i++) (starts[(((keys[i] as number) >>> shift) & 2047) + 1] as number)++;
    for (let b = 1; b < 2048; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);
    for (let i = 0; i < n; i++) {
      const index = from[i] as number;
      const digit = ((keys[index] as number) >>> shift) & 2047;
      to[(starts[digit] as number)++] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}
