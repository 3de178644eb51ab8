import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Label, OverlayExport } from "@lexiscope/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOverlay, overlayPath } from "./overlay.ts";
import type { Overlay } from "./overlay-types.ts";

const identity = "a".repeat(64);
let atlas: string;
let overlay: Overlay;
const children: ChildProcess[] = [];
beforeEach(async () => {
  atlas = join(await mkdtemp(join(tmpdir(), "lexiscope-import-")), "first");
  overlay = openOverlay(atlas, identity);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  overlay.close();
  await rm(join(atlas, ".."), { recursive: true });
});

const label = (feature: number, name = "n"): Label => ({ feature, name, note: "", updated: "2026" });
const file = (labels: unknown[], lists: unknown[] = []): OverlayExport =>
  ({ kind: "lexiscope-labels", formatVersion: 1, dictionary: identity, atlas: "first", labels, lists }) as OverlayExport;

/** The longest time for which nothing else was done while `work` was under way, ms. */
async function longestStall(work: () => Promise<unknown>): Promise<number> {
  let [last, longest] = [performance.now(), 0];
  const look = (): void => {
    const now = performance.now();
    [last, longest] = [now, Math.max(longest, now - last)];
  };
  const watch = setInterval(look, 1);
  await work();
  clearInterval(watch);
  look();
  return longest;
}

test("others are served while a hundred thousand labels are taken in, and see the state before", async () => {
  overlay.setLabel(7, { name: "before", note: "" });
  const json = file(Array.from({ length: 100_000 }, (_, i) => label(i)));
  let done = false;
  const seen = new Set<string | undefined>();
  const stalls = await longestStall(async () => {
    const taken = overlay.importAll(json, "replace").finally(() => (done = true));
    for (; !done; await pause(5)) seen.add(overlay.label(7)?.name);
    expect(await taken).toEqual({ labels: 100_000, lists: 0, skipped: 0 });
  });
  expect([...seen]).toEqual(["before"]);
  expect(overlay.label(7)?.name).toBe("n");
  expect(stalls).toBeLessThan(1000);
  const again = await longestStall(() => overlay.importAll(json, "replace"));
  expect(again).toBeLessThan(1000);
  // 100,000 labels of one feature are one row.
  const same = file(Array.from({ length: 100_000 }, () => label(7, "same")));
  expect(await overlay.importAll(same, "replace")).toEqual({ labels: 1, lists: 0, skipped: 99_999 });
}, 30_000);

test("kill -9 in the middle of an import leaves what was there, or all of the new", async () => {
  const old = Array.from({ length: 300 }, (_, i) => label(i, "old"));
  await overlay.importAll(file(old, [{ id: "l", name: "old", note: "", features: [1], updated: "2026" }]), "replace");
  const count = 30_000;
  const script = `const { openOverlay } = await import(${JSON.stringify(new URL("overlay.ts", import.meta.url).href)});
    const labels = Array.from({ length: ${count} }, (_, feature) => ({ feature, name: "new", note: "", updated: "2026" }));
    const head = { kind: "lexiscope-labels", formatVersion: 1, dictionary: "${identity}", atlas: "first", lists: [] };
    await openOverlay(${JSON.stringify(atlas)}, "${identity}").importAll({ ...head, labels }, "replace");`;
  const states: string[] = [];
  for (const wait of [0, 30, 100, 200, 10_000]) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "ignore", "inherit"] });
    children.push(child);
    const exit = once(child, "exit");
    // It lies there while something is being written.
    while (!existsSync(`${overlayPath(atlas)}-journal`) && child.exitCode === null) await pause(1);
    const timer = setTimeout(() => child.kill("SIGKILL"), wait);
    await exit;
    clearTimeout(timer);
    const { labels, lists } = overlay.exportAll();
    const names = new Set(labels.map(({ name }) => name));
    states.push(`${[...names].join()} ${labels.length} ${lists.length}`);
  }
  const after = [`old 300 1`, `new ${count} 0`];
  expect(states.filter((state) => !after.includes(state))).toEqual([]);
  expect([states[0], states.at(-1)]).toEqual(after);
}, 30_000);

test("writes are busy while an import is under way, without waiting; a failed one changes nothing", async () => {
  overlay.setLabel(1, { name: "mine", note: "" });
  const many = Array.from({ length: 3000 }, (_, i) => label(i));
  const taken = overlay.importAll(file(many), "replace");
  let error: unknown;
  while (error === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      overlay.removeLabel(2);
      overlay.setLabel(2, { name: "also", note: "" });
    } catch (thrown) {
      error = thrown;
    }
  }
  expect(error).toMatchObject({ code: "busy", file: overlay.path });
  await taken;
  overlay.setLabel(2, { name: "afterwards", note: "" });

  const before = overlay.exportAll();
  const tooMany = Array.from({ length: 1001 }, (_, i) => ({ id: `l${i}`, name: "n", note: "", features: [], updated: "2026" }));
  overlay.createList({ name: "one", features: [3] });
  const full = overlay.exportAll();
  for (const [json, field] of [
    [file([...many, { feature: 1 }]), "labels.3000.name"],
    [file(many, [{ id: "l", name: "n", note: "", features: [0.5], updated: "2026" }]), "lists.0.features.0"],
    [file(many, tooMany), "lists"],
    [file(many, tooMany.slice(1)), "lists"], // with the one that is there
  ] as const)
    await expect(overlay.importAll(json, "merge")).rejects.toMatchObject({ code: "invalid_input", field });
  expect(overlay.exportAll()).toEqual(full);
  expect(overlay.exportAll().labels).toEqual(before.labels);
}, 30_000);

test("a file of nothing but faults is refused at the first, whatever it names", async () => {
  const started = performance.now();
  const faulty = file(Array.from({ length: 1_000_000 }, () => ({})));
  await expect(overlay.importAll(faulty, "merge")).rejects.toMatchObject({ field: "labels.0.feature" });
  const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, i]));
  const error: unknown = await overlay.importAll({ ...file([]), ...keys }, "merge").catch((thrown: unknown) => thrown);
  expect((error as Error).message.length).toBeLessThan(500);
  expect(performance.now() - started).toBeLessThan(3000);
  expect(existsSync(overlay.path)).toBe(false);
});
