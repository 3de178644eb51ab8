#!/usr/bin/env node
// Imports only point down the layers: in package.json, in tsconfig references and in the sources themselves.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** From the bottom up; packages of one row do not know each other. */
const layers = [
  ["core"],
  ["contract"],
  ["native", "formats"],
  ["model"],
  ["activations"],
  ["dictionary"],
  ["atlas"],
  ["steering"],
  ["jobs", "shelves"],
  ["web"],
  ["server"],
  ["cli"],
];

/** What a package may import at most, where that is less than all below it. */
const only = new Map([["web", ["contract"]]]);

/** Only the seam loads the addon. */
const addonLoader = "packages/native/src/load.ts";

/** Single definitions that the page carries too: free of zod and of everything else. */
const publicSubpaths = new Set(["@lexiscope/contract/edit-text", "@lexiscope/contract/job-command", "@lexiscope/contract/sparsity"]);

const levelOf = new Map(layers.flatMap((names, level) => names.map((name) => [name, level])));

/** Every breach of the order, one line each. */
export function findBreaches(root) {
  const breaches = [];
  const packages = readdirSync(join(root, "packages")).filter((name) => statSync(join(root, "packages", name)).isDirectory());
  for (const name of packages) {
    if (!levelOf.has(name)) breaches.push(`packages/${name} has no place in the order of layers (scripts/check-layers.mjs)`);
    else breaches.push(...checkPackage(root, name));
  }
  return breaches;
}

function checkPackage(root, name) {
  const breaches = [];
  const folder = join(root, "packages", name);
  const below = (other) => levelOf.has(other) && levelOf.get(other) < levelOf.get(name) && (only.get(name)?.includes(other) ?? true);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const rootManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const own = Object.keys(manifest.dependencies ?? {});
  const development = [...Object.keys(manifest.devDependencies ?? {}), ...Object.keys(rootManifest.devDependencies ?? {})];
  for (const dependency of own) {
    const other = /^@lexiscope\/(.+)$/.exec(dependency)?.[1];
    if (other && !below(other)) breaches.push(`packages/${name}/package.json depends on ${dependency}, which is not below it`);
  }
  const references = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8")).references ?? [];
  for (const { path } of references) {
    const other = relative(join(root, "packages"), resolve(folder, path));
    if (!below(other)) breaches.push(`packages/${name}/tsconfig.json refers to ${path}, which is not below it`);
  }
  for (const file of sources(join(folder, "src"))) {
    const at = relative(root, file);
    const text = readFileSync(file, "utf8");
    if (/\bcreateRequire\b/.test(text) && at !== addonLoader)
      breaches.push(`${at} uses createRequire: only ${addonLoader} loads native code`);
    for (const specifier of imports(text)) {
      if (specifier.startsWith(".")) {
        const target = resolve(dirname(file), specifier);
        if (!target.startsWith(`${folder}/`))
          breaches.push(`${at} imports ${specifier}, which lies in another package: import it by its name`);
        continue;
      }
      const bare = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
      if (specifier.startsWith("node:")) continue;
      if (builtinModules.includes(bare)) breaches.push(`${at} imports ${specifier} without node:`);
      else if (
        specifier.startsWith("@lexiscope/") &&
        specifier !== bare &&
        !publicSubpaths.has(specifier) &&
        !isTestSupport(root, specifier, file)
      )
        breaches.push(`${at} imports ${specifier}: packages are imported by their name alone`);
      else if (!own.includes(bare) && !(isTest(file) && development.includes(bare)))
        breaches.push(`${at} imports ${specifier}, which packages/${name}/package.json does not list`);
    }
  }
  return breaches;
}

const isTest = (file) => /\.test\.tsx?$|\/testing\//.test(file);

/** `@lexiscope/x/testing`, where that package offers it, in a test. */
function isTestSupport(root, specifier, file) {
  const [, name, path] = /^@lexiscope\/([^/]+)\/(testing)$/.exec(specifier) ?? [];
  if (!name || !isTest(file)) return false;
  return `./${path}` in JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).exports;
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => /\.tsx?$/.test(path));
}

function imports(text) {
  const found = [];
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const from = /^\s*(?:import|export)\b[^"';`]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']/gm;
  for (const match of code.matchAll(from)) found.push(match[1] ?? match[2] ?? match[3]);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const breaches = findBreaches(fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, ""));
  for (const breach of breaches) console.error(breach);
  if (breaches.length > 0) process.exit(1);
}
