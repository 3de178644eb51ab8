import { expect, it } from "vitest";
import type { GenerationEvent } from "@lexiscope/steering";
import { createAnswerBlocks } from "./answer-blocks.ts";

const start: GenerationEvent = { type: "start", promptTokens: 3, dropped: 0 };
const token = (variant: number, text: string): GenerationEvent => ({ type: "token", variant, id: 1, text, logprob: -1 });
const end = (variant: number): GenerationEvent => ({ type: "end", variant, reason: "stop" });

function shown(labels: string[], events: GenerationEvent[]): string[] {
  const written: string[] = [];
  const blocks = createAnswerBlocks(labels, (text) => {
    if (text !== "") written.push(text);
  });
  for (const event of events) blocks.show(event);
  blocks.finish();
  return written;
}

it("streams one answer without a label", () => {
  expect(shown(["plain"], [start, token(0, "Hel"), token(0, "lo\x1b"), end(0)])).toEqual(["Hel", "lo\\x1b", "\n"]);
});

it("streams the first of two, then the second from where it is", () => {
  const events = [start, token(0, "a"), token(1, "x"), token(0, "b"), token(1, "y"), end(0), token(1, "z"), end(1)];
  expect(shown(["plain:", "edited:"], events)).toEqual(["plain:\n", "a", "b", "\n", "\nedited:\n", "xy", "z", "\n"]);
});

it("shows both when the second ends first", () => {
  const events = [start, token(0, "a"), token(1, "x"), end(1), token(0, "b"), end(0)];
  expect(shown(["plain:", "edited:"], events).join("")).toBe("plain:\nab\n\nedited:\nx\n");
});

it("shows what there is of answers that were stopped", () => {
  expect(shown(["plain:", "edited:"], [start, token(0, "a"), token(1, "x")]).join("")).toBe("plain:\na\n\nedited:\nx\n");
  expect(shown(["plain:", "edited:"], [start, token(0, "a")]).join("")).toBe("plain:\na\n");
  expect(shown(["plain:"], [])).toEqual([]);
});
