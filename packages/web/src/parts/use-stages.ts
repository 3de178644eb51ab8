import { startTransition, useEffect, useState } from "react";

/** A page that is not looked at gets no frames. */
const hiddenMs = 250;

/**
 * 0, 1, … `last`, one more after every frame that was painted from `begun` on: what is drawn stage by stage is also
 * styled and laid out in pieces, which no transition can cut.
 */
export function useStages(last: number, begun = true): number {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    if (!begun || stage >= last) return undefined;
    return afterPaint(() => startTransition(() => setStage(stage + 1)));
  }, [begun, stage, last]);
  return stage;
}

/** Runs it once, after the next frame. Returns what calls it off. */
function afterPaint(work: () => void): () => void {
  let timer = setTimeout(work, hiddenMs);
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    timer = setTimeout(work);
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
