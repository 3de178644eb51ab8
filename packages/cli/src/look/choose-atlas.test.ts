import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseAtlas, parseFeatureRef } from "./choose-atlas.ts";

let home: string;
const before = process.env["LEXISCOPE_HOME"];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-choose-"));
  process.env["LEXISCOPE_HOME"] = home;
});
afterEach(async () => {
  if (before === undefined) delete process.env["LEXISCOPE_HOME"];
  else process.env["LEXISCOPE_HOME"] = before;
  await rm(home, { recursive: true, force: true });
});

async function put(name: string): Promise<string> {
  const path = join(home, "atlases", name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "manifest.json"), "{}");
  return path;
}

describe("chooseAtlas", () => {
  it("takes the only finished one when none is named", async () => {
    const path = await put("one");
    await mkdir(join(home, "atlases", "half-made"));
    expect(await chooseAtlas(undefined)).toEqual({ name: "one", path });
  });
  it("says how to get one when there is none", async () => {
    await expect(chooseAtlas(undefined)).rejects.toMatchObject({ code: "not_found", hint: expect.stringContaining("lexiscope start") });
  });
  it("lists them when there are several", async () => {
    await put("b");
    await put("a");
    await expect(chooseAtlas(undefined)).rejects.toMatchObject({ code: "invalid_input", message: "there are several atlases: a, b" });
    expect((await chooseAtlas("b")).name).toBe("b");
  });
  it("takes a path, and names what is there when a name is wrong", async () => {
    const path = await put("one");
    expect(await chooseAtlas(path)).toEqual({ name: "one", path });
    await expect(chooseAtlas("two")).rejects.toMatchObject({ code: "not_found", hint: "there are: one" });
  });
});

describe("parseFeatureRef", () => {
  it("reads a number with or without its atlas", () => {
    expect(parseFeatureRef("demo/12", undefined)).toEqual({ atlas: "demo", index: 12 });
    expect(parseFeatureRef("./some/atlas/7", undefined)).toEqual({ atlas: "./some/atlas", index: 7 });
    expect(parseFeatureRef("12", "demo")).toEqual({ atlas: "demo", index: 12 });
    expect(parseFeatureRef("demo/12", "demo")).toEqual({ atlas: "demo", index: 12 });
  });
  it.each(["", "x", "demo/", "demo/-1", "1.5"])("refuses %j", (text) => {
    expect(() => parseFeatureRef(text, undefined)).toThrow(expect.objectContaining({ code: "invalid_input", field: "feature" }));
  });
  it("refuses two atlases at once", () => {
    expect(() => parseFeatureRef("a/1", "b")).toThrow(/another atlas/);
  });
});
