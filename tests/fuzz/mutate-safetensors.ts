import type fc from "fast-check";
import { mutatedJson } from "./mutate-json.ts";

/** Safetensors files whose JSON header has changed and whose data has not; the header's length agrees. */
export function mutatedSafetensorsHeader(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const end = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const data = file.subarray(end);
  return mutatedJson([new TextDecoder().decode(file.subarray(8, end))]).map((header) => {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(header.byteLength), true);
    return new Uint8Array(Buffer.concat([length, header, data]));
  });
}
