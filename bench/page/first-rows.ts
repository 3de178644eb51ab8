import type { Browser } from "playwright-core";

export interface FirstRows {
  /** Milliseconds from the start of the navigation. */
  row: number;
  paint: number;
  task: number;
  bytes: number;
}

/** Opens a list in a fresh browser profile and waits until its first row is painted. */
export async function firstRows(browser: Browser, address: string): Promise<FirstRows> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const found = { row: 0, task: 0 };
      Object.assign(globalThis, { found });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) found.task = Math.max(found.task, duration);
      }).observe({ type: "longtask", buffered: true });
      const look = (): void => {
        if (document.querySelector("[role=grid] [role=row][aria-selected]") === null) requestAnimationFrame(look);
        else requestAnimationFrame(() => setTimeout(() => (found.row = performance.now())));
      };
      requestAnimationFrame(look);
    });
    await page.goto(address);
    await page.waitForFunction(() => (globalThis as unknown as { found: { row: number } }).found.row > 0, undefined, { timeout: 120_000 });
    return await page.evaluate(() => ({
      ...(globalThis as unknown as { found: { row: number; task: number } }).found,
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
      bytes: (performance.getEntriesByType("resource") as PerformanceResourceTiming[]).reduce(
        (sum, { transferSize }) => sum + transferSize,
        0,
      ),
    }));
  } finally {
    await context.close();
  }
}
