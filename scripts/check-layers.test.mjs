import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { findBreaches } from "./check-layers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");
let copy;
afterEach(() => copy && rmSync(copy, { recursive: true, force: true }));

const about = (at, name) => findBreaches(at).filter((line) => line.includes(name));

function copyRepository() {
  copy = mkdtempSync(join(tmpdir(), "lexiscope-layers-"));
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  cpSync(join(root, "packages"), join(copy, "packages"), { recursive: true, filter: (path) => !/node_modules|\/dist$|\.node/.test(path) });
  return copy;
}

test("the repository keeps its own order", () => {
  expect(findBreaches(root)).toEqual([]);
});

test("an import that points up is found, in the sources and in package.json", () => {
  const at = copyRepository();
  writeFileSync(join(at, "packages/core/src/upwards.ts"), 'import type { Model } from "@lexiscope/model";\nexport type M = Model;\n');
  expect(about(at, "core")).toEqual([
    "packages/core/src/upwards.ts imports @lexiscope/model, which packages/core/package.json does not list",
  ]);
  const path = join(at, "packages/core/package.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), dependencies: { "@lexiscope/model": "0.1.0" } }));
  expect(about(at, "core")).toEqual(["packages/core/package.json depends on @lexiscope/model, which is not below it"]);
});

test("a relative import that leaves its package, a bare builtin and a deep import are found", () => {
  const at = copyRepository();
  writeFileSync(
    join(at, "packages/cli/src/astray.ts"),
    'import { x } from "../../core/src/files.ts";\nimport fs from "fs";\nconst y = await import("@lexiscope/core/src/files.ts");\nexport { x, fs, y };\n',
  );
  expect(about(at, "astray")).toEqual([
    "packages/cli/src/astray.ts imports ../../core/src/files.ts, which lies in another package: import it by its name",
    "packages/cli/src/astray.ts imports fs without node:",
    "packages/cli/src/astray.ts imports @lexiscope/core/src/files.ts: packages are imported by their name alone",
  ]);
});
