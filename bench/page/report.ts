import type { Tasks } from "./trace.ts";

export const taskHead: readonly string[] = ["median", "largest", "of processor time", "p99", "over 50 ms", "mostly"];
/** As {@link taskCells}, and how long the page itself took at most. */
export const loadHead: readonly string[] = [...taskHead, "without the change of documents", "its largest"];
export function loadCells(tasks: readonly Tasks[]): string[] {
  return [...taskCells(tasks), ...spread(tasks.map(({ longestOfPage }) => longestOfPage))];
}
export function taskCells(tasks: readonly Tasks[]): string[] {
  const of = (key: Exclude<keyof Tasks, "mostly">): string => ms(median(tasks.map((each) => each[key])));
  const worst = tasks.toSorted((a, b) => b.longest - a.longest)[0];
  return [
    of("longest"),
    ms(Math.max(...tasks.map(({ longest }) => longest))),
    of("longestCpu"),
    of("p99"),
    of("over50"),
    worst?.mostly ?? "",
  ];
}

export function spread(numbers: readonly number[]): string[] {
  return [ms(median(numbers)), ms(Math.max(...numbers))];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

export function kB(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
  console.log();
}
