import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeHome, startTestServer, type TestServer } from "../testing/test-server.ts";

let root: string;
let t: TestServer;
const script = `console.log(${JSON.stringify("x".repeat(5000))})`;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lexiscope-web-"));
  await mkdir(join(root, "assets"));
  await writeFile(join(root, "index.html"), "<!doctype html><title>Lexiscope</title>");
  await writeFile(join(root, "assets", "index-abc123.js"), script);
  await writeFile(join(root, "favicon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
  await writeFile(join(root, ".secret"), "hidden");
  await symlink("/etc/passwd", join(root, "assets", "passwd"));
  t = await startTestServer({ home: await makeHome({ atlas: null }), webRoot: root });
});
afterAll(async () => {
  await t.close();
  await rm(root, { recursive: true, force: true });
});

it.each(["/", "/atlas/first", "/atlas/first/12?interval=3", "/inspect", "/chat/abc", "/lists", "/runs/x", "/learn"])(
  "%s is the page",
  async (path) => {
    const answer = await t.ask("GET", path);
    expect([answer.status, answer.headers["content-type"], answer.headers["cache-control"]]).toEqual([
      200,
      "text/html; charset=utf-8",
      "no-cache",
    ]);
    expect(answer.text).toContain("<title>Lexiscope");
  },
);

it("assets are kept for good and come packed", async () => {
  const plain = await t.ask("GET", "/assets/index-abc123.js");
  expect([plain.text, plain.headers["cache-control"]]).toEqual([script, "public, max-age=31536000, immutable"]);
  expect(plain.headers["content-type"]).toBe("text/javascript; charset=utf-8");
  const packed = await t.ask("GET", "/assets/index-abc123.js", { headers: { "accept-encoding": "br, gzip" } });
  expect(packed.headers["content-encoding"]).toBe("gzip");
  expect(packed.body.length).toBeLessThan(500);
  expect(gunzipSync(packed.body).toString()).toBe(script);
  const again = await t.ask("GET", "/assets/index-abc123.js", { headers: { "if-none-match": String(plain.headers.etag) } });
  expect([again.status, again.text]).toEqual([304, ""]);
  expect((await t.ask("HEAD", "/favicon.svg")).text).toBe("");
});

it.each(["/assets/nothing.js", "/.secret", "/assets/passwd", "/assets/", "/assets", "/atlasx", "/index.html/x", "/assets/..%2findex.html"])(
  "%s is not there",
  async (path) => {
    const answer = await t.ask("GET", path);
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).not.toContain("root:");
  },
);

it("people who are lost get a page, programs a problem", async () => {
  expect((await t.ask("GET", "/nowhere", { headers: { accept: "text/html" } })).text).toContain("There is nothing here");
  expect((await t.ask("GET", "/nowhere")).json().error.code).toBe("not_found");
  expect((await t.ask("GET", "/api/nowhere", { headers: { accept: "text/html" } })).json().error.code).toBe("not_found");
});

it("a new build is served without a restart", async () => {
  await writeFile(join(root, "assets", "index-def456.js"), "2");
  await writeFile(join(root, "index.html"), "<!doctype html><title>Lexiscope</title><p>second build");
  expect((await t.ask("GET", "/")).text).toContain("second build");
  expect((await t.ask("GET", "/assets/index-def456.js")).text).toBe("2");
});

it("without a build a plain page says how to make one", async () => {
  const bare = await startTestServer({ home: await makeHome({ atlas: null }), webRoot: undefined });
  const answer = await bare.ask("GET", "/");
  expect(answer.status).toBe(503);
  expect(answer.text).toContain("npm run build");
  await bare.close();
});
