/** Bytes of a bf16 number. */
export const bf16Width = 2;

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Adds bf16 rows [from, to) of `rows` [n, d] to `sum` [d]; `sign` −1 takes them off. One addition a number: a thousandth of the work of the forward pass. */
export function addRows(sum: Float64Array, rows: Uint16Array, from: number, to: number, sign: 1 | -1 = 1): void {
  const d = sum.length;
  for (let at = from * d; at < to * d; at += d) {
    for (let j = 0; j < d; j++) {
      bits[0] = (rows[at + j] as number) << 16;
      sum[j] = (sum[j] as number) + sign * (float[0] as number);
    }
  }
}

/** bf16 [n] as f32. */
export function bf16ToFloat(values: Uint16Array): Float32Array {
  const out = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = (values[i] as number) << 16;
  return new Float32Array(out.buffer);
}

/** f32 [n] rounded to bf16, nearest even; NaN stays a quiet NaN (fixtures F46). */
export function floatToBf16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < source.length; i++) {
    const u = source[i] as number;
    out[i] = (u & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : (u + 0x7fff + ((u >>> 16) & 1)) >>> 16;
  }
  return out;
}
