import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeHome, startTestServer, type TestServer } from "../testing/test-server.ts";
import { createWrongTries } from "./wrong-tries.ts";

const token = "correct-horse-battery";
let guarded: TestServer;
beforeAll(async () => {
  guarded = await startTestServer({ home: await makeHome({ atlas: null }), token });
});
afterAll(() => guarded.close());

const bearer = (value: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${value}` } });
const form = (value: string, next = "/atlas/first?q=a b"): { headers: Record<string, string>; body: string } => ({
  headers: { "content-type": "application/x-www-form-urlencoded", origin: guarded.server.url, host: new URL(guarded.server.url).host },
  body: new URLSearchParams({ token: value, next }).toString(),
});

it("without the token nothing answers: programs get a 401, people the sign-in page", async () => {
  for (const path of ["/api/status", "/openapi.json", "/v1/models", "/assets/x.js"]) {
    const answer = await guarded.ask("GET", path);
    expect([path, answer.status, answer.headers["www-authenticate"]]).toEqual([path, 401, "Bearer"]);
  }
  const page = await guarded.ask("GET", "/atlas/first?q=a", { headers: { accept: "text/html" } });
  expect([page.status, page.headers.location]).toEqual([302, "/sign-in?next=%2Fatlas%2Ffirst%3Fq%3Da"]);
  const openai = (await guarded.ask("GET", "/v1/models")).json();
  expect(openai.error).toMatchObject({ type: "authentication_error" });
});

it("a bearer opens the interface", async () => {
  expect((await guarded.ask("GET", "/api/status", bearer(token))).status).toBe(200);
  expect((await guarded.ask("GET", "/api/status", bearer("wrong"))).status).toBe(401);
});

it("the sign-in page works without script, and gives a cookie that no script and no other site can use", async () => {
  const page = await guarded.ask("GET", '/sign-in?next=/"><script>');
  expect(page.status).toBe(200);
  expect(page.text).toContain('<form method="post"');
  expect(page.text).not.toContain("<script");
  // Under no-referrer a browser would send `Origin: null` with the form.
  expect(page.headers["referrer-policy"]).toBe("same-origin");
  const signed = await guarded.ask("POST", "/sign-in", form(token));
  expect([signed.status, signed.headers.location]).toEqual([303, "/atlas/first?q=a b"]);
  const [cookie = ""] = signed.headers["set-cookie"] ?? [];
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  expect(cookie).not.toContain(token);
  const [pair = ""] = cookie.split(";");
  expect((await guarded.ask("GET", "/api/status", { headers: { cookie: pair } })).status).toBe(200);
  expect((await guarded.ask("GET", "/api/status", { headers: { cookie: `${pair}x` } })).status).toBe(401);
});

it.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
  "never leads to another site: %s",
  async (next) => {
    const signed = await guarded.ask("POST", "/sign-in", form(token, next));
    expect([signed.status, signed.headers.location]).toEqual([303, "/"]);
  },
);

it("takes a small body only: nobody has shown the token yet", async () => {
  const body = `token=${"a".repeat(64 * 1024)}`;
  const post = (path: string, headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const all = { "content-type": "application/x-www-form-urlencoded", ...bearer(token).headers, ...headers };
      const asked = request(
        { host: "127.0.0.1", port: guarded.server.port, method: "POST", path, headers: all, agent: false },
        (response) => {
          resolve(response.statusCode);
          response.resume();
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  for (const path of ["/sign-in", "/sign-out"]) {
    for (const headers of [{ "content-length": String(body.length) }, { "transfer-encoding": "chunked" }] as Record<string, string>[])
      expect([path, headers, await post(path, headers)]).toEqual([path, headers, 413]);
  }
});

it("wrong tries are slowed down, and no token ever stands in the log", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 15; i++) statuses.push((await guarded.ask("POST", "/sign-in", form(`guess-${i}-${token}x`))).status);
  expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  expect(statuses.at(-1)).toBe(429);
  const refused = await guarded.ask("GET", "/api/status", bearer(token));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(guarded.log.join("")).toContain("wrong token");
  expect(guarded.log.join("")).not.toMatch(/correct-horse|guess-/);
});

it("tries count for a minute, and by address", () => {
  let now = 0;
  const tries = createWrongTries(() => now);
  for (let i = 0; i < 10; i++) tries.add("a");
  expect(tries.waitFor("a")).toBe(60);
  expect(tries.waitFor("b")).toBe(0);
  now = 60_001;
  expect(tries.waitFor("a")).toBe(0);
});
