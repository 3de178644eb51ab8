import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { tasksOf, type Tasks } from "./trace.ts";

export interface Screen {
  name: string;
  /** Path and query. */
  address: (atlas: string) => string;
  /** What stands there once the screen has something to say. */
  there: string;
}

/** Every screen as somebody opens it who follows a link. */
export const screens: readonly Screen[] = [
  { name: "Atlas", address: (atlas) => `/atlas/${atlas}`, there: "[role=grid] [role=row][aria-selected]" },
  { name: "Feature", address: (atlas) => `/atlas/${atlas}/64`, there: "article .examples li, article .feature-main .state h2" },
  {
    name: "Inspect",
    address: (atlas) => `/inspect?atlas=${atlas}&text=The+harbour+of+seven+letters`,
    there: "[role=option], [role=alert]",
  },
  { name: "Chat", address: (atlas) => `/chat?atlas=${atlas}&edit=clamp%3A64%3D1x`, there: "textarea" },
  { name: "Lists", address: (atlas) => `/lists?atlas=${atlas}`, there: "main h1" },
  { name: "Runs", address: () => "/runs", there: "main h1" },
  { name: "Learn", address: () => "/learn", there: "main h1" },
];

/** What follows the first picture: histograms, what the server is asked for later. */
const settleMs = 700;

/** Tasks of the page's main thread from the address to the settled screen, in a fresh browser profile. */
export async function firstLoad(browser: Browser, url: string, there: string, dark: boolean): Promise<Tasks> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: dark ? "dark" : "light" });
  try {
    const page = await context.newPage();
    // Asked without Playwright's own script, which would be a task of the page, too.
    const session = await context.newCDPSession(page);
    const expression = `document.querySelector(${JSON.stringify(there)}) !== null`;
    const shown = async (): Promise<boolean> => (await session.send("Runtime.evaluate", { expression })).result.value === true;
    await setTimeout(settleMs); // a new tab's process starts up beside the page otherwise
    return await tasksOf(browser, page, async () => {
      await page.goto(url);
      for (const until = performance.now() + 60_000; !(await shown()); await setTimeout(50))
        if (performance.now() > until) throw new Error(`${url}: nothing shown`);
      await setTimeout(settleMs);
    });
  } finally {
    await context.close();
  }
}

/** Tasks while somebody types who is quick at it. */
export async function typing(browser: Browser, page: Page, box: string, text: string): Promise<Tasks> {
  const field = page.getByLabel(box, { exact: true });
  await field.fill("");
  return tasksOf(browser, page, async () => {
    await field.pressSequentially(text, { delay: 60 });
    await setTimeout(settleMs);
  });
}
