import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { packAnswers, takesGzip } from "./pack-answers.ts";

const large = { text: "a feature fires on tokens ".repeat(4000) };
const app = new Hono();
app.use(packAnswers());
app.get("/large", (c) => c.json(large, 200, { etag: 'W/"1"', "content-length": String(JSON.stringify(large).length) }));
app.get("/small", (c) => c.json({ a: 1 }));
app.get("/stream", (c) => c.body("data: 1\n\n".repeat(1000), 200, { "content-type": "text/event-stream" }));
app.get("/empty", (c) => c.body(null, 304));
const get = (path: string, accept = "gzip, deflate, br", method = "GET"): Promise<Response> =>
  Promise.resolve(app.request(path, { method, headers: { "accept-encoding": accept } }));

it("a large answer is packed, and is the same; many at once too", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => get("/large")));
  for (const answer of answers) {
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "application/json",
      vary: "accept-encoding",
      etag: 'W/"1"',
    });
    expect(answer.headers.get("content-length")).toBeNull();
    expect(bytes.length).toBeLessThan(5000);
    expect(JSON.parse(gunzipSync(bytes).toString())).toEqual(large);
  }
});

it("what is small, a stream, empty, or not wanted packed goes as it is", async () => {
  for (const [path, accept] of [
    ["/small"],
    ["/stream"],
    ["/empty"],
    ["/large", "identity"],
    ["/large", "gzip;q=0"],
    ["/large", ""],
  ] as const) {
    const answer = await get(path, accept);
    expect([path, answer.headers.get("content-encoding")]).toEqual([path, null]);
  }
  expect(await (await get("/small")).json()).toEqual({ a: 1 });
  expect(await (await get("/large", "identity")).json()).toEqual(large);
  expect((await get("/large", "gzip", "HEAD")).headers.get("vary")).toBe("accept-encoding");
});

it.each([
  ["gzip", true],
  ["br, GZIP;q=0.5", true],
  ["deflate, gzip;q=1.0, *;q=0.5", true],
  ["gzip;q=0", false],
  ["gzip;q=0.000, br", false],
  ["x-gzipped", false],
  [undefined, false],
])("%s: %s", (header, expected) => {
  expect(takesGzip(header)).toBe(expected);
});
