import { copyFile, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOverlay } from "./overlay.ts";
import type { Overlay } from "./overlay-types.ts";

let folder: string;
let overlay: Overlay;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-labels-"));
  overlay = openOverlay(join(folder, "first"), "a".repeat(64), { patience: 0 });
  overlay.setLabel(1, { name: "one", note: "" });
});
afterEach(async () => {
  overlay.close();
  await rm(folder, { recursive: true });
});
const name = (text: string): { name: string; note: string } => ({ name: text, note: "" });

test("a file that is restored under it is read and written from then on, as is one that is moved away", async () => {
  const backup = join(folder, "backup");
  await copyFile(overlay.path, backup);
  overlay.setLabel(2, name("two"));
  expect(overlay.findLabels("two")).toEqual([2]);
  await rename(backup, overlay.path);
  expect([overlay.named(), overlay.findLabels("two")]).toEqual([[1], []]);
  overlay.setLabel(3, name("three"));
  expect(overlay.named()).toEqual([1, 3]);

  await rename(overlay.path, backup);
  expect([overlay.labels(), overlay.named()]).toEqual([[], []]);
  overlay.setLabel(4, name("four"));
  expect(overlay.named()).toEqual([4]);
  await rename(backup, overlay.path);
  expect(await overlay.importAll({ ...overlay.exportAll(), labels: [] }, "merge")).toEqual({ labels: 0, lists: 0, skipped: 0 });
  expect(overlay.named()).toEqual([1, 3]);
});

test("without patience a file that is held is busy at once, and an import waits without holding anybody up", async () => {
  const other = new Database(overlay.path);
  other.exec("BEGIN EXCLUSIVE");
  const started = performance.now();
  for (const use of [() => overlay.label(1), () => overlay.setLabel(1, name("x")), () => overlay.lists()])
    expect(use).toThrow(expect.objectContaining({ code: "busy", file: overlay.path }));
  const labels = [{ feature: 9, name: "nine", note: "", updated: "2026" }];
  const head = { kind: "lexiscope-labels", formatVersion: 1, dictionary: overlay.identity, atlas: "first", lists: [] };
  const taken = overlay.importAll({ ...head, labels }, "merge");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(performance.now() - started).toBeLessThan(1000);
  other.exec("COMMIT");
  other.close();
  expect(await taken).toEqual({ labels: 1, lists: 0, skipped: 0 });
  expect(overlay.named()).toEqual([1, 9]);
});
