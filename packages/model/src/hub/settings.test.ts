import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hubSettings, offlineVariable } from "./settings.ts";

test("the endpoint", async () => {
  expect((await hubSettings({ HF_HOME: "/none" })).endpoint).toBe("https://huggingface.co");
  expect((await hubSettings({ HF_HOME: "/none", HF_ENDPOINT: "http://localhost:1/mirror/" })).endpoint).toBe("http://localhost:1/mirror");
  for (const HF_ENDPOINT of ["hub", "ftp://hub", "https://me:secret@hub", "https://hub?x"])
    await expect(hubSettings({ HF_ENDPOINT })).rejects.toMatchObject({
      code: "invalid_input",
      field: "HF_ENDPOINT",
      message: expect.not.stringContaining("secret"),
    });
});

test("the token: the variable, else the file; never in a message", async () => {
  const home = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(home, { recursive: true }));
  expect((await hubSettings({ HF_HOME: home })).token).toBeUndefined();
  await writeFile(join(home, "token"), "hf_file\n");
  expect((await hubSettings({ HF_HOME: home })).token).toBe("hf_file");
  expect((await hubSettings({ HF_HOME: home, HF_TOKEN: " hf_variable " })).token).toBe("hf_variable");
  expect((await hubSettings({ HF_HOME: "/none", HF_TOKEN_PATH: join(home, "token") })).token).toBe("hf_file");
  await expect(hubSettings({ HF_TOKEN: "hf_a\r\nhost: b" })).rejects.toMatchObject({
    field: "HF_TOKEN",
    message: expect.not.stringContaining("hf_a"),
  });
});

test("what forbids the network", () => {
  expect(offlineVariable({})).toBeUndefined();
  expect(offlineVariable({ LEXISCOPE_OFFLINE: "0", HF_HUB_OFFLINE: "" })).toBeUndefined();
  expect(offlineVariable({ LEXISCOPE_OFFLINE: "1" })).toBe("LEXISCOPE_OFFLINE");
  expect(offlineVariable({ HF_HUB_OFFLINE: "True" })).toBe("HF_HUB_OFFLINE");
});
