import { LexiscopeError } from "@lexiscope/core";
import { readSafetensorsHeader, withFileReader, writeSafetensors, type SafetensorsEntry, type TensorToWrite } from "@lexiscope/formats";
import type { PlannedContext } from "./plan.ts";

/** What one shard holds. C contexts, n kept rows, width d. */
export interface ShardContent {
  planHash: string;
  ordinal: number;
  /** Id of its first context. */
  first: number;
  contexts: readonly PlannedContext[];
  /** [n] ordinal of the row's context in the shard, and the row's position in that context. */
  rowContext: Uint32Array;
  rowPosition: Uint32Array;
  sites: readonly ShardSite[];
}

export interface ShardSite {
  name: string;
  d: number;
  /** bf16 [n, d] */
  rows: Uint16Array;
  /** [n] ‖x‖ before rounding to bf16 */
  norms: Float32Array;
  /** [d] over the rows of training documents */
  sum: Float64Array;
}

export const shardFile = (planHash: string, ordinal: number): string =>
  `${planHash.slice(0, 16)}-${String(ordinal).padStart(5, "0")}.safetensors`;

export const rowsTensor = (site: string): string => `rows.${site}`;
export const normsTensor = (site: string): string => `norms.${site}`;
export const sumTensor = (site: string): string => `train_sum.${site}`;

/** Writes a shard: it is there whole or not at all. */
export async function writeShard(path: string, shard: ShardContent): Promise<void> {
  const { contexts, rowContext, rowPosition } = shard;
  const count = contexts.length;
  const offsets = new Uint32Array(count + 1);
  for (const [i, context] of contexts.entries()) offsets[i + 1] = (offsets[i] ?? 0) + context.tokens.length;
  const tokens = new Int32Array(offsets[count] ?? 0);
  for (const [i, context] of contexts.entries()) tokens.set(context.tokens, offsets[i]);
  const tensors: Record<string, TensorToWrite> = {
    tokens: { dtype: "I32", shape: [tokens.length], data: tokens },
    offsets: { dtype: "U32", shape: [count + 1], data: offsets },
    document: { dtype: "U32", shape: [count], data: Uint32Array.from(contexts, (context) => context.document) },
    start: { dtype: "U32", shape: [count], data: Uint32Array.from(contexts, (context) => context.start) },
    held_out: { dtype: "U8", shape: [count], data: Uint8Array.from(contexts, (context) => (context.heldOut ? 1 : 0)) },
    row_context: { dtype: "U32", shape: [rowContext.length], data: rowContext },
    row_position: { dtype: "U32", shape: [rowPosition.length], data: rowPosition },
  };
  for (const { name, d, rows, norms, sum } of shard.sites) {
    tensors[rowsTensor(name)] = { dtype: "BF16", shape: [norms.length, d], data: rows };
    tensors[normsTensor(name)] = { dtype: "F32", shape: [norms.length], data: norms };
    tensors[sumTensor(name)] = { dtype: "F64", shape: [d], data: sum };
  }
  await writeSafetensors(path, tensors, { plan_hash: shard.planHash, ordinal: String(shard.ordinal), first_context: String(shard.first) });
}

/** Where the tensors of a shard lie, header checked. */
export interface ShardHeader {
  path: string;
  ordinal: number;
  first: number;
  contexts: number;
  rows: number;
  tensors: Map<string, SafetensorsEntry>;
}

export interface ShardExpectation {
  planHash: string;
  ordinal: number;
  sites: readonly { name: string; d: number }[];
}

/** Reads a shard's header; one of another plan, or whose tensors have other shapes, is a named error. */
export async function readShardHeader(path: string, expect: ShardExpectation): Promise<ShardHeader> {
  const { metadata, tensors } = await withFileReader(path, readSafetensorsHeader);
  const bad = (field: string, message: string): LexiscopeError =>
    new LexiscopeError("bad_file", `${path}: ${message}`, {
      file: path,
      field,
      hint: "delete the file and run the same harvest again; only this shard is made anew",
    });
  if (metadata["plan_hash"] !== expect.planHash) throw bad("plan_hash", "the shard belongs to another harvest");
  if (metadata["ordinal"] !== String(expect.ordinal))
    throw bad("ordinal", `the shard is number ${metadata["ordinal"]}; ${expect.ordinal} was expected`);
  const first = Number(metadata["first_context"]);
  if (!Number.isSafeInteger(first) || first < 0) throw bad("first_context", "first_context is no number");
  const size = (name: string): number => tensors.get(name)?.shape[0] ?? -1;
  const contexts = size("document");
  const rows = size("row_context");
  const shapes: [string, string, number[]][] = [
    ["tokens", "I32", [size("tokens")]],
    ["offsets", "U32", [contexts + 1]],
    ["document", "U32", [contexts]],
    ["start", "U32", [contexts]],
    ["held_out", "U8", [contexts]],
    ["row_context", "U32", [rows]],
    ["row_position", "U32", [rows]],
    ...expect.sites.flatMap(({ name, d }): [string, string, number[]][] => [
      [rowsTensor(name), "BF16", [rows, d]],
      [normsTensor(name), "F32", [rows]],
      [sumTensor(name), "F64", [d]],
    ]),
  ];
  for (const [name, dtype, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor || tensor.dtype !== dtype || tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
      throw bad(
        name,
        tensor
          ? `${name} is ${tensor.dtype} [${tensor.shape.join(", ")}]; ${dtype} [${shape.join(", ")}] was expected`
          : `${name} is missing`,
      );
    }
  }
  return { path, ordinal: expect.ordinal, first, contexts, rows, tensors };
}

/** Bytes of one tensor of a shard, in memory of our own. */
export async function readShardTensor(header: ShardHeader, name: string): Promise<ArrayBuffer> {
  const tensor = header.tensors.get(name);
  if (!tensor) throw new LexiscopeError("bad_file", `${header.path}: ${name} is missing`, { file: header.path, field: name });
  return withFileReader(header.path, async (reader) => (await reader.read(tensor.offset, tensor.bytes)).buffer);
}
