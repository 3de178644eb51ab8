import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchResultSchema, doctorResultSchema, listResultSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, makeHome } from "./support.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-home-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test("doctor says what the machine can do and what it has", async () => {
  const run = await lexiscope(["doctor", "--json"], { home });
  expect(run.code).toBe(0);
  const doctor = doctorResultSchema.parse(run.last());
  expect(doctor.cpu?.available).toContain(doctor.cpu?.path);
  expect(doctor.probe?.fastGflops).toBeGreaterThan(0.1);
  expect(doctor.probe?.bandwidthGBs).toBeGreaterThan(0.1);
  expect(doctor.tools.map(({ name }) => name)).toEqual(["npm", "Rust", "Python with pip", "Chromium"]);
});

test("doctor names a native core that does not load, and how to get it", async () => {
  const broken = join(home, "broken.node");
  await writeFile(broken, "not a library");
  const run = await lexiscope(["doctor"], { home, env: { LEXISCOPE_ADDON: broken } });
  expect(run.code).toBe(7);
  expect(run.stdout).toMatch(/does not load[\s\S]*npm run setup/);
});

test("a CPU path can be forced, and one that is not there is refused by name", async () => {
  const forced = doctorResultSchema.parse((await lexiscope(["doctor", "--json"], { home, env: { LEXISCOPE_CPU: "portable" } })).last());
  expect(forced.cpu?.path).toBe("portable");
  const one = doctorResultSchema.parse((await lexiscope(["doctor", "--json"], { home, env: { LEXISCOPE_THREADS: "1" } })).last());
  expect(one.cpu?.threads).toBe(1);
  const none = await lexiscope(["doctor"], { home, env: { LEXISCOPE_THREADS: "0" } });
  expect(none.stdout).toContain("LEXISCOPE_THREADS=0 is not a number of threads");
  expect(none.code).toBe(7);
  const wrong = await lexiscope(["doctor"], { home, env: { LEXISCOPE_CPU: "abacus" } });
  expect(wrong.code).not.toBe(0);
  expect(`${wrong.stdout}${wrong.stderr}`).toContain("abacus");
});

test("remove deletes what is named and nothing else", async () => {
  const folder = join(home, "stores", "begun");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "plan.json"), "{}");
  const stranger = join(home, "elsewhere");
  await mkdir(stranger);
  await writeFile(join(stranger, "manifest.json"), JSON.stringify({ kind: "photographs" }));
  const listed = listResultSchema.parse((await lexiscope(["list", "--json"], { home })).last());
  expect(listed.items).toEqual([expect.objectContaining({ kind: "store", name: "begun", complete: false })]);

  const unasked = await lexiscope(["remove", "begun"], { home });
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
  const foreign = await lexiscope(["remove", stranger, "--yes"], { home });
  expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining("left alone") });
  for (const name of ["../elsewhere", "stores/..", "stores/../..", ".", "/"])
    expect((await lexiscope(["remove", name, "--yes"], { home })).code).not.toBe(0);
  const both = await lexiscope(["remove", "begun", "nothing", "--yes"], { home });
  expect(both.code).toBe(4);
  expect(listResultSchema.parse((await lexiscope(["list", "--json"], { home })).last()).items).toHaveLength(1);

  expect((await lexiscope(["remove", "store/begun", "--yes"], { home })).code).toBe(0);
  expect(listResultSchema.parse((await lexiscope(["list", "--json"], { home })).last()).items).toEqual([]);
});

test("bench gives every figure with its limit, within a minute", async () => {
  const { home: withModel, remove } = await makeHome();
  try {
    const run = await lexiscope(["bench", "--json"], { home: withModel });
    expect(run.code).toBe(0);
    const { rows, cpuPath } = benchResultSchema.parse(run.last());
    expect(cpuPath).not.toBe("");
    expect(rows.map(({ name }) => name.split(",")[0])).toEqual([
      "register-only products",
      "register-only products",
      "memory read",
      "TopK step",
      "harvest to block 15",
      "generation",
      "chat",
      "chat beside plain (add)",
      "chat beside plain (clamp)",
      "chat beside plain (ablate)",
      "chat beside plain",
    ]);
    for (const { value, limit, shareOfLimit } of rows) {
      expect(value).toBeGreaterThan(0);
      if (limit !== null) expect(shareOfLimit).toBeCloseTo(value / limit, 6);
    }
  } finally {
    await remove();
  }
}, 240_000);
