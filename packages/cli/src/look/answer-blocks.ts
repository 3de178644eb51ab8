import type { GenerationEvent } from "@lexiscope/steering";
import { safeText } from "./visible-text.ts";

/** Where the streams of several variants go: one after the other in a terminal that can only grow at its end. */
export interface AnswerBlocks {
  show(event: GenerationEvent): void;
  /** Shows what is kept of answers that were stopped before their turn. */
  finish(): void;
}

/**
 * Shows answers as they come. The first variant streams; the text of the others is kept and follows, under its label,
 * as soon as those before it have ended (and streams on from there).
 */
export function createAnswerBlocks(labels: readonly string[], write: (text: string) => void): AnswerBlocks {
  const kept = labels.map(() => "");
  const ended = labels.map(() => false);
  let current = 0;
  let begun = false;
  const begin = (): void => {
    if (begun || current >= labels.length) return;
    begun = true;
    if (labels.length > 1) write(`${current > 0 ? "\n" : ""}${labels[current] ?? ""}\n`);
    write(kept[current] ?? "");
  };
  const next = (): void => {
    write("\n");
    current++;
    begun = false;
  };
  return {
    finish: () => {
      if (!begun) return;
      next();
      for (; current < labels.length && kept[current] !== ""; next()) begin();
      current = labels.length;
      begun = false;
    },
    show: (event) => {
      if (event.type === "start") begin();
      if (event.type === "token") {
        const text = safeText(event.text);
        if (event.variant === current) write(text);
        else kept[event.variant] = (kept[event.variant] ?? "") + text;
      }
      if (event.type !== "end") return;
      ended[event.variant] = true;
      while (ended[current]) {
        next();
        begin();
      }
    },
  };
}
