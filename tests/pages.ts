import type { Locator } from "playwright-core";
import { expect } from "vitest";

/** For `expect.poll`: machines that test are busy. */
export const patience = { timeout: 20_000, interval: 100 };

/** Waits until what stands in `place` matches. */
export async function expectText(place: Locator, text: RegExp | string): Promise<void> {
  await expect.poll(() => place.first().textContent(), patience).toMatch(text);
}

/** Waits until there are as many of `place` as `is` says. */
export async function expectCount(place: Locator, count: number): Promise<void> {
  await expect.poll(() => place.count(), patience).toBe(count);
}
