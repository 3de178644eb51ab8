import type { ProgressEvent } from "@lexiscope/core";
import { expect, test } from "vitest";
import { barLine, createProgressView } from "./progress-bar.ts";

const event = (done: number, phase = "train"): ProgressEvent => ({
  phase,
  done,
  total: 1000,
  unit: "tokens",
  rate: 50,
  metrics: { loss: 0.31234 },
});

function view(terminal: boolean): { at: (ms: number, event?: ProgressEvent) => void; text: () => string } {
  let now = 0;
  let text = "";
  const shown = createProgressView({ write: (part) => (text += part), terminal, columns: () => 120, now: () => now });
  return {
    at: (ms, event) => {
      now = ms;
      if (event) shown.show(event);
      else shown.end();
    },
    text: () => text,
  };
}

test("a line has bar, share, amounts, rate, time left and metrics, and never wraps", () => {
  expect(barLine(event(250), 200)).toBe("train  █████░░░░░░░░░░░░░░░ 25 %  250 / 1000 tokens  50/s  15 s left  loss 0.312");
  expect(barLine(event(250), 40)).toHaveLength(39);
});

test("work without a total shows what it has", () => {
  expect(barLine({ phase: "open", done: 0, total: 0, unit: "", rate: 0, message: "3 s" }, 80)).toBe("open  3 s");
});

test("without a terminal there is a line every few seconds, and none for what is quick", () => {
  const quick = view(false);
  quick.at(0, event(0));
  quick.at(1500, event(1000));
  quick.at(1600);
  expect(quick.text()).toBe("");
  const slow = view(false);
  for (let ms = 0; ms <= 12_000; ms += 500) slow.at(ms, event(ms / 12));
  slow.at(12_000);
  expect(slow.text().trim().split("\n")).toEqual([
    expect.stringContaining("41 %"),
    expect.stringContaining("83 %"),
    "train: 1000 tokens in 12 s",
  ]);
});

test("on a terminal one line is redrawn and cleared at the end", () => {
  const bar = view(true);
  bar.at(0, event(0));
  bar.at(200, event(10));
  bar.at(400, event(20));
  bar.at(500);
  expect(bar.text().split("\r\x1b[2K")).toHaveLength(3);
  expect(bar.text()).not.toContain("\n");
});

test("a new phase ends the one before", () => {
  const bar = view(false);
  bar.at(0, event(0));
  bar.at(3000, event(1000));
  bar.at(3100, event(0, "index"));
  expect(bar.text()).toBe("train: 1000 tokens in 3.1 s\n");
});

test("what is said at the begin of a phase stays, once", () => {
  const bar = view(true);
  const said = { ...event(0), message: "needs 2 GB" };
  bar.at(0, said);
  bar.at(50, said);
  bar.at(60, { ...event(10), message: "chapter 1" });
  bar.at(70);
  expect(bar.text()).toBe("train: needs 2 GB\n");
});
