import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, root } from "./support.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-home-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const pages = [
  "README.md",
  ...["guide", "design"].flatMap((folder) => readdirSync(join(root, "docs", folder)).map((name) => `docs/${folder}/${name}`)),
].filter((name) => name.endsWith(".md"));

test.each(pages)("%s: every link leads somewhere", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const broken = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !existsSync(resolve(root, dirname(page), link)));
  expect(broken).toEqual([]);
});

test("every command and option that the guide names is there", async () => {
  const named = new Map<string, Set<string>>();
  for (const page of pages) {
    for (const [, line = ""] of readFileSync(join(root, page), "utf8").matchAll(
      /^(?:[A-Z_]+=\S+ )?\.\/lexiscope (.+?)(?:\s+#.*| \|.*)?$/gm,
    )) {
      const [command = "", ...words] = line.split(/\s+/);
      const options = named.get(command) ?? new Set();
      for (const word of words) if (word.startsWith("--")) options.add(word);
      named.set(command, options);
    }
  }
  expect(named.size).toBeGreaterThan(8);
  for (const [command, options] of named) {
    const { code, stdout } = await lexiscope(["help", command], { home });
    expect(code, command).toBe(0);
    for (const option of options) expect(stdout, `lexiscope ${command}`).toContain(option);
  }
}, 120_000);
