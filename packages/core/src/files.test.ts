import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asDiskError, formatBytes, makeFolder, readExactly, readJson, requireDisk, sha256, sha256File, writeFileAtomic } from "./files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-files-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("writeFileAtomic", () => {
  it("writes text and parts, replaces the old file, and leaves no temporary file", async () => {
    const path = join(folder, "deep", "a.bin");
    await writeFileAtomic(path, "old");
    await writeFileAtomic(path, [Buffer.from("new "), Buffer.from("bytes")]);
    expect(await readFile(path, "utf8")).toBe("new bytes");
    expect(await readdir(join(folder, "deep"))).toEqual(["a.bin"]);
  });

  it("keeps the old file when writing fails", async () => {
    const path = join(folder, "a");
    await writeFileAtomic(path, "old");
    await expect(writeFileAtomic(path, [Buffer.from("x"), null as unknown as Uint8Array])).rejects.toThrow();
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });
});

describe("readExactly", () => {
  it("reads a range and names a file that ends too soon", async () => {
    const path = join(folder, "a");
    await writeFile(path, "0123456789");
    expect((await readExactly(path, 3, 4)).toString()).toBe("3456");
    await expect(readExactly(path, 8, 4)).rejects.toMatchObject({
      code: "bad_file",
      file: path,
      message: expect.stringContaining("byte 10"),
    });
  });
});

describe("readJson", () => {
  it("says which file is missing or malformed", async () => {
    await expect(readJson(join(folder, "none.json"))).rejects.toMatchObject({ code: "not_found" });
    await writeFile(join(folder, "bad.json"), '{"a": ');
    await expect(readJson(join(folder, "bad.json"))).rejects.toMatchObject({ code: "bad_file", file: join(folder, "bad.json") });
  });
});

describe("hashes and sizes", () => {
  it("hashes a file as its bytes", async () => {
    const path = join(folder, "a");
    await writeFile(path, "abc");
    expect(await sha256File(path)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256("abc")).toBe(await sha256File(path));
    const before = process.memoryUsage().external;
    for (let i = 0; i < 8; i++) await sha256File(path);
    expect(process.memoryUsage().external - before).toBeLessThan(4 * 2 ** 20);
  });

  it("prints bytes in decimal units", () => {
    expect([0, 999, 1000, 98_362_432, 2.5e9].map(formatBytes)).toEqual(["0 B", "999 B", "1.0 kB", "98.4 MB", "2.5 GB"]);
  });

  it("refuses work that the disk cannot hold, before it starts", async () => {
    await requireDisk(join(folder, "not", "there", "yet"), 1, "a test");
    await expect(requireDisk(folder, 1e18, "a test")).rejects.toMatchObject({
      code: "environment",
      message: expect.stringMatching(/needs .* free/),
    });
  });
});

describe("asDiskError", () => {
  it("says what to do about what a disk answers, by its own codes and by SQLite's", () => {
    const codes = { ENOSPC: /full/, EFBIG: /larger than the system allows/, EIO: /reports a fault/, EROFS: /cannot be written/ };
    const sqlite = { SQLITE_FULL: /full/, SQLITE_IOERR_WRITE: /reports a fault/, SQLITE_READONLY: /cannot/, SQLITE_CANTOPEN: /cannot/ };
    for (const [code, message] of Object.entries({ ...codes, ...sqlite }))
      expect(asDiskError(Object.assign(new Error("oh"), { code }), "/a/file"), code).toMatchObject({
        code: "environment",
        file: "/a/file",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/again|another/),
      });
    const other = new Error("something else");
    expect(asDiskError(other, "/a/file")).toBe(other);
  });
});

describe("makeFolder", () => {
  it("makes what is missing, and names a place where it cannot", async () => {
    await makeFolder(join(folder, "a", "b"));
    await makeFolder(join(folder, "a", "b"));
    await writeFile(join(folder, "file"), "");
    for (const path of [join(folder, "file"), join(folder, "file", "below")])
      await expect(makeFolder(path)).rejects.toMatchObject({
        code: "environment",
        file: path,
        hint: expect.stringContaining("LEXISCOPE_HOME"),
      });
  });
});
