import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lexiscopeHome } from "@lexiscope/core";
import type { Page } from "playwright-core";
import { openBrowser, visit } from "../../tests/browser.ts";
import { serving } from "../../tests/support.ts";
import { chunks } from "./bytes.ts";
import { firstLoad, screens, typing } from "./first-loads.ts";
import { firstRows } from "./first-rows.ts";
import { kB, loadCells, loadHead, spread, table, taskCells, taskHead } from "./report.ts";
import { tasksOf } from "./trace.ts";

/**
 * What a person at the page waits for: `node bench/page/page.ts [--atlas FOLDER]... [--repeats 5] [--loads]`. Without
 * folders the atlases of LEXISCOPE_HOME; bench/atlas/synthetic.ts makes large ones. `--loads`: only the first loads of
 * the screens. The server and Chromium run on this machine and share its cores. Medians over the repeats; the largest
 * beside them.
 */
const { values } = parseArgs({
  options: { atlas: { type: "string", multiple: true }, repeats: { type: "string", default: "5" }, loads: { type: "boolean" } },
});
const repeats = Number(values.repeats);
const built = fileURLToPath(new URL("../../packages/web/dist", import.meta.url));

/** Where a search is typed: over the list, and in the header of every screen. */
const searchBoxes = [
  ["the list's own", "Words in names, examples and output tokens"],
  ["the header's", "Search features"],
] as const;

const home = await mkdtemp(join(tmpdir(), "lexiscope-bench-"));
const folders = (values.atlas ?? [join(lexiscopeHome(), "atlases", "first")]).map((folder) => resolve(folder));
await mkdir(join(home, "atlases"));
for (const folder of folders) await symlink(folder, join(home, "atlases", basename(folder)));
await symlink(join(lexiscopeHome(), "models"), join(home, "models"));
const server = await serving(["serve", "--no-open"], { home });
const browser = await openBrowser({ scrollbars: true });
try {
  await printBytes();
  for (const folder of folders) {
    await measureFirstLoads(basename(folder));
    if (values.loads !== true) await measureAtlas(basename(folder));
  }
  if (values.loads !== true) await measureModel(basename(folders[0] ?? "first"));
} finally {
  await browser.close();
  await server.stop();
  await rm(home, { recursive: true });
}

async function printBytes(): Promise<void> {
  const all = await chunks(server.url, built);
  table(
    ["chunk", "gzip, kB", ""],
    all.map(({ name, gzip, chart }) => [name, kB(gzip), chart ? "chart" : ""]),
  );
  const sum = (chart: boolean): string => kB(all.filter((chunk) => chunk.chart === chart).reduce((bytes, { gzip }) => bytes + gzip, 0));
  console.log(`all before charts: ${sum(false)} kB; charts: ${sum(true)} kB\n`);
}

/** Every screen from a link, in a fresh browser, in both colours. */
async function measureFirstLoads(name: string): Promise<void> {
  const rows: string[][] = [];
  for (const { name: screen, address, there } of screens) {
    const url = server.url + address(encodeURIComponent(name));
    await firstLoad(browser, url, there, false); // opens what the server needs for it
    for (const dark of [false, true])
      rows.push([`${screen}, ${dark ? "dark" : "light"}`, ...loadCells(await repeat(() => firstLoad(browser, url, there, dark)))]);
  }
  table([`${name}: first load of each screen, longest task, ms`, ...loadHead], rows);
}

async function measureAtlas(name: string): Promise<void> {
  const address = `${server.url}/atlas/${encodeURIComponent(name)}`;
  await firstRows(browser, address); // opens the atlas
  const cold = await repeat(() => firstRows(browser, address));
  table(
    [`${name}: opening its list in a fresh browser, ms`, "median", "largest"],
    [
      ["first row painted", ...spread(cold.map(({ row }) => row))],
      ["first contentful paint", ...spread(cold.map(({ paint }) => paint))],
      ["longest task on the way", ...spread(cold.map(({ task }) => task))],
      ["transferred until then, kB", ...spread(cold.map(({ bytes }) => bytes / 1000))],
    ],
  );

  const { context, page } = await visit(browser, address);
  const grid = page.getByRole("grid", { name: "Features" });
  await grid.locator("[role=row][aria-selected]").first().waitFor();
  const box = await grid.boundingBox();
  if (!box) throw new Error("the list is not shown");
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const toTop = async (): Promise<void> => {
    await grid.focus();
    await page.keyboard.press("Home");
    await page.waitForTimeout(300);
  };
  const gestures: [string, () => Promise<void>][] = [
    [
      "wheel, 100 notches",
      async () => {
        await page.mouse.move(middle.x, middle.y);
        for (let i = 0; i < 100; i++) {
          await page.mouse.wheel(0, 240);
          await page.waitForTimeout(16);
        }
      },
    ],
    [
      "drag of the scroll bar, top to end",
      async () => {
        const x = box.x + box.width - 6;
        await page.mouse.move(x, box.y + 36);
        await page.mouse.down();
        await page.mouse.move(x, box.y + box.height - 30, { steps: 90 });
        await page.mouse.up();
      },
    ],
    [
      "keys: 60 × down, 40 × page down, end",
      async () => {
        for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowDown");
        for (let i = 0; i < 40; i++) await page.keyboard.press("PageDown");
        await page.keyboard.press("End");
      },
    ],
  ];
  const rows: string[][] = [];
  for (const [gesture, work] of gestures) {
    const tasks = await repeat(async () => {
      await toTop();
      return tasksOf(browser, page, async () => {
        await work();
        await page.waitForTimeout(400);
      });
    });
    rows.push([gesture, ...taskCells(tasks)]);
  }
  table([`${name}: scrolling, longest task, ms`, ...taskHead], rows);
  const typed: string[][] = [];
  for (const [where, box] of searchBoxes)
    typed.push([where, ...taskCells(await repeat(() => typing(browser, page, box, "the harbour of seven")))]);
  table([`${name}: typing a search, longest task, ms`, ...taskHead], typed);

  await page.goto(`${address}/64`);
  await page.getByRole("heading", { name: /^Feature 64:/ }).waitFor();
  const opened: number[] = [];
  let at = 64;
  const walk = await repeat(() =>
    tasksOf(browser, page, async () => {
      for (let i = 0; i < 12; i++) opened.push(await nextFeature(page, ++at));
    }),
  );
  table([`${name}: opening features one after another, ms`, ...taskHead], [["12 features by key", ...taskCells(walk)]]);
  table([`${name}: from key to the next feature's examples painted, ms`, "median", "largest"], [["", ...spread(opened)]]);
  await context.close();
}

/** Inspect and Chat, with the model of the first atlas where it is there. */
async function measureModel(name: string): Promise<void> {
  const words = Array.from({ length: 500 }, (_, i) => ["the", "harbour", "of", "seven", "letters", "painted"][i % 6]).join(" ");
  const { context, page } = await visit(browser, `${server.url}/inspect?atlas=${encodeURIComponent(name)}&text=Hello`);
  const shown = page.getByRole("option").first();
  const refused = page.getByRole("alert");
  await shown.or(refused).first().waitFor({ timeout: 120_000 });
  if (await refused.isVisible()) {
    console.log(`Inspect and Chat are left out: ${(await refused.textContent()) ?? ""}`);
    return context.close();
  }
  const typed = await repeat(() => typing(browser, page, "Text to inspect", words.slice(0, 60)));
  table(["typing into Inspect, longest task, ms", ...taskHead], [["", ...taskCells(typed)]]);
  const waits: number[] = [];
  const box = page.getByRole("textbox", { name: "Text to inspect" });
  const read = await repeat(async () => {
    await box.fill("");
    await box.press("Control+Enter");
    await shown.waitFor({ state: "detached" });
    return tasksOf(browser, page, async () => {
      const began = performance.now();
      await box.fill(`${waits.length} ${words}`);
      await box.press("Control+Enter");
      await page.locator(`[role=option][data-i="500"]`).waitFor();
      waits.push(performance.now() - began);
      await page.waitForTimeout(300);
    });
  });
  table(["Inspect of 500 words, longest task, ms", ...taskHead], [["", ...taskCells(read)]]);
  table(["Inspect of 500 words: from the key to its tokens, ms", "median", "largest"], [["", ...spread(waits)]]);

  await page.goto(`${server.url}/chat?atlas=${encodeURIComponent(name)}&edit=${encodeURIComponent("clamp:64=1x")}`);
  const chat = await repeat(async () => {
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Write a long story about a harbour.");
    return tasksOf(browser, page, async () => {
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Stop" }).waitFor();
      await page.getByRole("button", { name: "Regenerate" }).waitFor({ timeout: 120_000 });
    });
  });
  table(["while a chat streams two answers of up to 300 tokens, longest task, ms", ...taskHead], [["", ...taskCells(chat)]]);
  await context.close();
}

async function nextFeature(page: Page, index: number): Promise<number> {
  return page.evaluate(async (wanted) => {
    const began = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "]", bubbles: true }));
    const there = (): boolean =>
      document.querySelector("h1")?.textContent.includes(`Feature ${wanted}:`) === true &&
      document.querySelector("article .examples li, article .feature-main .state h2") !== null;
    while (!there()) await new Promise((resolve) => requestAnimationFrame(resolve));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
  }, index);
}

async function repeat<T>(work: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let i = 0; i < repeats; i++) all.push(await work());
  return all;
}
