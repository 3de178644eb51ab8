export { bytesReader, openFileReader, withFileReader, type ByteReader } from "./reader.ts";
export { readGgufHeader, type GgufHeader, type GgufTensor } from "./gguf.ts";
export { ggmlTypes, type GgmlType } from "./gguf-types.ts";
export type { GgufArray, GgufValue } from "./gguf-values.ts";
export {
  loadSafetensors,
  readSafetensorsHeader,
  safetensorsBits,
  type LoadedTensor,
  type SafetensorsDtype,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./safetensors.ts";
export { encodeSafetensors, writeSafetensors, type TensorToWrite } from "./safetensors-write.ts";
export { readSafetensorsIndex } from "./safetensors-index.ts";
export { readJsonl, type JsonLine, type JsonlOptions } from "./jsonl.ts";
export { decodeText, readText, type ReadText } from "./text.ts";
export { splitText, type TextSplit } from "./text-documents.ts";
export { extractZipEntry, readZipEntries, readZipEntry, type ZipEntry } from "./zip.ts";
export { encodeGguf, type GgufTensorToWrite, type GgufWritable } from "./gguf-write.ts";
