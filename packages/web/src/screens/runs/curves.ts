import type { CliProgress, Run } from "@lexiscope/contract";

export type Curve = Run["phases"][number];

/** More than a chart is wide. */
export const maxPoints = 2000;

/** Draws curves from lines of progress as they come. */
export interface CurveBuilder {
  add(line: CliProgress, seconds: number): void;
  /** The curves so far, as a copy. */
  take(): Curve[];
}

/** Grows in place: a run that is followed from its beginning hands over hundreds of thousands of lines at once. */
export function createCurves(): CurveBuilder {
  const curves = new Map<string, Curve>();
  return {
    add: (line, seconds) => {
      if (line.rate === 0 && line.metrics === undefined) return; // a message, no measurement
      const { phase, unit, total } = line;
      const curve = curves.get(phase) ?? { phase, unit, total, done: [], seconds: [], rate: [], metrics: {} };
      curves.set(phase, curve);
      addPoint(curve, line, seconds);
    },
    take: () => [...curves.values()].map((curve) => mapColumns(curve, (column) => [...column])),
  };
}

function addPoint(curve: Curve, { done, rate, unit, total, metrics = {} }: CliProgress, seconds: number): void {
  let keep = curve.done.length;
  while (keep > 0 && (curve.done[keep - 1] ?? 0) >= done) keep--;
  // Work that a resumed run does again replaces what it did before.
  if (keep < curve.done.length)
    Object.assign(
      curve,
      mapColumns(curve, (column) => column.slice(0, keep)),
    );
  Object.assign(curve, { unit, total });
  curve.done.push(done);
  curve.seconds.push(seconds);
  curve.rate.push(rate);
  for (const name of Object.keys(metrics)) curve.metrics[name] ??= Array.from({ length: keep }, () => null);
  for (const [name, column] of Object.entries(curve.metrics)) column.push(metrics[name] ?? null);
  const last = curve.done.length - 1;
  // Every second point where there are too many, the last one kept.
  if (last >= maxPoints)
    Object.assign(
      curve,
      mapColumns(curve, (column) => column.filter((_, i) => i % 2 === 0 || i === last)),
    );
}

function mapColumns(curve: Curve, map: <T>(column: T[]) => T[]): Curve {
  const metrics = Object.fromEntries(Object.entries(curve.metrics).map(([name, column]) => [name, map(column)]));
  return { ...curve, done: map(curve.done), seconds: map(curve.seconds), rate: map(curve.rate), metrics };
}

/** What a chart draws: one x, a column of values for each run; null where a run has no value. */
export type Plotted = [number[], ...(number | null)[][]];

/** A metric of several runs over one axis; `rate` is a column like any other. */
export function align(runs: readonly (Curve | undefined)[], metric: string): Plotted {
  const series = runs.map((curve) => {
    const values = metric === "rate" ? curve?.rate : curve?.metrics[metric];
    return new Map(
      (curve?.done ?? []).flatMap((x, i) => {
        const value = values?.[i] ?? null;
        return value === null ? [] : [[x, value] as const];
      }),
    );
  });
  const xs = [...new Set(series.flatMap((points) => [...points.keys()]))].sort((a, b) => a - b);
  return [xs, ...series.map((points) => xs.map((x) => points.get(x) ?? null))];
}

/** The phases of whichever has come further. */
export function fresher(a: readonly Curve[], b: readonly Curve[]): readonly Curve[] {
  return extent(b) > extent(a) ? b : a;
}

function extent(curves: readonly Curve[]): number {
  return Math.max(-1, ...curves.map(({ seconds }) => seconds.at(-1) ?? 0));
}

/** The last value of a metric; `rate` included. */
export function lastValue(curve: Curve | undefined, metric: string): number | null {
  const values = metric === "rate" ? curve?.rate : curve?.metrics[metric];
  return values?.findLast((value) => value !== null) ?? null;
}
