import type { Architecture } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { NativeTensorRef } from "@lexiscope/native";

/** A tensor as a file's header gives it. */
export interface FoundTensor {
  name: string;
  file: number;
  offset: number;
  bytes: number;
  type: string;
  /** Slowest axis first, as torch says it. */
  shape: readonly number[];
}

/** A weight that the forward pass needs. */
export interface WantedTensor {
  role: string;
  name: string;
  /** [out, in] of a matrix, [n] of a vector. */
  shape: readonly number[];
  /** Optional ones are used when the file has them. */
  optional?: boolean;
  unpermuteHeads?: number;
}

/** What the addon dequantises. */
const supportedTypes: ReadonlySet<string> = new Set(
  "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS".split(" "),
);
/** Names that an error lists at most. */
const namesShown = 5;

/** Roles of a Llama-like model with their shapes; the families below only name them. */
export function roleShapes(a: Architecture): { role: string; shape: number[]; bias: boolean }[] {
  const q = a.heads * a.headWidth;
  const kv = a.kvHeads * a.headWidth;
  const block: [string, number[]][] = [
    ["attn_norm", [a.d]],
    ["attn.q", [q, a.d]],
    ["attn.k", [kv, a.d]],
    ["attn.v", [kv, a.d]],
    ["attn.o", [a.d, q]],
    ["mlp_norm", [a.d]],
    ["mlp.gate", [a.ff, a.d]],
    ["mlp.up", [a.ff, a.d]],
    ["mlp.down", [a.d, a.ff]],
  ];
  const roles: [string, number[]][] = [
    ["embed", [a.vocabulary, a.d]],
    ["final_norm", [a.d]],
    ...(a.tied ? [] : [["unembed", [a.vocabulary, a.d]] as [string, number[]]]),
  ];
  for (let layer = 0; layer < a.layers; layer++) for (const [role, shape] of block) roles.push([`blocks.${layer}.${role}`, shape]);
  return roles.flatMap(([role, shape]) => {
    const weight = { role, shape, bias: false };
    const hasBias = shape.length === 2 && role.startsWith("blocks.");
    return hasBias ? [weight, { role: `${role}.bias`, shape: [shape[0] ?? 0], bias: true }] : [weight];
  });
}

/** Matches what is there with what is needed; a tensor that is missing, left over, of another shape or type is named. */
export function matchTensors(
  file: string,
  wanted: readonly WantedTensor[],
  found: ReadonlyMap<string, FoundTensor>,
  ignored: (name: string) => boolean,
): NativeTensorRef[] {
  const missing = wanted.filter((want) => !want.optional && !found.has(want.name)).map((want) => want.name);
  if (missing.length > 0) throw bad(file, `lacks ${list(missing)}`, missing[0]);
  const known = new Set(wanted.map((want) => want.name));
  const extra = [...found.keys()].filter((name) => !known.has(name) && !ignored(name));
  if (extra.length > 0) {
    throw new LexiscopeError("unsupported", `${file} holds ${list(extra)}, which a Llama-family model has no use for`, {
      file,
      ...(extra[0] === undefined ? {} : { field: extra[0] }),
      hint: "it is another architecture than its description says, or a part (an adapter, a vision tower) that is not yet supported",
    });
  }
  return wanted.flatMap((want) => {
    const tensor = found.get(want.name);
    return tensor ? [toRef(file, want, tensor)] : [];
  });
}

function toRef(file: string, want: WantedTensor, tensor: FoundTensor): NativeTensorRef {
  if (tensor.shape.join() !== want.shape.join())
    throw bad(file, `has ${tensor.name} of shape [${tensor.shape.join(", ")}]; [${want.shape.join(", ")}] is needed`, tensor.name);
  if (!supportedTypes.has(tensor.type)) {
    throw new LexiscopeError("unsupported", `${file}: ${tensor.name} has the type ${tensor.type}, which is not yet supported`, {
      file,
      field: tensor.name,
      hint: `choose a file with ${[...supportedTypes].join(", ")} tensors only`,
    });
  }
  const [rows, cols] = tensor.shape.length === 2 ? [tensor.shape[0] ?? 0, tensor.shape[1] ?? 0] : [1, tensor.shape[0] ?? 0];
  return {
    role: want.role,
    file: tensor.file,
    offset: tensor.offset,
    bytes: tensor.bytes,
    type: tensor.type,
    rows,
    cols,
    ...(want.unpermuteHeads === undefined ? {} : { unpermuteHeads: want.unpermuteHeads }),
  };
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(", ");
  return names.length > namesShown
    ? `${shown} and ${names.length - namesShown} more tensors`
    : `the tensor${names.length > 1 ? "s" : ""} ${shown}`;
}

function bad(file: string, what: string, field: string | undefined): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, {
    file,
    ...(field === undefined ? {} : { field }),
    hint: "the file is damaged or was converted wrongly; download it again",
  });
}
