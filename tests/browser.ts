import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A Chromium of this machine: `LEXISCOPE_CHROMIUM`, or where packages put it. */
export const chromiumPath: string | undefined = [process.env["LEXISCOPE_CHROMIUM"] ?? "", ...places].find(
  (path) => path !== "" && existsSync(path),
);

/** What a skipped test says. */
export const noChromium = "needs Chromium (Debian: apt-get install chromium), or LEXISCOPE_CHROMIUM with its path";

/** Tests of the page are left out where there is no Chromium; in CI they fail instead. */
export const leftOut: boolean = chromiumPath === undefined && process.env["CI"] !== "true";

/** Scroll bars are left out, as Chromium does without a screen, unless they are to be dragged. */
export async function openBrowser({ scrollbars = false } = {}): Promise<Browser> {
  // Root has no user namespace to put the sandbox into; the pages are our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args,
    timeout: 60_000,
    ignoreDefaultArgs: scrollbars ? ["--hide-scrollbars"] : [],
  });
}

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** Of all pages of the profile: errors of the console and of scripts, and requests that failed with 5xx: a test expects none. */
  complaints: string[];
}

/** A fresh browser profile on a laptop's screen. */
export async function visit(
  browser: Browser,
  url: string,
  options: { width?: number; height?: number; dark?: boolean } = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.dark === true ? "dark" : "light",
    // What fades in is no colour to be judged by.
    reducedMotion: "reduce",
  });
  const complaints: string[] = [];
  context.on("page", (page) => listen(page, complaints));
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, complaints };
}

function listen(page: Page, complaints: string[]): void {
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
  });
}
