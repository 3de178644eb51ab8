import type {
  FeatureCollection,
  FeatureDetail,
  FeatureList,
  ImportResult,
  Label,
  Labels,
  ListDetail,
  Lists,
  OverlayExport,
  SearchResponse,
} from "@lexiscope/contract";
import { overlayExportSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer();
});
afterAll(() => t.close());
const atlas = "/api/atlases/small";

it("a name shows everywhere at once, and goes again", async () => {
  const label = await t.json<Label>("PUT", `${atlas}/features/7/label`, { name: "Zeppelins over Friedrichshafen", note: "seen\nby hand" });
  expect(label).toMatchObject({ feature: 7, name: "Zeppelins over Friedrichshafen", note: "seen\nby hand" });
  const shown = await t.json<FeatureDetail>("GET", `${atlas}/features/7`);
  expect(shown.label).toEqual(label);
  const [neighbour] = shown.neighbours;
  if (neighbour) {
    const other = await t.json<FeatureDetail>("GET", `${atlas}/features/${neighbour.index}`);
    expect([...other.neighbours, ...other.coactive].filter(({ index }) => index === 7).every(({ name }) => name === label.name)).toBe(true);
  }
  const found = await t.json<FeatureList>("GET", `${atlas}/features?q=zeppelin`);
  expect(found.items[0]).toMatchObject({ index: 7, name: label.name });
  const named = await t.json<FeatureList>("GET", `${atlas}/features?named=true`);
  expect(named.items.map(({ index }) => index)).toEqual([7]);
  const searched = await t.json<SearchResponse>("GET", "/api/search?q=friedrichshafen");
  expect(searched.results[0]).toMatchObject({ atlas: "small", index: 7, where: ["name"] });
  expect((await t.json<Labels>("GET", `${atlas}/labels`)).labels).toEqual([label]);

  expect((await t.ask("PUT", `${atlas}/features/7/label`, { body: { name: "", note: "" } })).status).toBe(204);
  expect((await t.json<FeatureDetail>("GET", `${atlas}/features/7`)).label).toBeNull();
});

const rightToLeft = "\u202Eabc\u202C عنوان \u200F";
it.each([
  ["script", '<script>alert("x")</script>'],
  ["right-to-left marks", rightToLeft.trim()],
  ["emoji", "👩‍👩‍👧‍👦 🇫🇷 é́"],
  ["200 letters", "ß".repeat(200)],
  ["a formula", "=HYPERLINK(1)"],
  ["quotes and backslashes", `'";\\ -- DROP TABLE labels`],
])("%s in a name comes back as it was", async (_, name) => {
  await t.json("PUT", `${atlas}/features/9/label`, { name, note: name });
  const detail = await t.ask("GET", `${atlas}/features/9`);
  expect(detail.headers["content-type"]).toMatch(/^application\/json/);
  expect((JSON.parse(detail.text) as FeatureDetail).label).toMatchObject({ name, note: name });
  const listed = await t.json<FeatureList>("GET", `${atlas}/features?named=true`);
  expect(listed.items.find(({ index }) => index === 9)?.name).toBe(name);
});

it.each([
  [{ name: "x".repeat(201), note: "" }, "name"],
  [{ name: "a\nb", note: "" }, "name"],
  [{ name: "\u0000", note: "" }, "name"],
  [{ name: "x", note: "y".repeat(10_001) }, "note"],
  [{ name: "x" }, "note"],
  [{ name: 1, note: "" }, "name"],
])("%j is no label", async (body, field) => {
  const answer = await t.ask("PUT", `${atlas}/features/9/label`, { body });
  expect(answer.status).toBe(400);
  expect(answer.json().error.field).toBe(field);
});

it("a label for a feature that is not there is not taken", async () => {
  expect((await t.ask("PUT", `${atlas}/features/300/label`, { body: { name: "x", note: "" } })).status).toBe(404);
});

it("lists are made, filled, ordered, renamed, filtered by, deleted", async () => {
  expect((await t.ask("POST", `${atlas}/lists`, { body: {} })).json().error.field).toBe("name");
  const made = await t.ask("POST", `${atlas}/lists`, { body: { name: "Ships", features: [5, 3, 5, 8] } });
  expect(made.status).toBe(201);
  const { id, features } = JSON.parse(made.text) as FeatureCollection;
  expect(features).toEqual([5, 3, 8]);
  const changed = await t.json<FeatureCollection>("POST", `${atlas}/lists/${id}/members`, { add: [1, 3], remove: [5] });
  expect(changed.features).toEqual([3, 8, 1]);
  const renamed = await t.json<FeatureCollection>("PATCH", `${atlas}/lists/${id}`, { name: "Boats", features: [8, 1], note: "n" });
  expect(renamed).toMatchObject({ name: "Boats", note: "n", features: [8, 1] });
  const detail = await t.json<ListDetail>("GET", `${atlas}/lists/${id}`);
  expect(detail.rows.map(({ index }) => index)).toEqual([8, 1]);
  const filtered = await t.json<FeatureList>("GET", `${atlas}/features?list=${id}&sort=index&order=ascending`);
  expect(filtered.items.map(({ index }) => index)).toEqual([1, 8]);
  expect((await t.json<FeatureDetail>("GET", `${atlas}/features/8`)).lists).toEqual([{ id, name: "Boats" }]);
  expect((await t.json<Lists>("GET", `${atlas}/lists`)).lists.map(({ name }) => name)).toEqual(["Boats"]);
  expect((await t.ask("POST", `${atlas}/lists/${id}/members`, { body: { add: [300] } })).status).toBe(404);
  expect((await t.ask("DELETE", `${atlas}/lists/${id}`)).status).toBe(204);
  for (const method of ["GET", "DELETE"]) expect((await t.ask(method, `${atlas}/lists/${id}`)).status).toBe(404);
  expect((await t.ask("PATCH", `${atlas}/lists/${id}`, { body: {} })).status).toBe(404);
});

it("a change of a list that fails in one part changes nothing", async () => {
  const list = await t.json<FeatureCollection>("POST", `${atlas}/lists`, { name: "Whole", note: "n", features: [5, 3] });
  const path = `${atlas}/lists/${list.id}`;
  for (const [method, address, body, field] of [
    ["PATCH", path, { features: [7], name: "  " }, "name"],
    ["PATCH", path, { name: "New", features: [300] }, "feature"],
    ["PATCH", path, { features: [7], name: "New", note: "\ud800" }, "note"],
    ["POST", `${path}/members`, { remove: [5], add: [300] }, "feature"],
  ] as const) {
    const answer = await t.ask(method, address, { body });
    expect([answer.status >= 400, answer.json().error.field]).toEqual([true, field]);
  }
  expect(await t.json<FeatureCollection>("PATCH", path, {})).toEqual(list);
  await t.ask("DELETE", path);
});

it("everything can be taken away as a file and put back; another dictionary's only by force", async () => {
  await t.json("POST", `${atlas}/lists`, { name: "Kept", features: [2] });
  const file = await t.ask("GET", `${atlas}/overlay`);
  expect(file.headers["content-disposition"]).toContain('filename="small-labels.json"');
  const saved = overlayExportSchema.parse(JSON.parse(file.text)) satisfies OverlayExport;
  expect(await t.json<ImportResult>("POST", `${atlas}/overlay`, saved)).toMatchObject({ labels: 0, lists: 0 });
  expect(await t.json<ImportResult>("POST", `${atlas}/overlay?mode=replace`, saved)).toMatchObject({ labels: 1, lists: 1 });
  expect((await t.json<OverlayExport>("GET", `${atlas}/overlay`)).lists).toEqual(saved.lists);
  const foreign = { ...saved, dictionary: "0".repeat(64) };
  const refused = await t.ask("POST", `${atlas}/overlay`, { body: foreign });
  expect([refused.status, refused.json().error.code]).toEqual([400, "mismatch"]);
  expect((await t.ask("POST", `${atlas}/overlay?force=true`, { body: foreign })).status).toBe(200);
  // Larger than what other addresses take.
  const many = {
    ...saved,
    labels: Array.from({ length: 20_000 }, (_, feature) => ({ feature, name: "n".repeat(100), note: "", updated: "2026" })),
  };
  const large = await t.json<ImportResult>("POST", `${atlas}/overlay`, many);
  expect(large.labels).toBe(299);
});

it("others are served while 16 MiB of labels are taken in; more is refused", async () => {
  const head = await t.json<OverlayExport>("GET", `${atlas}/overlay`);
  const labels = Array.from({ length: 230_000 }, (_, i) => ({ feature: i % 300, name: `n${i}`, note: "", updated: String(3_000_000 + i) }));
  const body = JSON.stringify({ ...head, lists: [], labels });
  expect(body.length).toBeGreaterThan(13 * 2 ** 20);
  let taken: ImportResult | undefined;
  const done = t.ask("POST", `${atlas}/overlay`, { body }).then(({ text }) => (taken = JSON.parse(text) as ImportResult));
  let slowest = 0;
  while (taken === undefined) {
    const started = performance.now();
    expect((await t.ask("GET", `${atlas}/features/7`)).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - started);
  }
  await done;
  expect(taken).toEqual({ labels: 300, lists: 0, skipped: 229_700 });
  expect(slowest).toBeLessThan(2000);
  expect((await t.ask("POST", `${atlas}/overlay`, { body: body + " ".repeat(4 * 2 ** 20) })).status).toBe(413);
}, 30_000);

it.each([["{ torn"], ["[]"], ["null"], ['{"kind":"lexiscope-labels"}'], ['{"labels":[{}],"lists":{}}']])(
  "%s is no file of labels",
  async (body) => {
    const answer = await t.ask("POST", `${atlas}/overlay`, { body });
    expect([answer.status, answer.json().error.code]).toEqual([400, "invalid_input"]);
  },
);
