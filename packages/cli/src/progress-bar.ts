import type { ProgressEvent } from "@lexiscope/core";
import { formatCount, formatSeconds } from "./text.ts";

/** Shows progress events to a person. */
export interface ProgressView {
  show(event: ProgressEvent): void;
  /** Ends what is shown; called before anything else is printed. */
  end(): void;
}

export interface ProgressViewOptions {
  write: (text: string) => void;
  /** One line that is redrawn, instead of a line every few seconds. */
  terminal: boolean;
  columns: () => number;
  now?: () => number;
}

/** Nothing is shown for work that is over within this time. */
const quietMs = 2000;
const redrawMs = 100;
const lineEveryMs = 5000;

export function createProgressView({ write, terminal, columns, now = () => performance.now() }: ProgressViewOptions): ProgressView {
  let phase: string | undefined;
  let phaseStart = 0;
  let lastShown = 0;
  let last: ProgressEvent | undefined;
  let drawn = false;
  let firstDone = 0;
  const said = new Set<string>();

  const clear = (): void => {
    if (drawn) write("\r\x1b[2K");
    drawn = false;
  };
  const end = (): void => {
    clear();
    if (last && now() - phaseStart >= quietMs) write(`${finishedLine(last, (now() - phaseStart) / 1000)}\n`);
    phase = undefined;
    last = undefined;
  };
  return {
    end,
    show: (event) => {
      const at = now();
      if (event.phase !== phase) {
        end();
        phase = event.phase;
        phaseStart = at;
        lastShown = at;
        firstDone = event.done;
        said.clear();
      }
      last = event;
      if (isRemark(event, firstDone) && !said.has(event.message ?? "")) {
        clear();
        said.add(event.message ?? "");
        write(`${event.phase}: ${event.message}\n`);
      }
      if (terminal && at - lastShown >= redrawMs) {
        clear();
        write(barLine(event, columns()));
        drawn = true;
        lastShown = at;
      } else if (!terminal && at - lastShown >= lineEveryMs) {
        write(`${barLine(event, 200)}\n`);
        lastShown = at;
      }
    },
  };
}

/** A message that comes with the begin or the end of a phase is for keeping; others belong to the bar. */
function isRemark({ message, unit, done, total }: ProgressEvent, firstDone: number): boolean {
  return message !== undefined && unit !== "" && (done === firstDone || (total > 0 && done >= total));
}

/** `train ████████░░░░ 42 %  120k / 300k tokens  7.3k/s  25 s left  loss 0.31` */
export function barLine(event: ProgressEvent, width: number): string {
  const share = event.total > 0 ? Math.min(1, event.done / event.total) : undefined;
  const cells = 20;
  const full = Math.round((share ?? 0) * cells);
  const parts = [event.phase];
  if (share !== undefined) parts.push(`${"█".repeat(full)}${"░".repeat(cells - full)} ${Math.floor(share * 100)} %`);
  if (event.done > 0 || event.total > 0)
    parts.push(`${formatCount(event.done)}${event.total > 0 ? ` / ${formatCount(event.total)}` : ""} ${event.unit}`);
  if (event.rate > 0) parts.push(`${formatCount(event.rate)}/s`);
  if (event.rate > 0 && event.total > event.done) parts.push(`${formatSeconds((event.total - event.done) / event.rate)} left`);
  for (const [name, value] of Object.entries(event.metrics ?? {}))
    if (name !== "secondsLeft") parts.push(`${name} ${Number.isInteger(value) ? value : Number(value.toPrecision(3))}`);
  if (event.message) parts.push(event.message);
  const line = parts.join("  ");
  return line.length < width ? line : line.slice(0, Math.max(0, width - 1));
}

function finishedLine(event: ProgressEvent, seconds: number): string {
  const amount = event.done > 0 ? `: ${formatCount(event.done)} ${event.unit}` : "";
  return `${event.phase}${amount} in ${formatSeconds(seconds)}`;
}
