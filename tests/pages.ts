import type { Locator } from "playwright-core";
import { describe, expect } from "vitest";
import { chromiumPath, noChromium } from "./browser.ts";

/** A suite that needs Chromium: where there is none it is left out and says why; in CI it fails instead. */
export function describePages(name: string, body: () => void): void {
  if (chromiumPath !== undefined || process.env["CI"] === "true") describe(name, body);
  else describe.skip(`${name} (${noChromium})`, body);
}

const patience = { timeout: 20_000, interval: 100 };

/** Waits until what stands in `place` matches. */
export async function expectText(place: Locator, text: RegExp | string): Promise<void> {
  await expect.poll(() => place.first().textContent(), patience).toMatch(text);
}

/** Waits until there are as many of `place` as `is` says. */
export async function expectCount(place: Locator, count: number): Promise<void> {
  await expect.poll(() => place.count(), patience).toBe(count);
}
