import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds: begin, duration, and the part of it that the thread was running. */
  ts: number;
  dur?: number;
  tdur?: number;
  args: { name?: string; data?: Frame & { frames?: Frame[] } };
}

interface Frame {
  url?: string;
  processId?: number;
}

export interface Tasks {
  /** Longest task of the page's main thread in ms: by the clock, and of the processor's time. */
  longest: number;
  longestCpu: number;
  /**
   * As `longest`, without the task in which the browser puts a document into the place of the one before: most of that
   * one is over before a byte of the page is read, and under Playwright it sets up two contexts for scripts as well.
   */
  longestOfPage: number;
  /** What the longest one mostly did, as Chromium names it: the innermost event that fills most of it. */
  mostly: string;
  /** Tasks of more than 50 ms. */
  over50: number;
  /** 99th percentile of the tasks of more than 1 ms. */
  p99: number;
}

/** Does something while Chromium traces, and reads the tasks of the page's main thread from the trace. */
export async function tasksOf(browser: Browser, page: Page, work: () => Promise<void>): Promise<Tasks> {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) => ph === "X" && name.endsWith("RunTask") && mains.has(`${pid}/${tid}`));
  // Chromium has pages of its own (its address bar is one), which are busy when it starts.
  const { origin } = new URL(page.url());
  const ours = new Set(
    traceEvents
      .flatMap(({ args: { data } }) => [...(data?.frames ?? []), ...(data ? [data] : [])])
      .flatMap(({ url, processId }) => (processId !== undefined && url?.startsWith(origin) === true ? [processId] : [])),
  );
  const own = tasks.filter(({ pid }) => ours.has(pid));
  if (own.length === 0) throw new Error(`the trace has no task of ${origin}`);
  const longest = own.toSorted((a, b) => (b.dur ?? 0) - (a.dur ?? 0))[0];
  const changes = traceEvents.filter(({ name }) => name === "CommitLoad");
  const ofPage = own.filter((task) => !changes.some((event) => isWithin(event, task)));
  const times = own.map(({ dur = 0 }) => dur / 1000).toSorted((a, b) => a - b);
  const felt = times.filter((ms) => ms > 1);
  return {
    longest: times.at(-1) ?? Number.NaN,
    longestCpu: Math.max(...own.map(({ tdur = 0 }) => tdur / 1000)),
    longestOfPage: Math.max(...ofPage.map(({ dur = 0 }) => dur / 1000)),
    mostly: longest === undefined ? "" : ofPage.includes(longest) ? innermost(traceEvents, longest) : "change of documents",
    over50: times.filter((ms) => ms > 50).length,
    p99: felt[Math.floor(0.99 * felt.length)] ?? times.at(-1) ?? Number.NaN,
  };
}

function isWithin(event: TraceEvent, { pid, tid, ts, dur = 0 }: TraceEvent): boolean {
  return event.pid === pid && event.tid === tid && event.ts >= ts && event.ts + (event.dur ?? 0) <= ts + dur;
}

function innermost(events: readonly TraceEvent[], task: TraceEvent): string {
  const inside = events.filter((event) => isWithin(event, task));
  const filling = inside.filter((event) => (event.dur ?? 0) > 0.6 * (task.dur ?? 0)).toSorted((a, b) => (a.dur ?? 0) - (b.dur ?? 0));
  return filling[0]?.name.replace(/^.*::/, "") ?? "";
}
