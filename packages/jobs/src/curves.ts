import { type CliProgress, cliProgressSchema, type Run } from "@lexiscope/contract";
import { parseLine } from "./events-tail.ts";
import { LineReader } from "./lines.ts";
import { readRun, runFiles } from "./run-folder.ts";
import { createThinner, type Thinner } from "./thin.ts";
import type { HomeOption } from "./types.ts";

export type Curve = Run["phases"][number];

/** Points of a phase: more than a screen is wide. */
const maxPoints = 2000;
/** A damaged or hostile file must not grow our answer without end. */
const maxPhases = 64;
const maxMetrics = 64;

interface Point {
  event: CliProgress;
  /** Since the run began, pauses between sittings left out. */
  seconds: number;
}

interface Phase {
  unit: string;
  total: number;
  points: Thinner<Point>;
}

/**
 * What a run recorded, by phase in the order of their beginning: columns of at most some 2,000 points, evenly thinned,
 * with the last one kept. Work that a killed run had to do again counts once, as it was done the second time.
 */
export async function curves(id: string, { home }: HomeOption = {}): Promise<Curve[]> {
  await readRun(id, home);
  const phases = new Map<string, Phase>();
  const clock = createClock();
  const reader = new LineReader(runFiles(id, home).events);
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) {
    for (const { line } of lines) {
      const value = parseLine(line);
      if (value?.["type"] === "resumed") clock.pause();
      const event = value?.["type"] === "progress" ? cliProgressSchema.safeParse(value).data : undefined;
      if (event) addPoint(phases, event, clock.at(event.at));
    }
  }
  return [...phases].map(([phase, { unit, total, points }]) => columns(phase, unit, total, points.take()));
}

function addPoint(phases: Map<string, Phase>, event: CliProgress, seconds: number): void {
  if (event.rate === 0 && event.metrics === undefined) return; // a message, no measurement
  const phase = phases.get(event.phase) ?? { unit: event.unit, total: 0, points: createThinner<Point>(maxPoints) };
  if (!phases.has(event.phase)) {
    if (phases.size >= maxPhases) return;
    phases.set(event.phase, phase);
  }
  phase.unit = event.unit;
  phase.total = event.total;
  phase.points.dropEnd((point) => point.event.done >= event.done);
  phase.points.add({ event, seconds });
}

/** Seconds of work at each line: the time between two sittings does not count. */
function createClock(): { at(ms: number | undefined): number; pause(): void } {
  let worked = 0;
  let last: number | undefined;
  return {
    at: (ms) => {
      if (ms === undefined) return worked;
      if (last !== undefined) worked += Math.max(0, ms - last) / 1000;
      last = ms;
      return worked;
    },
    pause: () => {
      last = undefined;
    },
  };
}

function columns(phase: string, unit: string, total: number, points: readonly Point[]): Curve {
  const names = new Set(points.flatMap(({ event }) => Object.keys(event.metrics ?? {})));
  const metrics = [...names]
    .slice(0, maxMetrics)
    .map(
      (name) =>
        [name, points.map(({ event: { metrics } }) => (metrics && Object.hasOwn(metrics, name) ? (metrics[name] ?? null) : null))] as const,
    );
  return {
    phase,
    unit,
    total,
    done: points.map(({ event }) => event.done),
    seconds: points.map(({ seconds }) => seconds),
    rate: points.map(({ event }) => event.rate),
    metrics: Object.fromEntries(metrics),
  };
}
