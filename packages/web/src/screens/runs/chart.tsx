import { useEffect, useRef, type KeyboardEvent, type ReactElement } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatShort } from "../../parts/format.ts";
import type { Plotted } from "./curves.ts";

const height = 132;
type Colour = "quiet" | "line" | "accent" | "heat-strong";
/** Of the first run and of the one beside it; the second is dashed, too. */
const lineColours: readonly Colour[] = ["accent", "heat-strong"];

/** Lines over one axis, with the values under the pointer or, with the arrow keys, under a cursor. Drawn outside of React. */
export function Chart({
  data,
  label,
  format,
  unit,
}: {
  data: Plotted;
  /** What a screen reader says instead of the picture. */
  label: string;
  format: (value: number) => string;
  /** Of the horizontal axis. */
  unit: string;
}): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  latest.current = data;
  const lines = data.length - 1;

  useEffect(() => {
    const target = box.current;
    if (!target) return undefined;
    let shown = themeColours(target);
    const axis = (size: number, values: (value: number) => string): uPlot.Axis => ({
      stroke: () => shown.quiet,
      grid: { stroke: () => shown.line, width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
      size,
      gap: 4,
      values: (_, splits) => splits.map(values),
    });
    const made = new uPlot(
      {
        width: target.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: "runs" }, points: { size: 5 } },
        scales: {
          x: { time: false },
          y: { range: (_, low, high) => (low === high ? flatRange(low) : uPlot.rangeNum(low, high, 0.1, true)) },
        },
        axes: [
          { ...axis(22, formatShort), space: 70 },
          { ...axis(46, formatShort), space: 28 },
        ],
        series: [
          {},
          ...Array.from({ length: lines }, (_, i): uPlot.Series => ({
            stroke: () => shown[lineColours[i] ?? "quiet"],
            width: 1.5,
            spanGaps: true,
            points: { show: false },
            ...(i > 0 ? { dash: [5, 4] } : {}),
          })),
        ],
        hooks: { setCursor: [(self) => say(hover.current, self, format, unit)] },
      },
      latest.current,
      target,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height }));
    resize.observe(target);
    const redraw = (): void => {
      shown = themeColours(target);
      made.redraw(false);
    };
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", redraw);
    return () => {
      resize.disconnect();
      theme.disconnect();
      system.removeEventListener("change", redraw);
      made.destroy();
    };
  }, [lines, format, unit]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const self = plot.current;
    const xs = data[0];
    if (!self || xs.length === 0 || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const step = (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? Math.ceil(xs.length / 20) : 1);
    const at = Math.min(xs.length - 1, Math.max(0, (self.cursor.idx ?? xs.length - 1) + step));
    self.setCursor({ left: self.valToPos(xs[at] ?? 0, "x"), top: 10 });
  };
  return (
    <>
      <div className="run-chart-box" ref={box} role="img" aria-label={label} tabIndex={0} onKeyDown={onKeyDown} />
      <div className="run-chart-hover" ref={hover} aria-live="off" />
    </>
  );
}

/** The theme's colours as a canvas takes them: a custom property holds what was written, `light-dark()` and all. */
function themeColours(inside: HTMLElement): Record<Colour, string> {
  const probe = inside.appendChild(document.createElement("span"));
  probe.hidden = true;
  const read = (name: Colour): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { quiet: read("quiet"), line: read("line"), accent: read("accent"), "heat-strong": read("heat-strong") };
  probe.remove();
  return found;
}

/** A line that never changes stands in the middle; 0 at the bottom. */
function flatRange(value: number): [number, number] {
  return value === 0 ? [0, 1] : [Math.min(0, 2 * value), Math.max(0, 2 * value)];
}

/** What stands under the cursor, in one line below the chart. */
function say(at: HTMLElement | null, { cursor, data }: uPlot, format: (value: number) => string, unit: string): void {
  if (!at) return;
  const i = cursor.idx ?? -1;
  const x = data[0][i];
  if (x === undefined) {
    at.textContent = "";
    return;
  }
  const values = data.slice(1).map((column) => column[i] ?? null);
  at.textContent = `${values.map((value) => (value === null ? "–" : format(value))).join(" | ")} at ${formatShort(x)} ${unit}`;
}
