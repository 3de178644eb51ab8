import { bytesReader, readZipEntries, readZipEntry } from "@lexiscope/formats";
import { crc32, deflateRawSync } from "node:zlib";
import { mutatedBytes } from "../mutate-bytes.ts";
import type { FuzzTarget } from "../target.ts";

/** Zip files (a model's wheel, npz): the directory, then every entry unpacked. */
export async function zip(): Promise<FuzzTarget> {
  const seeds = [
    makeZip([
      ["a.txt", Buffer.from("some text, some text"), 8],
      ["b", Buffer.from([1, 2, 3]), 0],
    ]),
    makeZip([]),
  ];
  return {
    seeds,
    arbitrary: mutatedBytes(seeds),
    // The unpacker hands on pieces of a MiB, whatever is in them.
    limits: { buffers: 4 * 2 ** 20 },
    read: async (input) => {
      const reader = bytesReader(input, "fuzz.zip");
      for (const entry of (await readZipEntries(reader)).slice(0, 4))
        for await (const piece of readZipEntry(reader, entry)) if (piece.length > 2 ** 20) throw new Error("a large piece");
    },
  };
}

function makeZip(files: readonly [string, Buffer, 0 | 8][]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data, method] of files) {
    const packed = method === 8 ? deflateRawSync(data) : data;
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(method, 8);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(data), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(head, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, list, end]));
}
