import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds serious or critical, one line each; `rules` narrows it to those. */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(`${axe}\n;0`);
  const { violations } = await page.evaluate(
    (only) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        resultTypes: ["violations"],
        ...(only === undefined ? {} : { runOnly: { type: "rule", values: only } }),
      }),
    rules,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target.join(" ")} ${any[0]?.message ?? ""}`).join(" | ")}`);
}

/** Pixels by which the page is wider than the window, with what reaches out; nothing where it fits. */
export async function findOverflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const beyond = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (beyond <= 0) return [];
    const widest = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5,
    );
    return [
      `${beyond} px too wide: ${widest
        .slice(0, 5)
        .map((element) => `${element.tagName}.${element.className}`)
        .join(" ")}`,
    ];
  });
}

export interface Walk {
  /** What the Tab key should stop at, in the order of the document. */
  expected: string[];
  /** Where it stopped. */
  reached: string[];
  /** Stops at which nothing shows that the focus is there. */
  unseen: string[];
  /** Things to press that no key reaches: neither a stop of Tab nor part of a widget with arrow keys. */
  unreachable: string[];
}

/** Presses Tab from the top of the document to its end. */
export async function walkByTab(page: Page): Promise<Walk> {
  const { expected, unreachable } = await page.evaluate(() => {
    const describe = (element: Element): string =>
      `${element.tagName.toLowerCase()} ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? ""}`.trim();
    const pressable = "a[href], button, input, select, textarea, summary, [tabindex]";
    const stops: string[] = [];
    const lost: string[] = [];
    const groups = new Set<string>();
    for (const element of document.querySelectorAll<HTMLElement>(pressable)) {
      const disabled = "disabled" in element && element.disabled === true;
      if (disabled || element.closest("[inert], [hidden], dialog:not([open])") || !element.checkVisibility({ visibilityProperty: true }))
        continue;
      if (element.closest("details:not([open])") && !element.closest("summary")) continue;
      if (element.tabIndex < 0) {
        const widget = element.closest("[role=grid], [role=listbox], [role=menu], [role=tablist]");
        const inside = element.matches("[role=option], [role=dialog], main, [type=file]");
        if (element.matches("a[href], button, input, select, textarea") && !widget && !inside) lost.push(describe(element));
        continue;
      }
      if (element instanceof HTMLInputElement && element.type === "radio") {
        const group = `${element.form?.id}/${element.name}`;
        const radios = [...document.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${CSS.escape(element.name)}"]`)];
        if (groups.has(group) || (radios.some(({ checked }) => checked) && !element.checked)) continue;
        groups.add(group);
      }
      element.dataset["stop"] = String(stops.length);
      stops.push(describe(element));
    }
    (document.activeElement as HTMLElement | null)?.blur();
    getSelection()?.setBaseAndExtent(document.body, 0, document.body, 0);
    return { expected: stops, unreachable: lost };
  });
  const reached: string[] = [];
  const unseen: string[] = [];
  for (let i = 0; i < expected.length + 5; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (element === null || element === document.body) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const outlined = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1 && width > 1 && height > 1;
      return { at: element.dataset["stop"], outlined, name: element.outerHTML.slice(0, 120) };
    });
    if (stop === undefined || (stop.at === "0" && i > 0)) break;
    const name = (stop.at === undefined ? undefined : expected[Number(stop.at)]) ?? stop.name;
    reached.push(name);
    if (!stop.outlined && !(await looksFocused(page))) unseen.push(name);
  }
  return { expected, reached, unseen, unreachable };
}

/** Whether one sees that the focused element has the focus, in pixels, where no outline of its own says so. */
async function looksFocused(page: Page): Promise<boolean> {
  const focused = await page.evaluateHandle(() => document.activeElement as HTMLElement);
  const clip = await focused.evaluate((element) => {
    element.scrollIntoView({ block: "nearest" });
    const { x, y, width, height } = (element.closest("label") ?? element).getBoundingClientRect();
    return { x: Math.max(0, x - 4), y: Math.max(0, y - 4), width: width + 8, height: height + 8 };
  });
  const withFocus = await page.screenshot({ clip, animations: "disabled" });
  await focused.evaluate((element) => element.blur());
  const without = await page.screenshot({ clip, animations: "disabled" });
  await focused.evaluate((element) => element.focus());
  return !withFocus.equals(without);
}
