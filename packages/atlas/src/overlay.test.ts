import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOverlay, overlayPath } from "./overlay.ts";
import type { Overlay, OverlayOptions } from "./overlay-types.ts";

const [identity, other] = ["a".repeat(64), "b".repeat(64)];
let folder: string;
let atlas: string;
let opened: Overlay[];
let children: ChildProcess[];
let clock: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-overlay-"));
  atlas = join(folder, "first");
  [opened, children, clock] = [[], [], 0];
});
afterEach(async () => {
  for (const overlay of opened) overlay.close();
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

/** A second passes between two changes. */
const now = (): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, clock++));

function open(id = identity, options: OverlayOptions = {}): Overlay {
  const overlay = openOverlay(atlas, id, { features: 100, now, ...options });
  opened.push(overlay);
  return overlay;
}

const refused = (code: string, field?: string): unknown => expect.objectContaining(field === undefined ? { code } : { code, field });

test("what is named and what is found follows every write, of this process and of others", async () => {
  const [here, there] = [open(), open()];
  expect([here.named(), here.findLabels("ship")]).toEqual([[], []]);
  here.setLabel(7, { name: "Ships", note: "" });
  here.setLabel(3, { name: "", note: "a Shíp, far off" });
  expect([here.named(), here.findLabels("SHIP")]).toEqual([[7], [3, 7]]);
  expect([there.named(), there.findLabels("ship")]).toEqual([[7], [3, 7]]);
  there.setLabel(5, { name: "shipping", note: "" });
  there.removeLabel(7);
  expect([here.named(), here.findLabels("ship")]).toEqual([[5], [3, 5]]);
  expect(here.searchLabels("ship").map(({ feature, name }) => [feature, name])).toEqual([
    [3, ""],
    [5, "shipping"],
  ]);
  expect(open(other).named()).toEqual([]);
  // More text than is kept in memory is found all the same.
  const long = "x".repeat(9000);
  const wide = open(identity, { features: 1000 });
  const labels = Array.from({ length: 1000 }, (_, feature) => {
    return { feature, name: `n ${feature}`, note: `${long} needle ${feature}.`, updated: "2027-01-01T00:00:00.000Z" };
  });
  await wide.importAll({ ...wide.exportAll(), labels }, "replace");
  expect(wide.findLabels("needle 99.")).toEqual([99]);
  expect(wide.named().length).toBe(1000);
});

test("reading makes no file; names and notes are kept, found, changed and removed", () => {
  const overlay = open();
  expect([overlay.labels(), overlay.lists(), overlay.label(3), overlay.removeLabel(3), overlay.searchLabels("x")]).toEqual([
    [],
    [],
    undefined,
    false,
    [],
  ]);
  expect(existsSync(overlay.path)).toBe(false);
  expect(overlay.path).toBe(overlayPath(`${atlas}/`));

  expect(overlay.setLabel(7, { name: " Île de France ", note: "line\r\nbreak\ttab" })).toEqual({
    feature: 7,
    name: "Île de France",
    note: "line\nbreak\ttab",
    updated: "2026-01-01T00:00:00.000Z",
  });
  overlay.setLabel(3, { name: "", note: "Deutschland, not FRANCE" });
  expect(
    open()
      .labels()
      .map(({ feature }) => feature),
  ).toEqual([3, 7]);
  for (const query of ["france", "FRANCE ", "île d", "ile"]) expect(overlay.searchLabels(query).at(-1)?.feature).toBe(7);
  expect(overlay.searchLabels("france").map(({ feature }) => feature)).toEqual([3, 7]);
  expect(overlay.searchLabels("%")).toEqual([]);
  expect(Array.from(overlay.labelsOf([7, 8]).keys())).toEqual([7]);
  expect(overlay.setLabel(7, { name: " ", note: "" })).toBeUndefined();
  expect(overlay.removeLabel(3)).toBe(true);
  expect(overlay.counts()).toEqual({ labels: 0, lists: 0, foreign: 0 });
});

test("texts that cannot be shown or are too long, and features that are not there, are refused", () => {
  const overlay = open();
  for (const name of ["a\u0000", "a\nb", "\u0007", "x".repeat(201), "\ud800"])
    expect(() => overlay.setLabel(1, { name, note: "" })).toThrow(refused("invalid_input", "name"));
  for (const note of ["a\u0000", "\u001b[31m", "x".repeat(10_001)])
    expect(() => overlay.setLabel(1, { name: "x", note })).toThrow(refused("invalid_input", "note"));
  for (const feature of [-1, 100, 0.5, Number.NaN])
    expect(() => overlay.setLabel(feature, { name: "x", note: "" })).toThrow(refused("not_found", "feature"));
  for (const name of ["‮evil", "👩🏽‍🚀", "שלום"]) expect(overlay.setLabel(1, { name, note: "" })?.name).toBe(name);
  expect(() => openOverlay(atlas, "short")).toThrow(refused("invalid_input", "identity"));
});

test("lists keep their order", () => {
  const overlay = open();
  const { id } = overlay.createList({ name: "places", features: [5, 3, 5] });
  overlay.changeList(id, { add: [9, 3, 1] });
  expect(overlay.list(id).features).toEqual([5, 3, 9, 1]);
  overlay.changeList(id, { remove: [3, 77], add: [2] });
  expect(overlay.list(id).features).toEqual([5, 9, 1, 2]);
  overlay.changeList(id, { features: [1, 9, 5] });
  overlay.changeList(id, { note: "of the world" });
  expect(overlay.changeList(id, { name: "Places" })).toEqual(overlay.list(id));
  expect(overlay.changeList(id, {})).toEqual(overlay.list(id)); // not even its date
  expect(overlay.list(id)).toMatchObject({ name: "Places", note: "of the world", features: [1, 9, 5] });
  overlay.createList({ name: "A", note: "n" });
  expect(overlay.lists().map(({ name }) => name)).toEqual(["A", "Places"]);
  expect(overlay.listsWith(9)).toEqual([{ id, name: "Places" }]);
  expect(() => overlay.createList({ name: " " })).toThrow(refused("invalid_input", "name"));
  const before = overlay.list(id);
  for (const [change, code, field] of [
    [{ features: [2], name: " " }, "invalid_input", "name"],
    [{ name: "New", features: [2], note: "\u0000" }, "invalid_input", "note"],
    [{ remove: [1], add: [100] }, "not_found", "feature"],
  ] as const)
    expect(() => overlay.changeList(id, change)).toThrow(refused(code, field));
  expect(overlay.list(id)).toEqual(before);
  expect(() => overlay.changeList("../x", { add: [1] })).toThrow(refused("not_found", "list"));
  overlay.deleteList(id);
  for (const use of [() => overlay.list(id), () => overlay.changeList(id, { add: [1] }), () => overlay.deleteList(id)])
    expect(use).toThrow(refused("not_found", "list"));
});

test("there are at most a thousand lists, of a hundred thousand features", async () => {
  const overlay = open(identity, { features: 2 ** 20 });
  const all = Array.from({ length: 100_000 }, (_, i) => i);
  const { id } = overlay.createList({ name: "long", features: all });
  expect(() => overlay.changeList(id, { name: "longer", add: [100_000] })).toThrow(refused("invalid_input", "features"));
  expect(overlay.list(id)).toMatchObject({ name: "long", features: all });
  overlay.deleteList(id);
  const lists = Array.from({ length: 1000 }, (_, i) => ({ id: `l${i}`, name: "n", note: "", features: [], updated: "2026" }));
  await overlay.importAll({ ...overlay.exportAll(), lists }, "merge");
  expect(() => overlay.createList({ name: "one more" })).toThrow(refused("invalid_input", "lists"));
  expect(overlay.counts().lists).toBe(1000);
});

test("an export is taken in whole or not at all, and the newer of two stays", async () => {
  const overlay = open();
  overlay.setLabel(1, { name: "one", note: "" });
  const { id } = overlay.createList({ name: "list", features: [2, 1] });
  const exported = overlay.exportAll();
  expect(exported).toMatchObject({ kind: "lexiscope-labels", formatVersion: 1, dictionary: identity, atlas: "first" });
  overlay.setLabel(1, { name: "uno", note: "" });
  overlay.setLabel(2, { name: "two", note: "" });
  overlay.deleteList(id);

  expect(await overlay.importAll(exported, "merge")).toEqual({ labels: 0, lists: 1, skipped: 1 });
  expect(overlay.labels().map(({ name }) => name)).toEqual(["uno", "two"]);
  expect(overlay.list(id)).toEqual(exported.lists[0]);
  expect(await overlay.importAll(JSON.parse(JSON.stringify(exported)), "replace")).toEqual({ labels: 1, lists: 1, skipped: 0 });
  expect(overlay.exportAll()).toEqual(exported);

  for (const bad of [null, [], {}, { ...exported, formatVersion: 2 }, { ...exported, labels: [{ feature: 1 }] }, { ...exported, more: 1 }])
    await expect(overlay.importAll(bad, "replace")).rejects.toThrow(refused("invalid_input"));
  const unpaired = { feature: 3, name: "\ud800", note: "", updated: "2027" };
  await expect(overlay.importAll({ ...exported, labels: [unpaired] }, "replace")).rejects.toThrow(
    refused("invalid_input", "labels.0.name"),
  );
  expect(overlay.exportAll()).toEqual(exported);
  const far = { feature: 5000, name: "far", note: "", updated: "2027" };
  expect(await overlay.importAll({ ...exported, lists: [], labels: [far] }, "merge")).toEqual({ labels: 0, lists: 0, skipped: 1 });
  // The newest of a feature's labels in one file, the first of two of the same time.
  const labels = ["2031", "2033", "2033", "2032"].map((updated, i) => ({ feature: 3, name: `n${i}`, note: "", updated }));
  expect(await overlay.importAll({ ...exported, lists: [], labels }, "merge")).toEqual({ labels: 1, lists: 0, skipped: 3 });
  expect(overlay.label(3)?.name).toBe("n1");
});

test("what was named for another dictionary is kept, not applied, and counted", async () => {
  open().setLabel(1, { name: "mine", note: "" });
  const exported = open().exportAll();
  const replaced = open(other);
  expect([replaced.labels(), replaced.counts()]).toEqual([[], { labels: 0, lists: 0, foreign: 1 }]);
  await expect(replaced.importAll(exported, "merge")).rejects.toThrow(refused("mismatch", "dictionary"));
  expect(await replaced.importAll(exported, "merge", { force: true })).toEqual({ labels: 1, lists: 0, skipped: 0 });
  await replaced.importAll(replaced.exportAll(), "replace");
  expect(open().labels()).toEqual(exported.labels);
});

test("a file that is not ours, or is damaged, is named", async () => {
  const path = overlayPath(atlas);
  await writeFile(path, "not a database, but as long as one needs to be ".repeat(200));
  expect(() => open().labels()).toThrow(refused("bad_file"));
  await rm(path);
  open().setLabel(1, { name: "x", note: "" });
  opened.pop()?.close();
  const bytes = await readFile(path);
  await writeFile(path, bytes.fill(0x5a, 4096));
  expect(() => open().labels()).toThrow(expect.objectContaining({ code: "bad_file", file: path }));
});

test("several processes write, and kill -9 takes nothing that was kept", async () => {
  const script = fileURLToPath(new URL("testing/overlay-child.ts", import.meta.url));
  const run = (...args: string[]): ChildProcess => {
    const child = spawn(process.execPath, [script, atlas, identity, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    return child;
  };
  const beside = [run("1000", "40"), run("2000", "40")];
  const exits = beside.map((child) => once(child, "exit"));
  for (const child of beside) child.stdout?.resume();
  const killed = run("0");
  let said = "";
  killed.stdout?.on("data", (data: Buffer) => {
    said += data.toString();
    if (said.split("\n").length > 30) killed.kill("SIGKILL");
  });
  await once(killed, "exit");
  for (const exit of exits) expect(await exit).toEqual([0, null]);
  const kept = open(identity, { features: 10_000 })
    .labels()
    .map(({ feature }) => feature);
  expect(kept.filter((feature) => feature >= 1000)).toHaveLength(80);
  const told = said.split("\n").slice(0, -1).map(Number);
  expect(told.length).toBeGreaterThan(29);
  expect(kept.slice(0, told.length)).toEqual(told);
});
