import type { Example, FeatureDetail } from "@lexiscope/contract";

export interface ExampleGroup {
  /** −1 = the strongest, else the interval (0 = weakest). */
  interval: number;
  /** Activations that belong to it, in units of a_i. */
  low: number;
  high: number;
  /** Tokens of the indexed text in this interval; for the strongest: examples kept. */
  tokens: number;
  examples: Example[];
}

type Grouped = Pick<FeatureDetail, "examples" | "histogram" | "intervals" | "maximum">;

/** Bins of the histogram by interval [intervals][…]: a bin belongs where its centre lies. */
export function binsByInterval({ histogram, intervals, maximum }: Omit<Grouped, "examples">): number[][] {
  const groups: number[][] = Array.from({ length: intervals }, () => []);
  histogram.counts.forEach((count, bin) => {
    const centre = (bin + 0.5) * histogram.width;
    groups[Math.min(intervals - 1, Math.max(0, Math.floor((centre / maximum) * intervals)))]?.push(count);
  });
  return groups;
}

/** The strongest, then the intervals from strong to weak; those without an example are left out. */
export function groupExamples(detail: Grouped): ExampleGroup[] {
  const { examples, intervals, maximum } = detail;
  const bins = binsByInterval(detail);
  const groups: ExampleGroup[] = [];
  for (let interval = intervals - 1; interval >= 0; interval--)
    groups.push({
      interval,
      low: (interval / intervals) * maximum,
      high: ((interval + 1) / intervals) * maximum,
      tokens: (bins[interval] ?? []).reduce((sum, count) => sum + count, 0),
      examples: examples.filter((example) => example.interval === interval),
    });
  const strongest = examples.filter((example) => example.interval < 0);
  const peaks = strongest.map(({ activations, peak }) => activations[peak] ?? 0);
  groups.unshift({ interval: -1, low: Math.min(...peaks), high: Math.max(...peaks), tokens: strongest.length, examples: strongest });
  return groups.filter((group) => group.examples.length > 0);
}

/** `interval` of the address: `top`, a number, or nothing for all. */
export function parseInterval(text: string | null): number | undefined {
  if (text === "top") return -1;
  return text !== null && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

export function formatInterval(interval: number): string {
  return interval < 0 ? "top" : String(interval);
}

/** `90–100 %` of the maximum, or `strongest`. */
export function intervalName(interval: number, intervals: number): string {
  if (interval < 0) return "Strongest";
  const edge = (i: number): string => String(Number(((100 * i) / intervals).toFixed(1)));
  return `${edge(interval)}–${edge(interval + 1)} %`;
}
