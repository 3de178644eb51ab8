import { Resvg } from "@resvg/resvg-js";
import type { FeatureDetail, FeatureList } from "@lexiscope/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { toCsv } from "./csv.ts";
import { attachment, fileName } from "./file.ts";
import { toPng } from "./png.ts";
import { cells, clip, escapeXml } from "./svg.ts";
import { tokenBlock } from "./token-line.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer();
});
afterAll(() => t.close());
const atlas = "/api/atlases/small";

/** RFC 4180, read strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "\r\n") {
      rows.push(row);
      row = [];
    }
  }
  expect(row).toEqual([]);
  return rows;
}

/** Reads it as strict XML; how many elements of each name it has. */
function checkXml(xml: string): Map<string, number> {
  expect(() => new Resvg(xml, { font: { loadSystemFonts: false } })).not.toThrow();
  expect(() => new Resvg(xml.replace("</svg>", ""), { font: { loadSystemFonts: false } })).toThrow(/parsing/i);
  const counts = new Map<string, number>();
  for (const [, name = ""] of xml.matchAll(/<([a-z]+)/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

describe("a feature", () => {
  it("as JSON is everything, with what it is a feature of", async () => {
    const file = await t.ask("GET", `${atlas}/features/64/export`);
    expect(file.headers).toMatchObject({
      "content-type": "application/json",
      "content-disposition": expect.stringContaining("small-64.json") as unknown,
    });
    const data = JSON.parse(file.text) as FeatureDetail & { dictionarySha256: string };
    expect(data).toMatchObject({ kind: "lexiscope-feature", id: "small/64", model: "synthetic" });
    expect(data.dictionarySha256).toMatch(/^[0-9a-f]{64}$/);
    expect(data.examples).toEqual((await t.json<FeatureDetail>("GET", `${atlas}/features/64`)).examples);
  });
  it("as CSV is a row an example", async () => {
    const file = await t.ask("GET", `${atlas}/features/64/export?format=csv`);
    expect(file.headers["content-type"]).toMatch(/^text\/csv/);
    const [header, ...rows] = parseCsv(file.text);
    const { examples } = await t.json<FeatureDetail>("GET", `${atlas}/features/64`);
    expect(header).toEqual(["feature", "example", "interval", "repeat", "document", "position", "activation", "peak", "text"]);
    expect(rows.length).toBe(examples.length);
    expect(rows[0]?.[8]).toBe(examples[0]?.tokens.join(""));
  });
  it("as SVG is well-formed and says what to cite, whatever its name is", async () => {
    await t.json("PUT", `${atlas}/features/64/label`, { name: '<script>&"\u202Eevil\uFFFE ]]> 👩‍👩‍👧‍👦', note: "" });
    const file = await t.ask("GET", `${atlas}/features/64/export?format=svg`);
    expect(file.headers["content-type"]).toBe("image/svg+xml");
    const counts = checkXml(file.text);
    expect(counts.get("script")).toBeUndefined();
    expect(counts.get("rect")).toBeGreaterThan(40);
    expect(file.text).toContain("small/64 · synthetic · dictionary sha256 ");
    expect(file.text).toContain("‹U+202E›evil");
  });
  it("as PNG is a picture at twice the size", async () => {
    const file = await t.ask("GET", `${atlas}/features/64/export?format=png`);
    expect(file.headers["content-type"]).toBe("image/png");
    expect(file.body.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
    expect(file.body.readUInt32BE(16)).toBe(1920);
    expect(file.body.readUInt32BE(20)).toBeGreaterThan(700);
  });
  it("that never fired is drawn, too", async () => {
    const dead = (await t.json<FeatureList>("GET", `${atlas}/features?alive=false`)).items[0]?.index;
    if (dead !== undefined) checkXml((await t.ask("GET", `${atlas}/features/${dead}/export?format=svg`)).text);
  });
});

describe("a view of the list", () => {
  it("as CSV has every row of it, in order", async () => {
    const file = await t.ask("GET", `${atlas}/export?format=csv&sort=maximum&order=ascending&alive=true`);
    const [header, ...rows] = parseCsv(file.text);
    const list = await t.json<FeatureList>("GET", `${atlas}/features?sort=maximum&order=ascending&alive=true&limit=500`);
    expect(header?.slice(0, 3)).toEqual(["id", "index", "name"]);
    expect(rows.map(([id]) => id)).toEqual(list.items.map(({ index }) => `small/${index}`));
  });
  it("as JSON, SVG and PNG", async () => {
    const json = JSON.parse((await t.ask("GET", `${atlas}/export?limit=7&offset=3`)).text) as { total: number; items: unknown[] };
    expect([json.total, json.items.length]).toEqual([300, 7]);
    checkXml((await t.ask("GET", `${atlas}/export?format=svg&q=the`)).text);
    const png = await t.ask("GET", `${atlas}/export?format=png&limit=5`);
    expect([png.body.readUInt32BE(16), png.status]).toEqual([1920, 200]);
    expect((await t.ask("GET", `${atlas}/export?format=png&limit=5000`)).json().error.field).toBe("limit");
  });
});

it("no spreadsheet takes a cell for a formula", () => {
  const csv = toCsv(
    ["a", "b"],
    [
      ["=1+1", -2],
      ["+x", null],
      ["-y", true],
      ["@z", "\tq"],
      ['"quoted", and\r\nbroken', "plain"],
    ],
  );
  expect(csv).toBe(`a,b\r\n'=1+1,-2\r\n'+x,\r\n'-y,true\r\n'@z,'\tq\r\n"""quoted"", and\r\nbroken",plain\r\n`);
});

it("pictures are drawn one at a time, and beyond twenty that wait more are refused", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"/>';
  const gone = AbortSignal.abort();
  // Those that wait have left when their turn comes: only the first is drawn.
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => toPng(svg, i === 0 ? undefined : gone)));
  const codes = outcomes.map((outcome) => (outcome.status === "fulfilled" ? "drawn" : (outcome.reason as { code: string }).code));
  expect(codes).toEqual(["drawn", ...Array<string>(20).fill("aborted"), ...Array<string>(9).fill("busy")]);
});

it("names of files are cut between characters, to what a file system takes", () => {
  const name = fileName([`a${"\u{1d400}".repeat(120)}`, "features"], "csv");
  expect(name.isWellFormed()).toBe(true);
  expect(Buffer.byteLength(name)).toBeLessThan(210);
  expect(attachment(name)).toContain("%F0%9D%90%80.csv");
});

it("names of files hold in every header and file system", () => {
  expect(fileName(["../a b", 3], "svg")).toBe("a-b-3.svg");
  expect(attachment('né"\r\nSet-Cookie: x.json')).toBe(
    `attachment; filename="n____Set-Cookie: x.json"; filename*=UTF-8''n%C3%A9%22%0D%0ASet-Cookie%3A%20x.json`,
  );
});

it("text is measured in cells, cut by letters as people see them, and escaped", () => {
  expect([cells("abc"), cells("漢字"), cells("👩‍👩‍👧‍👦"), cells("e\u0301")]).toEqual([3, 4, 2, 1]);
  expect(clip("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 5)).toBe("👩‍👩‍👧‍👦👩‍👩‍👧‍👦…");
  expect(escapeXml('a<b>&"\u0000\ud800')).toBe("a&lt;b&gt;&amp;&quot;\ufffd\ufffd");
});

it("the peak is always among the tokens that are drawn", () => {
  const tokens = Array.from({ length: 40 }, (_, i) => ({ text: i === 30 ? " PEAK" : " abcdefghijklmnop", share: 0, peak: i === 30 }));
  const { svg } = tokenBlock(tokens, { x: 0, y: 0, width: 400 });
  expect(svg.join("")).toContain("PEAK");
});
