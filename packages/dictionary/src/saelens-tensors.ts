import { LexiscopeError } from "@lexiscope/core";
import type { LoadedTensor } from "@lexiscope/formats";

/** Reads tensors by name, as f32. */
export interface TensorReader {
  (name: string, shape: number[]): Float32Array;
  optional(name: string, shape: number[]): Float32Array | undefined;
  /** Refuses tensors that nobody has read: what is not understood may matter. */
  refuseOthers(): void;
}

/** Tensors of a file as f32. One that is missing, of another shape or type, or not finite is an error that names it. */
export function tensorReader(file: string, tensors: ReadonlyMap<string, LoadedTensor>): TensorReader {
  const seen = new Set<string>();
  const read = (name: string, shape: number[]): Float32Array => {
    seen.add(name);
    const tensor = tensors.get(name);
    const values = tensor && sameShape(tensor.shape, shape) ? toFloats(tensor) : undefined;
    if (!tensor || !values)
      throw new LexiscopeError(
        "bad_file",
        `${file}: ${name} is ${tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : "missing"}; F16, BF16, F32 or F64 [${shape.join(", ")}] was expected`,
        { file, field: name },
      );
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new LexiscopeError("bad_file", `${file}: ${name} holds ${values[at]} at ${at}`, { file, field: name });
    return values;
  };
  return Object.assign(read, {
    optional: (name: string, shape: number[]) => (tensors.has(name) ? read(name, shape) : undefined),
    refuseOthers: () => {
      const other = [...tensors.keys()].find((name) => !seen.has(name));
      if (other !== undefined)
        throw new LexiscopeError("bad_file", `${file}: the tensor ${other} is not part of such a dictionary`, { file, field: other });
    },
  });
}

const sameShape = (a: number[], b: number[]): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** f32 of a floating tensor; undefined for other types. */
function toFloats({ dtype, data }: LoadedTensor): Float32Array | undefined {
  if (dtype === "F32") return new Float32Array(data.buffer);
  if (dtype === "F64") return Float32Array.from(new Float64Array(data.buffer));
  if (dtype === "BF16") return new Float32Array(Uint32Array.from(new Uint16Array(data.buffer), (bits) => bits << 16).buffer);
  if (dtype === "F16") return Float32Array.from(new Uint16Array(data.buffer), halfToNumber);
  return undefined;
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
