import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type FeatureList, labelSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lexiscope, makeHome, serving, tinyStart, writeReports } from "./support.ts";

let home: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ home, remove } = await makeHome());
  const made = await lexiscope(tinyStart("tour", await writeReports(join(home, "reports"), 16)), { home });
  expect(made.code, made.stderr).toBe(0);
}, 240_000);
afterAll(() => remove());

describe("lexiscope serve", () => {
  test("with --json its address is an event; Ctrl-C ends it in time, streams and all", async () => {
    const server = await serving(["serve", "--json"], { home });
    expect((await fetch(`${server.url}/api/status`)).status).toBe(200);
    const asked = fetch(`${server.url}/api/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "Once upon a time", variants: [{ edits: [] }], maxTokens: 5000 }),
    }).then(async (answer) => answer.text());
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const began = performance.now();
    const run = await server.stop();
    expect((performance.now() - began) / 1000).toBeLessThan(3);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.lines()).toEqual([{ type: "serving", url: server.url }]);
    expect(await asked.catch(() => "cut")).toMatch(/busy|cut|error/);
    await expect(fetch(server.url)).rejects.toThrow();
  });

  test("for people: the address, how it ends, and how to go on", async () => {
    const server = await serving(["serve"], { home });
    const { code, stdout, stderr } = await server.stop("SIGTERM");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Lexiscope is at http:\/\/127\.0\.0\.1:\d+\nCtrl-C ends it\.\n.*`lexiscope serve` opens it again/);
    expect(stderr).toContain("Stopping");
  });

  test("a port that is taken is an error that names the way out", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const run = await lexiscope(["serve", "--no-open", "--port", String(port), "--json"], { home });
    expect(run.code).toBe(8);
    expect(run.last()).toMatchObject({ type: "error", code: "busy", field: "port", hint: expect.stringContaining("--port") });
    taken.close();
  });

  test.each([
    [["--token", "hunter2"], "token", /16 to 1024/],
    [["--host", "0.0.0.0", "--token", "a token with spaces"], "token", /visible ASCII/],
    [["--host", "203.0.113.7"], "host", /no address of this machine/],
    [["--port", "70000"], "--port", /65,?535/],
    [["--port", "lots"], "--port", /whole number/],
  ] as const)("serve %j is refused by name", async (args, field, message) => {
    const run = await lexiscope(["serve", "--no-open", "--json", ...args], { home });
    expect(run.code).toBe(2);
    expect(run.last()).toMatchObject({ type: "error", code: "invalid_input", field, message: expect.stringMatching(message) });
  });

  test("a token in the environment is asked for, and shows in no process list", async () => {
    const token = "correct-horse-battery-staple";
    const server = await serving(["serve"], { home, env: { LEXISCOPE_TOKEN: token } });
    try {
      const status = async (authorization?: string): Promise<Response> =>
        fetch(`${server.url}/api/status`, authorization === undefined ? {} : { headers: { authorization } });
      expect((await status()).status).toBe(401);
      const wrong = await status("Bearer hunter2");
      expect(wrong.status).toBe(401);
      expect(await wrong.json()).toMatchObject({ error: { message: expect.stringMatching(/token/) } });
      expect((await status(`Bearer ${token}`)).status).toBe(200);
      expect((await fetch(server.url, { redirect: "manual", headers: { accept: "text/html" } })).headers.get("location")).toMatch(
        /sign-in/,
      );
      expect(server.child.spawnargs.join(" ")).not.toContain(token);
    } finally {
      await server.stop();
    }
  });
});

describe("lexiscope export", () => {
  const exported = async (view: string, format: string, ...more: string[]): Promise<Buffer> => {
    const file = join(home, `out.${format}`);
    const run = await lexiscope(["export", view, "--format", format, "--out", file, "--json", ...more], { home });
    expect(run.code, run.stdout).toBe(0);
    const bytes = await readFile(file);
    expect(run.last()).toEqual({ path: file, bytes: bytes.length, format });
    return bytes;
  };
  const png = "89504e470d0a1a0a";

  test("a feature in all four formats, with the name that a person gave it", async () => {
    const server = await serving(["serve"], { home });
    let feature = 0;
    try {
      const list = (await (await fetch(`${server.url}/api/atlases/tour/features?q=garden&limit=1`)).json()) as FeatureList;
      feature = list.items[0]?.index ?? 0;
      const label = { name: "Gardens, “fenced”", note: "" };
      const put = { method: "PUT", body: JSON.stringify(label), headers: { "content-type": "application/json" } };
      labelSchema.parse(await (await fetch(`${server.url}/api/atlases/tour/features/${feature}/label`, put)).json());
    } finally {
      await server.stop();
    }
    const view = `tour/${feature}`;
    const json: unknown = JSON.parse((await exported(view, "json")).toString());
    expect(json).toMatchObject({ kind: "lexiscope-feature", id: view, label: { name: "Gardens, “fenced”" } });
    const csv = (await exported(view, "csv")).toString();
    expect(csv).toMatch(/^feature,example,interval,repeat,document,position,activation,peak,text\r\n/);
    expect(csv).toContain("garden");
    expect((await exported(view, "svg")).toString()).toMatch(/^(<\?xml[^>]*>\s*)?<svg[\s\S]*Gardens, “fenced”[\s\S]*<\/svg>\s*$/);
    expect((await exported(view, "png")).subarray(0, 8).toString("hex")).toBe(png);
  });

  test("a link of the page is the same view: its search, its filters, its order", async () => {
    const link = "http://127.0.0.1:4873/atlas/tour?q=garden&sort=maximum&order=ascending&density=0.001..1";
    const list = JSON.parse((await exported(link, "json")).toString()) as FeatureList & { query: object };
    expect(list.query).toEqual({ q: "garden", sort: "maximum", order: "ascending", densityMin: 0.001, densityMax: 1 });
    expect(list.items.length).toBe(list.total);
    const maxima = list.items.map(({ maximum }) => maximum);
    expect(maxima).toEqual(maxima.toSorted((a, b) => a - b));
    expect(list.items.every(({ density }) => density >= 0.001)).toBe(true);
    const csv = (await exported("/atlas/tour?q=garden", "csv", "--limit", "3")).toString().trimEnd().split("\r\n");
    expect(csv).toHaveLength(4);
    expect((await exported("/atlas/tour?q=garden", "svg")).toString()).toContain("search “garden”");
    expect((await exported("tour", "png", "--limit", "10")).subarray(0, 8).toString("hex")).toBe(png);
  });

  test("to the standard output, and nowhere else", async () => {
    const run = await lexiscope(["export", "tour/0", "--format", "csv", "--out", "-"], { home });
    expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^feature,example,/) });
  });

  test.each([
    [["http://127.0.0.1:4873/chat"], 2, /no view that can be exported/],
    [["/atlas/tour?sort=beauty"], 2, /sort/],
    [["/atlas/tour?density=1..0"], 2, /density/],
    [["tour/99999"], 4, /features? 0 to 255|no feature/],
    [["nothing/3"], 4, /nothing/],
    [["tour", "--format", "docx"], 2, /json, csv, svg, png/],
    [["tour", "--out", "/dev/null/x.json"], 7, /\/dev\/null/],
    [["tour", "--out", "-", "--json"], 2, /standard output/],
  ] as const)("export %j says what is wrong", async (args, code, message) => {
    const run = await lexiscope(["export", ...args], { home });
    expect(`${run.stderr}${run.stdout}`).toMatch(message);
    expect(run.stderr).not.toMatch(/\n\s+at .*:\d+/);
    expect(run.code).toBe(code);
  });
});
