import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chat, FeatureCollection, FeatureList, Job } from "@lexiscope/contract";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findBarriers, findOverflow, walkByTab } from "./audit.ts";
import { leftOut, noChromium, openBrowser, type Visit, visit } from "./browser.ts";
import { expectCount, expectText, patience } from "./pages.ts";
import { makeHome, type Serving, serving, tinyStart, writeReports } from "./support.ts";

const text = "The heron of the garden counted stones before the walrus painted the harbour.";
/** Names as people and pranksters give them. */
const mischief = [
  "<script>globalThis.ran = 1</script>",
  '"><img src=x onerror="globalThis.ran = 1">',
  "\u202edrawkcab\u2066 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8\u05d9\u05ea",
  "👩‍👩‍👧‍👦🏳️‍🌈".repeat(9),
  "W".repeat(200),
  "z\u0337\u0321\u0308\u0301\u0302\u0303\u0304\u0305\u0306\u0307".repeat(15),
];
const unbroken = "unbroken".repeat(625);
const longName = `a-name-${"of-many-words-".repeat(6)}end`;

describe.skipIf(leftOut)(`every screen, in every state${leftOut ? ` (${noChromium})` : ""}`, () => {
  let home: string;
  let bare: string;
  let remove: () => Promise<void>;
  let browser: Browser;
  let full: Serving;
  let empty: Serving;
  let wide: Visit;
  let narrow: Visit;
  const ids = { feature: 0, named: [] as number[], chat: "", longChat: "", list: "", longList: "", job: "" };

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(full.url + path, { method, ...sent });
    expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
    return (await response.json()) as T;
  }

  beforeAll(async () => {
    ({ home, remove } = await makeHome());
    bare = await mkdtemp(join(tmpdir(), "lexiscope-home-"));
    await symlink(join(home, "models"), join(bare, "models"));
    const reports = await writeReports(join(home, "reports"), 16);
    [full, empty, browser] = await Promise.all([
      serving(tinyStart("tour", reports, { page: true }), { home }),
      serving(["serve", "--no-open"], { home: bare }),
      openBrowser(),
    ]);
    const job = async (): Promise<Job | undefined> => (await ask<{ jobs: Job[] }>("GET", "/api/jobs")).jobs[0];
    await vi.waitFor(async () => expect(await job()).toMatchObject({ state: "done" }), { timeout: 120_000, interval: 200 });
    ids.job = (await job())?.id ?? "";
    await symlink(join(home, "atlases", "tour"), join(home, "atlases", longName));
    const { items } = await ask<FeatureList>("GET", "/api/atlases/tour/features?q=garden");
    ids.feature = items[0]?.index ?? 0;
    ids.named = items.slice(1, 1 + mischief.length).map(({ index }) => index);
    for (const [i, name] of mischief.entries())
      await ask("PUT", `/api/atlases/tour/features/${ids.named[i]}/label`, { name, note: `${name}\n${unbroken}` });
    const lists = "/api/atlases/tour/lists";
    ids.list = (await ask<FeatureCollection>("POST", lists, { name: "Places", features: [ids.feature, ...ids.named] })).id;
    ids.longList = (await ask<FeatureCollection>("POST", lists, { name: "W".repeat(200), note: unbroken, features: [ids.feature] })).id;
    const edit = { op: "clamp", feature: ids.feature, value: 2, unit: "max", positions: "all" };
    const turn = { user: "What grows there?", plain: "Roses grow there.", edited: "Gardens grow there.", edits: [edit] };
    const chat = { atlas: "tour", edits: [edit], title: "What grows there?", turns: [turn] };
    ids.chat = (await ask<Chat>("POST", "/api/chats", chat)).id;
    const long = { user: unbroken, plain: unbroken, edited: mischief.join(" "), edits: [edit] };
    ids.longChat = (await ask<Chat>("POST", "/api/chats", { ...chat, title: "W".repeat(200), turns: [long, turn] })).id;
    [wide, narrow] = await Promise.all([
      visit(browser, `${full.url}/learn`),
      visit(browser, `${full.url}/learn`, { width: 380, height: 800 }),
    ]);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all([full?.stop(), empty?.stop()]);
    await remove();
    await rm(bare, { recursive: true, force: true });
  });

  /** Both widths at once, each looked at in both themes. */
  async function look(url: string, ready: RegExp, prepare?: (page: Page) => Promise<void>): Promise<void> {
    await Promise.all(
      [wide, narrow].map(async ({ page }) => {
        await page.emulateMedia({ colorScheme: "light" });
        await prepare?.(page);
        await page.goto(url);
        await expectText(page.getByRole("main"), ready);
        await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => undefined))));
        expect.soft(await findOverflow(page)).toEqual([]);
        expect.soft(await findBarriers(page)).toEqual([]);
        await page.emulateMedia({ colorScheme: "dark" });
        expect.soft(await findBarriers(page, ["color-contrast"])).toEqual([]);
      }),
    );
  }

  const screens: [string, () => string, RegExp][] = [
    ["Atlas", () => "/atlas/tour", /256 features/],
    ["Feature", () => `/atlas/tour/${ids.feature}?try=${encodeURIComponent(text)}`, /fires on \d+ of|silent/],
    ["Feature with its dial", () => `/atlas/tour/${ids.feature}?panel=steer`, /Greedy, at most/],
    ["Inspect", () => `/inspect?atlas=tour&text=${encodeURIComponent(text)}&pin=${ids.feature}`, /of its maximum|silent in this text/],
    ["Chat", () => `/chat/${ids.chat}`, /Gardens grow there/],
    ["Lists", () => "/lists?atlas=tour", /Names and notes[\s\S]*drawkcab/],
    ["a list", () => `/lists/${ids.list}?atlas=tour`, /7 features/],
    ["Runs", () => "/runs", /make tour/],
    ["the form for a run", () => "/runs?new=train&atlas=tour", /lexiscope train/],
    ["a run", () => `/runs/${ids.job}?atlas=tour`, /At the end/],
    ["Learn", () => "/learn", /What none of this proves/],
  ];

  test.each(screens)("full: %s", (_, path, ready) => look(full.url + path(), ready));

  const unfilled: [string, () => string, RegExp][] = [
    ["the start", () => `${empty.url}/`, /Nothing has been run|Make the first atlas/],
    ["an atlas that is not there", () => `${empty.url}/atlas/none`, /cannot be shown/],
    ["a feature of it", () => `${empty.url}/atlas/none/3`, /no feature none\/3/],
    ["Inspect", () => `${empty.url}/inspect`, /There is no atlas yet/],
    ["Chat", () => `${empty.url}/chat`, /Ask the model something/],
    ["Lists", () => `${empty.url}/lists`, /No dictionary yet/],
    ["the form for a run", () => `${empty.url}/runs?new=train`, /lexiscope train/],
    ["a search without hits", () => `${full.url}/atlas/tour?q=qqzzx`, /No feature matches/],
    ["Inspect without a text", () => `${full.url}/inspect?atlas=tour`, /Begin/],
    ["a chat that is gone", () => `${full.url}/chat/gone`, /not here/],
    ["a list that is gone", () => `${full.url}/lists/gone?atlas=tour`, /cannot be shown/],
    ["a run that is gone", () => `${full.url}/runs/gone`, /could not be opened/],
    ["an address that is none", () => `${full.url}/nowhere`, /There is nothing here/],
  ];
  test.each(unfilled)("empty: %s", (_, url, ready) => look(url(), ready));

  describe("failed: the server's words, and a way to try again", () => {
    const problem = { error: { code: "internal", message: "the disk is gone", hint: "plug it in again" } };
    const fail = async (page: Page): Promise<void> => {
      await page.route("**/api/**", (route) => route.fulfill({ status: 500, json: problem }));
    };
    test.each(screens.filter(([name]) => !["Learn", "Feature with its dial", "the form for a run"].includes(name)))(
      "%s",
      async (_, path) => {
        try {
          await look(full.url + path(), /the disk is gone/, fail);
        } finally {
          for (const { page } of [wide, narrow]) await page.unroute("**/api/**");
        }
        const again = wide.page.getByRole("button", { name: "Try again" });
        const mended = async (): Promise<number> => {
          if ((await again.count()) > 0) await again.first().click();
          return wide.page.getByText("the disk is gone").count();
        };
        await expect.poll(mended, { ...patience, interval: 300 }).toBe(0);
      },
    );
  });

  const long: [string, () => string, RegExp][] = [
    ["Atlas", () => `/atlas/tour?named=true`, /6 features/],
    ["an atlas with a long name", () => `/atlas/${longName}`, /256 features/],
    ["a feature of it", () => `/atlas/${longName}/${ids.feature}`, /Examples/],
    ["Feature with a long name and note", () => `/atlas/tour/${ids.named[4]}`, /WWWW/],
    ["Feature with a long text", () => `/atlas/tour/${ids.feature}?try=${unbroken.slice(0, 1900)}`, /silent|fires on/],
    ["Inspect", () => `/inspect?atlas=tour&text=${unbroken.slice(0, 1900)}&pin=${ids.named[4]}`, /of its maximum|silent in this text/],
    ["Chat", () => `/chat/${ids.longChat}`, /unbroken/],
    ["a list", () => `/lists/${ids.longList}?atlas=${longName}`, /cannot be shown|WWWW/],
    ["a list and its names", () => `/lists/${ids.longList}?atlas=tour`, /WWWW/],
  ];
  test.each(long)("too long: %s", (_, path, ready) => look(full.url + path(), ready));

  test("too long a text is refused by Inspect with its length", async () => {
    const { page } = wide;
    await page.goto(`${full.url}/inspect?atlas=tour`);
    await page.getByRole("textbox", { name: "Text to inspect" }).fill("words and more ".repeat(60_000));
    await page.getByRole("heading", { name: /The text is too long \(900,000 characters\)/ }).waitFor();
  });

  test("names and texts with scripts, right-to-left marks and towers of accents are text, and each keeps to its place", async () => {
    const { page } = wide;
    await page.goto(`${full.url}/atlas/tour?named=true`);
    const rows = page.getByRole("row", { name: /^Select feature/ });
    await expectCount(rows, mischief.length);
    for (const [i, feature] of ids.named.entries()) {
      const row = rows.filter({ has: page.getByRole("checkbox", { name: `Select feature ${feature}`, exact: true }) });
      expect((await row.getByRole("gridcell").nth(2).textContent())?.replace("show", "")).toContain(mischief[i]?.slice(0, 10));
      const lefts = await row.getByRole("gridcell").evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().left));
      expect(lefts).toEqual(lefts.toSorted((a, b) => a - b));
      expect((await row.boundingBox())?.height).toBe(28);
    }
    for (const path of [
      `/atlas/tour/${ids.named[0]}`,
      `/lists?atlas=tour`,
      `/inspect?atlas=tour&pin=${ids.named.join()}`,
      `/chat/${ids.longChat}`,
    ]) {
      await page.goto(full.url + path);
      if (path.startsWith("/inspect")) {
        await page.getByRole("textbox", { name: "Text to inspect" }).fill(`one \u202etwo\u202c <b>three</b> ${mischief.join(" ")}`);
        await expectText(page.getByRole("region", { name: "Pinned features" }), /% of its maximum|silent/);
      }
      await expectText(page.getByRole("main"), /script/);
      expect(await looseMarks(page)).toEqual([]);
      expect(await page.evaluate(() => ["ran" in globalThis, document.querySelectorAll("main script, main img").length])).toEqual([
        false,
        0,
      ]);
    }
  });

  test.each(screens)("keyboard: Tab stops at everything of %s, in order, and one sees where", async (name, path, ready) => {
    const { page } = wide;
    await page.goto(full.url + path());
    await expectText(page.getByRole("main"), ready);
    if (name === "Learn") return expectCount(page.getByRole("main").getByRole("button"), 0);
    await page.waitForLoadState("networkidle");
    const { expected, reached, unseen, unreachable } = await walkByTab(page);
    expect(expected.length).toBeGreaterThan(12);
    expect(reached).toEqual(expected);
    expect(unseen).toEqual([]);
    expect(unreachable).toEqual([]);
  });

  test("the bar stands there before the page's code, in the colours chosen; the page takes its place, from few files", async () => {
    const boxes = (page: Page): Promise<number[][]> =>
      page.locator(".bar .brand, .bar nav a").evaluateAll((links) =>
        links.map((link) => {
          const { x, y, width, height } = link.getBoundingClientRect();
          return [x, y, width, height].map(Math.round);
        }),
      );
    for (const width of [1280, 380]) {
      const { context, page } = await visit(browser, `${full.url}/icon.svg`, { width, height: 800 });
      await page.evaluate(() => localStorage.setItem("lexiscope.theme", "dark"));
      const code = Promise.withResolvers<void>();
      const files: string[] = [];
      await page.route(/\/assets\//, async (route) => {
        files.push(route.request().url());
        if (/react-[^/]*$/.test(route.request().url())) await code.promise;
        await route.continue();
      });
      await page.goto(`${full.url}/learn`, { waitUntil: "commit" });
      await expect.poll(() => page.evaluate(() => performance.getEntriesByName("first-contentful-paint").length), patience).toBe(1);
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(20, 23, 28)");
      const before = await boxes(page);
      expect(before.length).toBeGreaterThan(5);
      code.resolve();
      await expectText(page.getByRole("main"), /feature/);
      expect(await boxes(page)).toEqual(before);
      expect(files.length, files.join(" ")).toBeLessThanOrEqual(9);
      await context.close();
    }
  });

  test("keyboard: the list by arrow keys, a feature by Enter, screens by letters, help by ?", async () => {
    const { page } = wide;
    await page.goto(`${full.url}/atlas/tour?q=garden`);
    const grid = page.getByRole("grid", { name: "Features" });
    await grid.getByRole("row").nth(3).waitFor();
    await grid.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const active = await grid.getAttribute("aria-activedescendant");
    const row = page.locator(`[id="${active}"]`);
    expect(await row.getAttribute("aria-rowindex")).toBe("4");
    const index = await row.getByRole("link").textContent();
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/atlas/tour/${index}`);
    await page.goBack();
    await expect.poll(() => grid.getAttribute("aria-activedescendant"), patience).toBe(active);

    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await help.waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.waitForURL(/\/lists/);
    await page.keyboard.press("/");
    expect(await page.getByRole("combobox", { name: "Search features" }).evaluate((field) => field === document.activeElement)).toBe(true);
    await page.keyboard.press("Escape");
  });

  test("keyboard: menus and panels open, are walked and closed, and give the focus back", async () => {
    const { page } = wide;
    await page.goto(`${full.url}/atlas/tour/${ids.feature}`);
    for (const [name, role] of [
      ["Settings", "menu"],
      [/^Dictionary and model: tour/, "menu"],
      ["Export this feature", "menu"],
      ["Add the feature to a list", "dialog"],
    ] as const) {
      const button = page.getByTitle(name, { exact: true });
      await button.focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole(role, { name });
      await panel.waitFor();
      if (role === "menu") await page.keyboard.press("ArrowDown");
      expect(await panel.evaluate((element) => element.contains(document.activeElement))).toBe(true);
      expect(await findBarriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "hidden" });
      expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    }
  });
});

/** Texts with a right-to-left mark that nothing keeps from turning their neighbours. */
async function looseMarks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const loose: string[] = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      if (/[\u202a-\u202e\u2066-\u2069]/.test(node.nodeValue ?? "") && !node.parentElement?.closest("bdi, [dir], textarea, option, style"))
        loose.push(`${node.parentElement?.outerHTML.slice(0, 150)}`);
    return loose;
  });
}
