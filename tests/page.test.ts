import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Job, overlayExportSchema } from "@lexiscope/contract";
import { hasEnded, listJobs, stopJob } from "@lexiscope/jobs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leftOut, noChromium, openBrowser, type Visit, visit } from "./browser.ts";
import { expectCount, expectText, patience } from "./pages.ts";
import { makeHome, type Serving, serving, tinyStart, writeReports } from "./support.ts";

/**
 * A stranger's first hour: an empty home, the page while the first atlas is made, a concept, its feature, a name, an edit,
 * a link for a friend, and everything still there the next day. Each test goes on where the one before it has stopped.
 */
describe.skipIf(leftOut)(`the page, from the first start to the second${leftOut ? ` (${noChromium})` : ""}`, () => {
  let home: string;
  let remove: () => Promise<void>;
  let args: string[];
  let browser: Browser;
  let server: Serving;
  const visits: Visit[] = [];
  let page: Page;
  /** The feature that the search finds. */
  let feature: number;
  const concept = "garden";
  const name = "Gardens and what grows in them";

  beforeAll(async () => {
    ({ home, remove } = await makeHome());
    args = [...tinyStart("tour", await writeReports(join(home, "reports"), 20), { page: true }), "--steps", "240"];
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    for (const job of await listJobs({ home })) if (!hasEnded(job)) await stopJob(job.id, { home });
    await remove();
  });

  async function open(url: string): Promise<Page> {
    const made = await visit(browser, url);
    visits.push(made);
    return made.page;
  }
  const get = async <T>(path: string): Promise<T> => (await (await fetch(server.url + path)).json()) as T;
  const rows = (at: Page): Locator => at.getByRole("grid", { name: "Features" }).getByRole("row", { name: /^Select feature/ });

  test("an empty home: the address is printed, and the run that makes the first atlas is watched live", async () => {
    server = await serving(args, { home });
    page = await open(server.url);
    await page.waitForURL(/\/runs\/[^/]+$/);
    await expectText(page.getByRole("main"), /Your first atlas is being made/);
    const loss = page.getByRole("img", { name: /^loss over/ });
    await loss.waitFor({ timeout: 60_000 });
    const before = await loss.getAttribute("aria-label");
    await expect.poll(() => loss.getAttribute("aria-label"), patience).not.toBe(before);
    expect(await drawnShare(loss.locator("canvas"))).toBeGreaterThan(0.002);
  }, 120_000);

  test("meanwhile Chat answers with the plain model, and says why there is no edited one", async () => {
    const chat = await open(`${server.url}/chat`);
    const message = chat.getByRole("textbox", { name: "Message", exact: true });
    await message.fill("What is a garden?");
    if ((await get<{ atlases: unknown[] }>("/api/atlases")).atlases.length === 0)
      await expectText(chat.getByRole("main"), /edits need an atlas/i);
    await chat.getByRole("textbox", { name: "Most tokens" }).fill("24");
    await message.press("Enter");
    await chat.getByRole("button", { name: "Regenerate" }).waitFor({ timeout: 60_000 });
    await expectText(chat.getByRole("region", { name: "Plain answer" }), /\w+ \w+ \w+/);
    await expectText(chat.getByRole("complementary", { name: "Conversations" }), /What is a garden/);
  }, 90_000);

  test("the atlas appears where its run was watched", async () => {
    await page.getByRole("link", { name: "Open tour" }).click({ timeout: 60_000 });
    await page.waitForURL(/\/atlas\/tour$/);
    await page.getByRole("heading", { name: "tour", level: 1 }).waitFor();
    await expectText(page.getByRole("region", { name: "Features of the atlas" }), /256 features/);
    await expectText(page.getByRole("row", { name: /This dictionary/ }), /0\.\d+/);
    const [job] = (await get<{ jobs: Job[] }>("/api/jobs")).jobs;
    expect(job).toMatchObject({ kind: "start", state: "done" });
  }, 90_000);

  test("a concept that the atlas holds is searched; its feature has examples of it and neighbours", async () => {
    await page.getByRole("searchbox").fill(concept);
    await page.waitForURL(/\?q=garden$/);
    const hit = rows(page)
      .filter({ has: page.getByRole("gridcell", { name: new RegExp(`^\\s*${concept}s?$`) }) })
      .first();
    await hit.waitFor();
    feature = Number(await hit.getByRole("link").textContent());
    await hit.click();
    await page.waitForURL(`**/atlas/tour/${feature}`);
    await expectText(page.getByRole("region", { name: "Examples: Strongest" }).getByRole("listitem"), concept);
    await expectText(page.getByRole("region", { name: "Examples: Strongest" }).getByRole("button").first(), /\d/);

    const neighbour = page.getByRole("region", { name: "Neighbours" }).getByRole("link").first();
    const other = await neighbour.getAttribute("href");
    await neighbour.click();
    await page.waitForURL(`**${other}`);
    await page.getByRole("heading", { name: new RegExp(`^Feature ${other?.split("/").at(-1)}:`) }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: new RegExp(`^Feature ${feature}:`) }).waitFor();
  });

  test("a text of one's own lights up at once", async () => {
    const panel = page.getByRole("tabpanel", { name: "Try a text" });
    await panel.getByRole("textbox").fill("The heron slept in the garden behind the station.");
    await expectText(panel.getByRole("status"), /fires on \d+ of \d+ tokens; at most [\d.]+/);
    expect(await panel.locator("bdi.token.on").count()).toBeGreaterThan(0);
    await expectText(panel.locator("bdi.token.peak"), concept);
  });

  test("a name shows in the list and in another tab at once", async () => {
    const context = page.context();
    const tab = await context.newPage();
    await tab.goto(`${server.url}/atlas/tour?q=${concept}`);
    await rows(tab).first().waitFor();
    await page.getByRole("button", { name: `Name feature ${feature}` }).click();
    await page.getByRole("textbox", { name: `Name of feature ${feature}` }).fill(name);
    await page.getByRole("textbox", { name: `Note on feature ${feature}` }).fill("fires on the word itself");
    await page.getByRole("button", { name: "Save" }).click();
    await expectText(page.getByRole("heading", { level: 1 }), name);
    await rows(tab).filter({ hasText: name }).waitFor();
    await tab.close();
    await page.getByRole("combobox", { name: "Search features" }).fill("what grows");
    await page.getByRole("option", { name: new RegExp(name) }).waitFor();
    await page.getByRole("combobox", { name: "Search features" }).press("Escape");
  });

  test("the dial steers: two answers, and another one when it is turned", async () => {
    await page.getByRole("tab", { name: "Steer the model" }).click();
    const steer = page.getByRole("form", { name: "Steer with this feature" });
    const shown = (): Promise<string[]> =>
      Promise.all(["Plain answer", "Edited answer"].map((side) => steer.getByRole("region", { name: side }).allInnerTexts())).then(
        (sides) => sides.map((texts) => texts.join()),
      );
    // An answer may come and go between two looks at the page: it is there when it is another one and nothing is being written.
    const answers = async (strength: string): Promise<string[]> => {
      const before = (await shown()).join();
      await steer.getByRole("textbox", { name: "Strength" }).fill(strength);
      await steer.getByRole("button", { name: "Answer" }).click();
      await expect.poll(async () => (await shown()).join() !== before, { timeout: 40_000 }).toBe(true);
      await steer.getByRole("button", { name: "Answer" }).waitFor({ timeout: 40_000 });
      return shown();
    };
    const [plain = "", edited = ""] = (await answers("3")).map((text) => text.replace(/^\w+\s*/, ""));
    expect(plain).toMatch(/\w+ \w+ \w+/);
    expect(edited).not.toBe(plain);
    const [again = "", turned = ""] = (await answers("-3")).map((text) => text.replace(/^\w+\s*/, ""));
    expect(again).toBe(plain);
    expect(turned).not.toBe(edited);
  }, 120_000);

  test("the link opens in a fresh browser as it was seen", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = async (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Copy a link to this view" }).click();
    await expect.poll(copied, patience).toContain(`/atlas/tour/${feature}?`);
    const friend = await open(await copied());
    await expectText(friend.getByRole("heading", { level: 1 }), name);
    expect(await friend.getByRole("tab", { name: "Steer the model" }).getAttribute("aria-selected")).toBe("true");
    const strength = friend.getByRole("form", { name: "Steer with this feature" }).getByRole("textbox", { name: "Strength" });
    await expect.poll(() => strength.inputValue(), patience).toBe("-3");
    await friend.getByRole("tab", { name: "Try a text" }).click();
    await expectText(friend.getByRole("tabpanel", { name: "Try a text" }).getByRole("status"), /fires on/);

    await page.getByRole("link", { name: "Open in Chat" }).click();
    await page.waitForURL(/\/chat\?/);
    await page.getByRole("button", { name: "Copy a link to this view" }).click();
    await expect.poll(copied, patience).toContain("/chat?");
    await friend.goto(await copied());
    const dial = friend.getByRole("group", { name: `Edit of ${name}` });
    await expect.poll(() => dial.getByRole("textbox", { name: "Strength" }).inputValue(), patience).toBe("-3");
    expect(await friend.getByRole("textbox", { name: "Message", exact: true }).inputValue()).toMatch(/story/);
    await page.goBack();
  });

  test("Inspect shows a text with the feature pinned, and another pin beside it", async () => {
    await page.getByRole("article").getByRole("link", { name: "Inspect" }).click();
    await page.waitForURL(/\/inspect\?/);
    await page.getByRole("textbox", { name: "Text to inspect" }).fill("The walrus painted letters in the garden near the harbour.");
    const pinned = page.getByRole("region", { name: "Pinned features" }).getByRole("listitem");
    await expectText(pinned, new RegExp(`${name}[\\s\\S]*% of its maximum`));
    await page.getByRole("option", { name: "harbour" }).first().click();
    await expectText(page.getByRole("region", { name: "Features of the token" }), /harbour/);
    await page
      .getByRole("region", { name: "Features of the token" })
      .getByRole("button", { name: /^Pin feature/ })
      .first()
      .click();
    await expectCount(pinned, 2);
    await expectText(pinned.nth(1), /of its maximum/);
    expect(new URL(page.url()).searchParams.get("pin")?.split(",")).toContain(String(feature));
    await expectText(page.getByRole("main"), /error/);
  });

  test("a list of one's own; names and lists leave as a file and come back from it", async () => {
    await page.goto(`${server.url}/atlas/tour/${feature}`);
    await page.getByTitle("Add the feature to a list").click();
    const dialog = page.getByRole("dialog", { name: "Add the feature to a list" });
    await dialog.getByRole("textbox", { name: "Name of a new list" }).fill("Places");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("article").getByRole("link", { name: "Places" }).click();
    await page
      .getByRole("region", { name: "Members of Places" })
      .getByRole("link", { name: String(feature), exact: true })
      .waitFor();

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
    const file = join(home, "overlay.json");
    await download.saveAs(file);
    const overlay = overlayExportSchema.parse(JSON.parse(await readFile(file, "utf8")));
    expect(overlay.labels).toMatchObject([{ feature, name }]);
    expect(overlay.lists).toMatchObject([{ name: "Places", features: [feature] }]);

    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("link", { name: /Names and notes/ }).click();
    await page.getByRole("button", { name: `Change the name of feature ${feature}` }).click();
    await page.getByRole("button", { name: "Remove name and note" }).click();
    await page.getByRole("heading", { name: "No names yet" }).waitFor();

    await page.getByLabel("File to import").setInputFiles(file);
    await page.getByRole("radio", { name: /^Replace/ }).check();
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await expectText(page.getByRole("complementary"), /1 names? and 1 lists? were taken in/);
    await page.getByRole("button", { name: `Change the name of feature ${feature}` }).waitFor();
    await page.getByRole("link", { name: /^Places/ }).waitFor();
  });

  test("nothing on the way was an error of the page or of the server", () => {
    expect(visits.flatMap(({ complaints }) => complaints)).toEqual([]);
    expect(server.output()).not.toMatch(/\n\s+at .*:\d+|"level":50/);
  });

  test("Ctrl-C, the page says so; the second start takes at most five seconds, and everything is still there", async () => {
    const { port } = new URL(server.url);
    const stopped = await server.stop();
    expect(stopped.code).toBe(0);
    expect(stopped.stdout).toContain("The server has ended; `lexiscope serve` opens it again.");
    // A screen whose files this tab has never fetched, then one that it has.
    await page.getByRole("link", { name: "Learn", exact: true }).click();
    await page.getByRole("heading", { name: "This screen could not be shown" }).waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
    await expectText(page.getByRole("banner"), /no answer/);

    server = await serving([...args, "--port", port], { home });
    expect((await fetch(`${server.url}/api/status`)).status).toBe(200);
    expect(server.seconds).toBeLessThanOrEqual(5);
    await expectText(page.getByRole("banner"), /The server answers/);
    await page.getByRole("link", { name: /make tour/ }).waitFor();
    await page.getByRole("link", { name: "Learn", exact: true }).click();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "What none of this proves" }).waitFor();
    await page.getByRole("link", { name: "Lists", exact: true }).click();
    await page.getByRole("button", { name: `Change the name of feature ${feature}` }).waitFor();
    await page.getByRole("link", { name: /^Places/ }).click();
    await page
      .getByRole("region", { name: "Members of Places" })
      .getByRole("link", { name: String(feature), exact: true })
      .waitFor();
    await page.getByRole("link", { name: "Chat", exact: true }).click();
    await page.getByRole("link", { name: /What is a garden/ }).click();
    await expectText(page.getByRole("region", { name: "Plain answer" }), /\w+ \w+ \w+/);
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("link", { name: /make tour/ }).click();
    await expectText(page.getByRole("region", { name: "Numbers at the end" }), /random dictionary/);
    await page.getByRole("img", { name: /^loss over/ }).waitFor();
  }, 60_000);
});

/** Share of a canvas's pixels that have a colour of their own: its lines, not its grey grid and figures. */
async function drawnShare(canvas: Locator): Promise<number> {
  return canvas.evaluate((element: HTMLCanvasElement) => {
    const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ?? { data: new Uint8ClampedArray() };
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0, a = 0] = data.subarray(i, i + 4);
      if (a > 128 && Math.max(r, g, b) - Math.min(r, g, b) > 60) coloured++;
    }
    return (4 * coloured) / Math.max(1, data.length);
  });
}
